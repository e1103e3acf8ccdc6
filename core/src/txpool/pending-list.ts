/** Waiting transactions in the order of their arrival. */
import { assert } from "../primitives/index.js";
import type { VerifiedTransaction } from "../protocol/index.js";
import type { NonceKey } from "./nonce-window.js";

/** A waiting transaction with what the pool and transaction synchronisation note about it. */
export interface PendingTransaction {
  readonly transaction: VerifiedTransaction;
  /** A client handed it to this node. */
  readonly fromClient: boolean;
  /** Steady time of its admission. */
  readonly admittedAtMs: number;
  /** Last block that may hold it. */
  readonly blockLimit: number;
  /** Bytes it counts for the memory limit. */
  readonly bytes: number;
  readonly nonce: NonceKey;
  /** A block used the same nonce: it can never be proposed any more. */
  superseded: boolean;
  /** Bits of the peers known to have it. The pool stores these two and never reads them. */
  knownBy: number;
  /** Bits of the peers beyond the first 32. */
  knownByMore: number[] | undefined;
}

/** A link of {@link PendingList}. Its neighbours belong to the list. */
export interface PendingLink extends PendingTransaction {
  previous: PendingLink | undefined;
  next: PendingLink | undefined;
}

/**
 * A doubly linked list, oldest first: everything takes constant time, also removal in the middle.
 *
 * The list remembers how far its transactions were given out for sending: the unsent ones are always its end.
 */
export class PendingList {
  #first: PendingLink | undefined;
  #last: PendingLink | undefined;
  #firstUnsent: PendingLink | undefined;
  #size = 0;

  /** The oldest. */
  get first(): PendingLink | undefined {
    return this.#first;
  }

  /** The oldest that was not given out by {@link takeUnsent}. */
  get firstUnsent(): PendingLink | undefined {
    return this.#firstUnsent;
  }

  /** Transactions in the list. */
  get size(): number {
    return this.#size;
  }

  /** Puts a transaction at the end. */
  append(pending: PendingTransaction): PendingLink {
    const link = pending as PendingLink;
    link.previous = this.#last;
    link.next = undefined;
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#firstUnsent ??= link;
    this.#size++;
    return link;
  }

  /** Takes a link out; it must be in the list. */
  remove(link: PendingLink): void {
    if (link.previous === undefined) this.#first = link.next;
    else link.previous.next = link.next;
    if (link.next === undefined) this.#last = link.previous;
    else link.next.previous = link.previous;
    if (this.#firstUnsent === link) this.#firstUnsent = link.next;
    link.previous = undefined;
    link.next = undefined;
    this.#size--;
    assert(this.#size >= 0, "no more transactions leave the list than entered it");
  }

  /** At most `limit` of the unsent ones, oldest first; they count as sent from now on. */
  takeUnsent(limit: number): PendingLink[] {
    const taken: PendingLink[] = [];
    let link = this.#firstUnsent;
    for (; link !== undefined && taken.length < limit; link = link.next) taken.push(link);
    this.#firstUnsent = link;
    return taken;
  }

  /** All of them count as unsent again. */
  markAllUnsent(): void {
    this.#firstUnsent = this.#first;
  }
}
