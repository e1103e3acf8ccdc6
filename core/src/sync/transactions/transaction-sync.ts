/** Transaction synchronisation: what one node gets from a client, all consensus nodes are to have. */
import {
  BroadcastTree,
  RecentSet,
  SYNC_ANSWER_BYTES_MAX,
  SYNC_SEEN_TRANSACTIONS_MAX,
  SYNC_TRANSACTIONS_PACKET_BYTES_MAX,
  SYNC_TRANSACTIONS_PER_PASS_MAX,
  SYNC_VERIFYING_BYTES_MAX,
  assert,
  unreachable,
} from "../../primitives/index.js";
import type { Hash, Height, Instant, Machine, NodeId } from "../../primitives/index.js";
import { hashOf } from "../../crypto/index.js";
import { encodeSyncPacket } from "../../protocol/index.js";
import type { VerifiedTransaction } from "../../protocol/index.js";
import type { ChainHead } from "../../ledger/index.js";
import { DropCounts } from "../drop-counts.js";
import { earliestOf } from "../earliest.js";
import { LongWaiting } from "./long-waiting.js";
import { MarkBits, OWN_BIT, addMarks, isMarked, isUnmarked, mark, removeMarks } from "./marks.js";
import type { MarkBit, Marks } from "./marks.js";
import type {
  SyncedTransaction,
  TransactionSyncEffect,
  TransactionSyncEnvironment,
  TransactionSyncInput,
} from "./messages.js";

/** P2P packet type of transactions that are to be relayed. */
const PUSHED = 1;

/** P2P packet type of everything else. */
const PLAIN = 0;

/** While transactions of clients keep coming, those of so many milliseconds are pushed together. */
const PUSH_SPACING_MS = 20;

/** Pushes get so much of a head start before hashes are announced: announcing sooner makes peers ask for what is on its way. */
const ANNOUNCE_DELAY_MS = 50;

/** Share of the consensus nodes that are told the hash of a received transaction. */
const ANNOUNCE_PERCENT = 25;

/** A transaction is asked for again, of another peer, only after this time. */
const REQUEST_AGAIN_AFTER_MS = 10_000;

/** Received transactions of one packet under verification. */
interface Batch {
  readonly hashes: readonly Hash[];
  readonly bytes: number;
  /** Who has them, as far as the packet shows. */
  readonly marks: Marks;
}

/**
 * The machine of transaction synchronisation of one group.
 *
 * @see docs/protocol/sync.md#transactions
 */
export class TransactionSync implements Machine<TransactionSyncInput, TransactionSyncEffect> {
  readonly #env: TransactionSyncEnvironment;
  readonly #byTree: boolean;
  readonly #bits = new MarkBits();
  readonly #drops = new DropCounts();
  /** Imported before: neither verified nor asked for again, also when they have left the pool. */
  readonly #seen = new RecentSet<Hash>(SYNC_SEEN_TRANSACTIONS_MAX);
  readonly #requested = new RecentSet<Hash>(SYNC_SEEN_TRANSACTIONS_MAX);
  /** Passed on along the tree: nodes at different heights may see different trees, which together have circles. */
  readonly #relayed = new RecentSet<Hash>(SYNC_SEEN_TRANSACTIONS_MAX);
  #requestedSinceMs = Number.NEGATIVE_INFINITY;
  readonly #batches = new Map<number, Batch>();
  readonly #verifying = new Set<Hash>();
  #verifyingBytes = 0;
  #lastToken = 0;
  #started = false;
  #isMember = false;
  #consensusNodes: readonly NodeId[] = [];
  #tree: BroadcastTree;
  #pushedAtMs = Number.NEGATIVE_INFINITY;
  #toAnnounce: SyncedTransaction[] = [];
  #announceAtMs: number | undefined;
  #wakeAtMs: number | undefined;
  readonly #longWaiting: LongWaiting;
  #height = 0 as Height;
  #effects: TransactionSyncEffect[] = [];

  constructor(env: TransactionSyncEnvironment) {
    this.#env = env;
    this.#byTree = env.options.sendTransactionsByTree && env.rules.consensusType !== "raft";
    this.#tree = new BroadcastTree([], env.nodeId);
    this.#longWaiting = new LongWaiting(env.pool);
  }

