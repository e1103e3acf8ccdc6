/** The store on LevelDB. */
import { mkdirSync, readdirSync } from "node:fs";
import { ClassicLevel } from "classic-level";
import { CodedError, ascii, assert, bytesToUtf8, utf8ToBytes } from "@tsbcos/core/primitives";
import type { ByteString } from "@tsbcos/core/primitives";
import type { StateWrite } from "@tsbcos/core/state";
import {
  BATCH_COUNT_KEY,
  OWN_PREFIX,
  batchSlotKey,
  decodeBatchNumber,
  encodeBatchNumber,
  findMissingBatch,
} from "./batch-numbers.js";
import { sealValue, unsealValue } from "./checksum.js";
import type { Store, StoreOptions, StoreReader } from "./store.js";

/**
 * Keys go in as UTF-8 text: a byte string is text of U+0000 to U+00FF, the encoding is one to one and keeps the order,
 * and no byte array is made for a key. Values are bytes.
 */
type Database = ClassicLevel<string, Uint8Array>;

const FORMAT_KEY = ascii(`${OWN_PREFIX}format`);
const FORMAT = "tsbcos 1";
const PREPARE_KEY = ascii(`${OWN_PREFIX}prepare`);

const CACHE_BYTES = 32 * 1024 * 1024;
/** A full block is some megabytes: with less, each would start a compaction. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
const TABLE_FILE_BYTES = 8 * 1024 * 1024;

/**
 * Opens the store, or makes an empty one.
 *
 * @throws CodedError `store-locked`: another process, or this one, has it open; `store-foreign`: the directory belongs to another program
 * or version; `store-damaged`: data are lost, the directory has to be given up; `store-not-opened`: anything else
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { directory, cacheBytes = CACHE_BYTES, hasReaders = false } = options;
  refuseForeignFiles(directory);
  if (hasReaders) await demandAlone(directory);
  const database: Database = new ClassicLevel(directory, {
    keyEncoding: "utf8",
    valueEncoding: "view",
    cacheSize: cacheBytes,
    writeBufferSize: WRITE_BUFFER_BYTES,
    maxFileSize: TABLE_FILE_BYTES,
    multithreading: hasReaders,
  });
  try {
    await database.open();
  } catch (cause) {
    throw openFailure(directory, cause);
  }
  try {
    const store = new LevelStore(database, directory);
    await store.check();
    return store;
  } catch (cause) {
    await database.close();
    throw cause instanceof CodedError ? cause : openFailure(directory, cause);
  }
}

/**
 * A database that threads share is opened as often as the process likes. Whoever opens it for itself alone is told when
 * anybody has it: other processes by its lock, and other threads, which two stores for one directory would be.
 */
async function demandAlone(directory: string): Promise<void> {
  const database = new ClassicLevel(directory, { multithreading: false });
  try {
    await database.open();
  } catch (cause) {
    throw openFailure(directory, cause);
  }
  await database.close();
}

/**
 * Opens a store for reading that another thread of this process has open, with `hasReaders`.
 *
 * @throws CodedError `store-not-opened`
 */
export async function openReader(directory: string): Promise<StoreReader> {
  const database: Database = new ClassicLevel(directory, {
    keyEncoding: "utf8",
    valueEncoding: "view",
    createIfMissing: false,
    multithreading: true,
  });
  try {
    await database.open();
  } catch (cause) {
    throw openFailure(directory, cause);
  }
  return {
    get(key) {
      const sealed = database.getSync(key);
      return sealed === undefined ? undefined : unsealValue(sealed);
    },
    close: () => database.close(),
  };
}

class LevelStore implements Store {
  readonly #database: Database;
  readonly #directory: string;
  #batches = 0;
  #failure: CodedError | undefined;
  /** While a batch is being written, reads see the state before it: two reads in a row must not differ by half of it. */
  #readOptions: { readonly snapshot?: ReturnType<Database["snapshot"]> } = {};
  /** Resolves when the newest write is done, or has failed. */
  #tail: Promise<void> = Promise.resolve();

  constructor(database: Database, directory: string) {
    this.#database = database;
    this.#directory = directory;
  }

