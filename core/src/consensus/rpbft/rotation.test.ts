import { describe, expect, test } from "vitest";
import { ascii, bytesToHex, bytesToUtf8 } from "../../primitives/index.js";
import type { NodeId } from "../../primitives/index.js";
import { addressOf, smSuite, standardSuite, verifyVrf, vrfPublicKey } from "../../crypto/index.js";
import { V2_6_0, signTransaction } from "../../protocol/index.js";
import type { VerifiedTransaction } from "../../protocol/index.js";
import { forgePrepare, honestHeader, sendForgery } from "../testdata/adversary.js";
import { genesisHead } from "../testdata/chain.js";
import { TestCluster } from "../testdata/cluster.js";
import type { ClusterOptions } from "../testdata/cluster.js";
import { rotationCall } from "./rotation-call.js";
import { WORKING_SEALERS, rotationNeed } from "./rotation.js";

const ALL = [0, 1, 2, 3, 4];

/** Five sealers, three of which work, two blocks an epoch. */
function cluster(more: ClusterOptions = {}, settings: ClusterOptions["settings"] = {}): TestCluster {
  return new TestCluster(ALL.length, {
    ...more,
    kind: { consensusType: "rpbft", version: V2_6_0, ...more.kind },
    settings: { epochSealerCount: 3, epochBlockCount: 2, ...settings },
  });
}

/** Numbers of the nodes that work at the next height. */
function working(of: TestCluster): number[] {
  const { head } = of.node(0);
  return head.workingSealers.map((id: NodeId) => of.nodes.findIndex(({ nodeId }) => nodeId === id));
}

function transactionsOf(of: TestCluster, height: number): readonly VerifiedTransaction[] {
  return of.node(0).blocks[height - 1]?.block.transactions ?? [];
}

function isRotation({ to }: VerifiedTransaction): boolean {
  return to === WORKING_SEALERS;
}

/** One block with one transaction, stored by everybody. */
function decide(of: TestCluster, text = ""): void {
  const alive = ALL.filter((number) => of.node(number).machine !== undefined);
  of.submit([of.transaction(text)], alive);
  of.run(500);
  for (const number of alive) of.sync(number);
}

describe("who works", () => {
  test("those whom the ledger marks lead in the order of their ids; the others follow", () => {
    const at = cluster({}, { epochBlockCount: 1000 });
    expect(at.nodes.map(({ machine }) => machine?.wakeAtMs !== undefined)).toEqual([true, true, true, false, false]);
    for (let height = 1; height <= 4; height++) decide(at);
    const { blocks } = at.node(4);
    expect(blocks.map(({ block }) => Number(block.header.sealer))).toEqual([0, 1, 2, 0]);
    expect(blocks.map(({ block }) => block.header.sealerList.length)).toEqual([3, 3, 3, 3]);
  });

  test("without anybody marked, the first sealer works and calls others", () => {
    const at = cluster({}, { epochSealerCount: 2, epochBlockCount: 1000 });
    decide(at, `rest ${at.node(1).nodeId}`);
    at.run(2000);
    for (const number of ALL) at.sync(number);
    expect(working(at)).toHaveLength(2);
    decide(at, `rest ${at.node(working(at)[0]!).nodeId}`);
    decide(at, `rest ${at.node(working(at)[0]!).nodeId}`);
    at.run(3000);
    for (const number of ALL) at.sync(number);
    expect(working(at)).toHaveLength(2);
  });
});

