/**
 * The state after earlier blocks: what a block replaces is kept, and a store can be read as it was then.
 *
 * A row knows the block of its last write, so the current rows of a key lead to the version that their newest block
 * replaced, and so on back in time. Way points make long ways short: the first change of a key in each span of
 * 32, 1024, … blocks is noted, and whoever comes from later goes there at once. Everything is found by its key alone;
 * writing a version takes no reading. See docs/protocol/state.md#history.
 */
import type { ByteString } from "../primitives/index.js";
import { assert, bytesToByteString, byteStringToBytes } from "../primitives/index.js";
import { RlpReader, RlpWriter } from "../protocol/index.js";
import type { KeyValueReader, StateWrite } from "./key-value.js";
import { decodeRows, encodeRows } from "./row-codec.js";
import { ROW_KEY_PREFIX } from "./row-key.js";
import type { FrozenRow } from "./row.js";

/** First character of the key of a version: rows as they were until a block changed them. */
const VERSION_PREFIX = "v";
/** First character of the key of a way point. */
const WAY_POINT_PREFIX = "w";
/** First character of the key of what was noted of a block so that its versions and way points can be removed. */
const NOTE_PREFIX = "x";

/** Blocks of the shortest span, and how many spans of one level make one of the next. */
const SPAN = 32;
/** Levels of spans: the longest has 2^30 blocks. */
const LEVELS = 6;

const lengthOf = (level: number): number => SPAN ** level;

/** A block number as six bytes. */
function blockText(block: number): string {
  const high = Math.floor(block / 0x1000000);
  const low = block % 0x1000000;
  return String.fromCharCode(high >> 16, (high >> 8) & 255, high & 255, low >> 16, (low >> 8) & 255, low & 255);
}

function blockOfText(text: string): number {
  let block = 0;
  for (let at = 0; at < text.length; at++) block = block * 256 + text.charCodeAt(at);
  return block;
}

/** @param id the key of the rows, without the character in front */
function versionKey(id: string, block: number): ByteString {
  return (VERSION_PREFIX + id + blockText(block)) as ByteString;
}

function wayPointKey(id: string, level: number, block: number): ByteString {
  const span = blockText(Math.floor(block / lengthOf(level)));
  return (WAY_POINT_PREFIX + id + String.fromCharCode(level) + span) as ByteString;
}

/** Block of the last change of a key: of the newest among its rows. */
function lastChange(rows: readonly FrozenRow[]): number {
  return rows.reduce((latest, { num }) => Math.max(latest, num), 0);
}

/**
 * What keeps the rows of a key that a block is about to change.
 *
 * @param key of the rows in the store
 * @param before the rows; none when the block is the first to write the key
 * @param block number of the block, above 0
 */
export function historyWrites(key: ByteString, before: readonly FrozenRow[], block: number): StateWrite[] {
  const id = key.slice(ROW_KEY_PREFIX.length);
  const writes: StateWrite[] = [{ key: versionKey(id, block), value: encodeRows(before) }];
  // Without a change before it there is no way to make short.
  if (before.length === 0) return writes;
  const previous = lastChange(before);
  assert(previous < block, "rows are changed by one block after the other");
  for (let level = 1; level <= LEVELS; level++) {
    const span = lengthOf(level);
    if (Math.floor(previous / span) === Math.floor(block / span)) break;
    const value = byteStringToBytes(blockText(block) as ByteString);
    writes.push({ key: wayPointKey(id, level, block), value });
  }
  return writes;
}

/** A key that a block changed, as it is noted. */
export interface NotedChange {
  /** Of the rows in the store. */
  readonly key: ByteString;
  /** How many way points were written with it: those of the shortest spans. */
  readonly wayPoints: number;
}

/** What keeps a note of the history of a block, for {@link historyRemovals}. Keys cannot be searched for. */
export function historyNote(block: number, changes: readonly NotedChange[]): StateWrite {
  const writer = new RlpWriter();
  const list = writer.openList();
  for (const { key, wayPoints } of changes) {
    writer.bytes(byteStringToBytes(key.slice(ROW_KEY_PREFIX.length) as ByteString)).number(wayPoints);
  }
  return { key: noteKey(block), value: writer.closeList(list).toBytes() };
}

const noteKey = (block: number): ByteString => (NOTE_PREFIX + blockText(block)) as ByteString;

/**
 * What removes all that was kept for states before `block`, given that nothing is left for those before its parent:
 * the state after `block` and later ones need none of it. Nothing where the block was not noted.
 *
 * @throws InvariantError when the note is damaged
 */
export function historyRemovals(reader: KeyValueReader, block: number): StateWrite[] {
  const note = reader.get(noteKey(block));
  if (note === undefined) return [];
  const removals: StateWrite[] = [{ key: noteKey(block), value: undefined }];
  const items = new RlpReader(note);
  items.enterOnlyList();
  while (!items.failed && !items.atEnd) {
    const id = bytesToByteString(items.readBytes());
    const wayPoints = items.readNumber();
    removals.push({ key: versionKey(id, block), value: undefined });
    for (let level = 1; level <= Math.min(wayPoints, LEVELS); level++) {
      removals.push({ key: wayPointKey(id, level, block), value: undefined });
    }
  }
  assert(!items.failed, `the store holds a note of the history of block ${block}`);
  return removals;
}

/**
 * The store as it was after a block: rows of tables read as they were then, everything else as it is.
 *
 * It stays right while later blocks are stored, because what it finds never changes: no snapshot is needed. What is
 * removed meanwhile is missed, never mistaken.
 *
 * @param block must be one since which all changes were kept, see {@link historyWrites}; reading throws InvariantError
 * once what it needs is removed, see {@link historyRemovals}
 */
export function readerAfter(reader: KeyValueReader, block: number): KeyValueReader {
  return {
    get(key) {
      const current = reader.get(key);
      return current === undefined || !key.startsWith(ROW_KEY_PREFIX)
        ? current
        : rowsAfter(reader, key, current, block);
    },
  };
}

/** The way of one key back to a block. */
class WayBack {
  readonly #reader: KeyValueReader;
  readonly #id: string;
  readonly #block: number;
  /** Way points of longer spans lead to the block or beyond it. */
  #level = LEVELS;

  constructor(reader: KeyValueReader, id: string, block: number) {
    this.#reader = reader;
    this.#id = id;
    this.#block = block;
  }

  /** The earliest change known that is later than the block, coming from a change of which the same is true. */
  from(change: number): number {
    for (let level = this.#level; level > 0; level--) {
      const first = this.#firstInSpan(level, change);
      if (first > this.#block && first < change) return first;
      const length = lengthOf(level);
      if (Math.floor(change / length) === Math.floor(this.#block / length)) this.#level = level - 1;
    }
    return change;
  }

  #firstInSpan(level: number, change: number): number {
    const noted = this.#reader.get(wayPointKey(this.#id, level, change));
    return noted === undefined ? change : blockOfText(bytesToByteString(noted));
  }
}

function rowsAfter(
  reader: KeyValueReader,
  key: ByteString,
  current: Uint8Array,
  block: number,
): Uint8Array | undefined {
  const id = key.slice(ROW_KEY_PREFIX.length);
  const place = (): string => `an earlier version of ${JSON.stringify(key)}`;
  const way = new WayBack(reader, id, block);
  for (let bytes = current; ;) {
    const rows = decodeRows(bytes, place);
    if (rows.length === 0) return undefined;
    const change = lastChange(rows);
    if (change <= block) return bytes;
    const version = reader.get(versionKey(id, way.from(change)));
    assert(version !== undefined, `the store holds ${place()}`);
    bytes = version;
  }
}
