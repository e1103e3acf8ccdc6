/** The simulated world: one virtual clock, one event queue, one digest of everything that happened. */
import { assert } from "@tsbcos/core/primitives";
import { SimulationFailure } from "./failure.js";

/** Something that will happen: kept so that it can be called off. */
export interface Scheduled {
  /** Virtual time, milliseconds since the world began. */
  readonly atMs: number;
  /** Events of one moment happen in the order in which they were scheduled. */
  readonly sequence: number;
  /** Called off: {@link World.run} skips it. */
  cancelled: boolean;
}

interface Entry extends Scheduled {
  readonly action: () => void;
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}

/** Running hash of the event texts: two runs are the same run when their digests are equal. */
class Digest {
  #low = 0x811c9dc5;
  #high = 0x01000193;

  add(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      this.#low = Math.imul(this.#low ^ code, 0x01000193);
      this.#high = Math.imul(this.#high ^ (code + i), 0x85ebca6b);
    }
  }

  toString(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

/** Virtual time and the queue of what happens next. Nothing in a simulation happens outside an event of this queue. */
export class World {
  readonly #heap: Entry[] = [];
  readonly #digest = new Digest();
  #nowMs = 0;
  #sequence = 0;
  #eventCount = 0;
  readonly #eventsMax: number;

  /** @param eventsMax a run with more events than this is caught in a loop, and fails */
  constructor(eventsMax: number) {
    this.#eventsMax = eventsMax;
  }

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that have happened. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** Hash of everything that was {@link note}d, in order. */
  get digest(): string {
    return this.#digest.toString();
  }

  /** Lets `action` happen `delayMs` from now, after everything already scheduled for that moment. */
  after(delayMs: number, action: () => void): Scheduled {
    assert(delayMs >= 0, "nothing is scheduled in the past");
    const entry: Entry = { atMs: this.#nowMs + delayMs, sequence: this.#sequence++, cancelled: false, action };
    this.#push(entry);
    return entry;
  }

  /** Takes a fact into the digest. */
  note(fact: string): void {
    this.#digest.add(`${this.#nowMs} ${fact}\n`);
  }

  /** Lets everything happen that is due until `untilMs`; the clock then stands there. */
  run(untilMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      if (next.cancelled) continue;
      this.#nowMs = next.atMs;
      this.#eventCount++;
      if (this.#eventCount > this.#eventsMax) {
        throw new SimulationFailure("liveness", `the cluster is caught in a loop: more than ${this.#eventsMax} events`);
      }
      next.action();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    heap.push(entry);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent] as Entry)) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!before(heap[child] as Entry, last)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
  }
}
