/**
 * Rows of one key on disk. The form is ours alone: nothing of it is hashed or sent.
 *
 * Version byte 1; number of rows; for each row its id, block, status byte and number of columns; for each column name
 * and value, each with its length in front. Numbers are little-endian base 128, as short as possible.
 */
import type { ByteString } from "../primitives/index.js";
import { InvariantError, bytesToByteString } from "../primitives/index.js";
import type { FrozenRow, RowStatus } from "./row.js";

const VERSION = 1;

/** Bytes of the rows of one key. */
export function encodeRows(rows: readonly FrozenRow[]): Uint8Array {
  writer.begin(sizeMax(rows));
  writer.byte(VERSION);
  writer.integer(rows.length);
  for (const row of rows) {
    writer.integer(row.id);
    writer.integer(row.num);
    writer.byte(row.status);
    writer.integer(row.cells.size);
    for (const [column, value] of row.cells) {
      writer.text(column);
      writer.text(value);
    }
  }
  return writer.finished();
}

/**
 * Rows of one key from their bytes.
 *
 * @param place names table and key in the failure
 * @throws InvariantError when the bytes are not exactly what {@link encodeRows} writes: the store is damaged
 */
export function decodeRows(bytes: Uint8Array, place: () => string): readonly FrozenRow[] {
  const reader = new Reader(bytes, place);
  reader.expect(reader.byte() === VERSION, "unknown version");
  const count = reader.integer();
  const rows: FrozenRow[] = [];
  let lastId = 0;
  for (let i = 0; i < count; i++) {
    const id = reader.integer();
    reader.expect(id > lastId, "row ids do not ascend");
    lastId = id;
    const num = reader.integer();
    const status = reader.byte();
    reader.expect(status <= 1, "unknown row status");
    const columns = reader.integer();
    const cells = new Map<ByteString, ByteString>();
    for (let c = 0; c < columns; c++) cells.set(reader.text(), reader.text());
    reader.expect(cells.size === columns, "a column stands twice in a row");
    rows.push({ id, num, status: status as RowStatus, cells, frozen: true });
  }
  reader.expect(reader.finished, "bytes after the last row");
  return rows;
}

/** At least the bytes that the rows take: every number counted with the most it can have. */
function sizeMax(rows: readonly FrozenRow[]): number {
  let bytes = 1 + NUMBER_BYTES_MAX;
  for (const row of rows) {
    bytes += 1 + 3 * NUMBER_BYTES_MAX;
    for (const [column, value] of row.cells) bytes += column.length + value.length + 2 * NUMBER_BYTES_MAX;
  }
  return bytes;
}

/** A number up to 2^53 − 1, seven bits a byte. */
const NUMBER_BYTES_MAX = 8;

/** Above this the buffer is not kept: it was for one large value. */
const KEPT_BYTES_MAX = 1024 * 1024;

/** Writes into one buffer that is used again and again: a block encodes thousands of short rows. */
class Writer {
  #bytes = new Uint8Array(4096);
  #at = 0;

  begin(room: number): void {
    this.#at = 0;
    if (this.#bytes.length < room) this.#bytes = new Uint8Array(room);
  }

  byte(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  integer(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  text(text: ByteString): void {
    this.integer(text.length);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#at = at;
  }

  finished(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#at);
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = new Uint8Array(4096);
    return bytes;
  }
}

const writer = new Writer();

class Reader {
  readonly #bytes: Uint8Array;
  readonly #place: () => string;
  #at = 0;

  constructor(bytes: Uint8Array, place: () => string) {
    this.#bytes = bytes;
    this.#place = place;
  }

  get finished(): boolean {
    return this.#at === this.#bytes.length;
  }

  expect(condition: boolean, otherwise: string): void {
    if (!condition) throw new InvariantError(`damaged rows of ${this.#place()} at byte ${this.#at}: ${otherwise}`);
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    this.expect(value !== undefined, "cut off");
    this.#at++;
    return value as number;
  }

  integer(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      this.expect(value <= Number.MAX_SAFE_INTEGER, "a number is too large");
      if (byte < 128) {
        this.expect(byte !== 0 || scale === 1, "a number is longer than need be");
        return value;
      }
      scale *= 128;
    }
  }

  text(): ByteString {
    const length = this.integer();
    this.expect(length <= this.#bytes.length - this.#at, "cut off");
    const text = bytesToByteString(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return text;
  }
}
