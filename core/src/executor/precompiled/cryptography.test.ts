import { describe, expect, it } from "vitest";
import { ascii, bytesToByteString, bytesToHex, hexToBytes } from "../../primitives/index.js";
import { addressOf, sm3, smSuite, standardSuite } from "../../crypto/index.js";
import { V2_6_0 } from "../../protocol/index.js";
import type { AbiValue } from "../abi/index.js";
import { string } from "../abi/index.js";
import { TestChain } from "./test-chain.js";

const CRYPTO = 0x5006;
const PAILLIER = 0x5003;
const texts = (...values: string[]): AbiValue[] => values.map((value) => string(ascii(value)));
/** `bytes` look like a text of raw bytes. */
const bytes = (value: Uint8Array): AbiValue => string(bytesToByteString(value));

describe("cryptography", () => {
  it("hashes with either hash, on either family of chains", () => {
    for (const suite of [standardSuite, smSuite]) {
      const chain = new TestChain({ suite });
      expect(bytesToHex(chain.call(CRYPTO, "sm3(bytes)", texts("abcd")).output)).toBe(
        "82ec580fe6d36ae4f81cae3c73f4a5b3b5a09c943172dc9053c69fd8e18dca1e",
      );
      expect(bytesToHex(chain.call(CRYPTO, "keccak256Hash(bytes)", texts("abcd")).output)).toBe(
        "48bed44d1bcd124a28c27f343a817e5f5243190d3c52bf347daf876de1dbbf77",
      );
    }
  });

  it("verifies SM2 signatures, also on standard chains", () => {
    const key = smSuite.keyPairOf(hexToBytes("01".repeat(32)));
    const message = sm3(new Uint8Array([1, 2, 3]));
    const signature = smSuite.sign(message, key);
    const verify = (publicKey: Uint8Array, first: number): string => {
      const r = signature.slice(0, 32);
      r[31] = (r[31] as number) ^ first;
      const values: AbiValue[] = [
        { type: "bytes32", value: message },
        bytes(publicKey),
        { type: "bytes32", value: r },
        { type: "bytes32", value: signature.slice(32, 64) },
      ];
      return bytesToHex(new TestChain().call(CRYPTO, "sm2Verify(bytes32,bytes,bytes32,bytes32)", values).output);
    };
    const signer = addressOf(smSuite, key.publicKey).padStart(64, "0");
    expect(verify(key.publicKey, 0)).toBe("1".padStart(64, "0") + signer);
    expect(verify(key.publicKey, 1)).toBe("0".repeat(128));
    expect(verify(key.publicKey.slice(1), 0)).toBe("0".repeat(128));
    expect(verify(new Uint8Array(64), 0)).toBe("0".repeat(128));
  });

  it("knows no random numbers, and says so with the code of no other contract", () => {
    const chain = new TestChain();
    const refused = chain.call(CRYPTO, "curve25519VRFVerify(string,string,string)", texts("a", "b", "c"));
    expect(bytesToHex(refused.output)).toBe("0".repeat(128));
    expect(chain.call(CRYPTO, "nonsense()").output).toEqual(hexToBytes("ffff3c4b".padStart(64, "0")));
  });

  it("is not there before 2.8.0", () => {
    expect(() => new TestChain({ version: V2_6_0 }).call(CRYPTO, "sm3(bytes)")).toThrow();
  });
});

describe("encrypted sums", () => {
  const KEY = `${"0".repeat(510)}23`.slice(0, 512);
  const cipher = (value: number, key = KEY): string => `0100${key}${value.toString(16).padStart(1024, "0")}`;
  const add = (left: string, right: string): string => {
    const { output } = new TestChain().call(PAILLIER, "paillierAdd(string,string)", texts(left, right));
    return output.length === 32
      ? BigInt.asIntN(256, BigInt(`0x${bytesToHex(output)}`)).toString()
      : new TestChain().text(PAILLIER, "paillierAdd(string,string)", texts(left, right));
  };

  it("multiply modulo the square of the key, in capital letters", () => {
    // 0x23 squared is 1225; 100 * 50 mod 1225 = 100.
    expect(add(cipher(100), cipher(50))).toBe(cipher(100).toUpperCase());
    expect(add(cipher(0xab), cipher(1))).toBe(cipher(0xab).toUpperCase());
  });

  it("need ciphertexts under one key of a supported length", () => {
    const other = `${"0".repeat(510)}25`;
    for (const [left, right] of [
      [cipher(1), cipher(1, other)],
      [cipher(1), cipher(1).slice(1)],
      ["", ""],
      ["0001ab", "0001ab"],
      [cipher(1).replace("0100", "0101"), cipher(1).replace("0100", "0101")],
      [`${cipher(1).slice(0, -1)}x`, `${cipher(1).slice(0, -1)}x`],
      [cipher(1, "0".repeat(512)), cipher(1, "0".repeat(512))],
      [cipher(1, KEY.replace("23", "aB")), cipher(1, KEY.replace("23", "Ab"))],
    ] as const) {
      expect(add(left, right)).toBe("-51600");
    }
  });

  it("cost an operation when they succeed", () => {
    const values = texts(cipher(1), cipher(1));
    const bytesIn = BigInt(4 + 64 + 2 * (32 + 1568));
    const words = (bytesIn + 31n) / 32n;
    const memory = 3n * words + words ** 2n / 512n;
    expect(new TestChain().call(PAILLIER, "paillierAdd(string,string)", values).gasCost).toBe(20000n + memory);
    expect(new TestChain().call(PAILLIER, "paillierAdd(string,string)", texts("", "")).gasCost).toBe(15n);
    expect(new TestChain().number(PAILLIER, "nonsense()")).toBe(-50101n);
  });
});

describe("anonymous signatures", () => {
  it("are all answered as malformed", () => {
    const chain = new TestChain();
    expect(chain.number(0x5004, "groupSigVerify(string,string,string,string)", texts("", "", "", ""))).toBe(-51700n);
    expect(chain.number(0x5005, "ringSigVerify(string,string,string)", texts("", "", ""))).toBe(-51800n);
    expect(chain.number(0x5004, "nonsense()")).toBe(-50101n);
    expect(chain.number(0x5005, "nonsense()")).toBe(-50101n);
  });
});
