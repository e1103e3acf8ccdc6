/** Fetches blocks that others have, and hands them on in order: checked, verified, executed, stored. */
import {
  SYNC_QUEUED_BLOCKS_MAX,
  SYNC_REQUEST_BLOCKS_MAX,
  SYNC_REQUEST_SHARDS_MAX,
  SYNC_VERIFIED_AHEAD_TRANSACTIONS_MAX,
  assert,
} from "../../primitives/index.js";
import type { Failure, Hash, Height, NodeId, Result } from "../../primitives/index.js";
import { hashOf } from "../../crypto/index.js";
import { decodeBlock, encodeSyncPacket, transactionsRoot } from "../../protocol/index.js";
import type { DecodedBlock, VerifiedTransaction } from "../../protocol/index.js";
import type { ChainHead, ExecutedBlock } from "../../ledger/index.js";
import type { DropCounts } from "../drop-counts.js";
import { earliestOf } from "../earliest.js";
import { Backoff, LIE, SILENCE } from "./backoff.js";
import type { Penalty } from "./backoff.js";
import { BlockQueue } from "./block-queue.js";
import type { QueuedBlock } from "./block-queue.js";
import type { BlockSyncEffect, BlockSyncEnvironment } from "./messages.js";
import type { Peer, PeerTable } from "./peer-table.js";
import { RequestBook } from "./request-book.js";

/** Blocks in the first requests, before anything is known about the line. */
const FIRST_REQUEST_BLOCKS = 8;

/** How long consensus may take over a height it promised to produce, once others have it. */
const SEALING_GRACE_MS = 3000;

/** First and longest pause after a block that others agreed on and we execute differently. */
const DIFFERENCE: Penalty = { firstMs: 1000, maxMs: 60_000 };

/** Blocks that a peer may send after a request, late answers to former ones included, before it must be asked again. */
const BLOCKS_PER_REQUEST_MAX = 4 * SYNC_REQUEST_BLOCKS_MAX;

/**
 * The downloading half of block synchronisation.
 *
 * Up to four requests are under way, spread over all peers that claim to be high enough. While one block executes, the
 * transactions of the next ones are verified and further blocks arrive. A peer that does not answer or sends a wrong
 * block is left alone for a growing time, and others are asked.
 *
 * @see docs/protocol/sync.md#download
 */
export class Downloader {
  readonly #env: BlockSyncEnvironment;
  readonly #peers: PeerTable;
  readonly #drops: DropCounts;
  readonly #backoff = new Backoff();
  readonly #requests = new RequestBook();
  readonly #queue: BlockQueue;
  /** Blocks that a peer may still send. Whoever was not asked is not listened to. */
  readonly #allowance = new Map<NodeId, number>();
  readonly #verifying = new Map<number, QueuedBlock>();
  #effects: BlockSyncEffect[] = [];
  #head: ChainHead;
  #lastToken = 0;
  #requestBlocks = FIRST_REQUEST_BLOCKS;
  #sealing = 0;
  #executing: { readonly token: number; readonly block: QueuedBlock } | undefined;
  #storing: QueuedBlock | undefined;
  /** Since when somebody has been ahead of us without our head moving. */
  #behindSinceMs: number | undefined;
  #pause: { untilMs: number; failures: number } = { untilMs: 0, failures: 0 };
  #wakeAtMs: number | undefined;
  #wasActive = false;
  #target: { number: number; hash: Hash };

  constructor(env: BlockSyncEnvironment, peers: PeerTable, drops: DropCounts, head: ChainHead) {
    this.#env = env;
    this.#peers = peers;
    this.#drops = drops;
    this.#head = head;
    this.#queue = new BlockQueue(env.options.downloadBytesMax);
    this.#target = { number: head.header.number, hash: head.hash };
  }

