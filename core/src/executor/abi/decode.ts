/**
 * Reading of contract arguments from calldata with the leniency of 2.x.
 *
 * @see docs/protocol/precompiled.md#arguments
 */
import type { Address, ByteString } from "../../primitives/index.js";
import {
  EMPTY_BYTES,
  EMPTY_BYTE_STRING,
  ZERO_ADDRESS,
  bytesToBigInt,
  bytesToByteString,
  bytesToHex,
} from "../../primitives/index.js";

const WORD = 32;
const WORD_ZERO = new Uint8Array(WORD);
const SIZE_LIMIT = 1n << 64n;
const UINT256_LIMIT = 1n << 256n;

/** Largest word that {@link ArgumentReader.int} takes as positive. It should be 2^255 − 1; chains live with this value. */
const INT_POSITIVE_MAX = 0x8fn * (1n << 248n) + ((1n << 248n) - 1n);

/**
 * Reads arguments one after the other, in the order of the signature.
 *
 * Nothing throws: from the first argument that does not lie inside the data on, every read gives the default of its
 * type (0, "", no bytes, the zero address), and the arguments before it keep their values.
 */
export class ArgumentReader {
  private readonly data: Uint8Array;
  private readonly view: DataView;
  private head = 0;
  private broken = false;

  /** @param data calldata without the selector */
  constructor(data: Uint8Array) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.length);
  }

  /** A `uint256`. */
  uint(): bigint {
    const at = this.next();
    if (at === undefined) return 0n;
    const small = this.smallWord(at);
    return small === undefined ? this.bigWord(at) : BigInt(small);
  }

  /** An `int256`. Words from 2^255 up to 0x8fff…ff come out positive, as they always have. */
  int(): bigint {
    const value = this.uint();
    return value > INT_POSITIVE_MAX ? value - UINT256_LIMIT : value;
  }

  /** An `address`: the low 20 bytes of a word whose other bytes are not looked at. */
  address(): Address {
    const word = this.word();
    return word === undefined ? ZERO_ADDRESS : (bytesToHex(word.subarray(12)) as Address);
  }

  /** A `bytes32`. */
  bytes32(): Uint8Array {
    return this.word()?.slice() ?? WORD_ZERO.slice();
  }

  /** A `bytes`. The result is a view of the calldata. */
  bytes(): Uint8Array {
    return this.dynamic() ?? EMPTY_BYTES;
  }

  /** A `string`, as raw bytes. */
  string(): ByteString {
    const bytes = this.dynamic();
    return bytes === undefined ? EMPTY_BYTE_STRING : bytesToByteString(bytes);
  }

  /** Position of the next head word, undefined when the data ends before or inside it. */
  private next(): number | undefined {
    const at = this.head;
    this.head += WORD;
    if (this.broken || at + WORD > this.data.length) return this.fault();
    return at;
  }

  private word(): Uint8Array | undefined {
    const at = this.next();
    return at === undefined ? undefined : this.data.subarray(at, at + WORD);
  }

  private dynamic(): Uint8Array | undefined {
    const at = this.next();
    if (at === undefined) return undefined;
    const offset = this.smallWord(at);
    if (offset === undefined) return this.wrapping(this.bigWord(at));
    if (offset + WORD > this.data.length) return this.fault();
    const length = this.smallWord(offset);
    if (length === undefined) return this.wrapping(BigInt(offset));
    const start = offset + WORD;
    return start + length > this.data.length ? this.fault() : this.data.subarray(start, start + length);
  }

  /**
   * {@link dynamic} for an offset or length that does not fit into 32 bits. Both are unsigned 64-bit numbers whose sums
   * wrap around: a sum that wraps into the data passes the test of the offset, and then nothing is read, which is no
   * fault.
   */
  private wrapping(offsetWord: bigint): Uint8Array | undefined {
    const size = BigInt(this.data.length);
    const offset = offsetWord % SIZE_LIMIT;
    if ((offset + 31n) % SIZE_LIMIT >= size) return this.fault();
    if (offset >= size) return EMPTY_BYTES;
    const start = Number(offset) + WORD;
    const length = this.bigWord(start - WORD) % SIZE_LIMIT;
    if ((offset + 31n + length) % SIZE_LIMIT >= size) return this.fault();
    return length > size ? EMPTY_BYTES : this.data.subarray(start, start + Number(length));
  }

  /** The word when it fits into 32 bits, which is most of them and far cheaper. */
  private smallWord(at: number): number | undefined {
    for (let i = at; i < at + WORD - 4; i++) if (this.data[i] !== 0) return undefined;
    return this.view.getUint32(at + WORD - 4);
  }

  private bigWord(at: number): bigint {
    return bytesToBigInt(this.data.subarray(at, at + WORD));
  }

  private fault(): undefined {
    this.broken = true;
    return undefined;
  }
}
