/** Receipts that clients wait for: only these leave the group's thread, not every receipt of every block. */
import type { Hash } from "@tsbcos/core/primitives";
import type { GroupEffectOf } from "@tsbcos/core/group";
import type { ExecutedBlock } from "@tsbcos/core/ledger";
import type { ReceiptWish, SubmissionAnswer } from "./messages.js";

/** Texts of receipts. */
export interface ReceiptTexts {
  /** Those of one block, by position. */
  ofBlock(block: ExecutedBlock): (index: number, options: { readonly withProof: boolean }) => string;
  /** Of a transaction that is in no block. */
  refused(status: number): string;
  /** Hash of an encoded transaction; undefined when it is none. */
  hashOf(raw: Uint8Array): Hash | undefined;
}

interface Submission {
  readonly wish: ReceiptWish;
  readonly raw: Uint8Array;
}

interface Owed {
  readonly requestId: number;
  readonly withProof: boolean;
}

/** Who waits for the receipt of which transaction. */
export class OwedReceipts {
  readonly #texts: ReceiptTexts;
  readonly #send: (requestId: number, text: string) => void;
  readonly #submitted = new Map<number, Submission>();
  /** A transaction is admitted once, so one client waits for it. */
  readonly #owed = new Map<Hash, Owed>();

  /** @param send called once for each receipt */
  constructor(texts: ReceiptTexts, send: (requestId: number, text: string) => void) {
    this.#texts = texts;
    this.#send = send;
  }

  /** A transaction was handed in by a client that wants its receipt. */
  submitted(requestId: number, submission: Submission): void {
    this.#submitted.set(requestId, submission);
  }

  /** The answer to a submission. An asynchronous client gets the hash in any case, and a refusal as a receipt. */
  answer({ requestId, result }: GroupEffectOf<"submission-result">): SubmissionAnswer {
    const submission = this.#submitted.get(requestId);
    this.#submitted.delete(requestId);
    if (result.ok) {
      const withProof = submission?.wish.withProof === true;
      if (submission !== undefined) this.#owed.set(result.value, { requestId, withProof });
      return { requestId, hash: result.value };
    }
    const { code, text, status } = result.error;
    const isReceipt = submission?.wish.refusalsAsReceipts === true && code !== "malformed";
    const hash = isReceipt ? this.#texts.hashOf(submission.raw) : undefined;
    if (hash === undefined) return { requestId, refusal: { code, text } };
    this.#send(requestId, this.#texts.refused(status));
    return { requestId, hash };
  }

  /** A transaction was given up. */
  abandoned({ transaction, status }: GroupEffectOf<"transaction-abandoned">): void {
    const owed = this.#take(transaction.hash);
    if (owed !== undefined) this.#send(owed.requestId, this.#texts.refused(status));
  }

  /** A block became the head. */
  committed(block: ExecutedBlock): void {
    if (this.#owed.size === 0) return;
    let textOf: ReturnType<ReceiptTexts["ofBlock"]> | undefined;
    block.transactions.forEach(({ hash }, index) => {
      const owed = this.#take(hash);
      if (owed === undefined) return;
      textOf ??= this.#texts.ofBlock(block);
      this.#send(owed.requestId, textOf(index, { withProof: owed.withProof }));
    });
  }

  #take(hash: Hash): Owed | undefined {
    const owed = this.#owed.get(hash);
    if (owed !== undefined) this.#owed.delete(hash);
    return owed;
  }
}
