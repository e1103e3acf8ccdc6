/** A set that remembers recent values within a bound. */
import { assert } from "./assert.js";

/**
 * Remembers at least the last `limit / 2` and at most the last `limit` values that were added.
 *
 * Two generations: when the younger one is full it becomes the older one, and the former older one is forgotten. Every
 * operation takes constant time, which dropping the oldest entry of one JavaScript set does not.
 */
export class RecentSet<Value> {
  readonly #generationMax: number;
  #younger = new Set<Value>();
  #older = new Set<Value>();

  /** @param limit values remembered at most, at least 2 */
  constructor(limit: number) {
    assert(Number.isInteger(limit) && limit >= 2, "a recent set remembers at least two values");
    this.#generationMax = Math.floor(limit / 2);
  }

  /** Values remembered now. */
  get size(): number {
    return this.#younger.size + this.#older.size;
  }

  /** True when `value` is remembered. */
  has(value: Value): boolean {
    return this.#younger.has(value) || this.#older.has(value);
  }

  /** Remembers `value`; false when it was remembered already. */
  add(value: Value): boolean {
    if (this.has(value)) return false;
    if (this.#younger.size >= this.#generationMax) {
      this.#older = this.#younger;
      this.#younger = new Set();
    }
    this.#younger.add(value);
    return true;
  }

  /** Forgets `value`; false when it was not remembered. */
  delete(value: Value): boolean {
    return this.#younger.delete(value) || this.#older.delete(value);
  }

  /** Forgets everything. */
  clear(): void {
    this.#younger.clear();
    this.#older.clear();
  }
}
