/**
 * Recursive length prefix encoding, in one pass and without intermediate trees.
 *
 * The reader walks over offsets of one buffer and remembers its first failure, so that a decoder reads field after
 * field and asks once, at the end. It accepts exactly one encoding of each value: minimal lengths, no single byte
 * below 0x80 behind a prefix, integers without leading zeros. See docs/protocol/data-model.md#rlp.
 */
import { EMPTY_BYTES, assert, bytesToHex, hexToBytes, writeHex } from "../primitives/index.js";
import type { Address, Hash, NodeId } from "../primitives/index.js";

/** Reads RLP items one after the other. Returned byte arrays are views of the source: copy what outlives it. */
export class RlpReader {
  private readonly source: Uint8Array;
  private at: number;
  private limit: number;
  private broken = false;
  private payload = 0;
  private after = 0;
  private list = false;

  /** Reads the items in `source` from `start` to `end`. */
  constructor(source: Uint8Array, start = 0, end = source.length) {
    assert(start >= 0 && end <= source.length, "an RLP reader stays inside its source");
    this.source = source;
    this.at = start;
    this.limit = end;
  }

  /** True once anything was malformed or missing; every value read afterwards is meaningless. */
  get failed(): boolean {
    return this.broken;
  }

  /** True when the list (or the whole source) holds no further item, and after a failure. */
  get atEnd(): boolean {
    return this.broken || this.at >= this.limit;
  }

  /** Offset of the next item in the source. */
  get offset(): number {
    return this.at;
  }

  /** Marks the input as malformed, for rules that the caller knows. */
  fail(): void {
    this.broken = true;
  }

  /** Finds the bounds of the next item without consuming it. */
  private scan(): boolean {
    if (this.broken || this.at >= this.limit) return this.refuse();
    const { source, at } = this;
    const first = source[at] as number;
    this.list = first >= 0xc0;
    if (first < 0x80) {
      this.payload = at;
      this.after = at + 1;
      return true;
    }
    const short = first & 0x3f;
    if (short < 56) {
      this.payload = at + 1;
      this.after = at + 1 + short;
      if (this.after > this.limit) return this.refuse();
      return first === 0x81 && (source[at + 1] as number) < 0x80 ? this.refuse() : true;
    }
    this.payload = at + 1 + (short - 55);
    if (this.payload > this.limit || source[at + 1] === 0) return this.refuse();
    let length = 0;
    for (let i = at + 1; i < this.payload; i++) length = length * 256 + (source[i] as number);
    this.after = this.payload + length;
    return length < 56 || this.after > this.limit ? this.refuse() : true;
  }

  private refuse(): false {
    this.broken = true;
    return false;
  }

  private string(): boolean {
    if (!this.scan() || this.list) return this.refuse();
    this.at = this.after;
    return true;
  }

  /** True when the next item is a list; false for a string, at the end, and after a failure. */
  nextIsList(): boolean {
    return !this.atEnd && (this.source[this.at] as number) >= 0xc0;
  }

  /** True when the next item is the empty string or the empty list. */
  nextIsEmpty(): boolean {
    return !this.atEnd && (this.source[this.at] === 0x80 || this.source[this.at] === 0xc0);
  }

  /** Steps over the next item. */
  skip(): void {
    if (this.scan()) this.at = this.after;
  }

  /** The next item with its prefix, as it stands. */
  readRaw(): Uint8Array {
    if (!this.scan()) return EMPTY_BYTES;
    const start = this.at;
    this.at = this.after;
    return this.source.subarray(start, this.after);
  }

  /** A byte string; a list is a failure. */
  readBytes(): Uint8Array {
    return this.string() ? this.source.subarray(this.payload, this.after) : EMPTY_BYTES;
  }

  /** A byte string; a list counts as the empty string, as the C++ node reads some fields. */
  readBytesOrList(): Uint8Array {
    if (!this.nextIsList()) return this.readBytes();
    this.skip();
    return EMPTY_BYTES;
  }

  /** A byte string of exactly `length` bytes. */
  readFixed(length: number): Uint8Array {
    const bytes = this.readBytes();
    if (bytes.length !== length) this.broken = true;
    return bytes;
  }

  /** A byte string of at most `length` bytes, as a new array padded on the left with zeros. */
  readPadded(length: number): Uint8Array {
    const bytes = this.readBytes();
    const padded = new Uint8Array(length);
    if (bytes.length > length) this.broken = true;
    else padded.set(bytes, length - bytes.length);
    return padded;
  }

  /** Exactly 32 bytes as text. */
  readHash(): Hash {
    return bytesToHex(this.readFixed(32)) as Hash;
  }

  /** Exactly 20 bytes as text. */
  readAddress(): Address {
    return bytesToHex(this.readFixed(20)) as Address;
  }

  /** Exactly 64 bytes as text. */
  readNodeId(): NodeId {
    return bytesToHex(this.readFixed(64)) as NodeId;
  }

