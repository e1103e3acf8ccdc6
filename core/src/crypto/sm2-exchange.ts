/** Key agreement and encryption with SM2 keys (GB/T 32918.3 and .4), as far as SM TLS needs them. */
import { bigIntToBytes, bytesEqual, bytesToBigInt, concatBytes } from "../primitives/index.js";
import { CURVE, FIELD_BYTES, Point, coordinatesOf, pointOf } from "./sm2-curve.js";
import { sm3 } from "./sm3.js";
import type { KeyPair } from "./suite.js";

const { Fn } = Point;
/** 2^w, with w half the bits of the order, less one. */
const HALF = 1n << 127n;

/** The part of an ephemeral point's x that takes part in the agreement. */
function shortened(point: Uint8Array): bigint {
  return HALF + (bytesToBigInt(point.subarray(0, FIELD_BYTES)) % HALF);
}

/**
 * The secret number of one side: t of the standard, 32 bytes.
 *
 * @param own key pair that a certificate is about
 * @param ephemeral key pair of this agreement alone
 */
export function sm2AgreementNumber(own: KeyPair, ephemeral: KeyPair): Uint8Array {
  const d = bytesToBigInt(own.privateKey);
  const r = bytesToBigInt(ephemeral.privateKey);
  return bigIntToBytes(Fn.create(d + shortened(ephemeral.publicKey) * r), FIELD_BYTES);
}

/**
 * What that number is multiplied with, from the public keys (64 bytes each) of the other side: nothing here is secret.
 *
 * @returns 64 bytes; undefined when a key is not on the curve, or the sum is the point at infinity
 */
export function sm2AgreementPoint(theirs: Uint8Array, theirEphemeral: Uint8Array): Uint8Array | undefined {
  const [fixed, ephemeral] = [pointOf(theirs), pointOf(theirEphemeral)];
  if (fixed === undefined || ephemeral === undefined) return undefined;
  const sum = fixed.add(ephemeral.multiplyUnsafe(shortened(theirEphemeral)));
  return sum.is0() ? undefined : coordinatesOf(sum);
}

/** `number` times a point (64 bytes); undefined when that is no point on the curve, or the number is none of a key. */
export function multiplySm2(number: Uint8Array, point: Uint8Array): Uint8Array | undefined {
  const factor = bytesToBigInt(number);
  const base = pointOf(point);
  if (base === undefined || factor === 0n || factor >= CURVE.n) return undefined;
  return coordinatesOf(base.multiply(factor));
}

/**
 * Finds a product of which only the x is known, as native Diffie-Hellman gives it: of the two points with that x, the one
 * that, with the point added once more, has the x of the next product.
 *
 * @param base the point that was multiplied, 64 bytes
 * @param candidate one of the two points with the x of the product, 64 bytes
 * @param xOfNext x of the product with the number after
 */
export function chooseSm2Product(base: Uint8Array, candidate: Uint8Array, xOfNext: Uint8Array): Uint8Array | undefined {
  const [step, point] = [pointOf(base), pointOf(candidate)];
  if (step === undefined || point === undefined) return undefined;
  for (const product of [point, point.negate()]) {
    const next = product.add(step);
    if (!next.is0() && bytesEqual(bigIntToBytes(next.x, FIELD_BYTES), xOfNext)) return coordinatesOf(product);
  }
  return undefined;
}

/** The key derivation of the standard: `length` bytes from a shared secret. */
export function sm2DeriveKey(secret: Uint8Array, length: number): Uint8Array {
  const key = new Uint8Array(length);
  for (let at = 0, counter = 1; at < length; at += 32, counter++) {
    const block = sm3(concatBytes(secret, bigIntToBytes(BigInt(counter), 4)));
    key.set(block.subarray(0, Math.min(32, length - at)), at);
  }
  return key;
}

/** The parts of a text encrypted to an SM2 key. */
export interface Sm2Ciphertext {
  /** Ephemeral point, 64 bytes. */
  readonly point: Uint8Array;
  /** Hash that shows that nothing was changed, 32 bytes. */
  readonly hash: Uint8Array;
  /** As long as the text. */
  readonly cipher: Uint8Array;
}

/**
 * Encrypts or decrypts with the product that both sides can compute: ephemeral number times public key, or private number
 * times ephemeral point.
 *
 * @returns text xor key stream, with the hash over `plain`
 */
function crypt(product: Uint8Array, text: Uint8Array): Uint8Array {
  const stream = sm2DeriveKey(product, text.length);
  return text.map((byte, i) => byte ^ (stream[i] as number));
}

function hashOfText(product: Uint8Array, plain: Uint8Array): Uint8Array {
  return sm3(concatBytes(product.subarray(0, FIELD_BYTES), plain, product.subarray(FIELD_BYTES)));
}

/** Encrypts; `product` is the ephemeral number times the receiver's public key. */
export function sealSm2(product: Uint8Array, ephemeralPoint: Uint8Array, plain: Uint8Array): Sm2Ciphertext {
  return { point: ephemeralPoint, hash: hashOfText(product, plain), cipher: crypt(product, plain) };
}

/** Decrypts; `product` is our private number times the ephemeral point. Undefined when the hash is another. */
export function openSm2(product: Uint8Array, { hash, cipher }: Sm2Ciphertext): Uint8Array | undefined {
  const plain = crypt(product, cipher);
  const expected = hashOfText(product, plain);
  let difference = hash.length ^ expected.length;
  for (let i = 0; i < expected.length; i++) difference |= (expected[i] as number) ^ (hash[i] ?? 0);
  return difference === 0 ? plain : undefined;
}
