/** What executes and stores the blocks of one group: the part of the host that is the same everywhere. */
import { err } from "../primitives/index.js";
import type { Address } from "../primitives/index.js";
import type { StateWrite } from "../state/index.js";
import { BlockExecutor } from "../executor/index.js";
import type { CallResult } from "../executor/index.js";
import type { Ledger } from "../ledger/index.js";
import type { GroupEffectOf, GroupInput } from "./messages.js";

/** A read-only call from outside. */
export interface ReadOnlyCall {
  readonly from: Address;
  readonly to: Address;
  readonly data: Uint8Array;
  readonly value?: bigint;
}

/**
 * Executor and ledger of one group behind the effects `execute-block` and `store-block`.
 *
 * The host decides when: it calls {@link execute} when it gets to it, and {@link stored} when the writes of
 * {@link prepareStore} are durable, never before.
 */
export class ChainWorker {
  readonly #ledger: Ledger;
  readonly #executor: BlockExecutor;

  constructor(ledger: Ledger) {
    const { suite, version, chainId, groupId, freeStorage } = ledger.rules;
    this.#ledger = ledger;
    this.#executor = new BlockExecutor({
      rows: ledger.rows,
      suite,
      version,
      chainId,
      groupId,
      freeStorage,
      blockHashAt: (number) => ledger.hashAt(number),
    });
  }

  /**
   * Executes a block on the stored head; the result is the input that answers the effect.
   *
   * The head may have moved since the effect was made: a block that does not follow it has no result.
   */
  execute({ token, header, transactions, expectedHash }: GroupEffectOf<"execute-block">): GroupInput {
    const head = this.#ledger.head();
    if (header.number !== head.header.number + 1 || header.parentHash !== head.hash) {
      return { type: "block-executed", token, outcome: err({ code: "block-not-on-head" }) };
    }
    const { chargeGas } = head.settings;
    const outcome = this.#executor.execute({ header, transactions, expectedHash, chargeGas });
    return { type: "block-executed", token, outcome };
  }

  /** The batch that stores the block; to be written atomically and durably. */
  prepareStore({ block, signatures }: GroupEffectOf<"store-block">): readonly StateWrite[] {
    return this.#ledger.prepareStore(block, signatures);
  }

  /** Moves the head of the ledger once the batch is durable; the result is the input that answers the effect. */
  stored({ token, block }: GroupEffectOf<"store-block">): GroupInput {
    return { type: "block-stored", token, head: this.#ledger.committed(block) };
  }

  /** Runs a call on the stored head and leaves no trace. */
  call(call: ReadOnlyCall): CallResult {
    const { header, hash, settings } = this.#ledger.head();
    return this.#executor.call({ ...call, head: { header, hash }, chargeGas: settings.chargeGas });
  }

  /** Code of a contract at the stored head, empty when there is none. */
  codeAt(address: Address): Uint8Array {
    const { header, hash } = this.#ledger.head();
    return this.#executor.codeAt(address, { header, hash });
  }
}