  /** Finds the bytes of a canonical integer: a string, not too long, without leading zeros. */
  private integer(bytesMax: number): boolean {
    if (!this.string()) return false;
    const length = this.after - this.payload;
    return length > bytesMax || (length > 0 && this.source[this.payload] === 0) ? this.refuse() : true;
  }

  /** A canonical integer of at most `bytesMax` bytes. */
  readInteger(bytesMax = 32): bigint {
    return this.integer(bytesMax) ? integerOf(this.source, this.payload, this.after) : 0n;
  }

  /** A canonical integer of at most `bytesMax` bytes that is also a safe number; above 2^53 − 1 is a failure. */
  readNumber(bytesMax = 8): number {
    if (!this.integer(bytesMax)) return 0;
    const value = numberOf(this.source, this.payload, this.after);
    if (value > Number.MAX_SAFE_INTEGER) this.broken = true;
    return value;
  }

  /** Writes a canonical integer into `into`, right-aligned in the `length` bytes from `at`. */
  readIntegerInto(into: Uint8Array, at: number, length: number): void {
    if (!this.integer(length)) return;
    const end = at + length;
    for (let from = this.payload, to = end - (this.after - this.payload); to < end; from++, to++) {
      into[to] = this.source[from] as number;
    }
  }

  /** The items of a list, each read by `read`; more than `itemsMax` of them are a failure. */
  readList<T>(itemsMax: number, read: () => T): T[] {
    const items: T[] = [];
    const outer = this.enterList();
    while (!this.atEnd) {
      if (items.length === itemsMax) this.broken = true;
      else items.push(read());
    }
    this.leaveList(outer);
    return items;
  }

  /** As {@link readList}; a string or nothing in its place counts as no items, as the C++ node reads some fields. */
  readListOrNothing<T>(itemsMax: number, read: () => T): T[] {
    if (this.atEnd) return [];
    if (this.nextIsList()) return this.readList(itemsMax, read);
    this.skip();
    return [];
  }

  /**
   * Enters the next item, which must be a list; the items read next are its own.
   *
   * @returns what {@link leaveList} needs to come back
   */
  enterList(): number {
    const outer = this.limit;
    if (!this.scan() || !this.list) {
      this.broken = true;
      return outer;
    }
    this.at = this.payload;
    this.limit = this.after;
    return outer;
  }

  /** Enters a list that must fill what is left, nothing behind it. */
  enterOnlyList(): void {
    const outer = this.enterList();
    if (this.limit !== outer) this.broken = true;
  }

  /** Enters a byte string whose content is read as a sequence of items. */
  enterBytes(): number {
    const outer = this.limit;
    if (!this.scan() || this.list) {
      this.broken = true;
      return outer;
    }
    this.at = this.payload;
    this.limit = this.after;
    return outer;
  }

  /** Enters a byte string of items that must fill what is left, nothing behind it. */
  enterOnlyBytes(): void {
    const outer = this.enterBytes();
    if (this.limit !== outer) this.broken = true;
  }

  /** Leaves what was entered; items of it that were not read are ignored. */
  leaveList(outer: number): void {
    this.at = this.limit;
    this.limit = outer;
  }
}

/** Big-endian unsigned integer of the bytes from `start` to `end`; exact up to 2^53 − 1. */
function numberOf(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 256 + (bytes[at] as number);
  return value;
}

/** Every integer of one byte: most fields of most records are, and each `bigint` is an object of its own. */
const SMALL_INTEGERS: readonly bigint[] = Array.from({ length: 256 }, (_, value) => BigInt(value));

/** Big-endian unsigned integer of any length, without the detour over text. */
function integerOf(bytes: Uint8Array, start: number, end: number): bigint {
  const length = end - start;
  if (length <= 1) return SMALL_INTEGERS[length === 0 ? 0 : (bytes[start] as number)] as bigint;
  if (length <= 6) return BigInt(numberOf(bytes, start, end));
  const odd = length % 8;
  let value = 0n;
  if (odd > 0) {
    const last = start + odd - 1;
    value = (BigInt(numberOf(bytes, start, last)) << 8n) | BigInt(bytes[last] as number);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, length);
  for (let at = odd; at < length; at += 8) value = (value << 64n) | view.getBigUint64(at);
  return value;
}

/**
 * A buffer that writers take turns with: arrays above 64 bytes live outside the JavaScript heap and cost more to
 * allocate than most records cost to write. A writer that finds it taken has a buffer of its own.
 */
const SHARED_BYTES = 65_536;
let shared: Uint8Array | undefined = new Uint8Array(SHARED_BYTES);

/** Writes RLP items one after the other, until {@link RlpWriter.toBytes} or {@link RlpWriter.use} ends it. */
export class RlpWriter {
  private buffer: Uint8Array;
  private length = 0;

  /** Starts empty; `capacityBytes` is only a guess that saves copies. */
  constructor(capacityBytes = 512) {
    if (shared !== undefined && capacityBytes <= SHARED_BYTES) {
      this.buffer = shared;
      shared = undefined;
    } else {
      this.buffer = new Uint8Array(capacityBytes);
    }
  }

