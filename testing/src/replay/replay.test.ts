import { join } from "node:path";
import { expect, test } from "vitest";
import { smSuite, standardSuite } from "@tsbcos/core/crypto";
import { RECORDINGS } from "../vectors/index.js";
import type { RpcBlock } from "../vectors/index.js";
import { readRecording, replayChain } from "./index.js";
import type { Recording, ReplayDifference } from "./index.js";

/** A small chain whose state bytes were recorded. */
const recording = readRecording(join(RECORDINGS, "bursts"), { sm: smSuite, standard: standardSuite });
const BLOCK = 4;

function firstBlocks(count: number): Recording {
  return { ...recording, blocks: recording.blocks.slice(0, count) };
}

function withBlock(change: Partial<RpcBlock>): Recording {
  const blocks = recording.blocks
    .slice(0, BLOCK + 1)
    .map((block, n) => (n === BLOCK ? { ...block, ...change } : block));
  return { ...recording, blocks };
}

function differenceOf(changed: Recording): ReplayDifference {
  const { difference } = replayChain(changed);
  if (difference === undefined) throw new Error("no difference was found");
  return difference;
}

test("an untouched recording is equal, and everything in it was compared", () => {
  const seen: number[] = [];
  const outcome = replayChain(firstBlocks(BLOCK + 1), { onBlock: (number) => seen.push(number) });
  const transactions = recording.blocks.slice(1, BLOCK + 1).reduce((sum, block) => sum + block.transactions.length, 0);
  expect(outcome).toEqual({
    blocks: BLOCK,
    transactions,
    receipts: transactions,
    blocksWithTables: BLOCK,
    difference: undefined,
  });
  expect(seen).toEqual([1, 2, 3, 4]);
});

test.each([
  ["parentHash", "0x" + "1".repeat(64)],
  ["stateRoot", "0x" + "1".repeat(64)],
  ["transactionsRoot", "0x" + "1".repeat(64)],
  ["receiptsRoot", "0x" + "1".repeat(64)],
  ["dbHash", "0x" + "1".repeat(64)],
  ["logsBloom", "0x" + "1".repeat(512)],
  ["gasLimit", "0x5"],
  ["gasUsed", "0x5"],
  ["hash", "0x" + "1".repeat(64)],
  ["extraData", ["0x01"]],
  ["sealerList", recording.blocks[BLOCK]!.sealerList.slice(1)],
])("header field %s is compared", (field, value) => {
  const found = differenceOf(withBlock({ [field]: value }));
  // A changed timestamp or proposer would be believed: they are what the proposer decided.
  expect(found).toMatchObject({ block: BLOCK, field: field === "logsBloom" ? "logBloom" : field });
  expect(found.recorded).not.toBe(found.computed);
});

test("what the proposer decided shows in the hash", () => {
  const { timestamp } = recording.blocks[BLOCK]!;
  const later = `0x${(Number(timestamp) + 1).toString(16)}`;
  expect(differenceOf(withBlock({ timestamp: later }))).toMatchObject({ block: BLOCK, field: "hash" });
  expect(differenceOf(withBlock({ sealer: "0x1f" })).block).toBe(BLOCK);
});

test.each([
  ["gasUsed", "0x1", "gasUsed"],
  ["contractAddress", "0x" + "1".repeat(40), "contractAddress"],
  ["logsBloom", "0x" + "1".repeat(512), "bloom"],
  ["status", "0x16", "status"],
  ["output", "0x01", "output"],
  ["remainGas", "0x1", "remainGas"],
  ["logs", [{ address: "0x" + "1".repeat(40), data: "0x", topics: [] }], "logs"],
  ["statusMsg", "Unknown", "statusMsg"],
  ["root", "0x" + "1".repeat(64), "stateRoot"],
  ["blockHash", "0x" + "1".repeat(64), "blockHash"],
  ["blockNumber", "0x1", "blockNumber"],
  ["transactionIndex", "0x5", "transactionIndex"],
  ["from", "0x" + "1".repeat(40), "from"],
  ["to", "0x" + "1".repeat(40), "to"],
  ["input", "0x01", "input"],
])("receipt field %s is compared, and named with its transaction", (field, value, name) => {
  const { hash } = recording.blocks[BLOCK]!.transactions[0]!;
  const receipts = new Map(recording.receipts);
  receipts.set(hash, { ...receipts.get(hash)!, [field]: value });
  const found = differenceOf({ ...firstBlocks(BLOCK + 1), receipts });
  expect(found).toMatchObject({ block: BLOCK, field: name, transaction: { index: 0, hash } });
  expect(found.touchedTables.length).toBeGreaterThan(0);
});

test("a receipt that was not recorded is a difference", () => {
  const { transactions } = recording.blocks[BLOCK]!;
  const { hash } = transactions.at(-1)!;
  const receipts = new Map(recording.receipts);
  receipts.delete(hash);
  expect(differenceOf({ ...firstBlocks(BLOCK + 1), receipts })).toMatchObject({
    field: "receipt",
    transaction: { index: transactions.length - 1, hash },
  });
});

test("of tables the first that differs is named, with the byte", () => {
  const tables = recording.stateBytes![String(BLOCK)]!;
  const last = tables.at(-1)!;
  const flipped = last.bytes.slice(0, 20) + (last.bytes[20] === "0" ? "1" : "0") + last.bytes.slice(21);
  const withTables = (changed: typeof tables): Recording => ({
    ...firstBlocks(BLOCK + 1),
    stateBytes: { ...recording.stateBytes, [String(BLOCK)]: changed },
  });
  expect(differenceOf(withTables([...tables.slice(0, -1), { ...last, bytes: flipped }])).table).toMatchObject({
    table: last.table,
    byte: 10,
  });
  expect(differenceOf(withTables(tables.slice(0, -1))).table).toMatchObject({
    table: last.table,
    byte: undefined,
    recorded: "does not enter the state hash",
  });
});

test("a transaction that is not what its hash says is found before it is executed", () => {
  const { transactions } = recording.blocks[BLOCK]!;
  const [first, ...rest] = transactions;
  const changed = withBlock({ transactions: [{ ...first!, nonce: "0x1234567" }, ...rest] });
  expect(differenceOf(changed)).toMatchObject({ block: BLOCK, transaction: { index: 0 }, field: "hash" });
  // A missing one leads to another transactions root.
  expect(differenceOf(withBlock({ transactions: rest })).field).not.toBe("hash");
});

test("another genesis is found at block 0", () => {
  const genesis = { ...recording.genesis, maxTransactions: 999 };
  expect(differenceOf({ ...recording, genesis })).toMatchObject({ block: 0, field: "extraData" });
});
