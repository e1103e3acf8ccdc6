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
  const writer = new Writer(measure(rows));
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

/** At least the bytes that the rows take: numbers are counted with four bytes and more where they may be longer. */
function measure(rows: readonly FrozenRow[]): number {
  let bytes = 8;
  for (const row of rows) {
    bytes += 24;
    for (const [column, value] of row.cells) bytes += column.length + value.length + 10;
  }
  return bytes;
}

class Writer {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
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
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text.charCodeAt(i);
  }

  finished(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }
}

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
