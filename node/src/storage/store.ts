/** The store as the group's thread sees it. */
import type { KeyValueReader, StateWrite } from "@tsbcos/core/state";

/** How a store is opened. */
export interface StoreOptions {
  /** Directory; made when missing. One process at a time may have it open. */
  readonly directory: string;
  /** Bytes of blocks of the database kept in memory for reads. */
  readonly cacheBytes?: number;
}

/** A durable store: reads are synchronous, writes are atomic and on disk when they resolve. */
export interface Store extends KeyValueReader {
  /**
   * Writes all rows or none, in the order of the calls.
   *
   * @throws CodedError `store-write-failed` (disk full, I/O error): the store takes no more writes, the group must end
   */
  write(rows: readonly StateWrite[]): Promise<void>;
  /** The prepare saved last, undefined when none was. */
  loadPrepare(): Uint8Array | undefined;
  /** Replaces the saved prepare; on disk when it resolves. Fails like {@link write}. */
  savePrepare(bytes: Uint8Array): Promise<void>;
  /** Waits for writes under way and lets go of the directory. */
  close(): Promise<void>;
}
