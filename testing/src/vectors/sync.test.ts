import { describe, expect, test } from "vitest";
import snappy from "snappy";
import { createRandom, err, groupId, hash, hexToBytes, nodeId, ok, silentTracer } from "@tsbcos/core/primitives";
import type { Height, NodeId } from "@tsbcos/core/primitives";
import { standardSuite } from "@tsbcos/core/crypto";
import {
  ModuleId,
  P2P_COMPRESSED,
  P2pFrameReader,
  V2_9_0,
  decodeSyncPacket,
  verifyTransaction,
} from "@tsbcos/core/protocol";
import type { SyncPacket, VerifiedTransaction } from "@tsbcos/core/protocol";
import type { ChainHead, ChainRules, ExecutedBlock } from "@tsbcos/core/ledger";
import { BlockSync } from "@tsbcos/core/sync/blocks";
import type { BlockSyncEffect, BlockSyncInput } from "@tsbcos/core/sync/blocks";
import { TransactionSync } from "@tsbcos/core/sync/transactions";
import type { TransactionSyncInput } from "@tsbcos/core/sync/transactions";
import { TransactionPool } from "@tsbcos/core/txpool";
import { CHAIN_NAMES, loadChain, loadFrames } from "./load.js";
import type { RecordedFrame, RpcBlock } from "./load.js";

const suite = standardSuite;
const rules: ChainRules = {
  version: V2_9_0,
  suite,
  chainId: 1n,
  groupId: groupId(1),
  freeStorage: false,
  consensusType: "pbft",
};

/** The wire chain's four nodes; node 3 is the one that listened. Its ports tell the senders apart. */
const wire = loadChain("wire");
const nodes = [0, 1, 2, 3].map((i) => nodeId(wire.text(`nodes/node${i}/node.nodeid`).trim()));
const self = nodes[3]!;
const sealers = [...nodes].sort();
const blocks = wire.blocks();
const senderOf = new Map([31500, 31501, 31502].map((port, i) => [port, nodes[i]!]));

interface SyncFrame {
  readonly ms: number;
  readonly from: NodeId;
  readonly packetType: number;
  readonly seq: number;
  readonly body: Uint8Array;
  readonly packet: SyncPacket;
}

/** The frames of module Sync, decompressed and decoded. */
function syncFrames(recorded: readonly RecordedFrame[]): SyncFrame[] {
  return recorded.flatMap(({ ms, from: port, frame: bytes }) => {
    const frames = new P2pFrameReader().push(bytes);
    if (!frames.ok) throw new Error(frames.error.code);
    const [frame] = frames.value;
    if (frame?.moduleId !== ModuleId.Sync) return [];
    const isCompressed = (frame.version & P2P_COMPRESSED) !== 0;
    const body = isCompressed ? new Uint8Array(snappy.uncompressSync(Buffer.from(frame.body)) as Buffer) : frame.body;
    const packet = decodeSyncPacket(body, V2_9_0);
    if (!packet.ok) throw new Error(packet.error.code);
    return [
      { ms, from: senderOf.get(port)!, packetType: frame.packetType, seq: frame.seq, body, packet: packet.value },
    ];
  });
}

function headAt(block: RpcBlock, lists: { sealers: readonly NodeId[]; observers: readonly NodeId[] }): ChainHead {
  return {
    header: { number: Number(block.number) } as ChainHead["header"],
    hash: hash(block.hash.slice(2)),
    genesisHash: hash(blocks[0]!.hash.slice(2)),
    ...lists,
    workingSealers: [],
    settings: {} as ChainHead["settings"],
    totalTransactions: 0,
    failedTransactions: 0,
  };
}

function verified(raw: Uint8Array): VerifiedTransaction | undefined {
  const result = verifyTransaction(raw, suite);
  return result.ok ? result.value : undefined;
}

