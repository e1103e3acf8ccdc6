import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smSuite, standardSuite } from "../crypto/index.js";
import {
  EMPTY_BYTES,
  address,
  bigIntToBytes,
  bytesToBigInt,
  bytesToHex,
  concatBytes,
  hexToBytes,
} from "../primitives/index.js";
import type { Address } from "../primitives/index.js";
import {
  RlpWriter,
  contractAddress,
  create2Address,
  decodeTransaction,
  encodeRlpList,
  encodeTransaction,
  isSignatureInRange,
  signTransaction,
  signingDigest,
  transactionHash,
  verifyTransaction,
} from "./index.js";
import type { Transaction, UnsignedTransaction } from "./index.js";

const standardRaw = hexToBytes(
  "f8d3a003922ee720bb7445e3a914d8ab8f507d1a647296d563100e49548d83fd98865c8411e1a3008411e1a3008201f894d6c8a04b8826b0a37c6d4aa0eaa8644d8e35b79f80a466c9913900000000000000000000000000000000000000000000000000000000000000040101a466c9913900000000000000000000000000000000000000000000000000000000000000041ba08e0d3fae10412c584c977721aeda88df932b2a019f084feda1e0a42d199ea979a016c387f79eb85078be5db40abe1670b8b480a12c7eab719bedee212b7972f775",
);
const smRaw = hexToBytes(
  "f90114a003eebc46c9c0e3b84799097c5a6ccd6657a9295c11270407707366d0750fcd598411e1a30084b2d05e008201f594bab78cea98af2320ad4ee81bba8a7473e0c8c48d80a48fff0fc400000000000000000000000000000000000000000000000000000000000000040101a48fff0fc40000000000000000000000000000000000000000000000000000000000000004b8408234c544a9f3ce3b401a92cc7175602ce2a1e29b1ec135381c7d2a9e8f78f3edc9c06ee55252857c9a4560cb39e9d70d40f4331cace4d2b3121b967fa7a829f0a00f16d87c5065ad5c3b110ef0b97fe9a67b62443cb8ddde60d4e001a64429dc6ea03d2569e0449e9a900c236541afb9d8a8d5e1a36844439c7076f6e75ed624256f",
);
const key = standardSuite.keyPairOf(hexToBytes("11".repeat(32)));

const plain: UnsignedTransaction = {
  nonce: 7n,
  gasPrice: 300_000_000n,
  gas: 300_000_000n,
  blockLimit: 500n,
  to: address("d6c8a04b8826b0a37c6d4aa0eaa8644d8e35b79f"),
  value: 0n,
  data: hexToBytes("66c99139"),
  chainId: 1n,
  groupId: 1n,
  extraData: EMPTY_BYTES,
};

/** The 13 items of a transaction, so that single ones can be replaced by what no encoder writes. */
function itemsOf(raw: Uint8Array): Uint8Array[] {
  const tx = unwrap(raw);
  const item = (write: (writer: RlpWriter) => RlpWriter): Uint8Array => write(new RlpWriter()).toBytes();
  const items = [tx.nonce, tx.gasPrice, tx.gas, tx.blockLimit].map((value) => item((w) => w.integer(value)));
  items.push(item((w) => (tx.to === undefined ? w.bytes(EMPTY_BYTES) : w.hex(tx.to))));
  items.push(item((w) => w.integer(tx.value)));
  items.push(item((w) => w.bytes(tx.data)));
  items.push(item((w) => w.integer(tx.chainId)));
  items.push(item((w) => w.integer(tx.groupId)));
  items.push(item((w) => w.bytes(tx.extraData)));
  if (tx.signature.length === 65) items.push(item((w) => w.number((tx.signature[64] as number) + 27)));
  else items.push(item((w) => w.bytes(tx.signature.subarray(64))));
  items.push(item((w) => w.integerBytes(tx.signature.subarray(0, 32))));
  items.push(item((w) => w.integerBytes(tx.signature.subarray(32, 64))));
  return items;
}

function unwrap(raw: Uint8Array): Transaction {
  const decoded = decodeTransaction(raw, raw.length === smRaw.length ? smSuite : standardSuite);
  if (!decoded.ok) throw new Error(decoded.error.code);
  return decoded.value;
}

