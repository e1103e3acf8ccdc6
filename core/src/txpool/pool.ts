/** The pool: transactions that wait for a block. */
import { RecentSet, TXPOOL_SWEEP_INTERVAL_MS, TXPOOL_SWEEP_TRANSACTIONS_MAX } from "../primitives/index.js";
import { BLOCK_LIMIT_RANGE, assert, err, ok } from "../primitives/index.js";
import type { GroupId, Hash, Instant, Result } from "../primitives/index.js";
import type { VerifiedTransaction } from "../protocol/index.js";
import { admissionFailure } from "./admission.js";
import type { AdmissionCode, AdmissionFailure } from "./admission.js";
import { NonceWindow, nonceKey } from "./nonce-window.js";
import type { NonceKey } from "./nonce-window.js";
import { PendingList } from "./pending-list.js";
import type { PendingLink, PendingTransaction } from "./pending-list.js";

/** A nonce that no transaction may have. */
const NONCE_INVALID = 2n ** 256n - 1n;

/** Status of the receipt for a transaction that was admitted and given up later. */
const TRANSACTION_REFUSED = 29;

/** Limits of one pool, from section `[tx_pool]` of `group.N.ini`, and what its transactions must name. */
export interface PoolOptions {
  /** Transactions that may wait. */
  readonly limit: number;
  /** Bytes that waiting transactions may occupy, as the memory limit counts them. */
  readonly memoryBytesMax: number;
  /** Time after which a waiting transaction is given up, in milliseconds. */
  readonly expirationMs: number;
  readonly chainId: bigint;
  readonly groupId: GroupId;
  /** False only below supported_version 2.0.0, where transactions name neither chain nor group. */
  readonly checkIds: boolean;
}

/** A transaction of a client that was admitted and then given up: the client is owed a receipt with this status. */
export interface AbandonedTransaction {
  readonly transaction: VerifiedTransaction;
  readonly status: number;
  readonly reason: "expired" | "block-limit-passed";
}

/**
 * Waiting transactions of one group, first come first served.
 *
 * A transaction stays until a block holds it, its block limit has passed, or it has waited too long. Nothing here
 * survives a restart. Every operation costs a constant amount a transaction.
 *
 * @see docs/protocol/txpool.md
 */