describe("what a listening sealer was sent, given to our machines", () => {
  const frames = syncFrames(loadFrames("wire/p2p-pbft.jsonl.gz"));
  const lists = { sealers, observers: [] };

  test("block synchronisation takes the blocks of 2.9.1 nodes, one after the other", () => {
    const stored: string[] = [];
    const asked: string[] = [];
    const sync = new BlockSync({
      rules,
      nodeId: self,
      options: { syncBlockByTree: true, gossipIntervalMs: 1000, gossipPeersNumber: 3, downloadBytesMax: 2 ** 29 },
      encodedBlock: () => undefined,
      checkSyncedBlock: ({ hash: signed, signatures }) => {
        const signers = signatures.filter(({ index, signature }) =>
          suite.verify(hexToBytes(signed), signature, hexToBytes(sealers[index]!)),
        );
        return new Set(signers.map(({ index }) => index)).size >= 3 ? ok(undefined) : err({ code: "no-quorum" });
      },
      consensusNodes: () => sealers,
      pool: { size: 0, find: () => undefined },
      random: createRandom("capture"),
      trace: silentTracer,
    });
    const answer = (effect: BlockSyncEffect): BlockSyncInput[] => {
      switch (effect.type) {
        case "send": {
          const packet = decodeSyncPacket(effect.body, V2_9_0);
          if (packet.ok && packet.value.type === "request-blocks")
            asked.push(`${packet.value.from}+${packet.value.size}`);
          return [];
        }
        case "verify-transactions":
          return [{ type: "transactions-verified", token: effect.token, transactions: effect.raws.map(verified) }];
        case "execute-block": {
          const { header, transactions, expectedHash } = effect;
          const executed = { header, hash: expectedHash, transactions } as unknown as ExecutedBlock;
          return [{ type: "block-executed", token: effect.token, outcome: ok(executed) }];
        }
        case "ask-bandwidth":
          return [{ type: "bandwidth-granted", token: effect.token, blocks: effect.sizes.length }];
        case "store-block": {
          const { number } = effect.block.header;
          stored.push(effect.block.hash);
          expect(effect.block.transactions.map((tx) => tx.hash)).toEqual(
            blocks[number]!.transactions.map((tx) => tx.hash.slice(2)),
          );
          return [{ type: "block-committed", head: headAt(blocks[number]!, lists) }];
        }
      }
    };
    const give = (first: BlockSyncInput, ms: number): void => {
      const inputs = [first];
      for (const input of inputs) {
        for (const effect of sync.step(input, { steadyMs: ms, wallMs: ms })) inputs.push(...answer(effect));
        sync.invariants();
      }
    };
    give({ type: "started", head: headAt(blocks[0]!, lists) }, 0);
    give({ type: "peers-changed", peers: nodes.slice(0, 3) }, 0);
    for (const { ms, from, packet } of frames) {
      if (packet.type === "status" || packet.type === "blocks") give({ type: "message-received", from, packet }, ms);
    }
    expect(asked[0]).toBe("1+1");
    expect(stored).toEqual(blocks.slice(1, 8).map((block) => block.hash.slice(2)));
    // The recorded listener had asked all three nodes for the same blocks; we had asked those that we chose.
    const expected = ["block-not-asked-for", "block-not-needed"];
    expect([...sync.dropCounts().keys()].filter((reason) => !expected.includes(reason))).toEqual([]);
    expect(sync.downloading).toBe(false);
    expect(sync.knownHighest).toBe(7);
  });

  test("transaction synchronisation imports what was pushed, and has nothing to ask for", () => {
    const pool = new TransactionPool({
      limit: 150_000,
      memoryBytesMax: 2 ** 29,
      expirationMs: 600_000,
      chainId: 1n,
      groupId: groupId(1),
      checkIds: true,
    });
    const sync = new TransactionSync({
      rules,
      nodeId: self,
      options: { sendTransactionsByTree: true, transactionGossipPeersMax: 5, idleWaitMs: 200 },
      pool,
      syncPeers: () => new Set(nodes.slice(0, 3)),
      consensusNodes: () => sealers,
      random: createRandom("capture"),
      trace: silentTracer,
    });
    const sent = { request: 0, announced: 0, relayed: 0 };
    const give = (first: TransactionSyncInput, ms: number): void => {
      const inputs = [first];
      for (const input of inputs) {
        for (const effect of sync.step(input, { steadyMs: ms, wallMs: ms })) {
          if (effect.type === "verify-transactions") {
            const transactions = effect.raws.map(verified);
            inputs.push({ type: "transactions-verified", token: effect.token, transactions });
          } else if (effect.type === "send") {
            const packet = decodeSyncPacket(effect.body, V2_9_0);
            if (!packet.ok) throw new Error(packet.error.code);
            if (packet.value.type === "request-transactions") sent.request++;
            if (packet.value.type === "transactions-status") sent.announced += packet.value.hashes.length;
            if (packet.value.type === "transactions") sent.relayed++;
          }
        }
        sync.invariants();
      }
    };
    give({ type: "started", head: headAt(blocks[0]!, lists) }, 0);
    const pushed = new Set<string>();
    for (const { ms, from, packetType, seq, body, packet } of frames) {
      if (packet.type === "transactions") {
        expect(packetType).toBe(1);
        for (const raw of packet.rawTransactions) pushed.add(verified(raw)!.hash);
      }
      if (packet.type === "transactions" || packet.type === "transactions-status") {
        give({ type: "message-received", from, packetType, seq, body, packet }, ms);
      }
      if (sync.wakeAtMs !== undefined && sync.wakeAtMs <= ms) give({ type: "tick" }, ms);
    }
    pool.invariants();
    expect(new Set(pool.pending().map((tx) => tx.hash))).toEqual(pushed);
    expect(pushed.size).toBe(blocks.slice(1, 8).flatMap((block) => block.transactions).length);
    // Four nodes make one level below the root: nothing to relay, and whoever announces has what we have.
    expect(sent.request).toBe(0);
    expect(sent.relayed).toBe(0);
    expect(sent.announced).toBeGreaterThan(0);
  });
});

