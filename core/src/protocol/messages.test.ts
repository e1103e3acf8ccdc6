import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { standardSuite } from "../crypto/index.js";
import {
  EMPTY_BYTES,
  SYNC_HASHES_MAX,
  ZERO_HASH,
  bytesToHex,
  concatBytes,
  hash,
  height,
  hexToBytes,
  nodeId,
} from "../primitives/index.js";
import type { Hash } from "../primitives/index.js";
import {
  BLOOM_BYTES,
  PbftPacketId,
  V2_5_0,
  V2_6_0,
  V2_9_0,
  decodeBackedUpPrepare,
  decodeHashProposal,
  decodeMissedTransactionsRequest,
  decodeMissedTransactionsResponse,
  decodePbftMessage,
  decodePbftPacket,
  decodeRaftMessage,
  decodeRawPrepareStatus,
  decodeSyncPacket,
  encodeBackedUpPrepare,
  encodeHashProposal,
  encodeMissedTransactionsRequest,
  encodeMissedTransactionsResponse,
  encodePbftMessage,
  encodePbftPacket,
  encodeRaftMessage,
  encodeRawPrepareStatus,
  encodeRlpBytes,
  encodeRlpInteger,
  encodeRlpList,
  encodeSyncPacket,
  headerHash,
  pbftFieldsDigest,
} from "./index.js";
import type { BlockHeader, PbftMessage, PbftPacket, RaftMessage, SyncPacket } from "./index.js";

const suite = standardSuite;
const someHash = hash("5a".repeat(32));
const vote: PbftMessage = {
  height: 5,
  view: 0,
  index: 1,
  timestamp: 1_600_000_000_000n,
  blockHash: someHash,
  sig: new Uint8Array(65).fill(1),
  sig2: new Uint8Array(65).fill(2),
  block: EMPTY_BYTES,
};
const header: BlockHeader = {
  parentHash: someHash,
  stateRoot: ZERO_HASH,
  transactionsRoot: ZERO_HASH,
  receiptsRoot: ZERO_HASH,
  dbHash: ZERO_HASH,
  logBloom: new Uint8Array(BLOOM_BYTES),
  number: height(5),
  gasLimit: 0n,
  gasUsed: 0n,
  timestamp: 1,
  extraData: [],
  sealer: 2n,
  sealerList: [nodeId("0a".repeat(64))],
};

/** The double wrapping of PBFT and Raft: a list of one byte string of items. */
function wrapped(...items: readonly Uint8Array[]): Uint8Array {
  return encodeRlpList([encodeRlpBytes(concatBytes(...items))]);
}

const integer = encodeRlpInteger;
const bytes = encodeRlpBytes;

