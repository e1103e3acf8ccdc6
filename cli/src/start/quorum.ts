/** Whether enough sealers are left for blocks: said once when it is no longer so, and once when it is so again. */

/** The sealers of a group as one of its nodes sees them. */
export interface Sealers {
  readonly all: number;
  /** Those that are connected with the node that was asked, itself included if it is one. */
  readonly present: number;
  /** How many must be there for a block. */
  readonly needed: number;
}

/** Looks that must agree before anything is said: a connection may be lost for a moment and come back. */
const LOOKS = 2;

/** Remembers what was said last. */
export class QuorumWatch {
  #isEnough = true;
  #others = 0;

  /** What to tell after a look; undefined when there is nothing new. */
  look({ all, present, needed }: Sealers): string | undefined {
    const isEnough = present >= needed;
    this.#others = isEnough === this.#isEnough ? 0 : this.#others + 1;
    if (this.#others < LOOKS) return undefined;
    this.#isEnough = isEnough;
    this.#others = 0;
    return isEnough
      ? `Enough sealers are there again (${present} of ${all}, ${needed} are needed): blocks go on.`
      : `No more blocks: ${present} of ${all} sealers are left, and ${needed} are needed. What was sent waits until then.`;
  }
}