describe("getSyncStatus", () => {
  interface RpcSyncStatus {
    readonly blockNumber: number;
    readonly genesisHash: string;
    readonly latestHash: string;
    readonly nodeId: string;
    readonly peers: readonly { readonly blockNumber: number; readonly latestHash: string; readonly nodeId: string }[];
    readonly txPoolSize: string;
  }

  test.each(CHAIN_NAMES)("%s: in the recorded situation we answer what was recorded, key by key", (name) => {
    const answer = loadChain(name).calls()['["getSyncStatus",1]'] as { readonly result: RpcSyncStatus };
    const recorded = answer.result;
    const own = nodeId(recorded.nodeId);
    const peers = recorded.peers.map((peer) => nodeId(peer.nodeId));
    const sync = new BlockSync({
      rules,
      nodeId: own,
      options: { syncBlockByTree: true, gossipIntervalMs: 1000, gossipPeersNumber: 3, downloadBytesMax: 2 ** 29 },
      encodedBlock: () => undefined,
      checkSyncedBlock: () => ok(undefined),
      consensusNodes: () => [...peers, own].sort(),
      pool: { size: Number(recorded.txPoolSize), find: () => undefined },
      random: createRandom("status"),
      trace: silentTracer,
    });
    const now = { steadyMs: 0, wallMs: 0 };
    const genesisHash = hash(recorded.genesisHash);
    const header = { number: recorded.blockNumber } as ChainHead["header"];
    const lists = { sealers: [...peers, own].sort(), observers: [], workingSealers: [] };
    const counters = { totalTransactions: 0, failedTransactions: 0, settings: {} as ChainHead["settings"] };
    sync.step(
      { type: "started", head: { header, hash: hash(recorded.latestHash), genesisHash, ...lists, ...counters } },
      now,
    );
    sync.step({ type: "peers-changed", peers }, now);
    for (const peer of recorded.peers) {
      const latestHash = hash(peer.latestHash);
      const packet = { type: "status", number: peer.blockNumber as Height, genesisHash, latestHash, time: 0 } as const;
      sync.step({ type: "message-received", from: nodeId(peer.nodeId), packet }, now);
    }
    expect(JSON.stringify(sync.status())).toBe(JSON.stringify(recorded));
  });
});
