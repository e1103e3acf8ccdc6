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
  private head = 0;
  private broken = false;

  /** @param data calldata without the selector */
  constructor(data: Uint8Array) {
    this.data = data;
  }

  /** A `uint256`. */
  uint(): bigint {
    const word = this.word();
    return word === undefined ? 0n : bytesToBigInt(word);
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

  private word(): Uint8Array | undefined {
    const at = this.head;
    this.head += WORD;
    if (this.broken || at + WORD > this.data.length) {
      this.broken = true;
      return undefined;
    }
    return this.data.subarray(at, at + WORD);
  }

  /**
   * The bytes behind an offset. Offset and length are unsigned 64-bit numbers whose sums wrap around: a sum that wraps
   * into the data passes the test of the offset, and then nothing is read, which is no fault.
   */
  private dynamic(): Uint8Array | undefined {
    const head = this.word();
    if (head === undefined) return undefined;
    const size = BigInt(this.data.length);
    const offset = bytesToBigInt(head) % SIZE_LIMIT;
    if ((offset + 31n) % SIZE_LIMIT >= size) return this.fault();
    if (offset >= size) return EMPTY_BYTES;
    const start = Number(offset) + WORD;
    const length = bytesToBigInt(this.data.subarray(start - WORD, start)) % SIZE_LIMIT;
    if ((offset + 31n + length) % SIZE_LIMIT >= size) return this.fault();
    if (length > size) return EMPTY_BYTES;
    return this.data.subarray(start, start + Number(length));
  }

  private fault(): undefined {
    this.broken = true;
    return undefined;
  }
}