function replaced(raw: Uint8Array, at: number, hex: string): Uint8Array {
  const items = itemsOf(raw);
  items[at] = hexToBytes(hex);
  return encodeRlpList(items);
}

describe("known transactions", () => {
  test("standard", () => {
    const verified = verifyTransaction(standardRaw, standardSuite);
    expect(verified).toMatchObject({
      ok: true,
      value: {
        nonce: 0x3922ee720bb7445e3a914d8ab8f507d1a647296d563100e49548d83fd98865cn,
        gasPrice: 0x11e1a300n,
        gas: 0x11e1a300n,
        blockLimit: 0x1f8n,
        to: "d6c8a04b8826b0a37c6d4aa0eaa8644d8e35b79f",
        value: 0n,
        chainId: 1n,
        groupId: 1n,
        hash: "0accad4228274b0d78939f48149767883a6e99c95941baa950156e926f1c96ba",
        sender: "148947262ec5e21739fe3a931c29e8b84ee34a0f",
        isCanonical: true,
      },
    });
    const tx = unwrap(standardRaw);
    expect(bytesToHex(signingDigest(tx, standardSuite))).toBe(
      "e50ba1bfe517c0fcb0b376af27d49e2ad534ed57e8320e5a00a3d8124478a4d3",
    );
    expect(bytesToHex(tx.extraData)).toBe(bytesToHex(tx.data));
    expect(bytesToHex(encodeTransaction(tx, tx.signature))).toBe(bytesToHex(standardRaw));
    expect(bytesToHex(encodeRlpList(itemsOf(standardRaw)))).toBe(bytesToHex(standardRaw));
  });

  test("sm", () => {
    expect(verifyTransaction(smRaw, smSuite)).toMatchObject({
      ok: true,
      value: {
        hash: "e1054f38907ab3bef251caf8cbd8b25e779a40445b8dd4fcf15fce917d3e4ebe",
        sender: "1a3fc157bd47c3fc2e260b34abbf481730d0f80f",
      },
    });
    const tx = unwrap(smRaw);
    expect(bytesToHex(signingDigest(tx, smSuite))).toBe(
      "7d195202f346568753cc7d561beda7a3027c876881f6139a027e9b7321c7cf4c",
    );
    expect(bytesToHex(encodeTransaction(tx, tx.signature))).toBe(bytesToHex(smRaw));
  });

  test("contract addresses of their senders", () => {
    const standardSender = "148947262ec5e21739fe3a931c29e8b84ee34a0f" as Address;
    expect(contractAddress(standardSuite, standardSender, 0n)).toBe("d6c8a04b8826b0a37c6d4aa0eaa8644d8e35b79f");
    const smSender = "1a3fc157bd47c3fc2e260b34abbf481730d0f80f" as Address;
    expect(contractAddress(smSuite, smSender, 0n)).toBe("bab78cea98af2320ad4ee81bba8a7473e0c8c48d");
  });

  test("CREATE2 as in EIP-1014", () => {
    const deadbeef = "deadbeef00000000000000000000000000000000" as Address;
    expect(create2Address(standardSuite, deadbeef, new Uint8Array(32), hexToBytes("00"))).toBe(
      "b928f69bb1d91cd65274e3c79d8986362984fda3",
    );
  });
});

