/** The recommended 256-bit curve of SM2 (GB/T 32918.5), and what signer and key agreement hash of a public key. */
import { weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { bigIntToBytes, bytesToBigInt, concatBytes, hexToBytes, utf8ToBytes } from "../primitives/index.js";
import { sm3 } from "./sm3.js";

/** Bytes of a coordinate, and of a private key. */
export const FIELD_BYTES = 32;

/** Its parameters. */
export const CURVE = {
  p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
  n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  h: 1n,
  a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
} as const;

/** Points on it. */
export const Point = weierstrass<bigint>(CURVE);

/** A point on it. */
export type CurvePoint = InstanceType<typeof Point>;

/** What is hashed before a public key: length in bits of the default user id, the id, and the curve. */
const Z_PREFIX = concatBytes(
  hexToBytes("0080"),
  utf8ToBytes("1234567812345678"),
  ...[CURVE.a, CURVE.b, CURVE.Gx, CURVE.Gy].map((value) => bigIntToBytes(value, FIELD_BYTES)),
);

/** Z of the standard: binds the default user id and a public key (x‖y, 64 bytes) to what is signed or agreed on. */
export function sm2Identity(publicKey: Uint8Array): Uint8Array {
  return sm3(concatBytes(Z_PREFIX, publicKey));
}

/** The point with these 64 bytes of coordinates; undefined when it is not on the curve. */
export function pointOf(publicKey: Uint8Array): CurvePoint | undefined {
  if (publicKey.length !== 2 * FIELD_BYTES) return undefined;
  const x = bytesToBigInt(publicKey.subarray(0, FIELD_BYTES));
  const y = bytesToBigInt(publicKey.subarray(FIELD_BYTES));
  try {
    // The library throws for coordinates that are out of the field or on no point.
    const point = Point.fromAffine({ x, y });
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}

/** x‖y of a point that is not the one at infinity. */
export function coordinatesOf(point: CurvePoint): Uint8Array {
  return point.toBytes(false).slice(1);
}
