import { standardSuite } from "@tsbcos/core/crypto";
import { bytesToHex, hexToBytes } from "@tsbcos/core/primitives";
import type { Hash, NodeId } from "@tsbcos/core/primitives";
import type { BlockSignature } from "@tsbcos/core/protocol";
import type { ChainHead, ChainRules, ExecutedBlock } from "@tsbcos/core/ledger";
import { describe, expect, it } from "vitest";
import { createSimulatedSuite } from "../suite.js";
import { ChainChecker } from "./chain.js";
import { decidersOf } from "./deciders.js";

const suite = createSimulatedSuite(standardSuite);
const keys = [1, 2, 3, 4].map((last) => suite.keyPairOf(new Uint8Array(32).fill(last)));
const sealers = keys.map((key) => bytesToHex(key.publicKey) as NodeId);
const hashOf = (text: string) => text.repeat(32) as Hash;

/** Only what the checker looks at. */
const headOf = (hash: Hash) => ({ hash, sealers, observers: [] }) as unknown as ChainHead;
const blockOf = (number: number, parentHash: Hash, hash: Hash, transactions: { hash: Hash; nonce: bigint }[] = []) =>
  ({ header: { number, parentHash }, hash, transactions }) as unknown as ExecutedBlock;
const signed = (hash: Hash, ...indices: number[]) =>
  indices.map((index) => ({
    index,
    signature: suite.sign(hexToBytes(hash), keys[index]!),
  })) as unknown as BlockSignature[];

const GENESIS = hashOf("00");
const rules = { consensusType: "pbft" } as ChainRules;
const setUp = () => new ChainChecker(suite, 4, headOf(GENESIS), decidersOf(rules));

describe("ChainChecker", () => {
  it("accepts the same chain on all nodes", () => {
    const checker = setUp();
    for (const node of [0, 1]) {
      const [one, two] = [blockOf(1, GENESIS, hashOf("01")), blockOf(2, hashOf("01"), hashOf("02"))];
      checker.storing(node, one, signed(hashOf("01"), 0, 1, 2));
      checker.stored(node, headOf(hashOf("01")), one);
      checker.storing(node, two, signed(hashOf("02"), 3, 1, 2, 0));
      checker.stored(node, headOf(hashOf("02")), two);
    }
    expect(checker.height).toBe(2);
  });

  it("finds two blocks at one height", () => {
    const checker = setUp();
    checker.stored(0, headOf(hashOf("01")), blockOf(1, GENESIS, hashOf("01")));
    const fork = () => checker.stored(1, headOf(hashOf("ff")), blockOf(1, GENESIS, hashOf("ff")));
    expect(fork).toThrow("n1 stored ff");
  });

  it("finds a block that does not follow its parent, or comes out of order", () => {
    const checker = setUp();
    expect(() => checker.stored(0, headOf(hashOf("01")), blockOf(1, hashOf("77"), hashOf("01")))).toThrow("follow");
    expect(() => checker.stored(0, headOf(hashOf("02")), blockOf(3, GENESIS, hashOf("02")))).toThrow("out of order");
  });

  it("B27: counts distinct signers, and looks at every signature", () => {
    const checker = setUp();
    const block = blockOf(1, GENESIS, hashOf("01"));
    expect(() => checker.storing(0, block, signed(hashOf("01"), 0, 1))).toThrow("3 are needed");
    expect(() => checker.storing(0, block, signed(hashOf("01"), 0, 1, 1))).toThrow("3 are needed");
    expect(() => checker.storing(0, block, signed(hashOf("02"), 0, 1, 2))).toThrow("false signature");
  });

  it("finds a transaction or a nonce that is used twice", () => {
    const checker = setUp();
    const tx = { hash: hashOf("aa"), nonce: 7n };
    checker.stored(0, headOf(hashOf("01")), blockOf(1, GENESIS, hashOf("01"), [tx]));
    const again = blockOf(2, hashOf("01"), hashOf("02"), [tx]);
    expect(() => checker.stored(0, headOf(hashOf("02")), again)).toThrow("in blocks 1 and 2");
    const nonce = blockOf(2, hashOf("01"), hashOf("03"), [{ ...tx, hash: hashOf("bb") }]);
    const other = setUp();
    other.stored(0, headOf(hashOf("01")), blockOf(1, GENESIS, hashOf("01"), [tx]));
    expect(() => other.stored(0, headOf(hashOf("03")), nonce)).toThrow("nonce for the second time");
  });
});
