/** Nonces used by recent blocks: what makes a transaction valid once. */
import { BLOCK_LIMIT_RANGE } from "../primitives/index.js";

/**
 * A nonce as the key of maps.
 *
 * Not the `bigint` itself: the engine hashes a `bigint` by its lowest 64 bits only, so that nonces chosen to agree in
 * them would turn every lookup into a walk over all of them. Texts are hashed whole, with a seed.
 */
export type NonceKey = string & { readonly brand: "NonceKey" };

/** The key of `nonce`. */
export function nonceKey(nonce: bigint): NonceKey {
  return nonce.toString(32) as NonceKey;
}

/** First block whose nonces still count at `height`. */
export function nonceWindowStart(height: number): number {
  return Math.max(1, height - BLOCK_LIMIT_RANGE);
}

/** The nonces of the blocks from `nonceWindowStart(height)` to `height`. */
export class NonceWindow {
  /** The last block that used a nonce: only when that one leaves is the nonce free again. */
  readonly #lastUse = new Map<NonceKey, number>();
  readonly #keysAt = new Map<number, readonly NonceKey[]>();
  #start = 1;
  #height = 0;

  /** Height up to which nonces are known: the head of the chain. */
  get height(): number {
    return this.#height;
  }

  /** Nonces in the window. */
  get size(): number {
    return this.#lastUse.size;
  }

  /** True when a block in the window used the nonce. */
  has(key: NonceKey): boolean {
    return this.#lastUse.has(key);
  }

  /** Adds the block at `height`, to be called with rising heights, and lets go of those that left the window. */
  add(height: number, keys: readonly NonceKey[]): void {
    this.#height = height;
    if (keys.length > 0) this.#keysAt.set(height, keys);
    for (const key of keys) this.#lastUse.set(key, height);
    const start = nonceWindowStart(height);
    // A gap of any length costs no more than the blocks that are really known.
    if (start - this.#start > this.#keysAt.size) {
      for (const known of [...this.#keysAt.keys()]) if (known < start) this.#forget(known);
    } else {
      for (let gone = this.#start; gone < start; gone++) this.#forget(gone);
    }
    this.#start = Math.max(this.#start, start);
  }

  #forget(height: number): void {
    for (const key of this.#keysAt.get(height) ?? []) {
      if (this.#lastUse.get(key) === height) this.#lastUse.delete(key);
    }
    this.#keysAt.delete(height);
  }
}
