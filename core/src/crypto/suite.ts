/** What every cryptographic suite offers, and the few facts derived from it. */
import type { Address, Hash } from "../primitives/index.js";
import { EMPTY_BYTES, bytesToHex } from "../primitives/index.js";

/** A private key with its public key. */
export interface KeyPair {
  /** 32 bytes, big-endian, 1 to order − 1. */
  readonly privateKey: Uint8Array;
  /** 64 bytes: x then y, without the SEC1 prefix byte. */
  readonly publicKey: Uint8Array;
}

/**
 * Hash and signature scheme of a whole chain.
 *
 * Implementations are interchangeable: same bytes in, same verdicts out (signatures themselves may differ where the
 * scheme is randomised). All of them run the suite in `testing/src/conformance/crypto-suite.ts`.
 */
export interface CryptoSuite {
  /** `standard`: Keccak-256 and secp256k1. `sm`: SM3 and SM2. */
  readonly name: "standard" | "sm";
  /** Length of the byte form of a signature: 65 (r, s, recovery id) or 128 (r, s, public key). */
  readonly signatureBytes: number;
  /** The chain's hash of `data`, 32 bytes in an array that belongs to the caller. */
  hash(data: Uint8Array): Uint8Array;
  /** Hash of tables up to supported_version 2.4.0: SHA-256 (standard) or SM3, 32 bytes. */
  legacyTableHash(data: Uint8Array): Uint8Array;
  /**
   * The pair that belongs to a private key.
   *
   * @throws CodedError `invalid-private-key` when it is not 32 bytes in the range of the curve
   */
  keyPairOf(privateKey: Uint8Array): KeyPair;
  /** Signature in byte form over a 32-byte digest. */
  sign(digest: Uint8Array, key: KeyPair): Uint8Array;
  /**
   * True when `signature` (byte form) over `digest` was made by the 64-byte `publicKey`. Never throws: whatever is
   * malformed is false. The standard suite recovers and compares, so a high s and recovery ids 2 and 3 are accepted;
   * the stricter range of transactions is checked where transactions are. The sm suite ignores the key inside the
   * signature.
   */
  verify(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;
  /** The 64-byte public key that signed, undefined when the signature is invalid. Never throws. */
  recover(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined;
}

/** The chain's hash of `data` as text. */
export function hashOf(suite: CryptoSuite, data: Uint8Array): Hash {
  return bytesToHex(suite.hash(data)) as Hash;
}

const emptyHashes = new WeakMap<CryptoSuite, Hash>();

/** Hash of no bytes: the root of a block without transactions. Computed once a suite. */
export function emptyHashOf(suite: CryptoSuite): Hash {
  let empty = emptyHashes.get(suite);
  if (empty === undefined) {
    empty = hashOf(suite, EMPTY_BYTES);
    emptyHashes.set(suite, empty);
  }
  return empty;
}

/** Last 20 bytes of a hash: the address of an account when `publicKey` is 64 bytes of key, of a contract for other preimages. */
export function addressOf(suite: CryptoSuite, publicKey: Uint8Array): Address {
  // Cutting the text is cheaper than a view of so small an array.
  return bytesToHex(suite.hash(publicKey)).slice(24) as Address;
}