describe("PBFT message", () => {
  test("has the known shape", () => {
    const hex = bytesToHex(encodePbftMessage(vote));
    expect(hex.startsWith("f8b3b8b105800186017487" + "6e8000" + "a0" + someHash + "b841")).toBe(true);
    expect(decodePbftMessage(hexToBytes(hex), PbftPacketId.Sign)).toEqual({ ok: true, value: vote });
  });

  test("a prepare carries its block, and needs it", () => {
    const prepare = { ...vote, block: hexToBytes("c101") };
    expect(decodePbftMessage(encodePbftMessage(prepare), PbftPacketId.Prepare)).toEqual({ ok: true, value: prepare });
    expect(decodePbftMessage(encodePbftMessage(vote), PbftPacketId.Prepare)).toMatchObject({ ok: false });
  });

  test("what a vote carries behind its signatures is not kept", () => {
    const loaded = encodePbftMessage({ ...vote, block: new Uint8Array(100_000) });
    expect(decodePbftMessage(loaded, PbftPacketId.Commit)).toEqual({ ok: true, value: vote });
  });

  test("signatures do not hold on to the frame they came in", () => {
    const encoded = encodePbftMessage(vote);
    const decoded = decodePbftMessage(encoded, PbftPacketId.Commit);
    encoded.fill(0);
    expect(decoded).toEqual({ ok: true, value: vote });
  });

  test("B5: the digest comes from the decoded fields, each of which changes it", () => {
    const digest = bytesToHex(suite.hash(hexToBytes("05800186017487" + "6e8000")));
    expect(bytesToHex(pbftFieldsDigest(vote, suite))).toBe(digest);
    for (const forged of [
      { ...vote, height: 6 },
      { ...vote, view: 1 },
      { ...vote, index: 0 },
      { ...vote, timestamp: 0n },
    ]) {
      expect(bytesToHex(pbftFieldsDigest(forged, suite))).not.toBe(digest);
    }
  });

  test("B3: heights, views and indexes that no node can send are malformed", () => {
    const rest = [integer(vote.timestamp), bytes(hexToBytes(someHash)), bytes(vote.sig), bytes(vote.sig2)];
    expect(decodePbftMessage(wrapped(integer(5), integer(0), integer(1), ...rest), PbftPacketId.Sign).ok).toBe(true);
    for (const [h, v, i] of [
      [2n ** 32n, 0n, 1n],
      [2n ** 63n - 1n, 0n, 1n],
      [5n, 2n ** 32n, 1n],
      [5n, 2n ** 64n - 1n, 1n],
      [5n, 0n, 65_536n],
    ] as const) {
      const message = wrapped(integer(h), integer(v), integer(i), ...rest);
      expect(decodePbftMessage(message, PbftPacketId.ViewChange)).toMatchObject({ ok: false });
    }
  });

  test("B14: short, empty and oversized fields", () => {
    const fields = [integer(5), integer(0), integer(1), integer(9n)];
    const hashItem = bytes(hexToBytes(someHash));
    for (const message of [
      EMPTY_BYTES,
      hexToBytes("c0"),
      hexToBytes("c180"),
      wrapped(...fields),
      wrapped(...fields, bytes(new Uint8Array(31)), bytes(vote.sig), bytes(vote.sig2)),
      wrapped(...fields, hashItem, bytes(vote.sig)),
      wrapped(...fields, hashItem, bytes(new Uint8Array(129)), bytes(vote.sig2)),
      concatBytes(encodePbftMessage(vote), Uint8Array.of(0)),
    ]) {
      expect(decodePbftMessage(message, PbftPacketId.Sign)).toMatchObject({ ok: false, error: { code: "malformed" } });
    }
  });

  test("backed up with its block", () => {
    const prepare = { ...vote, block: hexToBytes("c101") };
    const stored = encodeBackedUpPrepare(prepare);
    expect(decodeBackedUpPrepare(stored)).toEqual({ ok: true, value: prepare });
    for (const damaged of [hexToBytes(""), stored.subarray(1), stored.subarray(0, -1), encodePbftMessage(vote)]) {
      expect(decodeBackedUpPrepare(damaged)).toMatchObject({ ok: false });
    }
  });
});

