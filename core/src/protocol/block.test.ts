import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smSuite, standardSuite } from "../crypto/index.js";
import {
  BATCH_TRANSACTIONS_MAX,
  EMPTY_BYTES,
  NOT_A_SEALER,
  ZERO_ADDRESS,
  ZERO_HASH,
  address,
  bytesToHex,
  concatBytes,
  hash,
  height,
  hexToBytes,
  nodeId,
} from "../primitives/index.js";
import type { NodeIndex } from "../primitives/index.js";
import {
  BLOOM_BYTES,
  RlpWriter,
  TransactionStatus,
  V2_0_0,
  V2_5_0,
  V2_9_0,
  decodeBlock,
  decodeHeader,
  decodeReceipt,
  decodeTransactionBatch,
  encodeBlock,
  encodeHeader,
  encodeReceipt,
  encodeReceipts,
  encodeRlpBytes,
  encodeRlpInteger,
  encodeRlpList,
  encodeTransactionBatch,
  headerHash,
  logBloom,
  merkleRoot,
  parseSupportedVersion,
  receiptsRoot,
  rootOfProof,
  statusMessage,
  transactionsRoot,
} from "./index.js";
import type { BlockHeader, BlockParts, Receipt } from "./index.js";

const suite = standardSuite;
const bareHeader: BlockHeader = {
  parentHash: ZERO_HASH,
  stateRoot: ZERO_HASH,
  transactionsRoot: ZERO_HASH,
  receiptsRoot: ZERO_HASH,
  dbHash: ZERO_HASH,
  logBloom: new Uint8Array(BLOOM_BYTES),
  number: height(0),
  gasLimit: 0n,
  gasUsed: 0n,
  timestamp: 0,
  extraData: [EMPTY_BYTES],
  sealer: 0n,
  sealerList: [],
};
const header: BlockHeader = {
  ...bareHeader,
  parentHash: hash("ab".repeat(32)),
  number: height(300),
  timestamp: 1_795_363_151_000,
  extraData: [],
  sealer: 2n ** 256n - 1n,
  sealerList: [nodeId("01".repeat(64)), nodeId("02".repeat(64))],
};
const receipt: Receipt = {
  stateRoot: hash("cd".repeat(32)),
  gasUsed: 21_000n,
  contractAddress: ZERO_ADDRESS,
  bloom: new Uint8Array(BLOOM_BYTES),
  status: 22,
  output: hexToBytes("08c379a0"),
  remainGas: 5n,
  logs: [{ address: address("11".repeat(20)), topics: [ZERO_HASH, hash("ff".repeat(32))], data: hexToBytes("00") }],
};
const parts: BlockParts = {
  header,
  hash: headerHash(header, suite),
  rawTransactions: [hexToBytes("c101"), hexToBytes("c20102")],
  signatures: [{ index: 3 as NodeIndex, signature: new Uint8Array(65).fill(9) }],
  receipts: [receipt, receipt],
};

/** The five items of an encoded block. */
function itemsOf(block: BlockParts): Uint8Array[] {
  const signatures = block.signatures.map(({ index, signature }) =>
    encodeRlpList([encodeRlpInteger(index), encodeRlpBytes(signature)]),
  );
  return [
    encodeHeader(block.header),
    encodeRlpBytes(encodeTransactionBatch(block.rawTransactions)),
    encodeRlpBytes(hexToBytes(block.hash)),
    encodeRlpList(signatures),
    encodeRlpList(block.receipts.map((one) => encodeReceipt(one, V2_9_0))),
  ];
}

describe("header", () => {
  test("known hashes of the bare header", () => {
    expect(headerHash(bareHeader, standardSuite)).toBe(
      "2d1c730a81f92c9888f508a9c1a4cdeed7063b831f1a21d61a4d6d97584fc260",
    );
    expect(headerHash(bareHeader, smSuite)).toBe("39b4e98c07189c1a1cc53d8159b294c6b58753e660aa52d3a25c5241cc6225f9");
  });

  test("decodes to what was encoded", () => {
    for (const one of [bareHeader, header]) expect(decodeHeader(encodeHeader(one))).toEqual({ ok: true, value: one });
  });

  test("refuses what is behind it, a short hash, a negative or huge number", () => {
    const bytes = encodeHeader(header);
    expect(decodeHeader(concatBytes(bytes, Uint8Array.of(0x80)))).toMatchObject({ ok: false });
    expect(decodeHeader(bytes.subarray(0, bytes.length - 1))).toMatchObject({ ok: false });
    const withNumber = (hex: string): Uint8Array => {
      const before = bytes.subarray(3, 3 + 5 * 33 + 3 + BLOOM_BYTES);
      const after = bytes.subarray(3 + before.length + 3);
      const writer = new RlpWriter();
      const list = writer.openList();
      return writer.raw(before).raw(hexToBytes(hex)).raw(after).closeList(list).toBytes();
    };
    expect(bytesToHex(withNumber("82012c"))).toBe(bytesToHex(bytes));
    for (const hex of ["88ffffffffffffffff", "8720000000000000", "8200ff", "00", "c0"]) {
      expect(decodeHeader(withNumber(hex))).toMatchObject({ ok: false, error: { record: "header" } });
    }
  });

  test("lists of nodes and of extra data are bounded", () => {
    const many = { ...header, extraData: Array.from({ length: 65 }, () => EMPTY_BYTES) };
    expect(decodeHeader(encodeHeader(many))).toMatchObject({ ok: false });
    const crowd = { ...header, sealerList: Array.from({ length: 4097 }, () => nodeId("01".repeat(64))) };
    expect(decodeHeader(encodeHeader(crowd))).toMatchObject({ ok: false });
  });
});