export class TransactionPool {
  readonly #options: PoolOptions;
  readonly #groupId: bigint;
  readonly #list = new PendingList();
  readonly #byHash = new Map<Hash, PendingLink>();
  readonly #byNonce = new Map<NonceKey, PendingLink>();
  readonly #window = new NonceWindow();
  /** Given up once: not taken again, so that clients cannot keep a dead transaction circling. */
  readonly #dropped: RecentSet<Hash>;
  #abandoned: AbandonedTransaction[] = [];
  #memoryBytes = 0;
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: PoolOptions) {
    assert(options.limit >= 1, "a pool holds at least one transaction");
    assert(options.memoryBytesMax >= 0, "a memory limit is not negative");
    assert(options.expirationMs >= 0, "an expiration time is not negative");
    this.#options = options;
    this.#groupId = BigInt(options.groupId);
    this.#dropped = new RecentSet(Math.max(2, options.limit));
  }

  /** Waiting transactions. */
  get size(): number {
    return this.#list.size;
  }

  /** Transactions that may wait. */
  get limit(): number {
    return this.#options.limit;
  }

  /** Bytes counted for the memory limit. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** Height of the chain as the pool knows it: the last block it was told about. */
  get height(): number {
    return this.#window.height;
  }

  /** Hashes remembered as given up. */
  get droppedCount(): number {
    return this.#dropped.size;
  }

  /** True while there are transactions that {@link takeUnsent} has not given out. */
  get hasUnsent(): boolean {
    return this.#list.firstUnsent !== undefined;
  }

  /** Steady time at which {@link removeExpired} has something to do; undefined while nothing waits. */
  get wakeAtMs(): number | undefined {
    const oldest = this.#list.first;
    if (oldest === undefined) return undefined;
    const expiredAtMs = oldest.admittedAtMs + this.#options.expirationMs + 1;
    return Math.max(expiredAtMs, this.#sweptAtMs + TXPOOL_SWEEP_INTERVAL_MS);
  }

  /**
   * Reads the nonces of a stored block back after a restart: to be called for each block from
   * `nonceWindowStart(height)` to the head, in order, before anything else.
   */
  loadNonces(height: number, nonces: readonly bigint[]): void {
    assert(height > this.#window.height, "nonces are loaded with rising heights");
    assert(this.#list.size === 0, "nonces are loaded into an empty pool");
    this.#window.add(height, nonces.map(nonceKey));
  }

  /** Takes a transaction whose signature is checked, or says why not. The checks and their order are the protocol's. */
  import(transaction: VerifiedTransaction, source: "client" | "peer", now: Instant): Result<Hash, AdmissionFailure> {
    const { hash } = transaction;
    const nonce = nonceKey(transaction.nonce);
    const bytes = bytesOf(transaction);
    const refusal = this.#refusalOf(transaction, nonce, bytes);
    if (refusal !== undefined) return err(admissionFailure(refusal, transaction));
    const link = this.#list.append({
      transaction,
      fromClient: source === "client",
      admittedAtMs: now.steadyMs,
      // In range by now, so the conversion is exact.
      blockLimit: Number(transaction.blockLimit),
      bytes,
      nonce,
      superseded: false,
      knownBy: 0,
      knownByMore: undefined,
    });
    this.#byHash.set(hash, link);
    this.#byNonce.set(nonce, link);
    this.#memoryBytes += bytes;
    return ok(hash);
  }

  #refusalOf(transaction: VerifiedTransaction, nonce: NonceKey, bytes: number): AdmissionCode | undefined {
    const { hash, blockLimit } = transaction;
    const { limit, memoryBytesMax } = this.#options;
    if (this.#memoryBytes + bytes > memoryBytesMax) return "memory-limit-exceeded";
    if (this.#list.size >= limit) return "pool-full";
    if (this.#byHash.has(hash)) return "already-known";
    if (this.#dropped.has(hash)) return "already-dropped";
    if (transaction.nonce === NONCE_INVALID || this.#window.has(nonce)) return "nonce-used-on-chain";
    if (blockLimit <= this.height || blockLimit > this.height + BLOCK_LIMIT_RANGE) return "block-limit-out-of-range";
    if (this.#byNonce.has(nonce)) return "nonce-used-in-pool";
    return this.#idMismatch(transaction);
  }

  #idMismatch({ chainId, groupId }: VerifiedTransaction): AdmissionCode | undefined {
    if (!this.#options.checkIds) return undefined;
    if (chainId !== this.#options.chainId) return "chain-id-mismatch";
    return groupId === this.#groupId ? undefined : "group-id-mismatch";
  }

  /**
   * Transactions for a proposal, oldest first: at most `limit` that are not in `avoid`; adds their hashes to `avoid`.
   * They stay in the pool until a block holds them. What it meets of the dead is given up.
   */
  select(limit: number, avoid: Set<Hash>, now: Instant): readonly VerifiedTransaction[] {
    const chosen: VerifiedTransaction[] = [];
    const wanted = Math.min(limit, this.#options.limit);
    let next: PendingLink | undefined;
    for (let link = this.#list.first; link !== undefined && chosen.length < wanted; link = next) {
      next = link.next;
      const { transaction } = link;
      // First of all: a transaction in a block that is being agreed on must not be given up under its feet.
      if (avoid.has(transaction.hash)) continue;
      if (link.superseded) continue;
      if (this.#giveUpIfDead(link, now)) continue;
      avoid.add(transaction.hash);
      chosen.push(transaction);
    }
    return chosen;
  }

  /**
   * True when the block after the head may hold the transaction, whether it waits here or not: what is checked on
   * proposals, our own included. A block limit equal to the height still is in range: a leader may choose transactions
   * while the block before is being agreed on.
   */
  isIncludable(transaction: VerifiedTransaction): boolean {
    const { nonce, blockLimit } = transaction;
    if (nonce === NONCE_INVALID || this.#window.has(nonceKey(nonce))) return false;
    return (
      blockLimit >= this.height &&
      blockLimit <= this.height + BLOCK_LIMIT_RANGE &&
      this.#idMismatch(transaction) === undefined
    );
  }

  /** The waiting transaction with that hash. */
  find(hash: Hash): VerifiedTransaction | undefined {
    return this.#byHash.get(hash)?.transaction;
  }

  /** True when the transaction waits. */
  has(hash: Hash): boolean {
    return this.#byHash.has(hash);
  }

  /** The waiting transaction with that hash and what is noted about it. */
  pendingTransaction(hash: Hash): PendingTransaction | undefined {
    return this.#byHash.get(hash);
  }

  /** All waiting transactions, oldest first. */
  pending(): readonly VerifiedTransaction[] {
    const all: VerifiedTransaction[] = [];
    this.forEachPending((pending) => all.push(pending.transaction));
    return all;
  }

  /** Calls `visit` for every waiting transaction, oldest first. `visit` must not change the pool. */
  forEachPending(visit: (pending: PendingTransaction) => void): void {
    for (let link = this.#list.first; link !== undefined; link = link.next) visit(link);
  }

  /** At most `limit` transactions never given out here before, oldest first, whether they are still valid or not. */
  takeUnsent(limit: number): readonly PendingTransaction[] {
    return this.#list.takeUnsent(limit);
  }

  /** Everything waiting counts as never given out by {@link takeUnsent}. */
  markAllUnsent(): void {
    this.#list.markAllUnsent();
  }

  /** A block became the head: its transactions leave, and its nonces are used. */
  blockCommitted(block: { readonly height: number; readonly transactions: readonly VerifiedTransaction[] }): void {
    assert(block.height > this.height, "blocks are committed with rising heights");
    const keys: NonceKey[] = [];
    for (const transaction of block.transactions) {
      const key = nonceKey(transaction.nonce);
      keys.push(key);
      const link = this.#byHash.get(transaction.hash);
      if (link !== undefined) this.#remove(link);
      const rival = this.#byNonce.get(key);
      if (rival !== undefined) rival.superseded = true;
    }
    this.#window.add(block.height, keys);
  }

  /** Gives up what has waited too long; to be called at or after {@link wakeAtMs}. */
  removeExpired(now: Instant): void {
    this.#sweptAtMs = now.steadyMs;
    for (let swept = 0; swept < TXPOOL_SWEEP_TRANSACTIONS_MAX; swept++) {
      const oldest = this.#list.first;
      if (oldest === undefined || !this.#isExpired(oldest, now)) return;
      this.#giveUp(oldest, "expired");
    }
  }

  /** Clients' transactions given up since the last call. To be called after each step that used the pool. */
  takeAbandoned(): readonly AbandonedTransaction[] {
    if (this.#abandoned.length === 0) return this.#abandoned;
    const abandoned = this.#abandoned;
    this.#abandoned = [];
    return abandoned;
  }

  /**
   * Asserts what must always hold. For simulations and tests; costs a walk over the pool.
   *
   * @throws InvariantError when the pool is broken
   */
  invariants(): void {
    let bytes = 0;
    let count = 0;
    this.forEachPending((pending) => {
      bytes += pending.bytes;
      count++;
      assert(this.#byHash.get(pending.transaction.hash) === pending, "a waiting transaction is found by its hash");
      assert(this.#byNonce.get(pending.nonce) === pending, "a waiting transaction is found by its nonce");
      assert(pending.superseded === this.#window.has(pending.nonce), "superseded means: its nonce is used on chain");
    });
    assert(count === this.#list.size, "the list counts its transactions");
    assert(count === this.#byHash.size, "every hash belongs to a waiting transaction");
    assert(count === this.#byNonce.size, "every nonce belongs to a waiting transaction");
    assert(bytes === this.#memoryBytes, "the memory counted is that of the waiting transactions");
    assert(bytes <= this.#options.memoryBytesMax, "the memory limit holds");
    assert(count <= this.#options.limit, "the pool limit holds");
  }

  #isExpired(pending: PendingTransaction, now: Instant): boolean {
    return now.steadyMs > pending.admittedAtMs + this.#options.expirationMs;
  }

  #giveUpIfDead(link: PendingLink, now: Instant): boolean {
    const expired = this.#isExpired(link, now);
    if (!expired && link.blockLimit > this.height) return false;
    this.#giveUp(link, expired ? "expired" : "block-limit-passed");
    return true;
  }

  #giveUp(link: PendingLink, reason: AbandonedTransaction["reason"]): void {
    this.#remove(link);
    this.#dropped.add(link.transaction.hash);
    if (!link.fromClient) return;
    this.#abandoned.push({ transaction: link.transaction, status: TRANSACTION_REFUSED, reason });
  }

  #remove(link: PendingLink): void {
    this.#list.remove(link);
    this.#byHash.delete(link.transaction.hash);
    this.#byNonce.delete(link.nonce);
    this.#memoryBytes -= link.bytes;
  }
}

/** What a transaction counts for the memory limit: the C++ node keeps these three apart, and limits are set for that. */
function bytesOf(transaction: VerifiedTransaction): number {
  return transaction.data.length + transaction.raw.length + transaction.extraData.length;
}