  /** Bytes written so far. */
  get size(): number {
    return this.length;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + bytes));
    grown.set(this.buffer.subarray(0, this.length));
    this.release();
    this.buffer = grown;
  }

  private release(): void {
    if (this.buffer.length === SHARED_BYTES) shared = this.buffer;
  }

  /** A byte string. */
  bytes(bytes: Uint8Array): this {
    if (bytes.length === 1 && (bytes[0] as number) < 0x80) return this.raw(bytes);
    const prefix = prefixBytes(bytes.length);
    this.reserve(prefix + bytes.length);
    writePrefix(this.buffer, this.length, 0x80, bytes.length);
    this.buffer.set(bytes, this.length + prefix);
    this.length += prefix + bytes.length;
    return this;
  }

  /** The bytes of hexadecimal text without prefix: hashes, addresses, node ids. */
  hex(text: string): this {
    const length = text.length / 2;
    if (length === 1) return this.bytes(hexToBytes(text));
    const prefix = prefixBytes(length);
    this.reserve(prefix + length);
    writePrefix(this.buffer, this.length, 0x80, length);
    writeHex(this.buffer, this.length + prefix, text);
    this.length += prefix + length;
    return this;
  }

  /** A whole number from 0 to 2^53 − 1. */
  number(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, "an RLP number is a whole number from 0");
    let length = 0;
    for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) length++;
    this.reserve(1 + length);
    if (value === 0 || value >= 0x80) this.buffer[this.length++] = 0x80 + length;
    for (let at = this.length + length - 1, rest = value; rest > 0; at--, rest = Math.floor(rest / 256)) {
      this.buffer[at] = rest & 255;
    }
    this.length += length;
    return this;
  }

  /** A non-negative integer of any size. */
  integer(value: bigint): this {
    assert(value >= 0n, "an RLP integer is not negative");
    if (value <= 0xffff_ffff_ffffn) return this.number(Number(value));
    const digits = value.toString(16);
    return this.hex(digits.length % 2 === 0 ? digits : `0${digits}`);
  }

  /** Bytes of an integer that may have leading zeros, written without them. */
  integerBytes(bytes: Uint8Array): this {
    let start = 0;
    while (start < bytes.length && bytes[start] === 0) start++;
    return this.bytes(bytes.subarray(start));
  }

  /** Bytes that are already encoded, or are no RLP at all. */
  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** Starts a list; what is written until {@link closeList} are its items. */
  openList(): number {
    return this.length;
  }

  /** Ends the list that began at `start`. */
  closeList(start: number): this {
    return this.close(start, 0xc0);
  }

  /** Ends a byte string whose content is what was written since `start`. */
  closeBytes(start: number): this {
    if (this.length === start + 1 && (this.buffer[start] as number) < 0x80) return this;
    return this.close(start, 0x80);
  }

  private close(start: number, base: number): this {
    const length = this.length - start;
    const prefix = prefixBytes(length);
    this.reserve(prefix);
    this.buffer.copyWithin(start + prefix, start, this.length);
    writePrefix(this.buffer, start, base, length);
    this.length += prefix;
    return this;
  }

  /** What was written, in an array of its own. Ends the writer. */
  toBytes(): Uint8Array {
    return this.use((bytes) => bytes.slice());
  }

  /** Hands what was written to `read`, which must not keep it, and returns its result. Ends the writer. */
  use<T>(read: (bytes: Uint8Array) => T): T {
    const result = read(this.buffer.subarray(0, this.length));
    this.release();
    this.buffer = EMPTY_BYTES;
    this.length = 0;
    return result;
  }
}

/** Bytes in front of a payload of `length` bytes that needs a prefix. */
function prefixBytes(length: number): number {
  if (length < 56) return 1;
  let bytes = 1;
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes++;
  return bytes;
}

function writePrefix(buffer: Uint8Array, at: number, base: number, length: number): void {
  if (length < 56) {
    buffer[at] = base + length;
    return;
  }
  const lengthBytes = prefixBytes(length) - 1;
  buffer[at] = base + 55 + lengthBytes;
  for (let i = at + lengthBytes, rest = length; i > at; i--, rest = Math.floor(rest / 256)) buffer[i] = rest & 255;
}

/** RLP of one integer, as in ledger rows and Merkle leaves: 0 is the single byte 0x80. */
export function encodeRlpInteger(value: number | bigint): Uint8Array {
  const writer = new RlpWriter(40);
  return (typeof value === "number" ? writer.number(value) : writer.integer(value)).toBytes();
}

/** RLP of one byte string. */
export function encodeRlpBytes(bytes: Uint8Array): Uint8Array {
  return new RlpWriter(bytes.length + 9).bytes(bytes).toBytes();
}

/** RLP list of items that are already encoded. */
export function encodeRlpList(items: readonly Uint8Array[]): Uint8Array {
  const writer = new RlpWriter();
  const list = writer.openList();
  for (const item of items) writer.raw(item);
  return writer.closeList(list).toBytes();
}