describe("batch", () => {
  test("known bytes, little-endian", () => {
    const batch = encodeTransactionBatch([hexToBytes("c0"), hexToBytes("c101")]);
    expect(bytesToHex(batch)).toBe("02000000000000000100000003000000c0c101");
    expect(decodeTransactionBatch(batch)).toEqual({ ok: true, value: [hexToBytes("c0"), hexToBytes("c101")] });
  });

  test("no transactions are no bytes, either way", () => {
    expect(encodeTransactionBatch([])).toEqual(EMPTY_BYTES);
    expect(decodeTransactionBatch(EMPTY_BYTES)).toEqual({ ok: true, value: [] });
  });

  test.each([
    ["a count that is cut off", "010000"],
    ["no room for the offsets", "ffffffff00000000"],
    ["no data behind the offsets", "010000000000000001000000"],
    ["an offset outside", "010000000000000003000000c0c0"],
    ["offsets that go back", "0200000001000000000000000200000000c0c0"],
    ["an empty transaction", "0200000000000000000000000100000000c0"],
    ["a start outside", "0100000005000000060000000000"],
  ])("B14: refuses %s", (_, hex) => {
    expect(decodeTransactionBatch(hexToBytes(hex))).toMatchObject({ ok: false, error: { code: "malformed" } });
  });

  test("more transactions than a frame can mean are refused before any is cut out", () => {
    const count = BATCH_TRANSACTIONS_MAX + 1;
    const bytes = new Uint8Array(4 * (count + 2) + count);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, count, true);
    for (let i = 0; i <= count; i++) view.setUint32(4 * (i + 1), i, true);
    expect(decodeTransactionBatch(bytes)).toMatchObject({ ok: false, error: { reason: "too many transactions" } });
  });

  test("a batch inside other bytes is read from its own start", () => {
    const batch = encodeTransactionBatch([hexToBytes("c101")]);
    const shifted = concatBytes(Uint8Array.of(1, 2, 3), batch).subarray(3);
    expect(decodeTransactionBatch(shifted)).toEqual({ ok: true, value: [hexToBytes("c101")] });
  });
});

describe("block", () => {
  test("decodes to what was encoded, with and without receipts", () => {
    const bytes = encodeBlock(parts, V2_9_0);
    expect(bytesToHex(bytes)).toBe(bytesToHex(encodeRlpList(itemsOf(parts))));
    expect(decodeBlock(bytes, suite, V2_9_0)).toEqual({ ok: true, value: parts });
    expect(decodeBlock(bytes, suite)).toEqual({ ok: true, value: { ...parts, receipts: undefined } });
  });

  test("receipts of another layout are malformed, unless nobody looks", () => {
    const bytes = encodeBlock(parts, V2_5_0);
    expect(decodeBlock(bytes, suite, V2_9_0).ok).toBe(false);
    expect(decodeBlock(bytes, suite).ok).toBe(true);
  });

  test("a hash that is not the header's is refused", () => {
    const bytes = encodeBlock({ ...parts, hash: hash("00".repeat(32)) }, V2_9_0);
    expect(decodeBlock(bytes, suite)).toMatchObject({ ok: false, error: { reason: "the hash is not the header's" } });
  });

  test("an empty proposal in hash form reads as a block without transactions", () => {
    const items = itemsOf({ ...parts, rawTransactions: [] });
    const proposal = encodeRlpList([items[0]!, hexToBytes("c0"), items[2]!]);
    expect(decodeBlock(proposal, suite, V2_9_0)).toEqual({
      ok: true,
      value: { header, hash: parts.hash, rawTransactions: [], signatures: [], receipts: [] },
    });
  });

  test("a signer whose index is no index is nobody", () => {
    const items = itemsOf(parts);
    items[3] = encodeRlpList([encodeRlpList([encodeRlpInteger(2n ** 200n), encodeRlpBytes(new Uint8Array(65))])]);
    const decoded = decodeBlock(encodeRlpList(items), suite);
    expect(decoded).toMatchObject({ ok: true, value: { signatures: [{ index: NOT_A_SEALER }] } });
  });

  test("a byte behind the block, a missing hash, a broken batch", () => {
    const items = itemsOf(parts);
    for (const bytes of [
      concatBytes(encodeRlpList(items), Uint8Array.of(0)),
      encodeRlpList(items.slice(0, 2)),
      encodeRlpList([items[0]!, encodeRlpBytes(hexToBytes("0200000000")), ...items.slice(2)]),
    ]) {
      expect(decodeBlock(bytes, suite).ok).toBe(false);
    }
  });

  test("no bytes make the decoders throw", () => {
    const bytes = encodeBlock(parts, V2_9_0);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(), (changes, cut) => {
        const changed = bytes.slice();
        for (const [at, byte] of changes) changed[at % changed.length] = byte;
        const input = cut % 3 === 0 ? changed.subarray(0, cut % changed.length) : changed;
        expect(decodeBlock(input, suite, V2_9_0)).toHaveProperty("ok");
        expect(decodeHeader(input)).toHaveProperty("ok");
        expect(decodeReceipt(input.subarray(800), V2_9_0)).toHaveProperty("ok");
        expect(decodeTransactionBatch(input)).toHaveProperty("ok");
      }),
      { numRuns: 500 },
    );
  });
});

