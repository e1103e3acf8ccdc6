import { expect, test } from "vitest";
import { RateLimiter } from "./rate-limiter.js";

test("nothing is saved at the start, but less than a second may be borrowed, once", () => {
  const limiter = new RateLimiter({ perSecond: 10 }, 0);
  expect(limiter.tryAcquire(10, 0)).toBe(false);
  expect(limiter.tryAcquire(9, 0)).toBe(true);
  expect(limiter.tryAcquire(1, 899)).toBe(false);
  expect(limiter.tryAcquire(1, 900)).toBe(true);
});

test("over ten seconds no more than the rate and one loan gets through", () => {
  const limiter = new RateLimiter({ perSecond: 100 }, 0);
  let granted = 0;
  for (let ms = 0; ms <= 10_000; ms++) if (limiter.tryAcquire(1, ms)) granted++;
  expect(granted).toBeGreaterThanOrEqual(1000);
  expect(granted).toBeLessThanOrEqual(1100);
});

test("at most a second's worth is saved while nobody asks", () => {
  const limiter = new RateLimiter({ perSecond: 10 }, 0);
  let granted = 0;
  while (limiter.tryAcquire(1, 60_000)) granted++;
  expect(granted).toBe(11);
});

test("what must not wait is granted and paid for by the next", () => {
  const limiter = new RateLimiter({ perSecond: 1000, savedMax: 500 }, 0);
  limiter.acquire(5000, 0);
  expect(limiter.tryAcquire(1, 4999)).toBe(false);
  expect(limiter.tryAcquire(1, 5001)).toBe(true);
});

test("asking whether permits are there takes none", () => {
  const limiter = new RateLimiter({ perSecond: 10 }, 0);
  for (let i = 0; i < 100; i++) expect(limiter.allows(9, 0)).toBe(true);
  expect(limiter.allows(10, 0)).toBe(false);
  expect(limiter.tryAcquire(9, 0)).toBe(true);
  expect(limiter.allows(1, 0)).toBe(false);
  expect(limiter.allows(1, 900)).toBe(true);
});