  get wakeAtMs(): number | undefined {
    return this.#wakeAtMs;
  }

  /** How much was dropped, by reason. */
  dropCounts(): ReadonlyMap<string, number> {
    return this.#drops.all();
  }

  /** @throws InvariantError when the machine is broken */
  invariants(): void {
    let bytes = 0;
    let count = 0;
    for (const batch of this.#batches.values()) {
      bytes += batch.bytes;
      count += batch.hashes.length;
    }
    assert(bytes === this.#verifyingBytes, "the bytes under verification are counted");
    assert(count === this.#verifying.size, "each transaction is under verification once");
    assert(this.#toAnnounce.length > 0 === (this.#announceAtMs !== undefined), "announcements have a time");
  }

  step(input: TransactionSyncInput, now: Instant): readonly TransactionSyncEffect[] {
    assert(this.#started === (input.type !== "started"), "started is the first input and comes once");
    this.#dispatch(input, now);
    const receivers = this.#receivers();
    this.#push(receivers, now);
    this.#announce(receivers, now);
    this.#remind(receivers, now);
    this.#wakeAtMs = this.#nextWakeMs(receivers);
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #dispatch(input: TransactionSyncInput, now: Instant): void {
    switch (input.type) {
      case "started":
        this.#started = true;
        return this.#follow(input.head);
      case "message-received":
        return this.#receive(input, now);
      case "transactions-verified":
        return this.#import(input.token, input.transactions, now);
      case "block-committed":
        return this.#follow(input.head);
      case "peers-changed":
        return this.#releaseMarks();
      case "transactions-available":
      case "tick":
        return;
      default:
        return unreachable(input);
    }
  }

  /** Consensus nodes that we can reach: those who are to have transactions. */
  #receivers(): NodeId[] {
    const peers = this.#env.syncPeers();
    return this.#consensusNodes.filter((node) => node !== this.#env.nodeId && peers.has(node));
  }

  #follow(head: ChainHead): void {
    const { nodeId } = this.#env;
    this.#height = head.header.number;
    const wasMember = this.#isMember;
    this.#isMember = head.sealers.includes(nodeId) || head.observers.includes(nodeId);
    if (wasMember && !this.#isMember) this.#leave();
    const before = this.#consensusNodes;
    const nodes = this.#env.consensusNodes(head);
    if (nodes.length === before.length && nodes.every((node, index) => node === before[index])) return;
    this.#consensusNodes = nodes;
    this.#tree = new BroadcastTree(nodes, nodeId);
    const isRotatedOut = before.includes(nodeId) && !nodes.includes(nodeId);
    if (isRotatedOut && this.#env.rules.consensusType === "rpbft")
      this.#handOver(nodes.filter((node) => !before.includes(node)));
  }

  /** Outside the group nothing is sent; whoever comes back sends everything again. */
  #leave(): void {
    this.#env.pool.forEachPending((pending) => {
      pending.knownBy = 0;
      pending.knownByMore = undefined;
    });
    this.#env.pool.markAllUnsent();
    this.#seen.clear();
    this.#requested.clear();
    this.#toAnnounce = [];
    this.#announceAtMs = undefined;
  }

  /** Rotated out of the chosen sealers: those who came in get what waits here, or it would wait for our next turn. */
  #handOver(successors: readonly NodeId[]): void {
    const peers = this.#env.syncPeers();
    for (const successor of successors) {
      if (!peers.has(successor)) continue;
      const bit = this.#bits.bitOf(successor);
      const lacking: SyncedTransaction[] = [];
      this.#env.pool.forEachPending((pending) => {
        if (bit !== undefined && isMarked(pending, bit)) return;
        if (bit !== undefined) mark(pending, bit);
        lacking.push(pending);
      });
      this.#sendTransactions([successor], lacking, PLAIN, this.#byTree ? 0 : undefined);
    }
  }

  #releaseMarks(): void {
    const released = this.#bits.release(this.#env.syncPeers());
    if (released === undefined) return;
    this.#env.pool.forEachPending((pending) => removeMarks(pending, released));
    for (const { marks } of this.#batches.values()) removeMarks(marks, released);
  }

  #receive(message: Extract<TransactionSyncInput, { readonly type: "message-received" }>, now: Instant): void {
    const { from, packet } = message;
    if (!this.#env.syncPeers().has(from)) return this.#drops.add("packet-from-stranger");
    switch (packet.type) {
      case "transactions": {
        const marks = this.#bits.marksOf([from]);
        if (message.packetType === PUSHED && this.#byTree && packet.consensusIndex !== undefined) {
          addMarks(marks, this.#relay(message, packet.consensusIndex, packet.rawTransactions));
        }
        return this.#verify(packet.rawTransactions, marks);
      }
      case "transactions-status":
        return this.#askForUnknown(from, packet.hashes, now);
      case "request-transactions":
        return this.#answer(from, packet.hashes);
      default:
        return unreachable(packet);
    }
  }

  /**
   * Passes pushed transactions on to our children, the frame unchanged, unless we have passed all of them on before.
   * Returns who has them by that.
   */
  #relay(
    message: Extract<TransactionSyncInput, { readonly type: "message-received" }>,
    root: number,
    raws: readonly Uint8Array[],
  ): Marks {
    const { from, seq, body } = message;
    const peers = this.#env.syncPeers();
    const children = this.#tree.children(root, peers, false);
    const to = children.filter((child) => child !== from);
    let isNew = false;
    for (const raw of raws) isNew = this.#relayed.add(hashOf(this.#env.rules.suite, raw)) || isNew;
    const ancestors = this.#tree.ancestors(root, peers);
    if (!isNew) {
      this.#drops.add("push-relayed-before");
      // The children of this tree need not be those that it was passed on to.
      return this.#bits.marksOf(ancestors);
    }
    if (to.length > 0) this.#effects.push({ type: "send", to, packetType: PUSHED, seq, body });
    return this.#bits.marksOf([...children, ...ancestors]);
  }

  /** Only what is new here costs a signature check. */
  #verify(raws: readonly Uint8Array[], marks: Marks): void {
    const { pool, rules } = this.#env;
    if (!this.#isMember) return this.#drops.add("transaction-while-no-member", raws.length);
    const wanted: Uint8Array[] = [];
    const hashes: Hash[] = [];
    let bytes = 0;
    for (const raw of raws) {
      if (!this.#hasRoom(bytes)) {
        this.#drops.add("transaction-without-room");
        continue;
      }
      const hash = hashOf(rules.suite, raw);
      const pending = pool.pendingTransaction(hash);
      if (pending !== undefined) addMarks(pending, marks);
      if (pending !== undefined || this.#verifying.has(hash) || this.#seen.has(hash)) continue;
      this.#verifying.add(hash);
      hashes.push(hash);
      wanted.push(raw);
      bytes += raw.length;
    }
    if (wanted.length === 0) return;
    const token = ++this.#lastToken;
    this.#verifyingBytes += bytes;
    this.#batches.set(token, { hashes, bytes, marks });
    this.#effects.push({ type: "verify-transactions", token, raws: wanted });
  }

  #hasRoom(moreBytes: number): boolean {
    const { pool } = this.#env;
    return pool.size + this.#verifying.size < pool.limit && this.#verifyingBytes + moreBytes < SYNC_VERIFYING_BYTES_MAX;
  }

  #import(token: number, transactions: readonly (VerifiedTransaction | undefined)[], now: Instant): void {
    const { pool } = this.#env;
    const batch = this.#batches.get(token);
    assert(batch !== undefined, "verified transactions were asked for");
    assert(batch.hashes.length === transactions.length, "every transaction is answered");
    this.#batches.delete(token);
    this.#verifyingBytes -= batch.bytes;
    for (const hash of batch.hashes) this.#verifying.delete(hash);
    if (!this.#isMember) return this.#drops.add("transaction-while-no-member", transactions.length);
    let count = 0;
    for (const transaction of transactions) {
      if (transaction === undefined) {
        this.#drops.add("transaction-invalid");
        continue;
      }
      const imported = pool.import(transaction, "peer", now);
      if (imported.ok) count++;
      else this.#drops.add(`transaction-refused-${imported.error.code}`);
      const pending = pool.pendingTransaction(transaction.hash);
      if (pending === undefined) continue;
      this.#seen.add(transaction.hash);
      addMarks(pending, batch.marks);
    }
    if (count > 0) this.#effects.push({ type: "transactions-imported", count });
  }

  #askForUnknown(from: NodeId, hashes: readonly Hash[], now: Instant): void {
    const { pool, rules } = this.#env;
    if (!this.#isMember) return this.#drops.add("announcement-while-no-member");
    if (now.steadyMs >= this.#requestedSinceMs + REQUEST_AGAIN_AFTER_MS) {
      this.#requested.clear();
      this.#requestedSinceMs = now.steadyMs;
    }
    const bit = this.#bits.bitOf(from);
    const unknown: Hash[] = [];
    for (const hash of hashes) {
      const pending = pool.pendingTransaction(hash);
      if (pending !== undefined) {
        if (bit !== undefined) mark(pending, bit);
      } else if (!this.#seen.has(hash) && !this.#verifying.has(hash) && this.#hasRoom(0) && this.#requested.add(hash)) {
        unknown.push(hash);
      }
    }
    for (let at = 0; at < unknown.length; at += SYNC_TRANSACTIONS_PER_PASS_MAX) {
      const asked = unknown.slice(at, at + SYNC_TRANSACTIONS_PER_PASS_MAX);
      const body = encodeSyncPacket({ type: "request-transactions", hashes: asked }, rules.version);
      this.#effects.push({ type: "send", to: [from], packetType: PLAIN, seq: 0, body });
    }
  }

  #answer(from: NodeId, hashes: readonly Hash[]): void {
    const bit = this.#bits.bitOf(from);
    const found: SyncedTransaction[] = [];
    let bytes = 0;
    for (const hash of new Set(hashes)) {
      const pending = this.#env.pool.pendingTransaction(hash);
      if (pending === undefined) continue;
      bytes += pending.transaction.raw.length;
      if (bytes > SYNC_ANSWER_BYTES_MAX) break;
      if (bit !== undefined) mark(pending, bit);
      found.push(pending);
    }
    this.#sendTransactions([from], found, PLAIN, undefined);
  }

  /** Gives the transactions of our clients away, and notes those of peers for announcement. */
  #push(receivers: readonly NodeId[], now: Instant): void {
    const { pool } = this.#env;
    if (!this.#maySend(receivers) || now.steadyMs < this.#pushDueMs()) return;
    const pushed: SyncedTransaction[] = [];
    const root = this.#rootAmong(receivers);
    const targets = this.#byTree ? this.#tree.children(root, this.#env.syncPeers(), true) : receivers;
    const marks = this.#bits.marksOf(targets);
    mark(marks, OWN_BIT);
    while (pool.hasUnsent) {
      for (const pending of pool.takeUnsent(SYNC_TRANSACTIONS_PER_PASS_MAX)) {
        if (pending.fromClient && isUnmarked(pending)) {
          addMarks(pending, marks);
          pushed.push(pending);
        } else {
          this.#toAnnounce.push(pending);
        }
      }
    }
    if (this.#toAnnounce.length > 0) this.#announceAtMs ??= now.steadyMs + ANNOUNCE_DELAY_MS;
    if (pushed.length === 0) return;
    this.#pushedAtMs = now.steadyMs;
    this.#sendTransactions(targets, pushed, PUSHED, this.#byTree ? root : undefined);
  }

  #maySend(receivers: readonly NodeId[]): boolean {
    return this.#isMember && receivers.length > 0 && this.#env.pool.hasUnsent;
  }

  #pushDueMs(): number {
    return this.#pushedAtMs + Math.min(PUSH_SPACING_MS, this.#env.options.idleWaitMs);
  }

  /** Index at which the tree begins: our own, or that of a reachable consensus node when we are none. */
  #rootAmong(receivers: readonly NodeId[]): number {
    if (this.#tree.ownIndex >= 0) return this.#tree.ownIndex;
    return this.#consensusNodes.indexOf(receivers[this.#env.random.below(receivers.length)] as NodeId);
  }

  /** Tells a few consensus nodes the hashes of transactions that came from peers: whom the tree missed asks for them. */
  #announce(receivers: readonly NodeId[], now: Instant): void {
    if (this.#announceAtMs === undefined || now.steadyMs < this.#announceAtMs) return;
    const announced = this.#toAnnounce;
    this.#toAnnounce = [];
    this.#announceAtMs = undefined;
    const share = Math.ceil((receivers.length * ANNOUNCE_PERCENT) / 100);
    const told = Math.min(share, this.#env.options.transactionGossipPeersMax);
    if (told === 0) return;
    const bits = receivers.map((receiver) => this.#bits.bitOf(receiver));
    const hashesFor: Hash[][] = receivers.map(() => []);
    for (const pending of announced) {
      if (!this.#env.pool.has(pending.transaction.hash) || isMarked(pending, OWN_BIT)) continue;
      if (this.#chooseListeners(pending, bits, told, hashesFor)) mark(pending, OWN_BIT);
    }
    hashesFor.forEach((hashes, index) => this.#sendHashes(receivers[index] as NodeId, hashes));
  }

  /** Tells all consensus nodes what has waited for long, marks or not: who has forgotten it asks for it. */
  #remind(receivers: readonly NodeId[], now: Instant): void {
    if (!this.#isMember || receivers.length === 0 || this.#proposesItself()) return this.#longWaiting.stop();
    const hashes = this.#longWaiting.look(now.steadyMs);
    if (hashes.length > 0) for (const receiver of receivers) this.#sendHashes(receiver, hashes);
  }

  /** Where the lead goes around, a consensus node proposes what waits here when its turn comes. */
  #proposesItself(): boolean {
    const { consensusType } = this.#env.rules;
    return (consensusType === "pbft" || consensusType === "rpbft") && this.#tree.ownIndex >= 0;
  }

  #chooseListeners(
    pending: SyncedTransaction,
    bits: readonly (MarkBit | undefined)[],
    told: number,
    hashesFor: readonly Hash[][],
  ): boolean {
    const first = this.#env.random.below(bits.length);
    let chosen = 0;
    for (let step = 0; step < bits.length && chosen < told; step++) {
      const index = (first + step) % bits.length;
      const bit = bits[index];
      if (bit !== undefined && isMarked(pending, bit)) continue;
      if (bit !== undefined) mark(pending, bit);
      hashesFor[index]?.push(pending.transaction.hash);
      chosen++;
    }
    return chosen > 0;
  }

  #sendHashes(to: NodeId, hashes: readonly Hash[]): void {
    for (let at = 0; at < hashes.length; at += SYNC_TRANSACTIONS_PER_PASS_MAX) {
      const some = hashes.slice(at, at + SYNC_TRANSACTIONS_PER_PASS_MAX);
      const packet = { type: "transactions-status", number: this.#height, hashes: some } as const;
      const body = encodeSyncPacket(packet, this.#env.rules.version);
      this.#effects.push({ type: "send", to: [to], packetType: PLAIN, seq: 0, body });
    }
  }

  #sendTransactions(
    to: readonly NodeId[],
    transactions: readonly SyncedTransaction[],
    packetType: number,
    consensusIndex: number | undefined,
  ): void {
    if (to.length === 0) return;
    let rawTransactions: Uint8Array[] = [];
    let bytes = 0;
    const flush = (): void => {
      if (rawTransactions.length === 0) return;
      const packet = { type: "transactions", rawTransactions, consensusIndex } as const;
      const body = encodeSyncPacket(packet, this.#env.rules.version);
      this.#effects.push({ type: "send", to, packetType, seq: 0, body });
      rawTransactions = [];
      bytes = 0;
    };
    for (const { transaction } of transactions) {
      const isFull = rawTransactions.length >= SYNC_TRANSACTIONS_PER_PASS_MAX;
      if (isFull || bytes + transaction.raw.length > SYNC_TRANSACTIONS_PACKET_BYTES_MAX) flush();
      rawTransactions.push(transaction.raw);
      bytes += transaction.raw.length;
    }
    flush();
  }

  #nextWakeMs(receivers: readonly NodeId[]): number | undefined {
    const pushAtMs = this.#maySend(receivers) ? this.#pushDueMs() : undefined;
    return earliestOf([pushAtMs, this.#announceAtMs, this.#longWaiting.lookAtMs]);
  }
}
