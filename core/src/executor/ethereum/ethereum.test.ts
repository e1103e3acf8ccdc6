import { blake2b } from "@noble/hashes/blake2.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOf, keccak256, sha256, smSuite, standardSuite } from "../../crypto/index.js";
import {
  EMPTY_BYTES,
  bigIntToBytes,
  bytesToBigInt,
  bytesToHex,
  concatBytes,
  hexToBytes,
  utf8ToBytes,
} from "../../primitives/index.js";
import { V2_0_0, V2_4_0, V2_5_0, V2_9_0 } from "../../protocol/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { ethereumAddress } from "./contract.js";
import { ethereumContracts } from "./index.js";

function contract(number: number, version: SupportedVersion = V2_9_0, suite = standardSuite) {
  const found = ethereumContracts(suite, version).get(ethereumAddress(number));
  if (found === undefined) throw new Error(`nothing at ${number}`);
  return found;
}

const word = (value: bigint | number) => bigIntToBytes(BigInt(value), 32);
const run = (number: number, ...parts: readonly Uint8Array[]) => contract(number).run(concatBytes(...parts));
const hexOf = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : bytesToHex(bytes));

it("are five more from 2.5.0 on", () => {
  expect(ethereumContracts(standardSuite, V2_4_0).size).toBe(4);
  expect(ethereumContracts(standardSuite, V2_5_0).size).toBe(9);
});

describe("signature recovery", () => {
  const key = standardSuite.keyPairOf(new Uint8Array(32).fill(7));
  const digest = keccak256(utf8ToBytes("message"));
  const signature = standardSuite.sign(digest, key);
  const input = concatBytes(digest, word(27 + (signature[64] as number)), signature.subarray(0, 64));
  const address = addressOf(standardSuite, key.publicKey);

  it("gives the address of the signer, on sm chains too", () => {
    expect(hexOf(contract(1).run(input))).toBe(`${"0".repeat(24)}${address}`);
    expect(hexOf(contract(1, V2_9_0, smSuite).run(input))).toBe(`${"0".repeat(24)}${address}`);
  });

  it("gives nothing for a high s, another v, zeros, or a cut input, and succeeds", () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = bytesToBigInt(signature.subarray(32, 64));
    const high = concatBytes(digest, word(28 - (signature[64] as number)), signature.subarray(0, 32), word(order - s));
    const otherV = concatBytes(digest, word(29), signature.subarray(0, 64));
    for (const bad of [high, otherV, new Uint8Array(128), input.subarray(0, 96), EMPTY_BYTES]) {
      expect(contract(1).run(bad)).toEqual(EMPTY_BYTES);
    }
  });

  it("recovered SM2 signatures on sm chains below 2.4.0", () => {
    const sm = smSuite.keyPairOf(new Uint8Array(32).fill(7));
    const bytes = smSuite.sign(digest, sm);
    const recover = contract(1, V2_0_0, smSuite);
    const good = concatBytes(digest, bytes.subarray(64), bytes.subarray(0, 64));
    expect(hexOf(recover.run(good))).toBe(`${"0".repeat(24)}${addressOf(smSuite, sm.publicKey)}`);
    const otherDigest = concatBytes(keccak256(digest), good.subarray(32));
    expect(hexOf(recover.run(otherDigest))).toBe(`${"0".repeat(24)}${addressOf(smSuite, new Uint8Array(64))}`);
    expect(recover.run(new Uint8Array(160))).toEqual(EMPTY_BYTES);
  });
});

describe("hashes and identity", () => {
  const abc = utf8ToBytes("abc");

  it("give the known answers", () => {
    expect(run(2, abc)).toEqual(sha256(abc));
    expect(hexOf(run(3, abc))).toBe(`${"0".repeat(24)}8eb208f7e05d987a9b044a8e98c6b087f15a0bfc`);
    expect(run(4, abc)).toEqual(abc);
  });

  it("cost by the word", () => {
    const costs = [2, 3, 4].map((number) =>
      [0, 1, 32, 33].map((length) => contract(number).gas(new Uint8Array(length))),
    );
    expect(costs).toEqual([
      [60n, 72n, 72n, 84n],
      [600n, 720n, 720n, 840n],
      [15n, 18n, 18n, 21n],
    ]);
  });

  it("were SM3 at address 2 of sm chains below 2.4.0", () => {
    expect(contract(2, V2_0_0, smSuite).run(abc)).toEqual(smSuite.hash(abc));
    expect(contract(2, V2_4_0, smSuite).run(abc)).toEqual(sha256(abc));
  });
});

