/**
 * The verifiable random function of 2.x over Ristretto255, with texts as its library has them: keys and points are 64
 * hexadecimal digits, scalars the same in little-endian order, a proof is three of them with `|` between.
 *
 * A chain runs on what the library accepts, so ours accepts the same: digits of either case, of a scalar only the low
 * 255 bits, of a text what stands before its first zero byte. Compared with the library in both directions.
 *
 * @see docs/protocol/precompiled.md#random-numbers
 */
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { sha3_512 } from "@noble/hashes/sha3.js";
import {
  ascii,
  assert,
  bigIntToBytes,
  bytesEqual,
  bytesToBigInt,
  bytesToHex,
  bytesToUtf8,
  byteStringToBytes,
  hexToBytes,
  utf8ToBytes,
} from "../primitives/index.js";
import type { ByteString } from "../primitives/index.js";
import { keccak256 } from "./keccak.js";

type Point = InstanceType<typeof ristretto255.Point>;

const { BASE, Fn } = ristretto255.Point;
const SCALAR_BYTES = 32;
const SIXTY_FOUR_DIGITS = /^[0-9a-fA-F]{64}$/;

/** A proof with what it is said to prove. */
export interface VrfClaim {
  readonly publicKey: ByteString;
  readonly input: ByteString;
  readonly proof: ByteString;
}

/** What the library, written for texts that end with a zero byte, reads of a text; undefined when that is no UTF-8. */
function readText(text: ByteString): string | undefined {
  const [read = ""] = text.split("\0", 1);
  const bytes = byteStringToBytes(read as ByteString);
  return bytesEqual(utf8ToBytes(bytesToUtf8(bytes)), bytes) ? read : undefined;
}

function pointOf(text: string | undefined): Point | undefined {
  if (text === undefined || !SIXTY_FOUR_DIGITS.test(text)) return undefined;
  try {
    return ristretto255.Point.fromHex(text.toLowerCase());
  } catch {
    // Not the canonical form of any point.
    return undefined;
  }
}

/** The low 255 bits, which need not be below the order of the group. */
function scalarOf(text: string): bigint | undefined {
  if (!SIXTY_FOUR_DIGITS.test(text)) return undefined;
  return BigInt.asUintN(255, bytesToBigInt(hexToBytes(text.toLowerCase()).reverse()));
}

/** Scalar that a text stands for: its SHA3-512 digest, little-endian, reduced. */
function vrfScalar(text: string): bigint {
  return bytesToBigInt(sha3_512(byteStringToBytes(text as ByteString)).reverse()) % Fn.ORDER;
}

/** Point that a text stands for. */
function vrfPoint(text: string): Point {
  const { deriveToCurve } = ristretto255_hasher;
  assert(deriveToCurve !== undefined, "the group derives elements from uniform bytes");
  return deriveToCurve(sha3_512(byteStringToBytes(text as ByteString)));
}

/** The point times a scalar of any size, also one that is 0 in the group, which the curve library refuses. */
function times(point: Point, scalar: bigint): Point {
  const reduced = scalar % Fn.ORDER;
  return reduced === 0n ? ristretto255.Point.ZERO : point.multiply(reduced);
}

function scalarText(scalar: bigint): string {
  return bytesToHex(bigIntToBytes(scalar, SCALAR_BYTES).reverse());
}

/** The text that the challenge of a proof is the digest of. */
function challengeText(publicKey: string, input: string, points: readonly string[]): string {
  return `${subjectText(publicKey, input)}|${publicKey}${points.join("")}`;
}

/** The text that is mapped to a point of its own. */
function subjectText(publicKey: string, input: string): string {
  return `${publicKey}|${input}`;
}

/** The public key that belongs to a secret text: 64 lower-case digits. */
export function vrfPublicKey(secretText: ByteString): ByteString {
  return ascii(times(BASE, vrfScalar(secretText)).toHex());
}

/**
 * Proves the random number that the secret gives for an input.
 *
 * The library blinds each proof with a random scalar; ours is derived from secret and input, so that it can never
 * repeat for another input and needs no generator. What the proof stands for does not depend on it.
 *
 * @param secretText text without zero bytes; a node takes the digits of its private key
 * @param input text without zero bytes
 */
export function proveVrf(secretText: ByteString, input: ByteString): VrfClaim {
  assert(!secretText.includes("\0") && !input.includes("\0"), "a zero byte would end the text");
  const secret = vrfScalar(secretText);
  const publicKey = vrfPublicKey(secretText);
  const point = vrfPoint(subjectText(publicKey, input));
  const blinding = vrfScalar(`${secretText}|blinding|${input}`);
  const gamma = times(point, secret).toHex();
  const commitments = [times(BASE, blinding).toHex(), times(point, blinding).toHex()];
  const challenge = vrfScalar(challengeText(publicKey, input, [gamma, ...commitments]));
  const response = Fn.create(blinding - challenge * secret);
  return { publicKey, input, proof: ascii(`${gamma}|${scalarText(challenge)}|${scalarText(response)}`) };
}

/** True when `text` is the hexadecimal form of a public key. */
export function isVrfPublicKey(text: ByteString): boolean {
  return pointOf(readText(text)) !== undefined;
}

/** The 32 bytes that a valid proof stands for; undefined when it proves nothing. Never throws. */
export function verifyVrf(claim: VrfClaim): Uint8Array | undefined {
  const publicKey = readText(claim.publicKey);
  const input = readText(claim.input);
  const proof = readText(claim.proof);
  if (publicKey === undefined || input === undefined || proof === undefined) return undefined;
  const [gammaText = "", givenChallenge = "", givenResponse = "", ...rest] = proof.split("|");
  const key = pointOf(publicKey);
  const gamma = pointOf(gammaText);
  const challenge = scalarOf(givenChallenge);
  const response = scalarOf(givenResponse);
  if (key === undefined || gamma === undefined || rest.length > 0) return undefined;
  if (challenge === undefined || response === undefined) return undefined;
  const u = times(key, challenge).add(times(BASE, response));
  const v = times(gamma, challenge).add(times(vrfPoint(subjectText(publicKey, input)), response));
  if (challenge !== vrfScalar(challengeText(publicKey, input, [gammaText, u.toHex(), v.toHex()]))) return undefined;
  // Eight times, the cofactor of the curve below the group.
  return keccak256(gamma.double().double().double().toBytes());
}
