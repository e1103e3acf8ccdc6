/** What clients were promised: an admitted transaction comes into a block, and one that is in a block stays there. */
import type { Hash } from "@tsbcos/core/primitives";
import type { ClientTransaction } from "../workload.js";
import { check } from "../failure.js";

interface Admitted {
  readonly transaction: ClientTransaction;
  readonly node: number;
  readonly incarnation: number;
}

/** Remembers admissions. */
export class ClientChecker {
  readonly #admitted = new Map<Hash, Admitted[]>();
  #refused = 0;

  /** Transactions that some node has admitted. */
  get admittedCount(): number {
    return this.#admitted.size;
  }

  /** Submissions that were refused. */
  get refusedCount(): number {
    return this.#refused;
  }

  /**
   * A node admitted a transaction.
   *
   * @param storedAt height of the node's own block that holds it already; undefined when there is none
   */
  admitted(
    transaction: ClientTransaction,
    by: { readonly node: number; readonly incarnation: number },
    storedAt: number | undefined,
  ): void {
    const { node, incarnation } = by;
    check(storedAt === undefined, `n${node} admitted a transaction that its block ${storedAt ?? ""} holds`);
    check(transaction.kind !== "wrong-chain", `n${node} admitted a transaction for another chain`);
    check(transaction.kind !== "wrong-group", `n${node} admitted a transaction for another group`);
    check(transaction.kind !== "malformed", `n${node} admitted a transaction that was cut short`);
    const admissions = this.#admitted.get(transaction.hash) ?? [];
    admissions.push({ transaction, node, incarnation });
    this.#admitted.set(transaction.hash, admissions);
  }

  /** A node refused a transaction. */
  refused(): void {
    this.#refused++;
  }

  /**
   * Admitted transactions that are owed a block: a node that admitted them still lives and is a sealer, so that it will
   * propose them itself, and no block has used their nonce, for them or for another transaction. An observer pushes a transaction once; when that is lost on
   * its way, nobody else knows of it.
   */
  owed(parts: {
    readonly isNonceUsed: (nonce: bigint) => boolean;
    readonly canPropose: (node: number, incarnation: number) => boolean;
  }): Hash[] {
    const owed: Hash[] = [];
    for (const [hash, admissions] of this.#admitted) {
      const isOwed = admissions.some(
        ({ transaction, node, incarnation }) =>
          transaction.mustCommit && !parts.isNonceUsed(transaction.nonce) && parts.canPropose(node, incarnation),
      );
      if (isOwed) owed.push(hash);
    }
    return owed;
  }
}
