import { addressOf, proveVrf, standardSuite, verifyVrf } from "@tsbcos/core/crypto";
import { ascii, bytesToBigInt, bytesToHex, concatBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import type { Hash, NodeId } from "@tsbcos/core/primitives";
import { encodeValues, string } from "@tsbcos/core/executor/abi";
import type { ChainHead, ChainRules } from "@tsbcos/core/ledger";
import { V2_5_0, V2_9_0 } from "@tsbcos/core/protocol";
import { describe, expect, it } from "vitest";
import { BUILT_IN, memberCall } from "../calldata.js";
import { createSimulatedSuite } from "../suite.js";
import { RotationChecker } from "./rotation.js";
import type { RotatedBlock } from "./rotation.js";

const suite = createSimulatedSuite(standardSuite);
const sealers = [1, 2, 3, 4]
  .map((last) => bytesToHex(suite.keyPairOf(new Uint8Array(32).fill(last)).publicKey) as NodeId)
  .sort();
const [A, B, C, D] = sealers as [NodeId, NodeId, NodeId, NodeId];
const hashOf = (number: number) => number.toString(16).padStart(64, "0") as Hash;

interface Shape {
  readonly working?: readonly NodeId[];
  readonly epochSealers?: number;
  readonly enabledAt?: number;
}

/** What holds after a block: two of four work, and every third block ends an epoch. */
function headAt(number: number, { working = [A, B], epochSealers = 2, enabledAt = 0 }: Shape = {}): ChainHead {
  const settings = {
    epochSealerCount: epochSealers,
    epochSealerEnabledAt: enabledAt,
    epochBlockCount: 3,
    epochBlockEnabledAt: 0,
    notifyRotate: false,
  };
  return {
    header: { number },
    hash: hashOf(number),
    sealers,
    workingSealers: working,
    settings,
  } as unknown as ChainHead;
}

const plain = { to: "11".repeat(20), sender: "22".repeat(20), data: new Uint8Array() };

/** The call of a sealer, for the block after the one with that hash. */
function rotation(maker: NodeId, input: Hash) {
  const { publicKey, proof } = proveVrf(ascii("11".repeat(32)), ascii(input));
  const method = utf8ToBytes("rotateWorkingSealer(std::string, std::string, std::string)");
  const selector = suite.hash(method).subarray(0, 4);
  const data = concatBytes(selector, encodeValues(string(publicKey), string(ascii(input)), string(proof)));
  const number = bytesToBigInt(verifyVrf({ publicKey, input: ascii(input), proof })!);
  const sender = addressOf(suite, Uint8Array.from(Buffer.from(maker, "hex")));
  return { call: { to: "1011".padStart(40, "0"), sender, data }, number };
}

function blockOf(
  number: number,
  transactions: object[],
  more: { sealer?: number; list?: readonly NodeId[]; status?: number } = {},
) {
  const { sealer = 0, list = [A, B], status = 0 } = more;
  const header = { number, sealerList: list, sealer: BigInt(sealer) };
  return { header, transactions, receipts: transactions.map(() => ({ status })) } as unknown as RotatedBlock;
}

const DRAWN = { consensusType: "rpbft", version: V2_9_0, suite } as ChainRules;

/** A chain of three blocks without a rotation; the fourth has to begin with one. */
function atEndOfEpoch(): RotationChecker {
  const checker = new RotationChecker(DRAWN, headAt(0));
  for (const number of [1, 2, 3]) checker.stored(headAt(number), blockOf(number, [plain]));
  return checker;
}

/** Of two that work and two that rest, who changes places by the number: the one at its place modulo two. */
function exchanged(number: bigint): NodeId[] {
  // From two nodes the last is swapped with place (number mod 2), and the first is taken.
  const taken = ([first, last]: [NodeId, NodeId]) => (number % 2n === 0n ? last : first);
  const stays = taken([A, B]) === A ? B : A;
  return [stays, taken([C, D])].sort();
}

describe("RotationChecker", () => {
  it("accepts a rotation at the end of an epoch that exchanges those who are drawn, each block once", () => {
    const checker = atEndOfEpoch();
    const { call, number } = rotation(A, hashOf(3));
    const block = blockOf(4, [call, plain]);
    checker.stored(headAt(4, { working: exchanged(number) }), block);
    checker.stored(headAt(4, { working: [C, D] }), block);
    const next = blockOf(5, [plain], { list: exchanged(number), sealer: sealers.indexOf(exchanged(number)[0]!) });
    checker.stored(headAt(5, { working: exchanged(number) }), next);
  });

  it("finds a block that does not begin with the rotation that is due", () => {
    const { call } = rotation(A, hashOf(3));
    expect(() => atEndOfEpoch().stored(headAt(4), blockOf(4, [plain]))).toThrow("does not begin");
    expect(() => atEndOfEpoch().stored(headAt(4), blockOf(4, [plain, call]))).toThrow("does not begin");
    const other = { ...call, data: call.data.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) };
    expect(() => atEndOfEpoch().stored(headAt(4), blockOf(4, [other]))).toThrow("does not begin");
  });

  it("knows what else calls for one: too few at work, and a change of how many should be", () => {
    const few = new RotationChecker(DRAWN, headAt(0));
    few.stored(headAt(1, { working: [A] }), blockOf(1, [{ ...plain, to: BUILT_IN.consensus, data: leaving(B) }]));
    expect(() => few.stored(headAt(2, { working: [A] }), blockOf(2, [plain], { list: [A] }))).toThrow("does not begin");
    const fewer = new RotationChecker(DRAWN, headAt(0));
    const one = { epochSealers: 1, enabledAt: 1 };
    fewer.stored(headAt(1, one), blockOf(1, [plain]));
    expect(() => fewer.stored(headAt(2, one), blockOf(2, [plain]))).toThrow("does not begin");
    // As many as before, of those that there are.
    const all = new RotationChecker(DRAWN, headAt(0, { working: sealers, epochSealers: 4 }));
    const more = { working: sealers, epochSealers: 9, enabledAt: 1 };
    all.stored(headAt(1, more), blockOf(1, [plain], { list: sealers }));
    all.stored(headAt(2, more), blockOf(2, [plain], { list: sealers }));
  });

  it("finds a rotation that fails, is somebody else's, or is for another block", () => {
    const of = (maker: NodeId, input: Hash) => [rotation(maker, input).call];
    const store = (block: RotatedBlock) => () => atEndOfEpoch().stored(headAt(4), block);
    expect(store(blockOf(4, of(A, hashOf(3)), { status: 21 }))).toThrow("failed with status 21");
    expect(store(blockOf(4, of(B, hashOf(3))))).toThrow("the block was made by");
    expect(store(blockOf(4, of(A, hashOf(2))))).toThrow("is not for the block after");
  });

  it("finds others at work than were drawn, and a change without a rotation", () => {
    const { call, number } = rotation(A, hashOf(3));
    const wrong = exchanged(number + 1n);
    expect(() => atEndOfEpoch().stored(headAt(4, { working: wrong }), blockOf(4, [call]))).toThrow("it should be");
    expect(() => atEndOfEpoch().stored(headAt(4), blockOf(4, [call]))).toThrow("it should be");
    const early = new RotationChecker(DRAWN, headAt(0));
    expect(() => early.stored(headAt(1, { working: [A, C] }), blockOf(1, [plain]))).toThrow("it should be");
  });

  it("expects nothing of a rotation that nobody needs", () => {
    const checker = new RotationChecker(DRAWN, headAt(0));
    checker.stored(headAt(1), blockOf(1, [plain]));
    checker.stored(headAt(2), blockOf(2, [rotation(A, hashOf(1)).call]));
  });

  it("finds a header with others than those who work, and one by who does not", () => {
    const turns = { consensusType: "rpbft", version: V2_5_0, suite } as ChainRules;
    const store = (number: number, list: readonly NodeId[], sealer: number) => {
      const checker = new RotationChecker(turns, headAt(number - 1));
      return () => checker.stored(headAt(number), blockOf(number, [plain], { list, sealer }));
    };
    // After three blocks the first sealer goes, and the third comes.
    expect(store(3, [A, B], 0)).not.toThrow();
    expect(store(4, [B, C], 1)).not.toThrow();
    expect(store(4, [A, B], 1)).toThrow("lists");
    expect(store(4, [B, C], 0)).toThrow("out of work");
    const pbft = new RotationChecker({ consensusType: "pbft", version: V2_9_0, suite } as ChainRules, headAt(0));
    expect(() => pbft.stored(headAt(1), blockOf(1, [plain], { list: [A, B] }))).toThrow("lists");
  });
});

function leaving(node: NodeId): Uint8Array {
  return memberCall(suite, "addObserver", node);
}
