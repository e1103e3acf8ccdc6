/** One node of a story about transaction synchronisation. */
import { assert as must, bytesToUtf8, createRandom, utf8ToBytes } from "../../primitives/index.js";
import type { Hash, NodeId } from "../../primitives/index.js";
import { hashOf } from "../../crypto/index.js";
import { decodeSyncPacket, encodeSyncPacket } from "../../protocol/index.js";
import type { SyncPacket } from "../../protocol/index.js";
import type { ChainHead, ChainRules } from "../../ledger/index.js";
import { TransactionSync } from "../transactions/index.js";
import type { TransactionSyncEffect, TransactionSyncInput, TransactionSyncOptions } from "../transactions/index.js";
import { A, B, C, D, LONG_CHAIN, WALL, rules, suite, verified } from "./blocks.js";
import type { MadeBlock } from "./blocks.js";
import { TestPool } from "./test-pool.js";

/** What is special about a node of a story. */
export interface SenderOptions {
  readonly self?: NodeId;
  readonly sealers?: readonly NodeId[];
  readonly observers?: readonly NodeId[];
  readonly rules?: Partial<ChainRules>;
  readonly options?: Partial<TransactionSyncOptions>;
  readonly limit?: number;
  readonly seed?: number;
  /** Verification is answered by the story instead of at once. */
  readonly manual?: boolean;
}

/** A frame that left a node. */
export interface SentFrame {
  readonly to: readonly NodeId[];
  readonly packetType: number;
  readonly seq: number;
  readonly body: Uint8Array;
  readonly packet: SyncPacket;
}

/** The machine, a pool, and a host that verifies. */
export class TestSender {
  readonly self: NodeId;
  readonly sync: TransactionSync;
  readonly pool: TestPool;
  readonly sent: SentFrame[] = [];
  readonly held: Extract<TransactionSyncEffect, { type: "verify-transactions" }>[] = [];
  /** Transactions handed to the verifiers. */
  verifications = 0;
  imported = 0;
  nowMs = 0;
  peers: ReadonlySet<NodeId> = new Set();
  members: { sealers: readonly NodeId[]; observers: readonly NodeId[] };
  /** Consensus nodes when they are not all sealers. */
  chosen: readonly NodeId[] | undefined;
  readonly #manual: boolean;