describe("PBFT packet", () => {
  const packet: PbftPacket = {
    packetId: PbftPacketId.Sign,
    ttl: 2,
    emptyBlock: false,
    message: encodePbftMessage(vote),
    forwardNodes: [],
  };

  test("has the known shape", () => {
    const hex = bytesToHex(encodePbftPacket(packet));
    expect(hex.startsWith("f8bcb8ba0102b8b5f8b3b8b1")).toBe(true);
    expect(hex.endsWith("c0")).toBe(true);
    expect(bytesToHex(encodePbftPacket({ ...packet, emptyBlock: true }))).toContain("018182b8b5");
  });

  test.each<Partial<PbftPacket>>([
    {},
    { emptyBlock: true, packetId: PbftPacketId.Prepare },
    { forwardNodes: undefined },
    { forwardNodes: [nodeId("01".repeat(64)), nodeId("00".repeat(64))] },
    { ttl: 0, packetId: PbftPacketId.ViewChange },
    { ttl: 127, packetId: PbftPacketId.Commit },
  ])("decodes to what was encoded: %j", (change) => {
    const changed = { ...packet, ...change };
    expect(decodePbftPacket(encodePbftPacket(changed))).toEqual({ ok: true, value: changed });
  });

  test("unknown kinds and broken envelopes are malformed", () => {
    for (const bad of [
      wrapped(integer(4), integer(2), bytes(packet.message), hexToBytes("c0")),
      wrapped(integer(1), integer(256), bytes(packet.message)),
      wrapped(integer(1), integer(2)),
      wrapped(integer(1), integer(2), bytes(packet.message), encodeRlpList([bytes(new Uint8Array(65))])),
      concatBytes(encodePbftPacket(packet), Uint8Array.of(1)),
      encodeRlpBytes(packet.message),
    ]) {
      expect(decodePbftPacket(bad)).toMatchObject({ ok: false, error: { record: "pbft-packet" } });
    }
  });

  test("status of a raw prepare", () => {
    const status = { height: 7, view: 3, index: 2, blockHash: someHash };
    expect(decodeRawPrepareStatus(encodeRawPrepareStatus(status))).toEqual({ ok: true, value: status });
    expect(decodeRawPrepareStatus(hexToBytes("c20102"))).toMatchObject({ ok: false });
  });
});

describe("proposals", () => {
  const proposal = { header, transactionHashes: [someHash, ZERO_HASH], hash: headerHash(header, suite) };

  test("by hashes", () => {
    expect(decodeHashProposal(encodeHashProposal(proposal), suite)).toEqual({ ok: true, value: proposal });
    const empty = { ...proposal, transactionHashes: [] };
    expect(decodeHashProposal(encodeHashProposal(empty), suite)).toEqual({ ok: true, value: empty });
  });

  test("B4: a hash that is not the header's is refused", () => {
    const forged = encodeHashProposal({ ...proposal, header: { ...header, timestamp: 2 } });
    expect(decodeHashProposal(forged, suite)).toMatchObject({ ok: false, error: { record: "hash-proposal" } });
  });

  test("known bytes of a request for missing transactions", () => {
    const request = {
      number: height(5),
      proposalHash: someHash,
      missing: [
        { hash: ZERO_HASH, index: 0 },
        { hash: someHash, index: 3 },
      ],
    };
    const hex = `f86a05a0${someHash}f846e2a0${ZERO_HASH}80e2a0${someHash}03`;
    expect(bytesToHex(encodeMissedTransactionsRequest(request))).toBe(hex);
    expect(decodeMissedTransactionsRequest(hexToBytes(hex))).toEqual({ ok: true, value: request });
    expect(decodeMissedTransactionsRequest(hexToBytes(`${hex}00`))).toMatchObject({ ok: false });
  });

  test("the answer", () => {
    const response = {
      number: height(5),
      proposalHash: someHash,
      rawTransactions: [hexToBytes("c0"), hexToBytes("c101")],
    };
    expect(decodeMissedTransactionsResponse(encodeMissedTransactionsResponse(response))).toEqual({
      ok: true,
      value: response,
    });
    const broken = encodeRlpList([integer(5), bytes(hexToBytes(someHash)), bytes(hexToBytes("0200000000"))]);
    expect(decodeMissedTransactionsResponse(broken)).toMatchObject({ ok: false });
  });
});

