/** Calls on the state after earlier blocks, beside the chain that goes on. */
import { assert, ok } from "../primitives/index.js";
import type { Result } from "../primitives/index.js";
import { BlockExecutor } from "../executor/index.js";
import type { CallResult } from "../executor/index.js";
import { PastStates } from "../ledger/index.js";
import type { ChainRules, GenesisConfig, PastState, PastStateMissing } from "../ledger/index.js";
import type { KeyValueReader } from "../state/index.js";
import type { ReadOnlyCall } from "./chain-worker.js";

/** A state and what calls it. */
interface Scene {
  readonly number: number;
  readonly state: PastState;
  readonly executor: BlockExecutor;
}

/** Runs calls on past states of one group's store; see {@link PastStates} for what must have been kept in it. */
export class PastCalls {
  readonly #states: PastStates;
  readonly #rules: ChainRules;
  /** Who asks for one call at a height often asks for more: its rows and code are kept until another is asked for. */
  #latest: Scene | undefined;

  constructor(reader: KeyValueReader, rules: ChainRules, genesis: GenesisConfig) {
    this.#states = new PastStates(reader, rules, genesis);
    this.#rules = rules;
  }

  /** Runs a call as it would have run when block `number` was the head, and leaves no trace. */
  call(number: number, call: ReadOnlyCall): Result<CallResult, PastStateMissing> {
    const scene = this.#latest?.number === number ? ok(this.#latest) : this.#open(number);
    if (!scene.ok) return scene;
    this.#latest = scene.value;
    const { state, executor } = scene.value;
    const { header, hash, settings } = state;
    try {
      return ok(executor.call({ ...call, head: { header, hash }, chargeGas: settings.chargeGas }));
    } catch (error) {
      this.#latest = undefined;
      return this.#removedMeanwhile(number, error);
    }
  }

  #find(number: number): ReturnType<PastStates["after"]> {
    try {
      return this.#states.after(number);
    } catch (error) {
      return this.#removedMeanwhile(number, error);
    }
  }

  /** A state that is removed while it is read is no damage; any other failure is. */
  #removedMeanwhile(number: number, error: unknown): Result<never, PastStateMissing> {
    if (this.#states.isKept(number)) throw error;
    const missing = this.#states.after(number);
    assert(!missing.ok, "a state that is not kept is not found");
    return missing;
  }

  #open(number: number): Result<Scene, PastStateMissing> {
    const found = this.#find(number);
    if (!found.ok) return found;
    const state = found.value;
    const { suite, version, chainId, groupId, freeStorage } = this.#rules;
    const { rows } = state;
    const blockHashAt = (below: number): ReturnType<PastState["hashAt"]> => state.hashAt(below);
    const executor = new BlockExecutor({ rows, suite, version, chainId, groupId, freeStorage, blockHashAt });
    return ok({ number, state, executor });
  }
}
