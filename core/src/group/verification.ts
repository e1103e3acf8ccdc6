/**
 * Signature checks of many askers, packed into batches: each batch is one message to a verifier thread, so a message a
 * transaction would cost more than the check itself.
 */
import { assert, VERIFY_BATCH_TRANSACTIONS_MAX, VERIFY_BATCH_WAIT_MS } from "../primitives/index.js";
import type { Instant } from "../primitives/index.js";
import type { VerifiedTransaction } from "../protocol/index.js";
import type { GroupEffectOf } from "./messages.js";

/** Everything one asker wanted verified, in the asker's order; undefined for what is malformed or badly signed. */
export interface VerifiedRequest<Asker> {
  readonly asker: Asker;
  readonly transactions: readonly (VerifiedTransaction | undefined)[];
}

interface Request<Asker> {
  readonly asker: Asker;
  readonly transactions: (VerifiedTransaction | undefined)[];
  missing: number;
}

interface Slot<Asker> {
  readonly request: Request<Asker>;
  readonly index: number;
  readonly raw: Uint8Array;
}

/**
 * Queue of transactions to verify.
 *
 * What may wait is collected while a batch is under way: until {@link VERIFY_BATCH_TRANSACTIONS_MAX} of them are there or
 * {@link VERIFY_BATCH_WAIT_MS} have passed since the last batch left. So a lone transaction goes at once, a client that
 * waits for each answer never waits for the clock, and a stream goes in packs that grow with the load.
 */
export class VerificationQueue<Asker> {
  readonly #newToken: () => number;
  readonly #underWay = new Map<number, readonly Slot<Asker>[]>();
  #waiting: Slot<Asker>[] = [];
  #lastFlushMs = Number.NEGATIVE_INFINITY;

  constructor(newToken: () => number) {
    this.#newToken = newToken;
  }

  /** Transactions that have not been handed out yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Steady time at which {@link flush} has something to hand out, unless an answer comes before; undefined when nothing waits. */
  get wakeAtMs(): number | undefined {
    return this.#waiting.length === 0 ? undefined : this.#lastFlushMs + VERIFY_BATCH_WAIT_MS;
  }

  /** Puts a request in line; at least one transaction. It may share batches with others. */
  add(asker: Asker, raws: readonly Uint8Array[]): void {
    for (const slot of slotsOf(asker, raws)) this.#waiting.push(slot);
  }

  /** Hands a request out at once, past everything that waits: for what consensus or block synchronisation stands still for. */
  urgent(asker: Asker, raws: readonly Uint8Array[]): GroupEffectOf<"verify-transactions">[] {
    return this.#handOut(slotsOf(asker, raws));
  }

  /** Batches that are full, and the rest when it is due. */
  flush(now: Instant): GroupEffectOf<"verify-transactions">[] {
    const due = this.#underWay.size === 0 || now.steadyMs >= this.#lastFlushMs + VERIFY_BATCH_WAIT_MS;
    const count = due
      ? this.#waiting.length
      : this.#waiting.length - (this.#waiting.length % VERIFY_BATCH_TRANSACTIONS_MAX);
    if (count === 0) return [];
    this.#lastFlushMs = now.steadyMs;
    const slots = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return this.#handOut(slots);
  }

  /** Takes the answer to one batch and returns the requests that it completes, in the order in which they were asked. */
  answered(token: number, transactions: readonly (VerifiedTransaction | undefined)[]): VerifiedRequest<Asker>[] {
    const slots = this.#underWay.get(token);
    assert(slots !== undefined, "an answer belongs to a batch under way");
    assert(slots.length === transactions.length, "a batch is answered transaction by transaction");
    this.#underWay.delete(token);
    const complete: VerifiedRequest<Asker>[] = [];
    slots.forEach(({ request, index }, at) => {
      request.transactions[index] = transactions[at];
      request.missing--;
      if (request.missing === 0) complete.push(request);
    });
    return complete;
  }

  #handOut(slots: readonly Slot<Asker>[]): GroupEffectOf<"verify-transactions">[] {
    const effects: GroupEffectOf<"verify-transactions">[] = [];
    for (let first = 0; first < slots.length; first += VERIFY_BATCH_TRANSACTIONS_MAX) {
      const batch = slots.slice(first, first + VERIFY_BATCH_TRANSACTIONS_MAX);
      const token = this.#newToken();
      this.#underWay.set(token, batch);
      effects.push({ type: "verify-transactions", token, raws: batch.map((slot) => slot.raw) });
    }
    return effects;
  }
}

function slotsOf<Asker>(asker: Asker, raws: readonly Uint8Array[]): Slot<Asker>[] {
  assert(raws.length > 0, "something is to be verified");
  const request: Request<Asker> = { asker, transactions: raws.map(() => undefined), missing: raws.length };
  return raws.map((raw, index) => ({ request, index, raw }));
}
