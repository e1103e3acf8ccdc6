/** Records: cutting them out of a stream, and protecting what is in them (RFC 5246, section 6, with SM4-CBC and SM3). */
import {
  EMPTY_BYTES,
  SM_TLS_CIPHERTEXT_BYTES_MAX,
  SM_TLS_PLAINTEXT_BYTES_MAX,
  assert,
  concatBytes,
  ok,
} from "../primitives/index.js";
import { failed } from "./failure.js";
import type { SmTlsResult } from "./failure.js";
import type { SmTlsCrypto } from "./interface.js";
import type { DirectionKeys } from "./secrets.js";
import { secretsEqual, writeNumber } from "./wire.js";

/** Kinds of records. */
export const RecordType = { ChangeCipherSpec: 20, Alert: 21, Handshake: 22, Data: 23 } as const;

/** TLS 1.2 on the wire. */
export const TLS_1_2 = 0x0303;

const HEADER_BYTES = 5;
const BLOCK_BYTES = 16;
const MAC_BYTES = 32;
/** Input of the HMAC before the data: number of the record, type, version, length. */
const MAC_HEADER_BYTES = 13;
/** Bytes in one step of the hash, and what its own padding takes at least. */
const HASH_BLOCK_BYTES = 64;
const HASH_PADDING_BYTES = 9;
const PADDING_MAX = 256;

/** A record as it came, its body still protected if the direction is. */
export interface TlsRecord {
  readonly type: number;
  /** Valid until more is read. */
  readonly body: Uint8Array;
}

/** Cuts a stream into records. Holds at most one that is incomplete. */
export class RecordReader {
  #rest: Uint8Array = EMPTY_BYTES;

  /** Adds what came. Whole records are taken out with {@link next} before more is added. */
  push(bytes: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? bytes : concatBytes(this.#rest, bytes);
  }

  /** The next whole record; undefined while there is none. */
  next(): SmTlsResult<TlsRecord | undefined> {
    const bytes = this.#rest;
    if (bytes.length < HEADER_BYTES) return this.#incomplete();
    const [type, major, , high, low] = bytes as unknown as [number, number, number, number, number];
    // Said at once: who speaks something else may never send as many bytes as this would mean.
    if (type < RecordType.ChangeCipherSpec || type > RecordType.Data || major !== 3) {
      return failed("record-malformed", "what came is no record of TLS");
    }
    const length = high * 256 + low;
    if (length > SM_TLS_CIPHERTEXT_BYTES_MAX) return failed("record-too-large", `a record of ${length} bytes came`);
    if (bytes.length < HEADER_BYTES + length) return this.#incomplete();
    this.#rest = bytes.subarray(HEADER_BYTES + length);
    return ok({ type, body: bytes.subarray(HEADER_BYTES, HEADER_BYTES + length) });
  }

  #incomplete(): SmTlsResult<undefined> {
    // A copy of its own, so that a few bytes do not keep the whole of what came alive.
    this.#rest = this.#rest.length === 0 ? EMPTY_BYTES : concatBytes(this.#rest);
    return ok(undefined);
  }
}

/** A record with header. */
export function frameRecord(type: number, body: Uint8Array, version: number = TLS_1_2): Uint8Array {
  return concatBytes(Uint8Array.of(type), writeNumber(version, 2), writeNumber(body.length, 2), body);
}

/** One direction once its keys are in use: numbers its records, and protects or opens them. */
export class RecordProtection {
  readonly #crypto: SmTlsCrypto;
  readonly #keys: DirectionKeys;
  #sequence = 0;

  constructor(crypto: SmTlsCrypto, keys: DirectionKeys) {
    this.#crypto = crypto;
    this.#keys = keys;
  }

  /** The body of a record: iv, then data, its authentication and padding to the next block, encrypted. */
  protect(type: number, data: Uint8Array): Uint8Array {
    assert(data.length <= SM_TLS_PLAINTEXT_BYTES_MAX, "data fits into a record");
    const mac = this.#crypto.hmac(this.#keys.mac, this.#macHeader(type, data.length), data);
    const padding = BLOCK_BYTES - ((data.length + MAC_BYTES) % BLOCK_BYTES);
    const blocks = concatBytes(data, mac, new Uint8Array(padding).fill(padding - 1));
    const iv = this.#crypto.random(BLOCK_BYTES);
    this.#sequence++;
    return concatBytes(iv, this.#crypto.encrypt(this.#keys.cipher, iv, blocks));
  }

  /**
   * The data of a record. Which of padding and authentication was wrong is never told, and the work is the same for
   * every padding, as far as a hash over a secret length can be: what would give a stranger answers about the text.
   */
  open(type: number, body: Uint8Array): SmTlsResult<Uint8Array> {
    const wrong = failed("record-forged", "a record was not made with the keys of this session, or was changed");
    const length = body.length - BLOCK_BYTES;
    if (length < MAC_BYTES + BLOCK_BYTES || length % BLOCK_BYTES !== 0) return wrong;
    const blocks = this.#crypto.decrypt(this.#keys.cipher, body.subarray(0, BLOCK_BYTES), body.subarray(BLOCK_BYTES));
    const { dataLength, isPaddingRight } = unpad(blocks);
    const data = blocks.subarray(0, dataLength);
    const expected = this.#crypto.hmac(this.#keys.mac, this.#macHeader(type, dataLength), data);
    this.#levelHashing(dataLength, length - MAC_BYTES - 1);
    const isMacRight = secretsEqual(expected, blocks.subarray(dataLength, dataLength + MAC_BYTES));
    this.#sequence++;
    if (!isPaddingRight || !isMacRight) return wrong;
    if (dataLength > SM_TLS_PLAINTEXT_BYTES_MAX) {
      return failed("record-too-large", `a record with ${dataLength} bytes of data came`);
    }
    return ok(data);
  }

  /** Hashes as many more blocks as a record of this size with the shortest padding would have taken. */
  #levelHashing(dataLength: number, dataLengthMax: number): void {
    const steps = (bytes: number): number =>
      Math.ceil((MAC_HEADER_BYTES + bytes + HASH_PADDING_BYTES) / HASH_BLOCK_BYTES);
    const missing = steps(dataLengthMax) - steps(dataLength);
    this.#crypto.hash(ZEROS.subarray(0, missing * HASH_BLOCK_BYTES));
  }

  #macHeader(type: number, length: number): Uint8Array {
    return concatBytes(
      writeNumber(this.#sequence, 8),
      Uint8Array.of(type),
      writeNumber(TLS_1_2, 2),
      writeNumber(length, 2),
    );
  }
}

/** For levelling: as much as the longest padding. */
const ZEROS = new Uint8Array(PADDING_MAX + HASH_BLOCK_BYTES);

/** Finds the padding at the end; looks at the same bytes whatever it is. Wrong padding counts as one byte. */
function unpad(blocks: Uint8Array): { readonly dataLength: number; readonly isPaddingRight: boolean } {
  const { length } = blocks;
  const last = blocks[length - 1] as number;
  // Negative, so with the highest bit, when padding and authentication do not fit.
  let wrong = (length - MAC_BYTES - 1 - last) >> 31;
  const looked = Math.min(PADDING_MAX, length);
  for (let back = 1; back <= looked; back++) {
    // All ones for the bytes that belong to the padding.
    const belongs = (back - 2 - last) >> 31;
    wrong |= belongs & ((blocks[length - back] as number) ^ last);
  }
  const isPaddingRight = wrong === 0;
  const isRightMask = -Number(isPaddingRight);
  return { dataLength: length - MAC_BYTES - 1 - (last & isRightMask), isPaddingRight };
}
