/** A key-value store in memory: for the simulator, for tests, and for replaying recorded chains. */
import type { ByteString } from "../primitives/index.js";
import type { KeyValueReader, StateWrite } from "./key-value.js";

/** Keeps copies: what is given or handed out can be changed without changing the store. */
export class MemoryStore implements KeyValueReader {
  readonly #values: Map<ByteString, Uint8Array>;

  /** An empty store, or one that starts as a copy of another: what a disk still holds after a crash. */
  constructor(copyOf?: MemoryStore) {
    this.#values = new Map(copyOf === undefined ? [] : copyOf.#values);
  }

  get(key: ByteString): Uint8Array | undefined {
    return this.#values.get(key)?.slice();
  }

  /** Every key that has a value, in no order that means anything. */
  keys(): IterableIterator<ByteString> {
    return this.#values.keys();
  }

  /** Takes a batch, whole, in its order: of two writes to one key the later holds. */
  write(batch: readonly StateWrite[]): void {
    for (const { key, value } of batch) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value.slice());
    }
  }
}