  constructor(story: SenderOptions = {}) {
    this.self = story.self ?? A;
    this.pool = new TestPool(story.limit ?? 1000);
    this.members = { sealers: story.sealers ?? [A, B, C, D], observers: story.observers ?? [] };
    this.#manual = story.manual ?? false;
    this.sync = new TransactionSync({
      rules: { ...rules, ...story.rules },
      nodeId: this.self,
      options: { sendTransactionsByTree: true, transactionGossipPeersMax: 5, idleWaitMs: 200, ...story.options },
      pool: this.pool,
      syncPeers: () => this.peers,
      consensusNodes: () => this.chosen ?? this.members.sealers,
      random: createRandom(story.seed ?? 1),
      trace: () => undefined,
    });
    this.give({ type: "started", head: this.#head() });
  }

  /** One input, and what the verifiers answer. */
  give(input: TransactionSyncInput): void {
    const inputs = [input];
    for (const next of inputs) {
      for (const effect of this.sync.step(next, { steadyMs: this.nowMs, wallMs: WALL + this.nowMs })) {
        if (effect.type === "transactions-imported") this.imported += effect.count;
        else if (effect.type === "send") this.#keep(effect);
        else {
          this.verifications += effect.raws.length;
          if (this.#manual) this.held.push(effect);
          else inputs.push(answer(effect));
        }
      }
      this.sync.invariants();
    }
  }

  /** Answers the oldest verification that waits. */
  releaseVerification(): void {
    const effect = this.held.shift();
    must(effect !== undefined, "a verification waits");
    this.give(answer(effect));
  }

  connect(...peers: NodeId[]): void {
    this.peers = new Set(peers);
    this.give({ type: "peers-changed" });
  }

  /** A client hands transactions in. */
  submit(...names: string[]): void {
    for (const name of names) {
      const transaction = verified(utf8ToBytes(name));
      must(transaction !== undefined, "a good transaction");
      this.pool.import(transaction, "client");
      this.give({ type: "transactions-available" });
    }
  }

  /** A client hands in a transaction of that size, under a name that has nothing to do with its bytes. */
  submitLarge(name: string, bytes: number): void {
    const transaction = verified(utf8ToBytes(name));
    must(transaction !== undefined, "a good transaction");
    this.pool.import({ ...transaction, raw: new Uint8Array(bytes) }, "client");
    this.give({ type: "transactions-available" });
  }

  /** A packet of a peer. */
  hear(from: NodeId, packet: SyncPacket, frame: { packetType?: number; seq?: number } = {}): void {
    this.hearBody(from, encodeSyncPacket(packet, rules.version), frame);
  }

  /** A frame of a peer, if it decodes. */
  hearBody(from: NodeId, body: Uint8Array, { packetType = 0, seq = 7 }: { packetType?: number; seq?: number }): void {
    const packet = decodeSyncPacket(body, rules.version);
    must(packet.ok, "a packet that decodes");
    const { value } = packet;
    if (value.type === "status" || value.type === "blocks" || value.type === "request-blocks") return;
    this.give({ type: "message-received", from, packetType, seq, body, packet: value });
  }

  /** A block became the head; the members may have changed with it. */
  commit(changes: { sealers?: readonly NodeId[]; observers?: readonly NodeId[] } = {}): void {
    this.members = { ...this.members, ...changes };
    this.give({ type: "block-committed", head: this.#head() });
  }

  /** Lets time pass, ticking whenever the machine asks for it; returns the number of ticks. */
  wait(ms: number): number {
    const until = this.nowMs + ms;
    let ticks = 0;
    for (let wake = this.sync.wakeAtMs; wake !== undefined && wake <= until; wake = this.sync.wakeAtMs) {
      this.nowMs = Math.max(this.nowMs, wake);
      this.give({ type: "tick" });
      ticks++;
    }
    this.nowMs = until;
    return ticks;
  }

  /** Takes what was sent since the last call, in words. */
  takeSent(): string[] {
    return this.sent.splice(0).map((frame) => `${frame.to.map((to) => to[0]).join("")}: ${describeFrame(frame)}`);
  }

  #keep(effect: Extract<TransactionSyncEffect, { type: "send" }>): void {
    const packet = decodeSyncPacket(effect.body, rules.version);
    must(packet.ok, "we send what we understand");
    must(effect.to.length > 0, "a frame has a receiver");
    const { to, packetType, seq, body } = effect;
    this.sent.push({ to, packetType, seq, body, packet: packet.value });
  }

  #head(): ChainHead {
    const { header, hash } = LONG_CHAIN[0] as MadeBlock;
    const counters = { totalTransactions: 0, failedTransactions: 0 };
    const lists = { ...this.members, workingSealers: [] };
    return { header, hash, genesisHash: hash, ...lists, ...counters, settings: {} as ChainHead["settings"] };
  }
}

/** Hash of the transaction with that name. */
export function hashOfName(name: string): Hash {
  return hashOf(suite, utf8ToBytes(name));
}

/** A Transactions packet of transactions with those names. */
export function transactionsPacket(names: readonly string[], consensusIndex?: number): SyncPacket {
  return { type: "transactions", rawTransactions: names.map((name) => utf8ToBytes(name)), consensusIndex };
}

function answer(effect: Extract<TransactionSyncEffect, { type: "verify-transactions" }>): TransactionSyncInput {
  return { type: "transactions-verified", token: effect.token, transactions: effect.raws.map(verified) };
}

function describeFrame({ packetType, packet }: SentFrame): string {
  switch (packet.type) {
    case "transactions": {
      const names = packet.rawTransactions.map(bytesToUtf8).join(",");
      const root = packet.consensusIndex === undefined ? "" : ` from ${packet.consensusIndex}`;
      return `${packetType === 1 ? "push" : "give"} ${names}${root}`;
    }
    case "transactions-status":
      return `announce ${packet.hashes.length}`;
    case "request-transactions":
      return `ask ${packet.hashes.length}`;
    default:
      return packet.type;
  }
}
