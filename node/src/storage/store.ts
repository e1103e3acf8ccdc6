/** The store as the group's thread sees it. */
import type { KeyValueReader, StateWrite } from "@tsbcos/core/state";

/** How a store is opened. */
export interface StoreOptions {
  /** Directory; made when missing. It may be open once at a time, in this process or in another. */
  readonly directory: string;
  /** Bytes of the database's blocks kept in memory for reads. */
  readonly cacheBytes?: number;
  /** Other threads of this process may read it, too: see `openReader`. They must let go of it before it is opened anew. */
  readonly hasReaders?: boolean;
}

/** A store as other threads see it: every read shows what was stored last. */
export interface StoreReader extends KeyValueReader {
  /** Lets go of the store. */
  close(): Promise<void>;
}

/**
 * A durable store: reads are synchronous, writes are atomic and on disk when they resolve.
 *
 * After any failure the group must end; the message says what an operator can do.
 */
export interface Store extends KeyValueReader {
  /**
   * Writes, and removes, all rows or none. Calls take effect in their order: after a crash the store holds the batches of the first
   * so many calls.
   *
   * @throws CodedError `store-write-failed` (disk full, I/O error): from then on no write succeeds
   */
  write(rows: readonly StateWrite[]): Promise<void>;
  /** The prepare saved last, undefined when none was. */
  loadPrepare(): Uint8Array | undefined;
  /** Replaces the saved prepare; on disk when it resolves. Fails like {@link write}. */
  savePrepare(bytes: Uint8Array): Promise<void>;
  /** Waits for writes under way and lets go of the directory. */
  close(): Promise<void>;
}
