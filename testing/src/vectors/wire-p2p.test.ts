import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import snappy from "snappy";
import { standardSuite } from "@tsbcos/core/crypto";
import { bytesEqual, bytesToHex, bytesToUtf8, hexToBytes } from "@tsbcos/core/primitives";
import type { Failure, NodeId, Result } from "@tsbcos/core/primitives";
import {
  ModuleId,
  P2P_COMPRESSED,
  P2pFrameReader,
  PbftPacketId,
  V2_9_0,
  decodeBlock,
  decodeHashProposal,
  decodePbftMessage,
  decodePbftPacket,
  decodeRaftMessage,
  decodeSyncPacket,
  encodeBlock,
  encodeHashProposal,
  encodeP2pFrame,
  encodePbftMessage,
  encodePbftPacket,
  encodeRaftMessage,
  encodeSyncPacket,
  headerHash,
  pbftFieldsDigest,
  verifyTransaction,
} from "@tsbcos/core/protocol";
import type { P2pFrame, PbftMessage, SyncPacket } from "@tsbcos/core/protocol";
import { RECORDINGS, loadChain, loadFrames } from "./load.js";
import type { RecordedFrame } from "./load.js";
import { plain } from "./records.js";

const suite = standardSuite;

function valueOf<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function only<T>(items: readonly T[]): T {
  expect(items.length).toBe(1);
  return items[0] as T;
}

/** The frame with its body decompressed; checks on the way that the frame itself encodes back. */
function open(recorded: RecordedFrame): { frame: P2pFrame; body: Uint8Array } {
  const frame = only(valueOf(new P2pFrameReader().push(recorded.frame)));
  expect(bytesToHex(encodeP2pFrame(frame))).toBe(bytesToHex(recorded.frame));
  const compressed = (frame.version & P2P_COMPRESSED) !== 0;
  const body = compressed ? new Uint8Array(snappy.uncompressSync(Buffer.from(frame.body)) as Buffer) : frame.body;
  return { frame, body };
}

function expectSame(encoded: Uint8Array, body: Uint8Array): void {
  if (!bytesEqual(encoded, body)) expect(bytesToHex(encoded)).toBe(bytesToHex(body));
}

