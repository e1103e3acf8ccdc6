import { createPrivateKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import snappy from "snappy";
import { createConsensus } from "@tsbcos/core/consensus";
import type {
  Consensus,
  ConsensusEffect,
  ConsensusEnvironment,
  ConsensusInput,
  JsonValue,
  TransactionSource,
} from "@tsbcos/core/consensus";
import { standardSuite } from "@tsbcos/core/crypto";
import type { ChainHead, ExecutedBlock } from "@tsbcos/core/ledger";
import { bytesToHex, createRandom, err, groupId, hash, nodeId, ok } from "@tsbcos/core/primitives";
import type { Hash, Instant, NodeId, TraceEvent } from "@tsbcos/core/primitives";
import {
  decodeHashProposal,
  decodePbftMessage,
  decodePbftPacket,
  decodeSyncPacket,
  encodeBlock,
  encodePbftMessage,
  encodePbftPacket,
  headerFromJson,
  ModuleId,
  P2P_COMPRESSED,
  P2pFrameReader,
  PbftPacketId,
  PbftPacketType,
  V2_9_0,
  verifyTransaction,
} from "@tsbcos/core/protocol";
import type { P2pFrame, PbftMessage, VerifiedTransaction } from "@tsbcos/core/protocol";
import { headOf } from "./heads.js";
import { loadChain, loadFrames } from "./load.js";
import type { RecordedFrame, RpcBlock } from "./load.js";
import { plain } from "./records.js";

/** The capture was made in the place of node 3, which is sealer 1 and said nothing. */
const chain = loadChain("wire");
const NODE = 3;
const FIRST_PORT = 31_500;
const idOf = (number: number): NodeId => nodeId(chain.text(`nodes/node${number}/node.nodeid`).trim());
const sealers = [0, 1, 2, 3].map(idOf).sort();
const ownIndex = sealers.indexOf(idOf(NODE));

function openFrame(recorded: RecordedFrame): P2pFrame {
  const frames = new P2pFrameReader().push(recorded.frame);
  if (!frames.ok || frames.value.length !== 1) throw new Error("a recorded frame is one frame");
  const frame = frames.value[0] as P2pFrame;
  if ((frame.version & P2P_COMPRESSED) === 0) return frame;
  return { ...frame, body: new Uint8Array(snappy.uncompressSync(Buffer.from(frame.body)) as Buffer) };
}

function messageIn(body: Uint8Array): { packetId: PbftPacketId; message: PbftMessage } {
  const packet = decodePbftPacket(body);
  if (!packet.ok) throw new Error("not a packet");
  const message = decodePbftMessage(packet.value.message, packet.value.packetId);
  if (!message.ok) throw new Error("not a message");
  return { packetId: packet.value.packetId, message: message.value };
}

class Pool implements TransactionSource {
  readonly waiting = new Map<Hash, VerifiedTransaction>();
  get size(): number {
    return this.waiting.size;
  }
  select(limit: number, avoid: Set<Hash>): readonly VerifiedTransaction[] {
    const chosen = [...this.waiting.values()].filter((tx) => !avoid.has(tx.hash)).slice(0, limit);
    for (const tx of chosen) avoid.add(tx.hash);
    return chosen;
  }
  find(wanted: Hash): VerifiedTransaction | undefined {
    return this.waiting.get(wanted);
  }
}

/** Our machine where the silent node stood: it hears what that node heard, when that node heard it. */
class Seat {
  readonly pool = new Pool();
  readonly traces: TraceEvent[] = [];
  readonly sent: { readonly to: readonly NodeId[]; readonly packetId: PbftPacketId; readonly message: PbftMessage }[] =
    [];
  readonly stored: { readonly block: ExecutedBlock; readonly signers: readonly number[] }[] = [];
  readonly machine: Consensus;
  readonly #blocks: readonly RpcBlock[] = chain.blocks();
  #head: ChainHead;
  #now: Instant;
  readonly #startWallMs: number;

  constructor(startWallMs: number) {
    this.#startWallMs = startWallMs;
    this.#now = { steadyMs: 0, wallMs: startWallMs };
    this.#head = headAt(this.#blocks[0] as RpcBlock);
    const made = createConsensus(this.#environment());
    if (!made.ok) throw new Error(made.error.code);
    this.machine = made.value;
    this.#step({ type: "started", head: this.#head, backedUpPrepare: undefined });
  }

  hear(recorded: RecordedFrame): void {
    this.#passTo(recorded.ms);
    const frame = openFrame(recorded);
    const from = idOf(recorded.from - FIRST_PORT);
    if (frame.moduleId === ModuleId.Pbft) {
      this.#step({ type: "message-received", from, packetType: frame.packetType, body: frame.body });
    } else if (frame.moduleId === ModuleId.Sync) {
      this.#hearSync(frame.body);
    }
  }

  /** Hears a prepare by hashes as another node passes it on that has executed it: with the block that was stored in the end. */
  hearRelayed(recorded: RecordedFrame, relay: NodeId): void {
    this.#passTo(recorded.ms);
    const { packetId, message } = messageIn(openFrame(recorded).body);
    const proposal = decodeHashProposal(message.block, standardSuite);
    if (!proposal.ok) throw new Error("not a prepare by hashes");
    const json = this.#blocks[message.height] as RpcBlock;
    const rawTransactions = proposal.value.transactionHashes.map((wanted) => {
      const waiting = this.pool.waiting.get(wanted);
      if (waiting === undefined) throw new Error("the capture has every transaction");
      return waiting.raw;
    });
    const executed = { header: headerFromJson(json), hash: hash(plain(json.hash)) };
    expect(executed.hash).not.toBe(message.blockHash);
    const block = encodeBlock({ ...executed, rawTransactions, signatures: [], receipts: [] }, V2_9_0);
    const relayed = encodePbftMessage({ ...message, block });
    const body = encodePbftPacket({ packetId, ttl: 1, emptyBlock: false, message: relayed, forwardNodes: [] });
    this.#step({ type: "message-received", from: relay, packetType: PbftPacketType.Message, body });
  }

  #hearSync(body: Uint8Array): void {
    const packet = decodeSyncPacket(body, V2_9_0);
    if (!packet.ok || packet.value.type !== "transactions") return;
    for (const raw of packet.value.rawTransactions) {
      const verified = verifyTransaction(raw, standardSuite);
      if (verified.ok) this.pool.waiting.set(verified.value.hash, verified.value);
    }
    this.#step({ type: "transactions-available" });
  }

  #passTo(ms: number): void {
    for (
      let wakeAtMs = this.machine.wakeAtMs;
      wakeAtMs !== undefined && wakeAtMs <= ms;
      wakeAtMs = this.machine.wakeAtMs
    ) {
      this.#setClock(wakeAtMs);
      this.#step({ type: "tick" });
    }
    this.#setClock(ms);
  }

  #setClock(steadyMs: number): void {
    this.#now = { steadyMs, wallMs: this.#startWallMs + steadyMs };
  }

  #step(input: ConsensusInput): void {
    const effects = this.machine.step(input, this.#now);
    this.machine.invariants();
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: ConsensusEffect): void {
    switch (effect.type) {
      case "send":
        if (effect.packetType <= PbftPacketType.HashPrepare)
          this.sent.push({ to: effect.to, ...messageIn(effect.body) });
        return;
      case "verify-transactions": {
        const transactions = effect.raws.map((raw) => {
          const verified = verifyTransaction(raw, standardSuite);
          return verified.ok ? verified.value : undefined;
        });
        this.#step({ type: "transactions-verified", token: effect.token, transactions });
        return;
      }
      case "execute-block":
        this.#execute(effect);
        return;
      case "persist-prepare":
        this.#step({ type: "prepare-persisted", token: effect.token });
        return;
      case "store-block":
        this.#store(effect);
        return;
      case "sealing":
        return;
    }
  }

  /** What the block turns into is known; whether it is the same block is what the roots and the parent say. */
  #execute(effect: Extract<ConsensusEffect, { type: "execute-block" }>): void {
    const { header, transactions, token } = effect;
    const json = this.#blocks[header.number] as RpcBlock;
    const final = headerFromJson(json);
    const same = final.transactionsRoot === header.transactionsRoot && final.timestamp === header.timestamp;
    if (!same) return this.#step({ type: "block-executed", token, outcome: err({ code: "not-recorded" }) });
    expect(final.parentHash).toBe(header.parentHash);
    expect(final.sealer).toBe(header.sealer);
    expect(final.sealerList).toEqual(header.sealerList);
    expect(transactions.map((tx) => tx.hash)).toEqual(json.transactions.map((tx) => plain(tx.hash)));
    const block: ExecutedBlock = {
      header: final,
      hash: hash(plain(json.hash)),
      transactions,
      receipts: [],
      changes: { number: header.number, rowIdBefore: 0, rowIdAfter: 0, tables: [] },
    };
    this.#step({ type: "block-executed", token, outcome: ok(block) });
  }

  #store(effect: Extract<ConsensusEffect, { type: "store-block" }>): void {
    const { block, signatures } = effect;
    const { header } = block;
    const synced = { header, hash: block.hash, signatures, transactionCount: block.transactions.length };
    expect(this.machine.checkSyncedBlock(synced, this.#head)).toEqual(ok(undefined));
    this.stored.push({ block, signers: signatures.map(({ index }) => index).sort() });
    for (const tx of block.transactions) this.pool.waiting.delete(tx.hash);
    this.#head = headAt(this.#blocks[header.number] as RpcBlock);
    const transactions = block.transactions.map((tx) => tx.hash);
    this.#step({ type: "block-committed", head: this.#head, transactions });
  }

  #environment(): ConsensusEnvironment {
    const pem = chain.text(`nodes/node${NODE}/node.key`);
    const { d = "" } = createPrivateKey(pem).export({ format: "jwk" });
    const key = standardSuite.keyPairOf(new Uint8Array(Buffer.from(d, "base64url")));
    expect(bytesToHex(key.publicKey)).toBe(idOf(NODE));
    return {
      rules: {
        version: V2_9_0,
        suite: standardSuite,
        chainId: 1n,
        groupId: groupId(1),
        freeStorage: false,
        consensusType: "pbft",
      },
      key,
      nodeId: idOf(NODE),
      genesis: {} as ConsensusEnvironment["genesis"],
      options: {
        ttl: 2,
        minBlockGenerationTimeMs: 500,
        enableDynamicBlockSize: true,
        blockSizeIncreaseRatio: 0.5,
        enableTtlOptimization: true,
        enablePrepareWithTransactionHashes: true,
        broadcastPrepareByTree: true,
        prepareStatusBroadcastPercent: 33,
        maxRequestMissedTransactionsWaitMs: 100,
        maxRequestPrepareWaitMs: 100,
      },
      pool: this.pool,
      sync: { downloading: false, knownHighest: 0 },
      hashAt: (number) => hash(plain((this.#blocks[number] as RpcBlock).hash)),
      timeOffsetMs: () => 0,
      random: createRandom("seat"),
      trace: (event) => this.traces.push(event),
      peers: () => new Set([0, 1, 2].map(idOf)),
    };
  }
}

function headAt(json: RpcBlock): ChainHead {
  return headOf(json, { genesisHash: chain.blocks()[0]?.hash ?? "", sealers });
}

describe("wire/p2p-pbft: our machine in the place of the silent sealer", () => {
  const frames = loadFrames("wire/p2p-pbft.jsonl.gz");
  const pbft = frames.filter((frame) => openFrame(frame).moduleId === ModuleId.Pbft);
  const first = pbft[0] as RecordedFrame;
  const seat = new Seat(Number(messageIn(openFrame(first).body).message.timestamp) - first.ms);
  for (const frame of frames) seat.hear(frame);
  const heard = pbft.map((frame) => ({ ms: frame.ms, ...messageIn(openFrame(frame).body) }));

  test("it stores every block that the others committed, with their signatures", () => {
    const committed = new Set(
      heard.filter(({ packetId }) => packetId === PbftPacketId.Commit).map(({ message }) => message.height),
    );
    expect(committed.size).toBeGreaterThan(5);
    expect(seat.stored.map(({ block }) => block.header.number)).toEqual([...committed].sort((a, b) => a - b));
    for (const { block, signers } of seat.stored) {
      expect(signers.length).toBeGreaterThanOrEqual(3);
      expect(
        seat.sent.some(({ packetId, message }) => packetId === PbftPacketId.Sign && message.blockHash === block.hash),
      ).toBe(true);
    }
  });

  test("it signs what the others sign, commits what they commit, and follows their views", () => {
    for (const packetId of [PbftPacketId.Sign, PbftPacketId.Commit]) {
      const ours = seat.sent.filter((sent) => sent.packetId === packetId).map(({ message }) => message);
      for (const { height, view, blockHash, index } of ours) {
        expect(index).toBe(ownIndex);
        const others = heard.filter((other) => other.packetId === packetId && other.message.blockHash === blockHash);
        expect(others.map(({ message }) => [message.height, message.view])).toContainEqual([height, view]);
      }
      expect(ours.length).toBe(seat.stored.length);
    }
    const last = heard.findLast(({ packetId }) => packetId === PbftPacketId.ViewChange)?.message;
    expect(seat.machine.view()).toBe(last?.view);
  });

  test("nothing that honest nodes sent was refused", () => {
    const warnings = seat.traces
      .filter(({ level }) => level === "warn")
      .map(({ event, fields }) => `${event} ${String(fields?.["code"])}`);
    // Its own turns end in time-outs, because the others could not hear it; and what it proposed was never recorded.
    expect(new Set(warnings)).toEqual(new Set(["proposal-refused not-recorded"]));
    const dropped = seat.traces.filter(({ event }) => /malformed|badly-signed|equivocates/.test(event));
    expect(dropped).toEqual([]);
  });

  test("it stores the same blocks when each proposal comes from a node that has executed it", () => {
    const relayed = new Seat(Number(messageIn(openFrame(first).body).message.timestamp) - first.ms);
    for (const frame of frames) {
      const { moduleId, packetType } = openFrame(frame);
      const isByHashes = moduleId === ModuleId.Pbft && packetType === PbftPacketType.HashPrepare;
      if (isByHashes) relayed.hearRelayed(frame, idOf((frame.from - FIRST_PORT + 1) % 3));
      else relayed.hear(frame);
    }
    expect(relayed.stored.map(({ block }) => block.hash)).toEqual(seat.stored.map(({ block }) => block.hash));
    expect(relayed.traces.filter(({ event }) => event === "prepare-malformed")).toEqual([]);
  });

  test("its status has the shape that a recorded node answered", () => {
    const recorded = chain.calls()['["getConsensusStatus",1]'] as { result: [Record<string, JsonValue>, JsonValue[]] };
    const [theirs] = recorded.result;
    const [ours, views] = seat.machine.status() as [Record<string, JsonValue>, Record<string, JsonValue>[]];
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    const constant = [
      "accountType",
      "allowFutureBlocks",
      "cfgErr",
      "connectedNodes",
      "groupId",
      "max_faulty_leader",
      "nodeNum",
    ];
    for (const key of [...constant, "omitEmptyBlock", "protocolId", "sealer.0", "sealer.1", "sealer.2", "sealer.3"]) {
      expect([key, ours[key]]).toEqual([key, theirs[key]]);
    }
    expect(ours["highestblockHash"]).toBe(chain.blocks()[seat.stored.length]?.hash);
    for (const view of views) expect(Object.keys(view)).toEqual(["nodeId", "view"]);
  });
});
