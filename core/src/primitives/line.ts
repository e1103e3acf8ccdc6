/** A line of things that wait: first come, first served. */

/** How many empty places at the front are kept before the rest moves up. */
const GAP_MAX = 1024;

/**
 * A queue that lets go of what has left at once: one that is busy is seldom empty, and large things must not stay. Taking the first
 * does not move the others, however many they are.
 */
export class Line<T> {
  #items: (T | undefined)[] = [];
  /** Position of the first that waits. */
  #front = 0;

  /** How many wait. */
  get length(): number {
    return this.#items.length - this.#front;
  }

  /** The one whose turn is next; undefined when none waits. */
  get first(): T | undefined {
    return this.#items[this.#front];
  }

  /** Puts one at the end. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Puts another in the place of the first, which must be there. */
  replaceFirst(item: T): void {
    this.#items[this.#front] = item;
  }

  /** Takes the first; undefined when none waits. */
  take(): T | undefined {
    const taken = this.first;
    if (this.#front === this.#items.length) return undefined;
    this.#items[this.#front++] = undefined;
    if (this.#front === this.#items.length) this.clear();
    else if (this.#front > GAP_MAX) {
      this.#items = this.#items.slice(this.#front);
      this.#front = 0;
    }
    return taken;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#items = [];
    this.#front = 0;
  }
}
