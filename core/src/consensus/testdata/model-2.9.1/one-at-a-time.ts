/** A machine that does one thing at a time: while it waits for an answer, everything else waits. */
import { assert } from "../../../primitives/index.js";
import type { Instant } from "../../../primitives/index.js";
import type { ConsensusEffect, ConsensusInput } from "../../interface.js";

/** An input of one type. */
export type InputOf<T extends ConsensusInput["type"]> = Extract<ConsensusInput, { readonly type: T }>;

interface Waiting {
  readonly isIt: (input: ConsensusInput) => boolean;
  readonly then: (input: ConsensusInput) => void;
}

/** What is left to whoever extends it: what an input means, and what is due without one. */
export abstract class OneAtATime {
  protected now: Instant = { steadyMs: 0, wallMs: 0 };
  readonly #queue: ConsensusInput[] = [];
  #waiting: Waiting | undefined;
  #effects: ConsensusEffect[] = [];
  #lastToken = 0;

  /** True while an answer is waited for. */
  protected get isBusy(): boolean {
    return this.#waiting !== undefined;
  }

  step(input: ConsensusInput, now: Instant): readonly ConsensusEffect[] {
    this.now = now;
    this.#queue.push(input);
    while (this.#doNext());
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  invariants(): void {
    assert(this.#effects.length === 0, "effects leave with the step that made them");
  }

  protected abstract dispatch(input: ConsensusInput): void;
  /** Does what is due; false when nothing is. */
  protected abstract proceed(): boolean;

  protected emit(effect: ConsensusEffect): void {
    this.#effects.push(effect);
  }

  protected nextToken(): number {
    return ++this.#lastToken;
  }

  /** Lets everything wait for the first such input. */
  protected waitFor<T extends ConsensusInput["type"]>(
    type: T,
    isIt: (input: InputOf<T>) => boolean,
    then: (input: InputOf<T>) => void,
  ): void {
    const isOfType = (input: ConsensusInput): input is InputOf<T> => input.type === type;
    this.#waiting = {
      isIt: (input) => isOfType(input) && isIt(input),
      then: (input) => {
        if (isOfType(input)) then(input);
      },
    };
  }

  #doNext(): boolean {
    const waiting = this.#waiting;
    const at = waiting === undefined ? 0 : this.#queue.findIndex(waiting.isIt);
    const [input] = at < 0 ? [] : this.#queue.splice(at, 1);
    if (input === undefined) return waiting === undefined && this.proceed();
    this.#waiting = undefined;
    if (waiting === undefined) this.dispatch(input);
    else waiting.then(input);
    return true;
  }
}
