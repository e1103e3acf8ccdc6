/** One node of a story about block synchronisation. */
import { expect } from "vitest";
import { ZERO_HASH, assert as must, createRandom, err, ok } from "../../primitives/index.js";
import type { Height, NodeId, TraceEvent } from "../../primitives/index.js";
import { decodeBlock, decodeSyncPacket, encodeBlock, transactionsRoot } from "../../protocol/index.js";
import type { SyncPacket, VerifiedTransaction } from "../../protocol/index.js";
import type { ChainHead, ChainRules, ExecutedBlock } from "../../ledger/index.js";
import { BlockSync } from "../blocks/index.js";
import type { BlockSyncEffect, BlockSyncInput, BlockSyncOptions, BlockSyncPacket } from "../blocks/index.js";
import { A, B, C, D, LONG_CHAIN, WALL, rules, suite, verified } from "./blocks.js";
import type { MadeBlock } from "./blocks.js";

const options: BlockSyncOptions = {
  syncBlockByTree: true,
  gossipIntervalMs: 1000,
  gossipPeersNumber: 3,
  downloadBytesMax: 512 * 1024 * 1024,
};

/** What is special about a node of a story. */
export interface NodeOptions {
  readonly self?: NodeId;
  readonly height?: number;
  readonly sealers?: readonly NodeId[];
  readonly observers?: readonly NodeId[];
  readonly rules?: Partial<ChainRules>;
  readonly options?: Partial<BlockSyncOptions>;
  readonly pool?: readonly VerifiedTransaction[];
  /** Blocks that this node's own executor gets another result for. */
  readonly differsAt?: number;
  readonly seed?: number;
  /** Answers of the host come at once unless a story wants to hand them in itself. */
  readonly manual?: boolean;
}

/** One node: the machine, a chain, and a host that answers effects. */
export class TestNode {
  readonly self: NodeId;
  readonly sync: BlockSync;
  readonly chain: MadeBlock[];
  readonly traces: TraceEvent[] = [];
  readonly sent: { readonly to: NodeId; readonly packet: SyncPacket; readonly body: Uint8Array }[] = [];
  /** Effects that wait for the story to answer them. */
  held: Exclude<BlockSyncEffect, { type: "send" }>[] = [];
  nowMs = 0;
  members: { sealers: readonly NodeId[]; observers: readonly NodeId[] };
  readonly #options: NodeOptions;
  readonly #rules: ChainRules;

  constructor(story: NodeOptions = {}) {
    this.#options = story;
    this.self = story.self ?? A;
    this.chain = LONG_CHAIN.slice(0, (story.height ?? 0) + 1);
    this.members = { sealers: story.sealers ?? [A, B, C, D], observers: story.observers ?? [] };
    const pool = new Map((story.pool ?? []).map((tx) => [tx.hash, tx]));
    this.#rules = { ...rules, ...story.rules };
    this.sync = new BlockSync({
      rules: this.#rules,
      nodeId: this.self,
      options: { ...options, ...story.options },
      encodedBlock: (number) => this.chain[number]?.bytes,
      checkSyncedBlock: (block) => (block.signatures.length > 0 ? ok(undefined) : err({ code: "no-quorum" })),
      consensusNodes: () => this.members.sealers,
      pool: { size: pool.size, find: (hash) => pool.get(hash) },
      random: createRandom(story.seed ?? 1),
      trace: (event) => this.traces.push(event),
    });
    this.give({ type: "started", head: this.head() });
  }

  get height(): number {
    return this.chain.length - 1;
  }

  head(): ChainHead {
    const { header, hash } = this.chain.at(-1) as MadeBlock;
    const counters = { totalTransactions: 0, failedTransactions: 0 };
    const lists = { ...this.members, workingSealers: [] };
    return {
      header,
      hash,
      genesisHash: (LONG_CHAIN[0] as MadeBlock).hash,
      ...lists,
      ...counters,
      settings: {} as ChainHead["settings"],
    };
  }

