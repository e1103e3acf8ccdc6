import { expect, test } from "vitest";
import { nodeId } from "@tsbcos/core/primitives";
import {
  GROUP_FRAMES_WAITING_BYTES_MAX,
  GROUP_FRAMES_WAITING_BYTES_PER_PEER_MAX,
  P2P_FRAME_BYTES_MAX,
} from "@tsbcos/core/primitives";
import { FrameBudget } from "./frame-budget.js";

const [A, B, C, D] = ["a", "b", "c", "d"].map((digit) => nodeId(digit.repeat(128))) as [
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
  ReturnType<typeof nodeId>,
];
const MEGABYTE = 1024 * 1024;

/** Admits frames of one size until one is refused; gives their number. */
function fill(budget: FrameBudget, share: Parameters<FrameBudget["admit"]>[0], bytes: number): number {
  let count = 0;
  while (budget.admit(share, bytes)) count++;
  return count;
}

test("a member's largest frame is taken, and what it sends beyond its share is not", () => {
  const budget = new FrameBudget();
  expect(budget.admit(A, P2P_FRAME_BYTES_MAX)).toBe(true);
  expect(fill(budget, A, MEGABYTE)).toBeLessThan(17);
  expect(budget.admit(B, P2P_FRAME_BYTES_MAX)).toBe(true);
});

test("B23: frames without a body cost something too", () => {
  const frames = fill(new FrameBudget(), A, 0);
  expect(frames).toBeGreaterThan(100_000);
  expect(frames).toBeLessThan(1_000_000);
});

test("members whose floods fill everything do not keep out the votes of another", () => {
  const budget = new FrameBudget();
  const waiting = (fill(budget, A, MEGABYTE) + fill(budget, B, MEGABYTE) + fill(budget, C, MEGABYTE)) * MEGABYTE;
  expect(waiting).toBeGreaterThan(GROUP_FRAMES_WAITING_BYTES_MAX - 4 * MEGABYTE);
  for (let i = 0; i < 1000; i++) expect(budget.admit(D, 500)).toBe(true);
  expect(budget.admit(D, 2 * MEGABYTE)).toBe(false);
});

test("strangers share what one member has", () => {
  const budget = new FrameBudget();
  expect(fill(budget, "strangers", MEGABYTE)).toBeLessThanOrEqual(GROUP_FRAMES_WAITING_BYTES_PER_PEER_MAX / MEGABYTE);
  expect(budget.admit(A, P2P_FRAME_BYTES_MAX)).toBe(true);
});

test("what the group has handled makes room, batch by batch", () => {
  const budget = new FrameBudget();
  const before = fill(budget, A, MEGABYTE);
  budget.sent();
  expect(budget.admit(A, MEGABYTE)).toBe(false);
  budget.handled(0);
  expect(budget.admit(A, MEGABYTE)).toBe(false);
  budget.handled(1);
  expect(fill(budget, A, MEGABYTE)).toBe(before);
  budget.sent();
  budget.handled(1);
  expect(fill(budget, A, MEGABYTE)).toBe(before);
});