describe("lenient decoding, hash of the plain form", () => {
  const expected = unwrap(standardRaw);

  test.each([
    ["an extra item behind the signature", concatBytes(...itemsOf(standardRaw), hexToBytes("05"))],
    ["bytes behind the signature that are no item", concatBytes(...itemsOf(standardRaw), hexToBytes("b8"))],
  ])("%s is ignored", (_, payload) => {
    const writer = new RlpWriter();
    const list = writer.openList();
    const raw = writer.raw(payload).closeList(list).toBytes();
    const verified = verifyTransaction(raw, standardSuite);
    expect(verified).toMatchObject({ ok: true, value: { hash: transactionHash(expected, standardSuite), raw } });
    expect(verified).toMatchObject({
      value: { isCanonical: false, sender: "148947262ec5e21739fe3a931c29e8b84ee34a0f" },
    });
  });

  test("extraData given as a list is empty, and the digest is that of empty extraData", () => {
    const tx = signTransaction(plain, key, standardSuite);
    const raw = replaced(tx.raw, 9, "c3010203");
    expect(verifyTransaction(raw, standardSuite)).toMatchObject({
      ok: true,
      value: { hash: tx.hash, sender: tx.sender, isCanonical: false, raw },
    });
  });

  test("`to` given as the empty list creates a contract", () => {
    const tx = signTransaction({ ...plain, to: undefined }, key, standardSuite);
    const raw = replaced(tx.raw, 4, "c0");
    expect(verifyTransaction(raw, standardSuite)).toMatchObject({
      ok: true,
      value: { to: undefined, hash: tx.hash, sender: tx.sender, isCanonical: false },
    });
  });

  test("a public key without its leading zeros is the padded one", () => {
    const tx = unwrap(smRaw);
    const decoded = decodeTransaction(replaced(smRaw, 10, "8401020304"), smSuite);
    expect(decoded).toMatchObject({ ok: true, value: { isCanonical: false } });
    if (!decoded.ok) return;
    expect(bytesToHex(decoded.value.signature.subarray(64))).toBe("01020304".padStart(128, "0"));
    expect(decoded.value.signature.subarray(0, 64)).toEqual(tx.signature.subarray(0, 64));
    expect(verifyTransaction(decoded.value.raw, smSuite).ok).toBe(false);
  });

  test("the all-zero address is called, not created", () => {
    const tx = signTransaction({ ...plain, to: address("00".repeat(20)) }, key, standardSuite);
    expect(unwrap(tx.raw).to).toBe("00".repeat(20));
  });
});

describe("refused", () => {
  test.each([
    ["B27: a nonce with a leading zero", 0, "820001"],
    ["B27: a zero as a byte", 5, "00"],
    ["B27: a small number behind a prefix", 7, "8101"],
    ["a nonce above 256 bits", 0, `a1${"ff".repeat(33)}`],
    ["a nonce that is a list", 0, "c0"],
    ["`to` of 19 bytes", 4, `93${"11".repeat(19)}`],
    ["`to` of 21 bytes", 4, `95${"11".repeat(21)}`],
    ["data given as a list", 6, "c0"],
    ["an r with a leading zero", 11, "820001"],
    ["a v of two bytes", 10, "820100"],
  ])("%s", (_, at, hex) => {
    expect(verifyTransaction(replaced(standardRaw, at, hex), standardSuite)).toMatchObject({
      ok: false,
      error: { code: "malformed", record: "transaction" },
    });
  });

  test("a missing item, a byte behind the list, a string, nothing", () => {
    const items = itemsOf(standardRaw);
    for (const raw of [
      encodeRlpList(items.slice(0, 12)),
      concatBytes(standardRaw, Uint8Array.of(0x80)),
      hexToBytes("83010203"),
      EMPTY_BYTES,
    ]) {
      expect(decodeTransaction(raw, standardSuite)).toMatchObject({ ok: false, error: { code: "malformed" } });
    }
  });

  test("B27: the mirrored signature, which the curve accepts", () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const tx = unwrap(standardRaw);
    const mirrored = tx.signature.slice();
    mirrored.set(bigIntToBytes(order - bytesToBigInt(mirrored.subarray(32, 64)), 32), 32);
    mirrored[64] = 1 - (mirrored[64] as number);
    const raw = encodeTransaction(tx, mirrored);
    expect(standardSuite.recover(signingDigest(tx, standardSuite), mirrored)).toBeDefined();
    expect(verifyTransaction(raw, standardSuite)).toEqual({
      ok: false,
      error: { code: "transaction-signature-invalid" },
    });
  });

  test.each([
    ["r is zero", (signature: Uint8Array) => signature.fill(0, 0, 32)],
    ["s is zero", (signature: Uint8Array) => signature.fill(0, 32, 64)],
    ["r is the order or more", (signature: Uint8Array) => signature.fill(255, 0, 32)],
    ["v is 29", (signature: Uint8Array) => signature.fill(2, 64)],
    ["v is 26", (signature: Uint8Array) => signature.fill(255, 64)],
  ])("a signature where %s", (_, change) => {
    const tx = unwrap(standardRaw);
    const raw = encodeTransaction(tx, change(tx.signature.slice()));
    expect(decodeTransaction(raw, standardSuite).ok).toBe(true);
    expect(verifyTransaction(raw, standardSuite)).toEqual({
      ok: false,
      error: { code: "transaction-signature-invalid" },
    });
  });

  test("an SM signature without a key, or with parts out of range", () => {
    const { signature } = unwrap(smRaw);
    expect(isSignatureInRange(signature)).toBe(true);
    for (const [from, to, byte] of [
      [0, 32, 0],
      [32, 64, 0],
      [0, 32, 255],
      [32, 64, 255],
      [64, 128, 0],
    ] as const) {
      expect(isSignatureInRange(signature.slice().fill(byte, from, to))).toBe(false);
    }
  });
});