  /** One input, and whatever the host answers to it. */
  give(input: BlockSyncInput): void {
    const inputs = [input];
    for (const next of inputs) {
      for (const effect of this.sync.step(next, { steadyMs: this.nowMs, wallMs: WALL + this.nowMs })) {
        if (effect.type === "send") this.#keep(effect);
        else if (this.#options.manual === true) this.held.push(effect);
        else inputs.push(this.answer(effect));
      }
      this.sync.invariants();
    }
  }

  /** Answers the oldest held effect of a kind. */
  release(type: (typeof this.held)[number]["type"]): void {
    const effect = this.held.find((one) => one.type === type);
    must(effect !== undefined, `a held ${type}`);
    this.held = this.held.filter((one) => one !== effect);
    this.give(this.answer(effect));
  }

  answer(effect: Exclude<BlockSyncEffect, { type: "send" }>): BlockSyncInput {
    switch (effect.type) {
      case "verify-transactions":
        return { type: "transactions-verified", token: effect.token, transactions: effect.raws.map(verified) };
      case "execute-block": {
        const { token, header, transactions, expectedHash: hash } = effect;
        const root = transactionsRoot(transactions, rules.version, suite);
        const same = root === header.transactionsRoot && header.number !== this.#options.differsAt;
        const block = { header, hash, transactions, receipts: [], changes: {} } as unknown as ExecutedBlock;
        return { type: "block-executed", token, outcome: same ? ok(block) : err({ code: "hash-differs" }) };
      }
      case "ask-bandwidth":
        return { type: "bandwidth-granted", token: effect.token, blocks: effect.sizes.length };
      case "store-block": {
        const { header, hash, transactions } = effect.block;
        const rawTransactions = transactions.map((tx) => tx.raw);
        const parts = { header, hash, rawTransactions, signatures: effect.signatures, receipts: [] };
        this.chain.push({ header, hash, bytes: encodeBlock(parts, rules.version) });
        return { type: "block-committed", head: this.head() };
      }
    }
  }

  /** A block that consensus stored. */
  commitOwn(): void {
    this.chain.push(LONG_CHAIN[this.height + 1] as MadeBlock);
    this.give({ type: "block-committed", head: this.head() });
  }

  connect(...peers: NodeId[]): void {
    this.give({ type: "peers-changed", peers });
  }

  hear(from: NodeId, packet: SyncPacket): void {
    this.give({ type: "message-received", from, packet: packet as BlockSyncPacket });
  }

  hearStatus(from: NodeId, number: number, changes: Partial<Extract<SyncPacket, { type: "status" }>> = {}): void {
    const latestHash = LONG_CHAIN[number]?.hash ?? ZERO_HASH;
    const genesisHash = (LONG_CHAIN[0] as MadeBlock).hash;
    const time = WALL + this.nowMs;
    this.hear(from, { type: "status", number: number as Height, genesisHash, latestHash, time, ...changes });
  }

  hearBlocks(from: NodeId, ...numbers: number[]): void {
    this.hear(from, { type: "blocks", blocks: numbers.map((number) => (LONG_CHAIN[number] as MadeBlock).bytes) });
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

  /** Takes what was sent since the last call: receivers with packet types and what matters of them. */
  takeSent(): string[] {
    return this.sent.splice(0).map(({ to, packet }) => `${to[0]}: ${describePacket(packet)}`);
  }

  events(): string[] {
    return this.traces.map((trace) => trace.event);
  }

  #keep(effect: Extract<BlockSyncEffect, { type: "send" }>): void {
    const packet = decodeSyncPacket(effect.body, this.#rules.version);
    must(packet.ok, "we send what we understand");
    expect(effect.packetType).toBe(0);
    expect(effect.to.length).toBeGreaterThan(0);
    for (const to of effect.to) this.sent.push({ to, packet: packet.value, body: effect.body });
  }
}

function describePacket(packet: SyncPacket): string {
  switch (packet.type) {
    case "status":
      return `status ${packet.number}`;
    case "request-blocks":
      return `request ${packet.from}..${packet.from + packet.size - 1}`;
    case "blocks":
      return `blocks ${packet.blocks.map((bytes) => numberOf(bytes)).join(",")}`;
    default:
      return packet.type;
  }
}

/** Number of an encoded block. */
export function numberOf(bytes: Uint8Array): number {
  const block = decodeBlock(bytes, suite);
  must(block.ok, "a block that decodes");
  return block.value.header.number;
}

/** Answers all requests that the node has sent as honest peers would; returns how many. */
export function serveRequests(node: TestNode, silent: ReadonlySet<NodeId> = new Set()): number {
  const requests = node.sent
    .splice(0)
    .flatMap(({ to, packet }) => (packet.type === "request-blocks" ? [{ to, packet }] : []));
  for (const { to, packet } of requests) {
    if (silent.has(to)) continue;
    const numbers = Array.from({ length: packet.size }, (_, i) => packet.from + i).filter((number) => number <= 400);
    node.hearBlocks(to, ...numbers);
  }
  return requests.length;
}