describe("a rotation", () => {
  test("is the first transaction of the block after an epoch, made and proven by its leader", () => {
    const at = cluster();
    for (let height = 1; height <= 3; height++) decide(at);
    expect(transactionsOf(at, 2).some(isRotation)).toBe(false);
    const [first, ...others] = transactionsOf(at, 3);
    expect(others.some(isRotation)).toBe(false);
    const parent = at.node(0).blocks[1]!.block;
    const { header } = at.node(0).blocks[2]!.block;
    const leader = at.node(Number(header.sealer));
    expect(first).toMatchObject({ to: WORKING_SEALERS, gas: 0n, gasPrice: 0n, value: 0n, blockLimit: 502n });
    expect(first!.sender).toBe(addressOf(at.suite, leader.key.publicKey));
    expect(bytesToHex(first!.data.subarray(0, 4))).toBe("df04e6b2");
    const texts = bytesToUtf8(first!.data.subarray(4));
    const secret = ascii(bytesToHex(leader.key.privateKey));
    const [proof] = /[0-9a-f]{64}\|[0-9a-f]{64}\|[0-9a-f]{64}/.exec(texts)!;
    const claim = { publicKey: vrfPublicKey(secret), input: ascii(parent.hash), proof: ascii(proof) };
    expect(texts).toContain(claim.publicKey);
    expect(texts).toContain(parent.hash);
    expect(verifyVrf(claim)).toBeDefined();
    expect(working(at)).not.toEqual([0, 1, 2]);
  });

  test("makes an idle chain store one block an epoch, and no more", () => {
    const at = cluster();
    decide(at);
    decide(at);
    at.run(20_000);
    expect(at.node(0).head.header.number).toBe(3);
    expect(transactionsOf(at, 3).map(isRotation)).toEqual([true]);
  });

  test("takes the place of one transaction in a full block, and that one waits for the next", () => {
    const at = cluster({}, { txCountLimit: 2 });
    decide(at);
    decide(at);
    at.submit([at.transaction(), at.transaction(), at.transaction()], ALL);
    at.run(500);
    for (const number of ALL) at.sync(number);
    expect(transactionsOf(at, 3).map(isRotation)).toEqual([true, false]);
    at.run(4000);
    for (const number of ALL) at.sync(number);
    expect(transactionsOf(at, 4).map(isRotation)).toEqual([false, false]);
  });

  test("with one transaction a block, stands alone", () => {
    const at = cluster({}, { txCountLimit: 1 });
    decide(at);
    decide(at);
    decide(at);
    expect(transactionsOf(at, 3).map(isRotation)).toEqual([true]);
  });

  test("carries the ids of chain and group the wrong way round, and is taken with either", () => {
    const at = cluster({ kind: { chainId: 7n } });
    decide(at);
    decide(at);
    decide(at);
    expect(transactionsOf(at, 3)[0]).toMatchObject({ to: WORKING_SEALERS, chainId: 1n, groupId: 7n });
  });
});

describe("B4: a proposal without the rotation that is due", () => {
  function atEndOfEpoch(): TestCluster {
    const at = cluster();
    decide(at);
    decide(at);
    return at;
  }

  /** The leader of the next height proposes these, and the others say whether they sign. */
  function isSigned(at: TestCluster, transactions: readonly VerifiedTransaction[], position = 2): boolean {
    const leader = working(at)[position]!;
    const header = honestHeader(at, leader, transactions);
    const others = working(at).filter((number) => number !== leader);
    at.crash(leader);
    at.traces.length = 0;
    const from = forgePrepare(at, leader, header, transactions);
    sendForgery(at, from, others);
    at.stabilize();
    expect(at.traces.filter(({ event }) => event.event === "prepare-accepted")).toHaveLength(others.length);
    const refused = at.traces.filter(({ event }) => event.event === "proposal-refused");
    for (const { event } of refused) expect(event.fields).toMatchObject({ code: "block-opening-wrong" });
    return refused.length === 0;
  }

  function rotationBy(at: TestCluster, number: number): VerifiedTransaction {
    const fields = { nonce: 77n, gasPrice: 0n, gas: 0n, blockLimit: 500n, value: 0n, data: new Uint8Array() };
    const unsigned = { ...fields, to: WORKING_SEALERS, chainId: 1n, groupId: 1n, extraData: new Uint8Array() };
    return signTransaction(unsigned, at.node(number).key, at.suite);
  }

  test("is not signed", () => {
    const at = atEndOfEpoch();
    expect(isSigned(at, [at.transaction()])).toBe(false);
  });

  test("is not signed with one by somebody else, or one that comes second", () => {
    const other = atEndOfEpoch();
    expect(isSigned(other, [rotationBy(other, working(other)[0]!)])).toBe(false);
    const second = atEndOfEpoch();
    expect(isSigned(second, [second.transaction(), rotationBy(second, working(second)[2]!)])).toBe(false);
  });

  test("is signed when a sealer has left that the epoch of a C++ node still counts", () => {
    const at = cluster({}, { epochSealerCount: 5, epochBlockCount: 1000 });
    decide(at, `remove ${at.node(4).nodeId}`);
    expect(working(at)).toEqual([0, 1, 2, 3]);
    expect(isSigned(at, [at.transaction()], 1)).toBe(true);
  });

  test("is signed with one by its leader", () => {
    const at = atEndOfEpoch();
    expect(isSigned(at, [rotationBy(at, working(at)[2]!)])).toBe(true);
  });
});

