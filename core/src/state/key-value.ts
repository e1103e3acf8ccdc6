/** The store as state and ledger see it: a map of byte strings that is read at once and written a batch at a time. */
import type { ByteString } from "../primitives/index.js";

/** Reads committed data. */
export interface KeyValueReader {
  /** Value of a key, undefined when it was never written, or removed. At once, and consistent: a batch is seen whole or not at all. */
  get(key: ByteString): Uint8Array | undefined;
}

/** One entry of a batch. */
export interface StateWrite {
  readonly key: ByteString;
  /** Undefined removes the key, which only what was kept of past states ever is. */
  readonly value: Uint8Array | undefined;
}