  /** Looks whether this is our store, of our format, with all its batches. */
  async check(): Promise<void> {
    const format = this.get(FORMAT_KEY);
    if (format === undefined) {
      const [anyKey] = await this.#database.keys({ limit: 1 }).all();
      if (anyKey !== undefined) throw foreign(this.#directory, "another program");
      await this.#append([{ key: FORMAT_KEY, value: utf8ToBytes(FORMAT) }]);
      return;
    }
    if (bytesToUtf8(format) !== FORMAT) throw foreign(this.#directory, `another version (${bytesToUtf8(format)})`);
    this.#batches = decodeBatchNumber(this.get(BATCH_COUNT_KEY));
    if (Number.isNaN(this.#batches)) throw damaged(this.#directory, "the number of writes is missing");
    const missing = findMissingBatch(this.#batches, (key) => this.get(key));
    if (missing !== undefined) throw damaged(this.#directory, `write ${String(missing)} is missing`);
  }

  get(key: ByteString): Uint8Array | undefined {
    try {
      const sealed = this.#database.getSync(key, this.#readOptions);
      return sealed === undefined ? undefined : unsealValue(sealed);
    } catch (cause) {
      const reason = reasonOf(cause);
      throw damaged(this.#directory, reason, cause);
    }
  }

  write(rows: readonly StateWrite[]): Promise<void> {
    for (const { key } of rows) assert(!key.startsWith(OWN_PREFIX), "no row has a key of the store itself");
    return this.#append(rows);
  }

  loadPrepare(): Uint8Array | undefined {
    return this.get(PREPARE_KEY);
  }

  savePrepare(bytes: Uint8Array): Promise<void> {
    return this.#append([{ key: PREPARE_KEY, value: bytes }]);
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#database.close();
  }

  /** Queues one batch. The database would run two at once in any order, so each waits for the one before. */
  #append(rows: readonly StateWrite[]): Promise<void> {
    // Copies now: the caller may change its arrays while the batch waits.
    const sealed = rows.map(({ key, value }) => ({ key, value: value === undefined ? undefined : sealValue(value) }));
    const done = this.#tail.then(() => this.#writeBatch(sealed));
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async #writeBatch(rows: readonly StateWrite[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const number = this.#batches + 1;
    const numberBytes = sealValue(encodeBatchNumber(number));
    const snapshot = this.#database.snapshot();
    this.#readOptions = { snapshot };
    try {
      const batch = this.#database.batch();
      for (const { key, value } of rows) {
        if (value === undefined) batch.del(key);
        else batch.put(key, value);
      }
      batch.put(BATCH_COUNT_KEY, numberBytes).put(batchSlotKey(number), numberBytes);
      await batch.write({ sync: true });
      this.#batches = number;
    } catch (cause) {
      this.#failure = writeFailure(this.#directory, cause);
      throw this.#failure;
    } finally {
      this.#readOptions = {};
      await snapshot.close();
    }
  }
}

/** RocksDB leaves these beside its tables; LevelDB would take the directory for a broken one of its own. */
function refuseForeignFiles(directory: string): void {
  let names: string[];
  try {
    mkdirSync(directory, { recursive: true });
    names = readdirSync(directory);
  } catch (cause) {
    throw openFailure(directory, cause);
  }
  if (names.some((name) => name === "IDENTITY" || name.startsWith("OPTIONS-"))) {
    throw foreign(directory, "the C++ node (RocksDB)");
  }
}

function foreign(directory: string, owner: string): CodedError {
  return new CodedError(
    "store-foreign",
    `${directory} holds data of ${owner}, which this version cannot read. ` +
      "Choose another group.group_data_path, or move the directory away: the group then fetches its blocks from other nodes.",
  );
}

function damaged(directory: string, reason: string, cause?: unknown): CodedError {
  return new CodedError(
    "store-damaged",
    `The data in ${directory} are damaged: ${reason}. Check the disk, move the directory away and start the node again: ` +
      "the group then fetches all blocks from the other nodes.",
    { cause },
  );
}

function writeFailure(directory: string, cause: unknown): CodedError {
  return new CodedError(
    "store-write-failed",
    `Writing to ${directory} failed: ${reasonOf(cause)}. Make room or repair the disk and start the node again; ` +
      "what was stored before is safe.",
    { cause },
  );
}

function openFailure(directory: string, error: unknown): CodedError {
  // The library wraps the reason once.
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  if (code === "LEVEL_LOCKED") {
    // LevelDB's own words; those of the operating system, about other processes, differ.
    const isOurs = reasonOf(cause).includes("already held by process");
    const message = isOurs
      ? `${directory} is open in this process already: each group needs a directory of its own.`
      : `${directory} is in use by another process: is the node running already?`;
    return new CodedError("store-locked", message, { cause });
  }
  if (code === "LEVEL_CORRUPTION") return damaged(directory, reasonOf(cause), cause);
  return new CodedError("store-not-opened", `${directory} cannot be opened: ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
