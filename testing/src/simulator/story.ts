/** What happened in a run, one line a state change, in fixed columns. */

/** One state change. */
export interface StateChange {
  readonly atMs: number;
  /** `n0`, `n1`, … and the group when there are several, as in `n0 g2`; empty for what concerns all. */
  readonly node: string;
  readonly event: string;
  readonly height: number | undefined;
  readonly view: number | undefined;
  readonly detail: string;
}

const LINES_KEPT = 80;

/** Keeps the last lines, and gives all of them to `sink`. */
export class Story {
  readonly #sink: ((line: string) => void) | undefined;
  #last: StateChange[] = [];

  constructor(sink?: (line: string) => void) {
    this.#sink = sink;
  }

  /** The last state changes, oldest first. */
  get lastLines(): readonly string[] {
    return this.#last.slice(-LINES_KEPT).map(formatted);
  }

  /** Adds a state change. */
  tell(change: StateChange): void {
    this.#sink?.(formatted(change));
    this.#last.push(change);
    if (this.#last.length >= 2 * LINES_KEPT) this.#last = this.#last.slice(-LINES_KEPT);
  }
}

function formatted({ atMs, node, event, height, view, detail }: StateChange): string {
  const time = (atMs / 1000).toFixed(3).padStart(9);
  const at = `${height ?? "-"}/${view ?? "-"}`.padEnd(8);
  return `${time}  ${node.padEnd(node.length > 3 ? 6 : 3)} ${at} ${event.padEnd(32)} ${detail}`;
}
