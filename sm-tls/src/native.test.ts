import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readDer, readDerInteger, readInside, DerTag } from "@tsbcos/core/certificates";
import { multiplySm2, sm2Identity, sm3, smSuite, verifySm2 } from "@tsbcos/core/crypto";
import { bytesToHex, concatBytes, createRandom, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import { createNativeCrypto } from "./native.js";

const crypto = createNativeCrypto();
const random = createRandom("native");

test("products are those of the JavaScript curve", () => {
  for (let run = 0; run < 20; run++) {
    const pair = crypto.createKeyPair();
    const number = random.bytes(32);
    number[0] = 0x7f & (number[0] as number);
    expect(crypto.multiply(number, pair.publicKey)).toEqual(multiplySm2(number, pair.publicKey));
    expect(smSuite.keyPairOf(pair.privateKey).publicKey).toEqual(pair.publicKey);
  }
  const { publicKey } = crypto.createKeyPair();
  expect(crypto.multiply(new Uint8Array(32), publicKey)).toBeUndefined();
  expect(crypto.multiply(new Uint8Array(32).fill(255), publicKey)).toBeUndefined();
  expect(crypto.multiply(Uint8Array.of(1), new Uint8Array(64).fill(1))).toBeUndefined();
});

test("SM3, its HMAC and SM4-CBC are the published ones", () => {
  expect(bytesToHex(crypto.hash(utf8ToBytes("a"), utf8ToBytes("bc")))).toBe(
    "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
  );
  // By its definition, with the hash of the core.
  const [inner, outer] = [0x36, 0x5c].map((byte) =>
    new Uint8Array(64).fill(byte).map((pad, i) => (i < 3 ? pad ^ 7 : pad)),
  );
  const text = random.bytes(200);
  const expected = sm3(concatBytes(outer!, sm3(concatBytes(inner!, text))));
  expect(crypto.hmac(Uint8Array.of(7, 7, 7), text.subarray(0, 50), text.subarray(50))).toEqual(expected);
  // GB/T 32907, example 1: key and text are the same; with an iv of zeros CBC is one block of the cipher.
  const key = hexToBytes("0123456789abcdeffedcba9876543210");
  expect(bytesToHex(crypto.encrypt(key, new Uint8Array(16), key))).toBe("681edf34d206965e86b3e94f536e4246");
  const blocks = random.bytes(64);
  const iv = random.bytes(16);
  expect(crypto.decrypt(key, iv, crypto.encrypt(key, iv, blocks))).toEqual(blocks);
});

describe("signatures", () => {
  test("with the identity in front are those of the core", () => {
    const pair = smSuite.keyPairOf(hexToBytes("17".repeat(32)));
    const message = random.bytes(100);
    const der = crypto.sign(concatBytes(sm2Identity(pair.publicKey), message), pair);
    const numbers = (readInside(der, DerTag.Sequence) ?? []).map((part) => readDerInteger(part, 32)!);
    expect(verifySm2(message, concatBytes(...numbers), pair.publicKey)).toBe(true);
    expect(crypto.verify(concatBytes(sm2Identity(pair.publicKey), message), der, pair.publicKey)).toBe(true);
    expect(crypto.verify(message, der, pair.publicKey)).toBe(false);
    expect(readDer(der)).toHaveLength(1);
  });

  test("that are damaged, or by keys that are none, are false and no exception", () => {
    const pair = crypto.createKeyPair();
    const der = crypto.sign(utf8ToBytes("x"), pair);
    for (const bytes of [new Uint8Array(0), der.subarray(1), random.bytes(70)]) {
      expect(crypto.verify(utf8ToBytes("x"), bytes, pair.publicKey)).toBe(false);
    }
    expect(crypto.verify(utf8ToBytes("x"), der, new Uint8Array(64))).toBe(false);
  });

  test("by a key fresh from generation are SM2, which the key objects of Node.js alone would not make", () => {
    const pair = crypto.createKeyPair();
    expect(crypto.verify(utf8ToBytes("x"), crypto.sign(utf8ToBytes("x"), pair), pair.publicKey)).toBe(true);
    expect(() => generateKeyPairSync("ec", { namedCurve: "SM2" })).not.toThrow();
  });
});