function sealersOf(chain: string): NodeId[] {
  const ids = [0, 1, 2, 3].map((i) => readFileSync(`${RECORDINGS}${chain}/nodes/node${i}/node.nodeid`, "utf8").trim());
  return (ids as NodeId[]).sort();
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

describe("wire/p2p-pbft: everything a silent sealer was sent", () => {
  const frames = loadFrames("wire/p2p-pbft.jsonl.gz");
  const sealers = sealersOf("wire");
  const blocks = new Map(
    loadChain("wire")
      .blocks()
      .map((block) => [Number(block.number), block]),
  );

  function checkSignatures(message: PbftMessage): void {
    const author = hexToBytes(sealers[message.index]!);
    expect(suite.verify(hexToBytes(message.blockHash), message.sig, author)).toBe(true);
    expect(suite.verify(pbftFieldsDigest(message, suite), message.sig2, author)).toBe(true);
    // No field may be changed behind the signature.
    for (const forged of [
      { ...message, height: message.height + 1 },
      { ...message, view: message.view + 1 },
      { ...message, index: message.index + 1 },
      { ...message, timestamp: message.timestamp + 1n },
    ]) {
      expect(suite.verify(pbftFieldsDigest(forged, suite), forged.sig2, author)).toBe(false);
    }
  }

  function checkPrepare(message: PbftMessage, hashes: boolean): string {
    if (!hashes) {
      const proposal = valueOf(decodeBlock(message.block, suite, V2_9_0));
      expect(proposal.hash).toBe(message.blockHash);
      expect(proposal.header.number).toBe(message.height);
      const whole = encodeBlock({ ...proposal, receipts: [] }, V2_9_0);
      if (bytesEqual(whole, message.block)) return "prepare, whole block";
    }
    const proposal = valueOf(decodeHashProposal(message.block, suite));
    expectSame(encodeHashProposal(proposal), message.block);
    expect(proposal.hash).toBe(message.blockHash);
    const json = blocks.get(message.height);
    if (json !== undefined && hashes) expect(plain(json.hash)).not.toBe(proposal.hash);
    return hashes ? "prepare by hashes" : "prepare, empty block";
  }

  function checkPbft(frame: P2pFrame, body: Uint8Array): string {
    const packet = valueOf(decodePbftPacket(body));
    expectSame(encodePbftPacket(packet), body);
    const message = valueOf(decodePbftMessage(packet.message, packet.packetId));
    expectSame(encodePbftMessage(message), packet.message);
    checkSignatures(message);
    if (packet.packetId === PbftPacketId.Prepare) return checkPrepare(message, frame.packetType === 1);
    expect(message.block.length).toBe(0);
    const committed = blocks.get(message.height);
    if (committed !== undefined) expect(message.blockHash).toBe(plain(committed.hash));
    return (["", "sign", "commit", "view change"] as const)[packet.packetId];
  }

  function checkSync(packet: SyncPacket): void {
    if (packet.type === "transactions") {
      for (const raw of packet.rawTransactions) expect(verifyTransaction(raw, suite).ok).toBe(true);
    }
    if (packet.type !== "blocks") return;
    for (const bytes of packet.blocks) {
      const block = valueOf(decodeBlock(bytes, suite, V2_9_0));
      expectSame(encodeBlock({ ...block, receipts: block.receipts ?? [] }, V2_9_0), bytes);
      const json = blocks.get(block.header.number)!;
      expect(headerHash(block.header, suite)).toBe(plain(json.hash));
      expect(block.receipts?.length).toBe(json.transactions.length);
      expect(block.rawTransactions.length).toBe(json.transactions.length);
    }
  }

  test("B5: every frame decodes, verifies, and encodes back to its bytes", { timeout: 120_000 }, () => {
    const kinds = new Map<string, number>();
    let compressed = 0;
    for (const recorded of frames) {
      const { frame, body } = open(recorded);
      if (frame.body !== body) compressed++;
      switch (frame.moduleId) {
        case ModuleId.Pbft:
          expect(frame.groupId).toBe(1);
          count(kinds, checkPbft(frame, body));
          break;
        case ModuleId.Sync: {
          expect(frame.groupId).toBe(1);
          const packet = valueOf(decodeSyncPacket(body, V2_9_0));
          expectSame(encodeSyncPacket(packet, V2_9_0), body);
          checkSync(packet);
          count(kinds, packet.type);
          break;
        }
        case ModuleId.Topic:
          expect(frame.groupId).toBe(0);
          count(kinds, "topic");
          break;
        default:
          throw new Error(`unexpected module ${frame.moduleId}`);
      }
    }
    expect([...kinds.keys()].sort()).toMatchInlineSnapshot(`
      [
        "blocks",
        "commit",
        "prepare by hashes",
        "prepare, empty block",
        "sign",
        "status",
        "topic",
        "transactions",
        "transactions-status",
        "view change",
      ]
    `);
    expect([...kinds.values()].reduce((sum, n) => sum + n, 0)).toBe(frames.length);
    expect(compressed).toBeGreaterThan(0);
  });

  test("one stream of all frames, cut anywhere, gives the same frames", () => {
    const stream = Buffer.concat(frames.map(({ frame }) => frame));
    for (const size of [1, 7, 1000, 65_536, stream.length]) {
      const reader = new P2pFrameReader();
      let at = 0;
      let seen = 0;
      while (at < stream.length) {
        for (const frame of valueOf(reader.push(stream.subarray(at, at + size)))) {
          expectSame(encodeP2pFrame(frame), frames[seen]!.frame);
          seen++;
        }
        at += size;
      }
      expect(seen).toBe(frames.length);
      expect(reader.pendingBytes).toBe(0);
    }
  });
});

describe("raft/p2p-raft: everything a silent raft member was sent", () => {
  test("Raft messages decode and encode back, the others at their level", () => {
    const blocks = new Map(
      loadChain("raft")
        .blocks()
        .map((block) => [Number(block.number), block]),
    );
    const kinds = new Map<string, number>();
    for (const recorded of loadFrames("raft/p2p-raft.jsonl.gz")) {
      const { frame, body } = open(recorded);
      if (frame.moduleId === ModuleId.Sync) {
        const packet = valueOf(decodeSyncPacket(body, V2_9_0));
        expectSame(encodeSyncPacket(packet, V2_9_0), body);
        count(kinds, packet.type);
      } else if (frame.moduleId === ModuleId.Raft) {
        const message = valueOf(decodeRaftMessage(body));
        expectSame(encodeRaftMessage(message), body);
        const known = blocks.get(message.height);
        if (known !== undefined) expect(message.blockHash).toBe(plain(known.hash));
        if (message.type === "heartbeat" && message.uncommittedBlock.length > 0) {
          const offered = valueOf(decodeBlock(message.uncommittedBlock, suite, V2_9_0));
          expect(offered.header.number).toBe(message.uncommittedBlockNumber);
          expect(offered.signatures).toEqual([]);
          expectSame(encodeBlock({ ...offered, receipts: [] }, V2_9_0), message.uncommittedBlock);
          count(kinds, "heartbeat with block");
        }
        count(kinds, message.type);
      } else {
        expect(frame.moduleId).toBe(ModuleId.Topic);
        count(kinds, "topic");
      }
    }
    expect([...kinds.keys()].sort()).toMatchInlineSnapshot(`
      [
        "blocks",
        "heartbeat",
        "heartbeat with block",
        "status",
        "topic",
        "transactions",
        "transactions-status",
      ]
    `);
  });
});

describe("wire/p2p-amop: AMOP and topics", () => {
  test("frames decode and encode back, answers are told from requests", () => {
    const kinds = new Map<string, number>();
    for (const recorded of loadFrames("wire/p2p-amop.jsonl.gz")) {
      const { frame, body } = open(recorded);
      const module = Object.entries(ModuleId).find(([, id]) => id === frame.moduleId)?.[0] ?? "unknown";
      count(kinds, `${module} ${frame.packetType}${frame.isResponse ? " answer" : ""}`);
      if (frame.moduleId === ModuleId.Topic && frame.packetType === 1) expect(bytesToUtf8(body)).toMatch(/^\d+$/);
    }
    expect([...kinds.keys()].sort()).toMatchInlineSnapshot(`
      [
        "Amop 0",
        "Amop 1",
        "Topic 1",
        "Topic 2",
      ]
    `);
  });
});