describe("sync packets", () => {
  const status: SyncPacket = {
    type: "status",
    number: height(5),
    genesisHash: someHash,
    latestHash: ZERO_HASH,
    time: 1_600_000_000_000,
  };
  const packets: readonly SyncPacket[] = [
    status,
    { type: "transactions", rawTransactions: [hexToBytes("c0"), hexToBytes("c101")], consensusIndex: 2 },
    { type: "transactions", rawTransactions: [], consensusIndex: undefined },
    { type: "blocks", blocks: [hexToBytes("c101"), hexToBytes("c0")] },
    { type: "blocks", blocks: [] },
    { type: "request-blocks", from: height(6), size: 8 },
    { type: "transactions-status", number: height(5), hashes: [ZERO_HASH, someHash] },
    { type: "request-transactions", hashes: [someHash, ZERO_HASH] },
  ];

  test.each([
    [packets[0]!, `01f84a05a0${someHash}a0${ZERO_HASH}8601748` + "76e8000"],
    [packets[1]!, "02d59302000000000000000100000003000000c0c10102"],
    [packets[5]!, "04c20608"],
    [{ type: "transactions-status", number: height(5), hashes: [someHash] } as const, `05e305e1a0${someHash}`],
    [{ type: "request-transactions", hashes: [someHash] } as const, `06e2e1a0${someHash}`],
  ])("known bytes: $type", (packet, hex) => {
    expect(bytesToHex(encodeSyncPacket(packet, V2_9_0))).toBe(hex);
    expect(decodeSyncPacket(hexToBytes(hex), V2_9_0)).toEqual({ ok: true, value: packet });
  });

  test.each(packets)("decodes to what was encoded: $type", (packet) => {
    expect(decodeSyncPacket(encodeSyncPacket(packet, V2_6_0), V2_6_0)).toEqual({ ok: true, value: packet });
  });

  test("a status has as many items as the version says, and no other number", () => {
    const old = { ...status, time: undefined };
    const oldBytes = encodeSyncPacket(old, V2_5_0);
    expect(decodeSyncPacket(oldBytes, V2_5_0)).toEqual({ ok: true, value: old });
    expect(decodeSyncPacket(oldBytes, V2_6_0)).toMatchObject({ ok: false });
    expect(decodeSyncPacket(encodeSyncPacket(status, V2_6_0), V2_5_0)).toMatchObject({ ok: false });
  });

  test("announced hashes are sorted", () => {
    const hashes: readonly Hash[] = [someHash, ZERO_HASH];
    const decoded = decodeSyncPacket(
      encodeSyncPacket({ type: "transactions-status", number: height(1), hashes }, V2_9_0),
      V2_9_0,
    );
    expect(decoded).toMatchObject({ value: { hashes: [ZERO_HASH, someHash] } });
    expect(hashes).toEqual([someHash, ZERO_HASH]);
  });

  test.each([
    "",
    "01",
    "00c0",
    "07c0",
    "80c0",
    "ffc0",
    "0480",
    "04c106",
    "04c3060801",
    "04c2060800",
    "05c105",
    "06c180",
  ])("B14: %j is malformed", (hex) => {
    expect(decodeSyncPacket(hexToBytes(hex), V2_9_0)).toMatchObject({ ok: false, error: { record: "sync-packet" } });
  });

  test("more hashes than a pass announces sixty times over are refused", () => {
    const hashes = Array.from({ length: SYNC_HASHES_MAX + 1 }, () => someHash);
    const body = encodeSyncPacket({ type: "request-transactions", hashes }, V2_9_0);
    expect(decodeSyncPacket(body, V2_9_0)).toMatchObject({ ok: false });
  });
});