describe("B6: a signature belongs to one content and one sender", () => {
  test("made over random bytes, or moved to another nonce, it gives nobody anyone chose", () => {
    const honest = signTransaction(plain, key, standardSuite);
    const overNonsense = standardSuite.sign(standardSuite.hash(hexToBytes("c0ffee")), key);
    const senders = new Set<string>([honest.sender]);
    for (const [fields, signature] of [
      [plain, overNonsense],
      [{ ...plain, nonce: 8n }, honest.signature],
      [{ ...plain, nonce: 9n }, honest.signature],
      [{ ...plain, data: hexToBytes("66c99138") }, honest.signature],
      [{ ...plain, extraData: Uint8Array.of(1) }, honest.signature],
      [{ ...plain, chainId: 2n }, honest.signature],
      [{ ...plain, groupId: 2n }, honest.signature],
      [{ ...plain, to: undefined }, honest.signature],
      [{ ...plain, blockLimit: 501n }, honest.signature],
      [{ ...plain, gasPrice: 1n }, honest.signature],
      [{ ...plain, gas: 1n }, honest.signature],
      [{ ...plain, value: 1n }, honest.signature],
    ] as const) {
      const verified = verifyTransaction(encodeTransaction(fields, signature), standardSuite);
      const sender = verified.ok ? verified.value.sender : `refused ${senders.size}`;
      expect(senders.has(sender)).toBe(false);
      senders.add(sender);
    }
  });

  test("on an SM chain it is refused", () => {
    const smKey = smSuite.keyPairOf(hexToBytes("22".repeat(32)));
    const honest = signTransaction(plain, smKey, smSuite);
    expect(verifyTransaction(honest.raw, smSuite)).toMatchObject({ ok: true, value: { sender: honest.sender } });
    expect(verifyTransaction(encodeTransaction({ ...plain, nonce: 8n }, honest.signature), smSuite).ok).toBe(false);
  });
});

describe("properties", () => {
  const u256 = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
  const unsigned = fc.record({
    nonce: u256,
    gasPrice: u256,
    gas: u256,
    blockLimit: u256,
    to: fc.option(
      fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => bytesToHex(bytes) as Address),
      {
        nil: undefined,
      },
    ),
    value: u256,
    data: fc.uint8Array({ maxLength: 300 }),
    chainId: u256,
    groupId: u256,
    extraData: fc.uint8Array({ maxLength: 80 }),
  });

  test("what is signed decodes, verifies, and has the hash that re-encoding gives", () => {
    fc.assert(
      fc.property(unsigned, (fields) => {
        const tx = signTransaction(fields, key, standardSuite);
        const verified = verifyTransaction(tx.raw, standardSuite);
        expect(verified).toEqual({ ok: true, value: tx });
        expect(transactionHash({ ...tx, isCanonical: false }, standardSuite)).toBe(tx.hash);
      }),
      { numRuns: 40 },
    );
  });

  test("no bytes make it throw, and one changed byte never keeps hash and sender", () => {
    const mutated = fc.tuple(fc.constantFrom(standardRaw, smRaw), fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(mutated, ([raw, at, flip]) => {
        const suite = raw === smRaw ? smSuite : standardSuite;
        const changed = raw.slice();
        changed[at % raw.length] = (changed[at % raw.length] as number) ^ flip;
        const before = verifyTransaction(raw, suite);
        const after = verifyTransaction(changed, suite);
        if (!before.ok || !after.ok) return;
        expect(after.value.hash).not.toBe(before.value.hash);
        expect(after.value.sender).not.toBe(before.value.sender);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeTransaction(bytes, standardSuite)).toHaveProperty("ok");
        expect(decodeTransaction(bytes, smSuite)).toHaveProperty("ok");
      }),
    );
  });
});
