/** What every `CryptoSuite` must do, whoever implements it: pure or native. */
import { describe, expect, test } from "vitest";
import { smSuite, standardSuite } from "@tsbcos/core/crypto";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import {
  CodedError,
  bigIntToBytes,
  bytesToBigInt,
  bytesToHex,
  concatBytes,
  createRandom,
} from "@tsbcos/core/primitives";

/** Orders of secp256k1 and SM2. */
const ORDERS = {
  standard: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  sm: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
} as const;

/** Bytes of r and s together; what follows is the recovery id or the public key. */
const SCALARS_BYTES = 64;

interface Case {
  readonly key: KeyPair;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

function with32(signature: Uint8Array, at: number, value: bigint): Uint8Array {
  const changed = signature.slice();
  changed.set(bigIntToBytes(value, 32), at);
  return changed;
}

/**
 * Registers the tests of one implementation. They compare it with the pure suite of the same name, so that all
 * implementations give the same verdicts.
 *
 * @param describedAs name of the implementation in the test report
 */
export function cryptoSuiteConformance(describedAs: string, suite: CryptoSuite): void {
  const pure = suite.name === "standard" ? standardSuite : smSuite;
  const order = ORDERS[suite.name];
  const random = createRandom(`conformance/${suite.name}`);
  const drawCase = (): Case => {
    const key = suite.keyPairOf(random.bytes(32));
    const digest = random.bytes(32);
    return { key, digest, signature: suite.sign(digest, key) };
  };

  describe(describedAs, () => {
    hashTests(suite, pure);
    keyTests(suite, pure, order);
    agreementTests(suite, pure, drawCase);
    refusalTests(suite, order, drawCase);
    if (suite.name === "standard") recoveryTests(suite, order, drawCase);
    else embeddedKeyTests(suite, drawCase);
  });
}

function hashTests(suite: CryptoSuite, pure: CryptoSuite): void {
  test("hashes any length like the pure suite, into an array of its own", () => {
    const random = createRandom("hashes");
    for (const length of [0, 1, 31, 32, 55, 56, 63, 64, 65, 119, 120, 135, 136, 137, 200, 272, 1000, 100_000]) {
      const data = random.bytes(length);
      const before = data.slice();
      expect(bytesToHex(suite.hash(data))).toBe(bytesToHex(pure.hash(data)));
      expect(bytesToHex(suite.legacyTableHash(data))).toBe(bytesToHex(pure.legacyTableHash(data)));
      expect(data).toEqual(before);
    }
    const first = suite.hash(Uint8Array.of(1));
    const kept = bytesToHex(first);
    suite.hash(Uint8Array.of(2));
    expect(bytesToHex(first)).toBe(kept);
    first.fill(0);
    expect(bytesToHex(suite.hash(Uint8Array.of(1)))).toBe(kept);
  });

  test("hashes a view by its own bytes only", () => {
    const whole = createRandom("view").bytes(300);
    const view = whole.subarray(17, 217);
    expect(bytesToHex(suite.hash(view))).toBe(bytesToHex(pure.hash(view.slice())));
  });
}

function keyTests(suite: CryptoSuite, pure: CryptoSuite, order: bigint): void {
  test("derives the same public keys, also of the smallest and a large private key", () => {
    const random = createRandom("keys");
    const keys = [bigIntToBytes(1n, 32), bigIntToBytes(order - 2n, 32), random.bytes(32), random.bytes(32)];
    for (const privateKey of keys) {
      const pair = suite.keyPairOf(privateKey);
      expect(bytesToHex(pair.publicKey)).toBe(bytesToHex(pure.keyPairOf(privateKey).publicKey));
      expect(pair.publicKey.length).toBe(64);
      expect(bytesToHex(pair.privateKey)).toBe(bytesToHex(privateKey));
    }
  });

  test("refuses private keys out of range", () => {
    for (const bad of [
      new Uint8Array(32),
      bigIntToBytes(order, 32),
      new Uint8Array(32).fill(255),
      new Uint8Array(31),
    ]) {
      expect(() => suite.keyPairOf(bad)).toThrow(CodedError);
    }
  });
}

function agreementTests(suite: CryptoSuite, pure: CryptoSuite, drawCase: () => Case): void {
  test("verifies and recovers its own signatures and those of the pure suite, and the pure suite its", () => {
    for (let i = 0; i < 8; i++) {
      const { key, digest, signature } = drawCase();
      expect(signature.length).toBe(suite.signatureBytes);
      for (const made of [signature, pure.sign(digest, key)]) {
        for (const checker of [suite, pure]) {
          expect(checker.verify(digest, made, key.publicKey)).toBe(true);
          expect(bytesToHex(checker.recover(digest, made) ?? new Uint8Array(0))).toBe(bytesToHex(key.publicKey));
        }
      }
    }
  });
}

function refusalTests(suite: CryptoSuite, order: bigint, drawCase: () => Case): void {
  test("another digest, key or signature does not verify", () => {
    const { key, digest, signature } = drawCase();
    const other = drawCase();
    expect(suite.verify(other.digest, signature, key.publicKey)).toBe(false);
    expect(suite.verify(digest, signature, other.key.publicKey)).toBe(false);
    expect(suite.verify(digest, other.signature, key.publicKey)).toBe(false);
    for (let at = 0; at < SCALARS_BYTES; at += 7) {
      const changed = signature.slice();
      changed[at] = (changed[at] as number) ^ 1;
      expect(suite.verify(digest, changed, key.publicKey)).toBe(false);
    }
  });

  test("B14: malformed input of any shape is false, never an exception", () => {
    const { key, digest, signature } = drawCase();
    const shapes: [Uint8Array, Uint8Array, Uint8Array][] = [
      [digest.subarray(1), signature, key.publicKey],
      [new Uint8Array(0), signature, key.publicKey],
      [concatBytes(digest, digest), signature, key.publicKey],
      [digest, signature, key.publicKey.subarray(1)],
      [digest, signature, new Uint8Array(0)],
      [digest, signature, new Uint8Array(64)],
      [digest, signature, new Uint8Array(64).fill(255)],
      [digest, signature, concatBytes(key.publicKey, Uint8Array.of(0))],
    ];
    for (const length of [0, 1, 63, 64, 65, 66, 127, 128, 129]) {
      const bytes = new Uint8Array(length);
      if (length !== suite.signatureBytes) bytes.set(signature.subarray(0, Math.min(length, signature.length)));
      shapes.push([digest, bytes, key.publicKey], [digest, new Uint8Array(length).fill(255), key.publicKey]);
    }
    for (const [d, s, p] of shapes) expect(suite.verify(d, s, p)).toBe(false);
    for (const [d, s] of shapes) {
      if (d !== digest || s !== signature) expect(suite.recover(d, s)).toBeUndefined();
    }
  });

  test("r and s of zero, the order and beyond are refused", () => {
    const { key, digest, signature } = drawCase();
    for (const value of [0n, order, order + 1n, 2n ** 256n - 1n]) {
      for (const at of [0, 32]) {
        const changed = with32(signature, at, value);
        expect(suite.verify(digest, changed, key.publicKey)).toBe(false);
        expect(suite.recover(digest, changed)).toBeUndefined();
      }
    }
  });

  test("random bytes never verify and never throw", () => {
    const random = createRandom("garbage");
    const { key } = drawCase();
    for (let i = 0; i < 20; i++) {
      const digest = random.bytes(32);
      const garbage = random.bytes(suite.signatureBytes);
      if (suite.name === "standard") garbage[64] = random.below(4);
      expect(suite.verify(digest, garbage, key.publicKey)).toBe(false);
      const signer = suite.recover(digest, garbage);
      if (signer !== undefined) expect(signer.length).toBe(64);
    }
  });
}

function recoveryTests(suite: CryptoSuite, order: bigint, drawCase: () => Case): void {
  test("signs with a low s and recovery id 0 or 1; the mirrored signature recovers too", () => {
    for (let i = 0; i < 8; i++) {
      const { key, digest, signature } = drawCase();
      const s = bytesToBigInt(signature.subarray(32, 64));
      const v = signature[64] as number;
      expect(s <= order / 2n).toBe(true);
      expect(v).toBeLessThanOrEqual(1);
      // Consensus messages are not held to a low s, transactions are: their own check refuses this one.
      const mirrored = with32(signature, 32, order - s);
      mirrored[64] = v ^ 1;
      expect(suite.verify(digest, mirrored, key.publicKey)).toBe(true);
      mirrored[64] = v;
      expect(suite.verify(digest, mirrored, key.publicKey)).toBe(false);
    }
  });

  test("recovery ids above 3 are refused, 2 and 3 belong to nobody here", () => {
    const { key, digest, signature } = drawCase();
    for (const v of [2, 3, 4, 27, 28, 255]) {
      const changed = signature.slice();
      changed[64] = v;
      expect(suite.verify(digest, changed, key.publicKey)).toBe(false);
      if (v > 3) expect(suite.recover(digest, changed)).toBeUndefined();
    }
  });
}

function embeddedKeyTests(suite: CryptoSuite, drawCase: () => Case): void {
  test("carries the signer's key, uses the given one to verify, and refuses a foreign or impossible one to recover", () => {
    const { key, digest, signature } = drawCase();
    expect(bytesToHex(signature.subarray(SCALARS_BYTES))).toBe(bytesToHex(key.publicKey));
    const foreign = signature.slice();
    foreign.set(drawCase().key.publicKey, SCALARS_BYTES);
    expect(suite.verify(digest, foreign, key.publicKey)).toBe(true);
    expect(suite.recover(digest, foreign)).toBeUndefined();
    for (const filler of [0, 255]) {
      const impossible = signature.slice();
      impossible.fill(filler, SCALARS_BYTES);
      expect(suite.recover(digest, impossible)).toBeUndefined();
    }
  });
}
