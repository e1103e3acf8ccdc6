import { standardSuite } from "@tsbcos/core/crypto";
import { isSignatureInRange } from "@tsbcos/core/protocol";
import { describe, expect, it } from "vitest";
import { createSimulatedSuite } from "./suite.js";

const suite = createSimulatedSuite(standardSuite);
const privateKey = (last: number) => new Uint8Array(32).fill(1, 0, 31).fill(last, 31);
const digest = new Uint8Array(32).fill(9);

describe("the simulated suite", () => {
  it("recovers the signer, in signatures of the range that transactions demand", () => {
    for (let seed = 1; seed < 50; seed++) {
      const key = suite.keyPairOf(privateKey(seed));
      const signature = suite.sign(digest, key);
      expect(isSignatureInRange(signature)).toBe(true);
      expect(suite.recover(digest, signature)).toEqual(key.publicKey);
      expect(suite.verify(digest, signature, key.publicKey)).toBe(true);
    }
  });

  it("refuses a signature that was changed anywhere, or is for something else", () => {
    const key = suite.keyPairOf(privateKey(1));
    const signature = suite.sign(digest, key);
    for (let at = 0; at < signature.length; at++) {
      const changed = signature.slice();
      changed[at] = (changed[at] as number) ^ 1;
      expect(suite.recover(digest, changed)).toBeUndefined();
    }
    expect(suite.recover(new Uint8Array(32).fill(8), signature)).toBeUndefined();
  });

  it("refuses a signature by another key", () => {
    const [one, two] = [suite.keyPairOf(privateKey(1)), suite.keyPairOf(privateKey(2))];
    expect(suite.verify(digest, suite.sign(digest, one), two.publicKey)).toBe(false);
  });

  it("hashes like the real one", () => {
    expect(suite.hash(digest)).toEqual(standardSuite.hash(digest));
  });
});
