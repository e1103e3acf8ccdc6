import { expect, test } from "vitest";
import { compressSync } from "snappy";
import { bytesEqual, createRandom } from "@tsbcos/core/primitives";
import { compressBody, decompressBody } from "./compression.js";

const random = createRandom("compression");

test("bodies come back as they were, compressible or not", () => {
  for (const body of [new Uint8Array(0), new Uint8Array(5_000_000), random.bytes(100_000)]) {
    const again = decompressBody(compressBody(body));
    expect(again.ok && bytesEqual(again.value, body)).toBe(true);
  }
});

test("B1: an announced length that the bytes cannot expand to is refused before memory is taken", () => {
  const claim = Uint8Array.of(0x80, 0x80, 0x80, 0x20, 1, 2, 3);
  expect(decompressBody(claim)).toEqual({ ok: false, error: { code: "compressed-length-too-large" } });
  const beyondFrame = compressSync(new Uint8Array(101 * 1024 * 1024));
  expect(decompressBody(beyondFrame)).toEqual({ ok: false, error: { code: "compressed-length-too-large" } });
});

test("lengths over five bytes or cut off are refused", () => {
  for (const bytes of [[], [0x80], [0x80, 0x80, 0x80, 0x80, 0x80, 1]]) {
    expect(decompressBody(Uint8Array.from(bytes))).toEqual({
      ok: false,
      error: { code: "compressed-length-invalid" },
    });
  }
});

test("damaged bodies give an error value or other bytes, never an exception", () => {
  const good = compressBody(new TextEncoder().encode("block ".repeat(500)));
  for (let i = 0; i < 2000; i++) {
    const bad = good.slice();
    for (let n = random.below(5); n >= 0; n--) bad[random.below(bad.length)] = random.below(256);
    const result = decompressBody(bad);
    if (result.ok) expect(result.value.length).toBeLessThanOrEqual(bad.length * 22);
  }
});