describe("when a rotation is due", () => {
  const made = cluster();
  const base = genesisHead(
    made.suite,
    made.nodes.map(({ nodeId }) => nodeId),
    { epochSealerCount: 3, epochBlockCount: 10, epochBlockEnabledAt: 4 },
  );
  const at = (number: number, settings: Partial<typeof base.settings> = {}): typeof base => {
    const header = { ...base.header, number: number as typeof base.header.number };
    return { ...base, header, settings: { ...base.settings, ...settings } };
  };

  test("every so many blocks, counted from the block that said how many; never after block 0", () => {
    expect(rotationNeed(at(14), at(13), 3)).toBe("due");
    expect(rotationNeed(at(15), at(14), 3)).toBe("not-due");
    expect(rotationNeed(at(4), at(3), 3)).toBe("due");
    expect(rotationNeed(at(0, { epochBlockEnabledAt: 0 }), undefined, 3)).toBe("not-due");
  });

  test("when too few work, when a rotation failed, and when the size of an epoch changes", () => {
    expect(rotationNeed(at(15), at(14), 2)).toBe("due");
    expect(rotationNeed(at(15, { notifyRotate: true }), at(14), 3)).toBe("due");
    expect(rotationNeed(at(15, { epochSealerCount: 2 }), at(14), 3)).toBe("due");
    expect(rotationNeed(at(15, { epochSealerCount: 9 }), at(14, { epochSealerCount: 5 }), 5)).toBe("not-due");
  });

  test("when fewer are left than an epoch asks for, some C++ nodes expect one and some do not", () => {
    const left = { ...at(15, { epochSealerCount: 5 }), sealers: base.sealers.slice(1) };
    expect(rotationNeed(left, at(14, { epochSealerCount: 5 }), 4)).toBe("unknown");
    expect(rotationNeed(left, at(14, { epochSealerCount: 5 }), 3)).toBe("due");
    const lowered = { ...left, settings: { ...left.settings, epochSealerCount: 4 } };
    expect(rotationNeed(lowered, at(14, { epochSealerCount: 5 }), 4)).toBe("due");
  });

  test("B26: after a start nobody can say, so a leader makes one and nobody demands it", () => {
    expect(rotationNeed(at(15), undefined, 3)).toBe("unknown");
    expect(rotationNeed(at(15), at(12), 3)).toBe("unknown");
  });
});

test("B26: five sealers agree over many rotations, changes of members and settings, and crashes", () => {
  const at = cluster();
  for (let round = 0; round < 16; round++) {
    if (round === 3) at.submit([at.transaction("epoch_sealer_num 4")], ALL);
    if (round === 6) at.crash(4);
    if (round === 8) at.restart(4);
    if (round === 9) at.submit([at.transaction("epoch_block_num 3")], ALL);
    if (round === 11) at.submit([at.transaction(`remove ${at.node(2).nodeId}`)], ALL);
    if (round === 13) at.submit([at.transaction(`add ${at.node(2).nodeId}`)], ALL);
    const alive = ALL.filter((number) => at.node(number).machine !== undefined);
    at.submit([at.transaction()], alive);
    at.run(6000);
    for (const number of alive) at.sync(number);
  }
  at.sync(4);
  const heights = at.nodes.map(({ head }) => head.header.number);
  expect(new Set(heights).size).toBe(1);
  expect(heights[0]).toBeGreaterThanOrEqual(14);
  const rotations = at.node(0).blocks.filter(({ block }) => block.transactions.some(isRotation));
  expect(rotations.length).toBeGreaterThanOrEqual(5);
  for (const { block } of rotations) expect(block.transactions.findIndex(isRotation)).toBe(0);
});

test("the call of a rotation has the selector of the C++ text, standard and SM, and three padded texts", () => {
  const claim = { publicKey: ascii("k"), input: ascii("i".repeat(32)), proof: ascii("p".repeat(33)) };
  const call = bytesToHex(rotationCall(claim, standardSuite));
  expect(call.slice(0, 8)).toBe("df04e6b2");
  expect(bytesToHex(rotationCall(claim, smSuite)).slice(0, 8)).toBe("372410a0");
  const word = (value: number): string => value.toString(16).padStart(64, "0");
  const texts = ["6b", "69".repeat(32), "70".repeat(33)];
  const [key = "", input = "", proof = ""] = texts.map((text) => text.padEnd(Math.ceil(text.length / 64) * 64, "0"));
  const expected = [word(96), word(160), word(224), word(1), key, word(32), input, word(33), proof].join("");
  expect(call.slice(8)).toBe(expected);
});
