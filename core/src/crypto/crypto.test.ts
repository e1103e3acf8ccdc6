import { describe, expect, test } from "vitest";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, createRandom, hexToBytes, utf8ToBytes } from "../primitives/index.js";
import {
  addressOf,
  emptyHashOf,
  hashOf,
  keccak256,
  sha256,
  signSm2,
  sm3,
  smSuite,
  standardSuite,
  verifySm2,
} from "./index.js";

const hex = bytesToHex;

describe("hashes", () => {
  test.each([
    ["", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"],
    ["hello", "1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8"],
    ["abcde", "6377c7e66081cb65e473c1b95db5195a27d04a7108b468890224bedbe1a8a6eb"],
  ])("Keccak-256 of %j", (text, expected) => {
    expect(hex(keccak256(utf8ToBytes(text)))).toBe(expected);
    expect(hashOf(standardSuite, utf8ToBytes(text))).toBe(expected);
  });

  test.each([
    ["", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"],
    ["hello", "becbbfaae6548b8bf0cfcad5a27183cd1be6093b1cceccc303d9c61d0a645268"],
    ["abcde", "afe4ccac5ab7d52bcae36373676215368baf52d3905e1fecbe369cc120e97628"],
    ["abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"],
    ["abcd".repeat(16), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"],
  ])("SM3 of %j", (text, expected) => {
    expect(hex(sm3(utf8ToBytes(text)))).toBe(expected);
    expect(hashOf(smSuite, utf8ToBytes(text))).toBe(expected);
  });

  test("SM3 of every length around the block size differs and does not touch its input", () => {
    const seen = new Set<string>();
    for (let length = 0; length < 200; length++) {
      const data = new Uint8Array(length);
      seen.add(hex(sm3(data)));
      expect(data.every((byte) => byte === 0)).toBe(true);
    }
    expect(seen.size).toBe(200);
  });

  test("Keccak-256 of every length around two blocks is the library's, and of views too", () => {
    const data = createRandom("keccak").bytes(600);
    for (let length = 0; length <= 300; length++) {
      const view = data.subarray(7, 7 + length);
      expect(hex(keccak256(view))).toBe(hex(keccak_256(view)));
    }
    expect(hex(keccak256(data))).toBe(hex(keccak_256(data)));
  });

  test("SHA-256, the table hash of old standard chains", () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(hex(sha256(utf8ToBytes("abc")))).toBe(abc);
    expect(hex(standardSuite.legacyTableHash(utf8ToBytes("abc")))).toBe(abc);
    expect(hex(smSuite.legacyTableHash(utf8ToBytes("abc")))).toBe(hex(sm3(utf8ToBytes("abc"))));
  });

  test("the empty hash is remembered", () => {
    expect(emptyHashOf(standardSuite)).toBe(hex(keccak256(new Uint8Array(0))));
    expect(emptyHashOf(standardSuite)).toBe(emptyHashOf(standardSuite));
    expect(emptyHashOf(smSuite)).toBe(hex(sm3(new Uint8Array(0))));
  });
});

describe("known signatures", () => {
  test("secp256k1, deterministic nonce: key 1 over Keccak of 'hello'", () => {
    const key = standardSuite.keyPairOf(hexToBytes("1".padStart(64, "0")));
    expect(addressOf(standardSuite, key.publicKey)).toBe("7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    const digest = keccak256(utf8ToBytes("hello"));
    expect(hex(standardSuite.sign(digest, key))).toBe(hex(standardSuite.sign(digest, key)));
    expect(hex(standardSuite.recover(digest, standardSuite.sign(digest, key))!)).toBe(hex(key.publicKey));
  });

  test("SM2, signature of a recorded transaction", () => {
    const digest = hexToBytes("7d195202f346568753cc7d561beda7a3027c876881f6139a027e9b7321c7cf4c");
    const publicKey = hexToBytes(
      "8234c544a9f3ce3b401a92cc7175602ce2a1e29b1ec135381c7d2a9e8f78f3edc9c06ee55252857c9a4560cb39e9d70d40f4331cace4d2b3121b967fa7a829f0",
    );
    const signature = hexToBytes(
      `0f16d87c5065ad5c3b110ef0b97fe9a67b62443cb8ddde60d4e001a64429dc6e3d2569e0449e9a900c236541afb9d8a8d5e1a36844439c7076f6e75ed624256f${hex(publicKey)}`,
    );
    expect(smSuite.verify(digest, signature, publicKey)).toBe(true);
    expect(hex(smSuite.recover(digest, signature)!)).toBe(hex(publicKey));
    expect(addressOf(smSuite, publicKey)).toBe("1a3fc157bd47c3fc2e260b34abbf481730d0f80f");
  });

  test("SM2, key pair of the example in the standard's curve", () => {
    const key = smSuite.keyPairOf(hexToBytes("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"));
    expect(hex(key.publicKey)).toBe(
      "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
    );
  });

  test("SM2, the signature of 'message digest' that the standard gives for that key, and our own of any length", () => {
    const key = smSuite.keyPairOf(hexToBytes("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"));
    const message = utf8ToBytes("message digest");
    const published = hexToBytes(
      "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
    );
    expect(verifySm2(message, published, key.publicKey)).toBe(true);
    expect(verifySm2(message.subarray(1), published, key.publicKey)).toBe(false);
    expect(verifySm2(message, published.subarray(1), key.publicKey)).toBe(false);
    for (const length of [0, 1, 300]) {
      const own = signSm2(new Uint8Array(length).fill(7), key);
      expect(own.length).toBe(64);
      expect(verifySm2(new Uint8Array(length).fill(7), own, key.publicKey)).toBe(true);
      expect(verifySm2(new Uint8Array(length + 1).fill(7), own, key.publicKey)).toBe(false);
    }
  });
});
