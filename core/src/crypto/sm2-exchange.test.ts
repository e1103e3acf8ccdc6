import { describe, expect, test } from "vitest";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "../primitives/index.js";
import {
  chooseSm2Product,
  multiplySm2,
  openSm2,
  sealSm2,
  sm2AgreementNumber,
  sm2AgreementPoint,
  sm2DeriveKey,
  sm2Identity,
  smSuite,
} from "./index.js";

const pairOf = (hex: string) => smSuite.keyPairOf(hexToBytes(hex));

/** The examples of the standard for this curve: GM/T 0003.5-2012, annexes B and C. */
describe("the examples of the standard", () => {
  const a = pairOf("81eb26e941bb5af16df116495f90695272ae2cd63d6c4ae1678418be48230029");
  const b = pairOf("785129917d45a9ea5437a59356b82338eaadda6ceb199088f14ae10defa229b5");
  const [ra, rb] = [
    pairOf("d4de15474db74d06491c440d305e012400990f3e390c7e87153c12db2ea60bb3"),
    pairOf("7e07124814b309489125eaed101113164ebf0f3458c5bd88335c1f9d596243d6"),
  ];

  test("key agreement: both sides get the key that is printed there", () => {
    const identities = concatBytes(sm2Identity(a.publicKey), sm2Identity(b.publicKey));
    const atA = multiplySm2(sm2AgreementNumber(a, ra), sm2AgreementPoint(b.publicKey, rb.publicKey)!)!;
    const atB = multiplySm2(sm2AgreementNumber(b, rb), sm2AgreementPoint(a.publicKey, ra.publicKey)!)!;
    for (const shared of [atA, atB]) {
      expect(bytesToHex(sm2DeriveKey(concatBytes(shared, identities), 16))).toBe("6c89347354de2484c60b4ab1fde4c6e5");
    }
  });

  test("encryption: the text that is printed there, and back", () => {
    const key = pairOf("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
    const ephemeral = pairOf("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21");
    const plain = utf8ToBytes("encryption standard");
    const sealed = sealSm2(multiplySm2(ephemeral.privateKey, key.publicKey)!, ephemeral.publicKey, plain);
    expect(bytesToHex(sealed.cipher)).toBe("21886ca989ca9c7d58087307ca93092d651efa");
    expect(bytesToHex(sealed.hash)).toBe("59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766");
    const product = multiplySm2(key.privateKey, sealed.point)!;
    expect(openSm2(product, sealed)).toEqual(plain);
    const changed = { ...sealed, cipher: sealed.cipher.map((byte, i) => (i === 3 ? byte ^ 1 : byte)) };
    expect(openSm2(product, changed)).toBeUndefined();
    expect(openSm2(product, { ...sealed, hash: sealed.hash.subarray(1) })).toBeUndefined();
  });
});

test("points that are not on the curve, and numbers that are no keys, give nothing", () => {
  const { publicKey } = pairOf("11".repeat(32));
  const off = publicKey.map((byte, i) => (i === 63 ? byte ^ 1 : byte));
  expect(sm2AgreementPoint(off, publicKey)).toBeUndefined();
  expect(sm2AgreementPoint(publicKey, off)).toBeUndefined();
  expect(sm2AgreementPoint(publicKey, publicKey.subarray(1))).toBeUndefined();
  expect(multiplySm2(new Uint8Array(32), publicKey)).toBeUndefined();
  expect(multiplySm2(new Uint8Array(32).fill(0xff), publicKey)).toBeUndefined();
  expect(multiplySm2(hexToBytes("11".repeat(32)), off)).toBeUndefined();
});

test("of two points with one x, the product is told by the x of the next one", () => {
  const base = pairOf("22".repeat(32)).publicKey;
  const number = hexToBytes("33".repeat(32));
  const after = hexToBytes(`${"33".repeat(31)}34`);
  const product = multiplySm2(number, base)!;
  const xOfNext = multiplySm2(after, base)!.subarray(0, 32);
  const other = multiplySm2(hexToBytes("44".repeat(32)), base)!.subarray(0, 32);
  expect(chooseSm2Product(base, product, xOfNext)).toEqual(product);
  expect(chooseSm2Product(base, product, other)).toBeUndefined();
});
