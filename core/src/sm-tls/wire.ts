/** Numbers and byte strings with lengths, as the handshake writes them. */
import { concatBytes } from "../primitives/index.js";

/** Reads from the start of a message. Once something is not there, nothing that follows is. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #isShort = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Everything was there, and nothing is left. */
  get isComplete(): boolean {
    return !this.#isShort && this.#at === this.#bytes.length;
  }

  /** Everything was there so far. */
  get isSound(): boolean {
    return !this.#isShort;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A big-endian number of so many bytes (at most 4); 0 when it is not there. */
  number(length: number): number {
    let value = 0;
    for (const byte of this.bytes(length)) value = value * 256 + byte;
    return value;
  }

  /** The next bytes, a view; none when there are not so many. */
  bytes(length: number): Uint8Array {
    if (this.#isShort || length > this.left) {
      this.#isShort = true;
      return this.#bytes.subarray(0, 0);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Bytes with their length before them, in so many bytes. */
  vector(lengthBytes: number): Uint8Array {
    return this.bytes(this.number(lengthBytes));
  }
}

/** A big-endian number in so many bytes. */
export function writeNumber(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = length - 1, left = value; at >= 0; at--, left = Math.floor(left / 256)) bytes[at] = left % 256;
  return bytes;
}

/** Bytes with their length before them, in so many bytes. */
export function writeVector(lengthBytes: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return concatBytes(writeNumber(length, lengthBytes), ...parts);
}

/** Equality that takes as long for different bytes as for equal ones. */
export function secretsEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] ?? 0);
  return difference === 0;
}
