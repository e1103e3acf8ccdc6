import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exchangeInJavaScript, exchangeInModule, isPlainJavaScript, sm3Permutation } from "./sm3-compiler.js";
import { BUNDLED } from "./versions.js";

const RATE = 136;

/** The sponge of Keccak-256 around a permutation, as compilers have it. */
function sponge(message: Uint8Array, permute: (memory: Uint8Array, address: number) => void): string {
  const memory = new Uint8Array(4096);
  const address = 1600;
  const state = memory.subarray(address, address + 200);
  let at = 0;
  for (; message.length - at >= RATE; at += RATE) {
    for (let index = 0; index < RATE; index++) state[index]! ^= message[at + index]!;
    permute(memory, address);
  }
  for (let index = 0; at + index < message.length; index++) state[index]! ^= message[at + index]!;
  state[message.length - at]! ^= 0x01;
  state[RATE - 1]! ^= 0x80;
  permute(memory, address);
  expect(memory.subarray(0, address).every((byte) => byte === 0)).toBe(true);
  return Buffer.from(state.subarray(0, 32)).toString("hex");
}

const sm3 = (message: Uint8Array): string => createHash("sm3").update(message).digest("hex");

describe("the permutation whose sponge is SM3", () => {
  test("gives SM3 for every length around blocks", () => {
    const permute = sm3Permutation();
    for (let length = 0; length <= 3 * RATE + 2; length++) {
      const message = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff);
      expect([length, sponge(message, permute)]).toEqual([length, sm3(message)]);
    }
  });

  test("is not misled by blocks that look padded before the end", () => {
    const permute = sm3Permutation();
    const padded = new Uint8Array(RATE);
    padded[10] = 0x01;
    padded[RATE - 1] = 0x80;
    const both = new Uint8Array(RATE).fill(0);
    both[RATE - 1] = 0x81;
    for (const block of [padded, both, new Uint8Array(RATE), new Uint8Array(RATE).fill(0xff)]) {
      const message = Buffer.concat([block, block, Buffer.from("rest"), block]);
      expect(sponge(message, permute)).toBe(sm3(message));
      expect(sponge(block, permute)).toBe(sm3(block));
    }
  });

  test("gives SM3 for any bytes, one message after the other", () => {
    const permute = sm3Permutation();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (message) => {
        expect(sponge(message, permute)).toBe(sm3(message));
      }),
    );
  });
});

describe("what is exchanged", () => {
  test("is one function of each compiler in plain JavaScript, and nothing else", () => {
    for (const { file } of BUNDLED.slice(0, 2)) {
      const source = readFileSync(file(), "utf8");
      expect(isPlainJavaScript(source)).toBe(true);
      const exchanged = exchangeInJavaScript(source) ?? "";
      expect(exchanged.match(/__tsbcosPermutation/g)).toHaveLength(1);
      let same = 0;
      while (source[same] === exchanged[same]) same++;
      // Behind the exchanged body everything is as before.
      const rest = exchanged.slice(exchanged.indexOf("}", same) + 1);
      expect(source.endsWith(rest)).toBe(true);
      expect(source.length - exchanged.length).toBeLessThan(30_000);
    }
    for (const { file } of BUNDLED.slice(2)) expect(isPlainJavaScript(readFileSync(file(), "utf8"))).toBe(false);
  });

  test("is nothing where the constants of Keccak are not used", () => {
    expect(exchangeInJavaScript("var Module={};")).toBeUndefined();
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    expect(exchangeInModule(empty, {})).toBeUndefined();
  });
});