  /** True while blocks are under way, wanted and waiting, or being worked on. */
  get active(): boolean {
    if (this.#requests.size > 0 || this.#isWorking) return true;
    return this.#queue.size > 0 && this.#target.number > this.#head.header.number;
  }

  /** The highest block that a peer claims to have and is believed to deliver; our own head when nobody is ahead. */
  get target(): { readonly number: number; readonly hash: Hash } {
    return this.#target;
  }

  /** Steady time at which {@link proceed} has something to do. */
  get wakeAtMs(): number | undefined {
    return this.#wakeAtMs;
  }

  /** Peers whose claims count: those that are not backed off. */
  trustworthyPeers(nowMs: number): Peer[] {
    return [...this.#peers.all()].filter((peer) => !this.#backoff.blocks(peer.nodeId, nowMs));
  }

  /** Consensus is about to produce that height. */
  sealing(height: number): void {
    this.#sealing = height;
  }

  /** A peer reported its height, which may be lower than what it claimed before. */
  heard(from: NodeId, number: number): void {
    this.#requests.dropClaimed(from, number);
  }

  /** Encoded blocks of a Blocks packet. */
  receive(from: NodeId, blocks: readonly Uint8Array[], nowMs: number): void {
    for (const bytes of blocks) {
      const allowance = this.#allowance.get(from) ?? 0;
      if (allowance === 0) return this.#drops.add("block-not-asked-for");
      this.#allowance.set(from, allowance - 1);
      const decoded = decodeBlock(bytes, this.#env.rules.suite);
      if (!decoded.ok) return this.#accuse(from, "block-malformed", nowMs);
      if (this.#requests.received(decoded.value.header.number, from, nowMs)) this.#growRequests();
      this.#enqueue(from, decoded.value, bytes.length);
    }
  }

  #enqueue(from: NodeId, decoded: DecodedBlock, bytes: number): void {
    const { header, hash, rawTransactions, signatures } = decoded;
    const own = this.#head.header.number;
    const isDue = header.number > own && header.number <= own + SYNC_QUEUED_BLOCKS_MAX;
    if (!isDue || this.#queue.has(header.number) || this.#isWorkingOn(header.number)) {
      return this.#drops.add("block-not-needed");
    }
    const transactions = rawTransactions.map(() => undefined);
    const verification = rawTransactions.length === 0 ? "done" : "not-asked";
    const parts = { header, hash, rawTransactions, signatures, bytes, from };
    if (!this.#queue.add({ ...parts, agreed: false, verification, transactions })) this.#drops.add("block-queue-full");
  }

  /** Answer to a verify-transactions effect. */
  verified(token: number, transactions: readonly (VerifiedTransaction | undefined)[], nowMs: number): void {
    const block = this.#verifying.get(token);
    assert(block !== undefined, "verified transactions were asked for");
    this.#verifying.delete(token);
    if (this.#queue.get(block.header.number) !== block) return;
    let at = 0;
    for (let position = 0; position < block.transactions.length; position++) {
      block.transactions[position] ??= transactions[at++];
    }
    assert(at === transactions.length, "every verified transaction has its place");
    if (block.transactions.includes(undefined)) return this.#reject(block, "block-transaction-invalid", nowMs);
    block.verification = "done";
  }

  /** Answer to an execute-block effect. */
  executed(token: number, outcome: Result<ExecutedBlock, Failure>, nowMs: number): void {
    // The answer for a height that consensus stored meanwhile is of no use any more.
    if (this.#executing?.token !== token) return;
    const { block } = this.#executing;
    this.#executing = undefined;
    if (!outcome.ok) return this.#judgeDifference(block, outcome.error, nowMs);
    assert(outcome.value.hash === block.hash, "an executed block has the hash that was expected");
    this.#storing = block;
    this.#effects.push({ type: "store-block", block: outcome.value, signatures: block.signatures });
  }

  /** A block became the head, whoever stored it. */
  committed(head: ChainHead): void {
    const { number } = head.header;
    const stored = this.#queue.get(number) ?? this.#storing;
    if (stored?.hash === head.hash) this.#backoff.reward(stored.from);
    this.#head = head;
    this.#behindSinceMs = undefined;
    this.#pause = { untilMs: 0, failures: 0 };
    this.#queue.dropThrough(number);
    this.#requests.dropThrough(number);
    if ((this.#executing?.block.header.number ?? Infinity) <= number) this.#executing = undefined;
    if ((this.#storing?.header.number ?? Infinity) <= number) this.#storing = undefined;
  }

  /** The table of peers has changed: nothing is expected from those who left. */
  peersChanged(): void {
    this.#requests.keepOnly(this.#peers.ids);
    for (const peer of this.#allowance.keys()) if (!this.#peers.ids.has(peer)) this.#allowance.delete(peer);
  }

  /** Does whatever can be done now; to be called at the end of each step. */
  proceed(nowMs: number): readonly BlockSyncEffect[] {
    for (const peer of this.#requests.takeOverdue(nowMs)) {
      this.#requestBlocks = Math.max(1, Math.floor(this.#requestBlocks / 2));
      this.#punish(peer, SILENCE, "block-request-timed-out", nowMs);
    }
    this.#aim(nowMs);
    this.#checkNext(nowMs);
    this.#verifyAhead();
    this.#executeNext(nowMs);
    this.#requestMore(nowMs);
    this.#tellOfChange();
    this.#wakeAtMs = this.#nextWakeMs(nowMs);
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** @throws InvariantError when the queue is broken or larger than it may be */
  invariants(): void {
    this.#queue.invariants();
    assert(this.#queue.size <= SYNC_QUEUED_BLOCKS_MAX, "no more blocks are queued than allowed");
    assert(this.#requests.size <= SYNC_REQUEST_SHARDS_MAX, "no more requests are under way than allowed");
  }

  get #isWorking(): boolean {
    return this.#executing !== undefined || this.#storing !== undefined;
  }

  #isWorkingOn(number: number): boolean {
    return this.#executing?.block.header.number === number || this.#storing?.header.number === number;
  }

  /** Finds out how high the others are; what lies above that is not asked for any longer. */
  #aim(nowMs: number): void {
    const own = this.#head;
    this.#target = { number: own.header.number, hash: own.hash };
    for (const { number, latestHash } of this.trustworthyPeers(nowMs)) {
      if (number > this.#target.number) this.#target = { number, hash: latestHash };
    }
    const { number } = this.#target;
    this.#requests.dropAbove(number);
    if (number <= own.header.number) this.#behindSinceMs = undefined;
    else this.#behindSinceMs ??= nowMs;
  }

  /** The block that follows the head must be one that enough sealers agreed on, before anything is spent on it. */
  #checkNext(nowMs: number): void {
    const block = this.#queue.get(this.#head.header.number + 1);
    if (block === undefined || block.agreed) return;
    const reason = this.#refusalOf(block);
    if (reason !== undefined) return this.#reject(block, reason, nowMs);
    block.agreed = true;
  }

  #executeNext(nowMs: number): void {
    const block = this.#queue.get(this.#head.header.number + 1);
    if (block?.verification !== "done" || this.#isWorking || nowMs < this.#pause.untilMs) return;
    assert(block.agreed, "only what was agreed on is executed");
    const { header, hash } = block;
    const transactions = block.transactions as readonly VerifiedTransaction[];
    this.#executing = { token: ++this.#lastToken, block };
    const { token } = this.#executing;
    this.#effects.push({ type: "execute-block", token, header, transactions, expectedHash: hash });
  }

  #refusalOf(block: QueuedBlock): string | undefined {
    const { header, hash, signatures, rawTransactions } = block;
    if (header.parentHash !== this.#head.hash) return "block-parent-unknown";
    const checked = { header, hash, signatures, transactionCount: rawTransactions.length };
    return this.#env.checkSyncedBlock(checked, this.#head).ok ? undefined : "block-not-agreed";
  }

  /** Asks for the verification of blocks that follow each other from the head on. */
  #verifyAhead(): void {
    let parentHash = this.#head.hash;
    let ahead = 0;
    for (let number = this.#head.header.number + 1; ; number++) {
      const block = this.#queue.get(number);
      if (block === undefined || block.header.parentHash !== parentHash) return;
      const count = block.rawTransactions.length;
      // The first one always, however large it is.
      if (ahead > 0 && ahead + count > SYNC_VERIFIED_AHEAD_TRANSACTIONS_MAX) return;
      if (block.verification === "not-asked") this.#verify(block);
      ahead += count;
      parentHash = block.hash;
    }
  }

  #verify(block: QueuedBlock): void {
    const { pool, rules } = this.#env;
    let raws = block.rawTransactions;
    // A node that catches up has an empty pool, and hashes would be computed for nothing.
    if (pool.size > 0) {
      raws = raws.filter((raw, position) => {
        block.transactions[position] = pool.find(hashOf(rules.suite, raw));
        return block.transactions[position] === undefined;
      });
    }
    block.verification = raws.length === 0 ? "done" : "asked";
    if (raws.length === 0) return;
    const token = ++this.#lastToken;
    this.#verifying.set(token, block);
    this.#effects.push({ type: "verify-transactions", token, raws });
  }

  #requestMore(nowMs: number): void {
    const own = this.#head.header.number;
    if (this.#target.number <= own || nowMs < this.#pause.untilMs || this.#isLeftToConsensus(nowMs)) return;
    const last = Math.min(this.#target.number, own + SYNC_QUEUED_BLOCKS_MAX);
    for (let from = own + 1; this.#requests.size < SYNC_REQUEST_SHARDS_MAX; from++) {
      while (from <= last && this.#isHere(from)) from++;
      if (from > last) return;
      const peer = this.#choosePeer(from, nowMs);
      if (peer === undefined) return;
      const size = this.#requestSize();
      const to = this.#endOfGap(from, Math.min(from + size - 1, last, peer.number));
      // Room for one block more after each block stored must not turn into requests for single blocks.
      const isFragment = to === last && last < this.#target.number && to - from + 1 < size;
      if (from > own + 1 && (isFragment || !this.#hasRoomFor(to - from + 1))) return;
      this.#request(peer.nodeId, { from, to }, nowMs);
      from = to;
    }
  }

  /** Consensus will soon store the only blocks that we lack. */
  #isLeftToConsensus(nowMs: number): boolean {
    if (this.active || this.#target.number > this.#sealing) return false;
    return nowMs < (this.#behindSinceMs ?? nowMs) + SEALING_GRACE_MS;
  }

  #isHere(number: number): boolean {
    return this.#queue.has(number) || this.#requests.covers(number) || this.#isWorkingOn(number);
  }

  #endOfGap(from: number, last: number): number {
    let to = from;
    while (to < last && !this.#isHere(to + 1)) to++;
    return to;
  }

  /** Somebody who claims to have the block: those who never failed first, then the least busy, by lot among equals. */
  #choosePeer(number: number, nowMs: number): Peer | undefined {
    let best: Peer[] = [];
    let bestRank = Infinity;
    for (const peer of this.trustworthyPeers(nowMs)) {
      if (peer.number < number) continue;
      const failures = this.#backoff.failuresOf(peer.nodeId, nowMs);
      const rank = failures * (SYNC_REQUEST_SHARDS_MAX + 1) + this.#requests.countOf(peer.nodeId);
      if (rank < bestRank) best = [];
      bestRank = Math.min(rank, bestRank);
      if (rank === bestRank) best.push(peer);
    }
    return best.length === 0 ? undefined : best[this.#env.random.below(best.length)];
  }

  #requestSize(): number {
    const memory = this.#queue.blockMemoryBytes;
    if (memory === 0) return this.#requestBlocks;
    const fitting = Math.floor(this.#queue.freeMemoryBytes / (memory * SYNC_REQUEST_SHARDS_MAX));
    return Math.max(1, Math.min(this.#requestBlocks, fitting));
  }

  #hasRoomFor(blocks: number): boolean {
    const expected = (this.#requests.blocks + blocks) * this.#queue.blockMemoryBytes;
    return expected <= this.#queue.freeMemoryBytes;
  }

  #request(peer: NodeId, range: { readonly from: number; readonly to: number }, nowMs: number): void {
    const { from, to } = range;
    const size = to - from + 1;
    this.#requests.add(peer, range, nowMs);
    this.#allowance.set(peer, BLOCKS_PER_REQUEST_MAX);
    const packet = { type: "request-blocks", from: from as Height, size } as const;
    const body = encodeSyncPacket(packet, this.#env.rules.version);
    this.#effects.push({ type: "send", to: [peer], packetType: 0, body });
    this.#tell("debug", "blocks-requested", { from, to, peer });
  }

  #growRequests(): void {
    this.#requestBlocks = Math.min(this.#requestBlocks * 2, SYNC_REQUEST_BLOCKS_MAX);
  }

  /**
   * The block was agreed on and yet executes to something else. Either its body is not the one that was agreed on,
   * then the sender is to blame; or this node computes differently from the others, and asking more often does not help.
   */
  #judgeDifference(block: QueuedBlock, failure: Failure, nowMs: number): void {
    const { version, suite } = this.#env.rules;
    const transactions = block.transactions as readonly VerifiedTransaction[];
    if (transactionsRoot(transactions, version, suite) !== block.header.transactionsRoot) {
      return this.#reject(block, "block-body-wrong", nowMs);
    }
    this.#queue.delete(block.header.number);
    const failures = this.#pause.failures + 1;
    const delayMs = Math.min(DIFFERENCE.firstMs * 2 ** (failures - 1), DIFFERENCE.maxMs);
    this.#pause = { failures, untilMs: nowMs + delayMs };
    this.#tell("warn", "execution-differs", { number: block.header.number, hash: block.hash, code: failure.code });
  }

  #reject(block: QueuedBlock, reason: string, nowMs: number): void {
    this.#queue.delete(block.header.number);
    this.#accuse(block.from, reason, nowMs);
  }

  /** Nothing that a liar sent is of use: its other blocks go too, and others are asked for them. */
  #accuse(peer: NodeId, reason: string, nowMs: number): void {
    this.#queue.dropFrom(peer);
    this.#allowance.delete(peer);
    this.#punish(peer, LIE, reason, nowMs);
  }

  #punish(peer: NodeId, penalty: Penalty, reason: string, nowMs: number): void {
    this.#requests.dropPeer(peer);
    this.#backoff.punish(peer, penalty, nowMs);
    this.#drops.add(reason);
    this.#tell("warn", reason, { peer });
  }

  #nextWakeMs(nowMs: number): number | undefined {
    const own = this.#head.header.number;
    const wishes = [this.#requests.deadlineMs, this.#backoff.nextReleaseMs(this.#peers.ids, nowMs)];
    if (this.#target.number > own) {
      if (this.#pause.untilMs > nowMs) wishes.push(this.#pause.untilMs);
      if (this.#isLeftToConsensus(nowMs)) wishes.push((this.#behindSinceMs ?? nowMs) + SEALING_GRACE_MS);
    }
    return earliestOf(wishes);
  }

  #tellOfChange(): void {
    if (this.active === this.#wasActive) return;
    this.#wasActive = this.active;
    const fields = { number: this.#head.header.number, target: this.#target.number };
    this.#tell("info", this.#wasActive ? "download-started" : "download-ended", fields);
  }

  #tell(level: "debug" | "info" | "warn", event: string, fields: Readonly<Record<string, string | number>>): void {
    this.#env.trace({ room: "SYNC", level, event, fields });
  }
}
