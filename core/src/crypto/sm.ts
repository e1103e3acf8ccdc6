/** SM3 and SM2 (GB/T 32918) in pure TypeScript, for any JavaScript host. */
import { CodedError, assert, bigIntToBytes, bytesToBigInt, concatBytes } from "../primitives/index.js";
import { CURVE, FIELD_BYTES, Point, coordinatesOf, pointOf, sm2Identity } from "./sm2-curve.js";
import { sm3 } from "./sm3.js";
import type { CryptoSuite, KeyPair } from "./suite.js";

const SIGNATURE_BYTES = 128;
const { Fn } = Point;

/** What SM2 signs in place of `message`: it binds the signer's identity and key. */
function boundDigest(message: Uint8Array, publicKey: Uint8Array): bigint {
  return bytesToBigInt(sm3(concatBytes(sm2Identity(publicKey), message)));
}

function keyPairOf(privateKey: Uint8Array): KeyPair {
  const scalar = privateKey.length === FIELD_BYTES ? bytesToBigInt(privateKey) : 0n;
  // n − 1 has no inverse of 1 + d, which signing needs.
  if (scalar === 0n || scalar >= CURVE.n - 1n) {
    throw new CodedError("invalid-private-key", "a private key must be 32 bytes, from 1 to the order of SM2 − 2");
  }
  return { privateKey, publicKey: coordinatesOf(Point.BASE.multiply(scalar)) };
}

function hmacSm3(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  assert(key.length <= 64, "an HMAC-SM3 key fits into one block");
  const inner = new Uint8Array(64).fill(0x36);
  const outer = new Uint8Array(64).fill(0x5c);
  key.forEach((byte, i) => {
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  });
  return sm3(concatBytes(outer, sm3(concatBytes(inner, ...parts))));
}

/**
 * Nonces for one signature, in the manner of RFC 6979 with HMAC-SM3: the same key and digest give the same nonces, so
 * no source of randomness is needed and a nonce can never serve two digests.
 */
function* nonces(privateKey: Uint8Array, e: bigint): Generator<bigint> {
  const seed = concatBytes(privateKey, bigIntToBytes(Fn.create(e), FIELD_BYTES));
  let v: Uint8Array = new Uint8Array(32).fill(1);
  let k: Uint8Array = new Uint8Array(32);
  k = hmacSm3(k, v, Uint8Array.of(0), seed);
  v = hmacSm3(k, v);
  k = hmacSm3(k, v, Uint8Array.of(1), seed);
  v = hmacSm3(k, v);
  for (;;) {
    v = hmacSm3(k, v);
    const nonce = bytesToBigInt(v);
    if (nonce > 0n && nonce < CURVE.n) yield nonce;
    k = hmacSm3(k, v, Uint8Array.of(0));
    v = hmacSm3(k, v);
  }
}

/**
 * SM2 signature with SM3 over a message of any length, in the name of the default user id: what certificates carry.
 *
 * @returns r and s, 32 bytes each
 */
export function signSm2(message: Uint8Array, key: KeyPair): Uint8Array {
  const e = boundDigest(message, key.publicKey);
  const d = bytesToBigInt(key.privateKey);
  for (const nonce of nonces(key.privateKey, e)) {
    const r = Fn.create(e + Point.BASE.multiply(nonce).x);
    if (r === 0n || r + nonce === CURVE.n) continue;
    const s = Fn.mul(Fn.inv(Fn.create(1n + d)), Fn.create(nonce - r * d));
    if (s === 0n) continue;
    return concatBytes(bigIntToBytes(r, FIELD_BYTES), bigIntToBytes(s, FIELD_BYTES));
  }
  throw new CodedError("invalid-private-key", "no SM2 signature exists for this key");
}

/**
 * Tells whether r and s (the first 64 bytes of `signature`) are what {@link signSm2} makes. Never throws: malformed
 * signatures and keys are false.
 */
export function verifySm2(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length < 2 * FIELD_BYTES) return false;
  const r = bytesToBigInt(signature.subarray(0, FIELD_BYTES));
  const s = bytesToBigInt(signature.subarray(FIELD_BYTES, 2 * FIELD_BYTES));
  if (r === 0n || r >= CURVE.n || s === 0n || s >= CURVE.n) return false;
  const t = Fn.add(r, s);
  const signer = pointOf(publicKey);
  if (t === 0n || signer === undefined) return false;
  const sum = Point.BASE.mulAddUnsafe(s, signer, t);
  if (sum.is0()) return false;
  return Fn.create(boundDigest(message, publicKey) + sum.x) === r;
}

function verify(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  return digest.length === 32 && signature.length === SIGNATURE_BYTES && verifySm2(digest, signature, publicKey);
}

function recover(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  const publicKey = signature.slice(2 * FIELD_BYTES);
  return verify(digest, signature, publicKey) ? publicKey : undefined;
}

/** SM3 and SM2 in pure TypeScript; a node uses a native implementation of the same interface. */
export const smSuite: CryptoSuite = {
  name: "sm",
  signatureBytes: SIGNATURE_BYTES,
  hash: sm3,
  legacyTableHash: sm3,
  keyPairOf,
  sign: (digest, key) => concatBytes(signSm2(digest, key), key.publicKey),
  verify,
  recover,
};