describe("receipt", () => {
  test("many are encoded as each for itself, in a few bytes or beyond a shared buffer", () => {
    for (const count of [0, 1, 3, 300]) {
      const receipts = Array.from({ length: count }, (_, at) => ({ ...receipt, output: new Uint8Array(at).fill(7) }));
      expect(encodeReceipts(receipts, V2_9_0)).toEqual(receipts.map((one) => encodeReceipt(one, V2_9_0)));
    }
  });

  test.each([V2_5_0, V2_9_0])("those of a block are encoded once or again, to the same bytes (%s)", (version) => {
    const receipts = [receipt, { ...receipt, status: 22 }];
    const encodedReceipts = encodeReceipts(receipts, version);
    const block = { header, hash: headerHash(header, standardSuite), rawTransactions: [], signatures: [], receipts };
    expect(encodeBlock({ ...block, encodedReceipts }, version)).toEqual(encodeBlock(block, version));
  });

  test("remaining gas is encoded from 2.9.0 on", () => {
    expect(decodeReceipt(encodeReceipt(receipt, V2_9_0), V2_9_0)).toEqual({ ok: true, value: receipt });
    const old = encodeReceipt(receipt, V2_5_0);
    expect(decodeReceipt(old, V2_5_0)).toEqual({ ok: true, value: { ...receipt, remainGas: 0n } });
    expect(encodeReceipt(receipt, V2_9_0).length).toBe(old.length + 1);
  });

  test("bloom of a known log", () => {
    const log = {
      address: address("ccdeac59d35627b7de09332e819d5159e7bb7250"),
      topics: [ZERO_HASH, ZERO_HASH],
      data: EMPTY_BYTES,
    };
    const digits = bytesToHex(logBloom([log], standardSuite));
    const set = [...digits].map((digit, at) => [at, digit] as const).filter(([, digit]) => digit !== "0");
    expect(set).toEqual([
      [14, "4"],
      [43, "4"],
      [128, "2"],
      [201, "2"],
      [221, "8"],
      [444, "2"],
    ]);
  });

  test("names of outcomes, with the slip that clients know", () => {
    expect(statusMessage(TransactionStatus.RevertInstruction)).toBe("RevertInstruction");
    expect(statusMessage(TransactionStatus.AlreadyKnown)).toBe("StackUnderflow");
    expect(statusMessage(TransactionStatus.OverGroupMemoryLimit)).toBe("OverGroupMemoryLimit");
    expect(statusMessage(33)).toBe("Unknown");
  });
});

describe("roots", () => {
  test("of nothing: the empty hash, in both ages", () => {
    const empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    expect(transactionsRoot([], V2_9_0, suite)).toBe(empty);
    expect(transactionsRoot([], V2_0_0, suite)).toBe(empty);
    expect(receiptsRoot([], V2_9_0, suite)).toBe(empty);
    expect(receiptsRoot([], V2_0_0, suite)).toBe(bytesToHex(suite.hash(hexToBytes("c0"))));
  });

  test("one leaf is hashed once", () => {
    expect(merkleRoot([hexToBytes("8001")], suite)).toBe(bytesToHex(suite.hash(hexToBytes("8001"))));
    expect(rootOfProof(hexToBytes("8001"), [{ left: [], right: [] }], suite)).toBe(
      merkleRoot([hexToBytes("8001")], suite),
    );
  });
});

describe("version", () => {
  test.each([
    ["2.9.0", 0x02090000],
    ["2.9.1", 0x02090100],
    ["2.0.0", 0x02000000],
    ["2.0.0-rc2", 2],
    ["2.0.0-RC3", 3],
  ])("%s", (text, number) => {
    expect(parseSupportedVersion(text)).toEqual({ ok: true, value: number });
  });

  test.each([
    ["", "version-malformed"],
    ["2.9", "version-malformed"],
    ["2.9.0.1", "version-malformed"],
    ["v2.9.0", "version-malformed"],
    ["2.9.x", "version-malformed"],
    ["2.256.0", "version-malformed"],
    ["0.0.0", "version-not-supported"],
    ["2.0.0-rc1", "version-not-supported"],
    ["2.9.2", "version-not-supported"],
    ["3.0.0", "version-not-supported"],
  ])("B21: %j is refused with its reason", (text, code) => {
    expect(parseSupportedVersion(text)).toEqual({ ok: false, error: { code, text } });
  });
});
