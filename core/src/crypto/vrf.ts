/**
 * The verifiable random function of 2.x over Ristretto255, with texts as its library has them: keys and points are 64
 * lower-case hexadecimal digits, scalars the same in little-endian order, a proof is three of them with `|` between.
 *
 * Written from the published construction; no recorded proof was there to compare with.
 *
 * @see docs/protocol/precompiled.md#random-numbers
 */
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { sha3_512 } from "@noble/hashes/sha3.js";
import { assert, byteStringToBytes, bytesToBigInt, hexToBytes } from "../primitives/index.js";
import type { ByteString } from "../primitives/index.js";
import { keccak256 } from "./keccak.js";

type Point = InstanceType<typeof ristretto255.Point>;

const { BASE, Fn } = ristretto255.Point;
/** Cofactor of the curve below the group. */
const COFACTOR = 8n;

/** A proof with what it is said to prove. */
export interface VrfClaim {
  readonly publicKey: ByteString;
  readonly input: ByteString;
  readonly proof: ByteString;
}

function pointOf(text: string): Point | undefined {
  if (!/^[0-9a-f]{64}$/.test(text)) return undefined;
  try {
    return ristretto255.Point.fromHex(text);
  } catch {
    // Not the canonical form of any point.
    return undefined;
  }
}

/** A scalar below the order of the group. */
function scalarOf(text: string): bigint | undefined {
  if (!/^[0-9a-f]{64}$/.test(text)) return undefined;
  const scalar = bytesToBigInt(hexToBytes(text).reverse());
  return scalar < Fn.ORDER ? scalar : undefined;
}

/** Scalar that a text stands for: its SHA3-512 digest, little-endian, reduced. */
export function vrfScalar(text: string): bigint {
  return bytesToBigInt(sha3_512(byteStringToBytes(text as ByteString)).reverse()) % Fn.ORDER;
}

/** Point that a text stands for. */
export function vrfPoint(text: string): Point {
  const { deriveToCurve } = ristretto255_hasher;
  assert(deriveToCurve !== undefined, "the group derives elements from uniform bytes");
  return deriveToCurve(sha3_512(byteStringToBytes(text as ByteString)));
}

/** The point times a scalar, also 0, which the library refuses. */
function times(point: Point, scalar: bigint): Point {
  return scalar === 0n ? ristretto255.Point.ZERO : point.multiply(scalar);
}

/** True when `text` is the hexadecimal form of a public key. */
export function isVrfPublicKey(text: ByteString): boolean {
  return pointOf(text) !== undefined;
}

/** The 32 bytes that a valid proof stands for; undefined when it proves nothing. Never throws. */
export function verifyVrf({ publicKey, input, proof }: VrfClaim): Uint8Array | undefined {
  const [gammaText = "", challengeText = "", responseText = "", ...rest] = proof.split("|");
  const key = pointOf(publicKey);
  const gamma = pointOf(gammaText);
  const challenge = scalarOf(challengeText);
  const response = scalarOf(responseText);
  if (key === undefined || gamma === undefined || rest.length > 0) return undefined;
  if (challenge === undefined || response === undefined) return undefined;
  const subject = `${publicKey}|${input}`;
  const u = times(key, challenge).add(times(BASE, response));
  const v = times(gamma, challenge).add(times(vrfPoint(subject), response));
  if (challenge !== vrfScalar(`${subject}|${publicKey}${gammaText}${u.toHex()}${v.toHex()}`)) return undefined;
  return keccak256(times(gamma, COFACTOR).toBytes());
}