describe("modular power", () => {
  const input = (base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array) =>
    concatBytes(word(base.length), word(exponent.length), word(modulus.length), base, exponent, modulus);

  it("agrees with bigints", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(300),
        fc.uint8Array({ maxLength: 40 }),
        (base, e, modulus) => {
          const output = run(5, input(base, word(e), modulus));
          const m = bytesToBigInt(modulus);
          expect(output?.length).toBe(modulus.length);
          expect(bytesToBigInt(output ?? EMPTY_BYTES)).toBe(m === 0n ? 0n : bytesToBigInt(base) ** BigInt(e) % m);
        },
      ),
    );
  });

  it("takes missing bytes as zeros", () => {
    // 3 to the power of 0x0100 modulo 0x0100 with the last byte of the modulus missing.
    const whole = input(Uint8Array.of(3), Uint8Array.of(1, 0), Uint8Array.of(1, 0));
    expect(run(5, whole.subarray(0, whole.length - 1))).toEqual(bigIntToBytes(3n ** 256n % 256n, 2));
    expect(run(5)).toEqual(EMPTY_BYTES);
    expect(run(5, word(1), word(2n ** 20n), word(1), Uint8Array.of(2))).toEqual(Uint8Array.of(0));
  });

  it("is priced by length and exponent (EIP-198)", () => {
    const gas = (...parts: readonly Uint8Array[]) => contract(5).gas(concatBytes(...parts));
    const prime = hexToBytes("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
    const less = hexToBytes("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e");
    expect(gas(word(1), word(32), word(32), Uint8Array.of(3), less, prime)).toBe(13056n);
    expect(gas()).toBe(0n);
    // An exponent of 2^255 bytes: priced, not read.
    expect(gas(word(1), word(2n ** 255n), word(1))).toBe((8n * (2n ** 255n - 32n)) / 20n);
    expect(gas(word(1024), word(1), word(0), new Uint8Array(1024), Uint8Array.of(255))).toBe(
      (((1024n * 1024n) / 4n + 96n * 1024n - 3072n) * 7n) / 20n,
    );
  });
});

describe("curve", () => {
  const G1 = concatBytes(word(1), word(2));
  const FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
  const MINUS_G1 = concatBytes(word(1), word(FIELD - 2n));
  const G2 = concatBytes(
    word(0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2n),
    word(0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6edn),
    word(0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975bn),
    word(0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daan),
  );
  const INFINITY = new Uint8Array(64);

  it("adds and multiplies", () => {
    expect(run(6, G1, G1)).toEqual(run(7, G1, word(2)));
    expect(run(6, G1, MINUS_G1)).toEqual(INFINITY);
    expect(run(6)).toEqual(INFINITY);
    expect(run(6, G1)).toEqual(G1);
    expect(run(7, G1, word(2n ** 256n - 1n))).toEqual(
      run(
        7,
        G1,
        word((2n ** 256n - 1n) % 21888242871839275222246405745257275088548364400416034343698204186575808495617n),
      ),
    );
    expect(run(7, G1)).toEqual(INFINITY);
  });

  it("fails for what is no point", () => {
    const noPoint = concatBytes(word(1), word(3));
    const beyondField = concatBytes(word(1n + FIELD), word(2));
    for (const bad of [noPoint, beyondField]) {
      expect(run(6, bad, G1)).toBeUndefined();
      expect(run(7, bad, word(1))).toBeUndefined();
      expect(run(8, bad, G2)).toBeUndefined();
    }
    expect(run(8, G1, G2.subarray(0, 127), Uint8Array.of(0))).toBeUndefined();
  });

  it("pairs", () => {
    expect(run(8, G1, G2, MINUS_G1, G2)).toEqual(word(1));
    expect(run(8, G1, G2)).toEqual(word(0));
    expect(run(8)).toEqual(word(1));
    expect(run(8, INFINITY, G2)).toEqual(word(1));
    expect(run(8, G1, new Uint8Array(128))).toEqual(word(1));
    expect(run(8, G1)).toBeUndefined();
  });

  it("costs what Istanbul set", () => {
    expect([contract(6).gas(EMPTY_BYTES), contract(7).gas(EMPTY_BYTES)]).toEqual([150n, 6000n]);
    expect([0, 192, 384].map((length) => contract(8).gas(new Uint8Array(length)))).toEqual([45000n, 79000n, 113000n]);
  });
});

describe("BLAKE2b compression", () => {
  /** Input that hashes `message`, shorter than a block, when run for 12 rounds. */
  function input(message: Uint8Array, rounds = 12, final = 1): Uint8Array {
    const state = hexToBytes(
      "48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5" +
        "d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b",
    );
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, rounds);
    const block = new Uint8Array(128);
    block.set(message);
    const offset = new Uint8Array(16);
    offset[0] = message.length;
    return concatBytes(head, state, block, offset, Uint8Array.of(final));
  }

  it("is that of the hash", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), (message) => {
        expect(run(9, input(message))).toEqual(blake2b(message));
      }),
    );
  });

  it("runs as many rounds as it is told, and costs as much", () => {
    const one = run(9, input(Uint8Array.of(1), 1));
    expect(one).not.toEqual(run(9, input(Uint8Array.of(1), 2)));
    expect(run(9, input(EMPTY_BYTES, 0))?.length).toBe(64);
    expect(contract(9).gas(input(EMPTY_BYTES, 0xffff_ffff))).toBe(0xffff_ffffn);
  });

  it("has no price for input that is too short to tell a number of rounds, and fails", () => {
    expect(contract(9).gas(Uint8Array.of(0xff, 0xff, 0xff))).toBe(0n);
    expect(run(9, Uint8Array.of(0xff, 0xff, 0xff))).toBeUndefined();
  });

  it("fails for another length or flag", () => {
    expect(run(9, input(EMPTY_BYTES).subarray(1))).toBeUndefined();
    expect(run(9, input(EMPTY_BYTES), Uint8Array.of(0))).toBeUndefined();
    expect(run(9, input(EMPTY_BYTES, 12, 2))).toBeUndefined();
    expect(run(9, input(EMPTY_BYTES, 12, 0))).not.toEqual(run(9, input(EMPTY_BYTES)));
  });
});