describe("Raft messages", () => {
  const sender = { index: 1, term: 3, height: 5, blockHash: someHash };
  const messages: readonly RaftMessage[] = [
    { type: "vote-request", ...sender, candidate: 1, lastLeaderTerm: 2, lastBlockNumber: 5 },
    { type: "vote-response", ...sender, voteFlag: 6, lastLeaderTerm: 2 },
    { type: "heartbeat", ...sender, leader: 1, uncommittedBlock: EMPTY_BYTES, uncommittedBlockNumber: 0 },
    {
      type: "heartbeat",
      ...sender,
      leader: 1,
      uncommittedBlock: new Uint8Array(300).fill(5),
      uncommittedBlockNumber: 6,
    },
    { type: "heartbeat-response", ...sender, uncommittedBlockHash: ZERO_HASH },
  ];

  test("known bytes of a vote request", () => {
    const hex = `80a9e8a7010305a0${someHash}010205`;
    expect(bytesToHex(encodeRaftMessage(messages[0]!))).toBe(hex);
    expect(decodeRaftMessage(hexToBytes(hex))).toEqual({ ok: true, value: messages[0] });
  });

  test("an idle heartbeat ends with an empty block and number 0", () => {
    expect(bytesToHex(encodeRaftMessage(messages[2]!)).endsWith("018080")).toBe(true);
  });

  test.each(messages)("decodes to what was encoded: $type", (message) => {
    expect(decodeRaftMessage(encodeRaftMessage(message))).toEqual({ ok: true, value: message });
  });

  test("B14: short, unknown and trailing", () => {
    const encoded = encodeRaftMessage(messages[0]!);
    const unknown = encoded.slice();
    unknown[0] = 4;
    for (const bad of [
      EMPTY_BYTES,
      Uint8Array.of(0x80),
      unknown,
      encoded.subarray(0, 20),
      concatBytes(encoded, encoded),
    ]) {
      expect(decodeRaftMessage(bad)).toMatchObject({ ok: false, error: { record: "raft-message" } });
    }
  });
});

describe("properties", () => {
  const decoders: readonly ((input: Uint8Array) => { readonly ok: boolean })[] = [
    (input) => decodePbftPacket(input),
    (input) => decodePbftMessage(input, PbftPacketId.Prepare),
    (input) => decodePbftMessage(input, PbftPacketId.Sign),
    (input) => decodeRawPrepareStatus(input),
    (input) => decodeBackedUpPrepare(input),
    (input) => decodeHashProposal(input, suite),
    (input) => decodeMissedTransactionsRequest(input),
    (input) => decodeMissedTransactionsResponse(input),
    (input) => decodeSyncPacket(input, V2_5_0),
    (input) => decodeSyncPacket(input, V2_9_0),
    (input) => decodeRaftMessage(input),
  ];
  const seeds = [
    encodePbftPacket({ packetId: 1, ttl: 2, emptyBlock: false, message: encodePbftMessage(vote), forwardNodes: [] }),
    encodePbftMessage(vote),
    encodeHashProposal({ header, transactionHashes: [someHash], hash: headerHash(header, suite) }),
    encodeSyncPacket({ type: "transactions", rawTransactions: [hexToBytes("c101")], consensusIndex: 1 }, V2_9_0),
    encodeRaftMessage({
      type: "heartbeat",
      index: 1,
      term: 1,
      height: 1,
      blockHash: someHash,
      leader: 1,
      uncommittedBlock: hexToBytes("c101"),
      uncommittedBlockNumber: 2,
    }),
  ];

  test("no bytes make any decoder throw", () => {
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }), fc.nat())
      .map(([seed, changes, cut]) => {
        const changed = seed.slice();
        for (const [at, byte] of changes) changed[at % changed.length] = byte;
        return cut % 4 === 0 ? changed.subarray(0, cut % (changed.length + 1)) : changed;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), (input) => {
        for (const decode of decoders) expect(typeof decode(input).ok).toBe("boolean");
      }),
      { numRuns: 1000 },
    );
  });

  test("PBFT messages with any fields", () => {
    const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const messages = fc.record<PbftMessage>({
      height: u32,
      view: u32,
      index: fc.integer({ min: 0, max: 65_535 }),
      timestamp: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
      blockHash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => bytesToHex(b) as Hash),
      sig: fc.uint8Array({ maxLength: 128 }),
      sig2: fc.uint8Array({ maxLength: 128 }),
      block: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    });
    fc.assert(
      fc.property(messages, (message) => {
        const encoded = encodePbftMessage(message);
        expect(decodePbftMessage(encoded, PbftPacketId.Prepare)).toEqual({ ok: true, value: message });
      }),
    );
  });
});
