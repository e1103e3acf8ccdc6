/** Addresses 6 to 8: points and pairings of the curve alt_bn128 (EIP-196, EIP-197), with the prices of Istanbul. */
import { bn254 } from "@noble/curves/bn254.js";
import { bigIntToBytes, bytesToBigInt, concatBytes } from "../../primitives/index.js";
import type { EthereumContract } from "./contract.js";
import { ethereumAddress, paddedBytes } from "./contract.js";

const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;
type PointG1 = InstanceType<typeof G1>;
type PointG2 = InstanceType<typeof G2>;

const FIELD = bn254.fields.Fp.ORDER;
const GROUP = bn254.fields.Fr.ORDER;

function wordAt(bytes: Uint8Array, offset: number): bigint {
  return bytesToBigInt(bytes.subarray(offset, offset + 32));
}

/** A point of the first group from 64 bytes; undefined when it is none. Two zero words are the point at infinity. */
function pointG1(bytes: Uint8Array): PointG1 | undefined {
  const x = wordAt(bytes, 0);
  const y = wordAt(bytes, 32);
  if (x === 0n && y === 0n) return G1.ZERO;
  if (x >= FIELD || y >= FIELD) return undefined;
  return validPoint(() => G1.fromAffine({ x, y }));
}

/** A point of the second group from 128 bytes, imaginary parts first. */
function pointG2(bytes: Uint8Array): PointG2 | undefined {
  const words = [0, 32, 64, 96].map((offset) => wordAt(bytes, offset));
  if (words.every((word) => word === 0n)) return G2.ZERO;
  if (words.some((word) => word >= FIELD)) return undefined;
  const [xImaginary = 0n, xReal = 0n, yImaginary = 0n, yReal = 0n] = words;
  const point = validPoint(() => G2.fromAffine({ x: { c0: xReal, c1: xImaginary }, y: { c0: yReal, c1: yImaginary } }));
  return point?.isTorsionFree() === true ? point : undefined;
}

/** The library throws for coordinates that are not on the curve; here they are an answer. */
function validPoint<P extends { assertValidity(): void }>(make: () => P): P | undefined {
  try {
    const point = make();
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}

function encodePoint(point: PointG1): Uint8Array {
  if (point.is0()) return new Uint8Array(64);
  const { x, y } = point.toAffine();
  return concatBytes(bigIntToBytes(x, 32), bigIntToBytes(y, 32));
}

/** Address 6: sum of two points. */
export const CURVE_ADD: EthereumContract = {
  address: ethereumAddress(6),
  gas: () => 150n,
  run(input) {
    const first = pointG1(paddedBytes(input, 0, 64));
    const second = pointG1(paddedBytes(input, 64, 64));
    return first === undefined || second === undefined ? undefined : encodePoint(first.add(second));
  },
};

/** Address 7: a point times a number. */
export const CURVE_MULTIPLY: EthereumContract = {
  address: ethereumAddress(7),
  gas: () => 6000n,
  run(input) {
    const point = pointG1(paddedBytes(input, 0, 64));
    const factor = bytesToBigInt(paddedBytes(input, 64, 32)) % GROUP;
    return point === undefined ? undefined : encodePoint(point.multiplyUnsafe(factor));
  },
};

const PAIR_BYTES = 192;

/** Address 8: whether the product of the pairings of all pairs is one. */
export const CURVE_PAIRING: EthereumContract = {
  address: ethereumAddress(8),
  gas: (input) => 45000n + 34000n * BigInt(Math.floor(input.length / PAIR_BYTES)),
  run(input) {
    if (input.length % PAIR_BYTES !== 0) return undefined;
    const pairs: { g1: PointG1; g2: PointG2 }[] = [];
    for (let at = 0; at < input.length; at += PAIR_BYTES) {
      const g1 = pointG1(input.subarray(at, at + 64));
      const g2 = pointG2(input.subarray(at + 64, at + PAIR_BYTES));
      if (g1 === undefined || g2 === undefined) return undefined;
      // A pairing with infinity is one; the library refuses to compute it.
      if (!g1.is0() && !g2.is0()) pairs.push({ g1, g2 });
    }
    const { Fp12 } = bn254.fields;
    const isOne = pairs.length === 0 || Fp12.eql(bn254.pairingBatch(pairs), Fp12.ONE);
    return concatBytes(new Uint8Array(31), isOne ? Uint8Array.of(1) : Uint8Array.of(0));
  },
};
