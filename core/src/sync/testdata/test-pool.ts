/** A pool that admits everything once: what transaction synchronisation needs of a pool, without its rules. */
import { err, ok } from "../../primitives/index.js";
import type { Failure, Hash, Result } from "../../primitives/index.js";
import type { VerifiedTransaction } from "../../protocol/index.js";
import type { SyncedPool, SyncedTransaction } from "../transactions/index.js";

/** The pool of a story. */
export class TestPool implements SyncedPool {
  readonly limit: number;
  #pending: SyncedTransaction[] = [];
  #sent = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.#pending.length;
  }

  get hasUnsent(): boolean {
    return this.#sent < this.#pending.length;
  }

  has(hash: Hash): boolean {
    return this.pendingTransaction(hash) !== undefined;
  }

  pendingTransaction(hash: Hash): SyncedTransaction | undefined {
    return this.#pending.find((pending) => pending.transaction.hash === hash);
  }

  import(transaction: VerifiedTransaction, source: "peer" | "client"): Result<Hash, Failure> {
    if (this.size >= this.limit) return err({ code: "pool-full" });
    if (this.has(transaction.hash)) return err({ code: "already-known" });
    this.#pending.push({ transaction, fromClient: source === "client", knownBy: 0, knownByMore: undefined });
    return ok(transaction.hash);
  }

  takeUnsent(limit: number): readonly SyncedTransaction[] {
    const taken = this.#pending.slice(this.#sent, this.#sent + limit);
    this.#sent += taken.length;
    return taken;
  }

  markAllUnsent(): void {
    this.#sent = 0;
  }

  forEachPending(visit: (pending: SyncedTransaction) => void): void {
    this.#pending.forEach(visit);
  }

  /** A block took everything away. */
  clear(): void {
    this.#pending = [];
    this.#sent = 0;
  }
}
