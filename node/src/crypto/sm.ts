/** SM3 and SM2 from the OpenSSL that Node.js carries. */
import { createECDH, createPrivateKey, createPublicKey, createSign, createVerify, hash as hashOnce } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { sm2KeyPairToDer, sm2PublicKeyToDer } from "@tsbcos/core/crypto";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import {
  CodedError,
  bytesToByteString,
  bytesToHex,
  concatBytes,
  hexToBytes,
  utf8ToBytes,
} from "@tsbcos/core/primitives";
import { plainArray } from "./standard.js";

const SIGNATURE_BYTES = 128;
/** Public keys kept in OpenSSL's form: making one costs two thirds of a verification. */
const PUBLIC_KEYS_KEPT_MAX = 1024;

const ZERO_HEX = "0".repeat(64);
/** n − 1 has no inverse of 1 + d, which signing needs. */
const LARGEST_KEY_HEX = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54121";

/** What is hashed before a public key: length in bits of the default user id, the id, and the curve (a, b, G). */
const Z_PREFIX = concatBytes(
  hexToBytes("0080"),
  utf8ToBytes("1234567812345678"),
  hexToBytes("fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"),
  hexToBytes("28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"),
  hexToBytes("32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"),
  hexToBytes("bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"),
);

/** Builds the suite. Throws CodedError `native-crypto-unavailable` where OpenSSL was built without SM2 or SM3. */
export function createSmSuite(): CryptoSuite {
  const publicKeys = new Map<string, KeyObject>();
  const privateKeys = new WeakMap<KeyPair, KeyObject>();

  function publicKeyObject(publicKey: Uint8Array): KeyObject {
    const name = bytesToByteString(publicKey);
    let key = publicKeys.get(name);
    if (key === undefined) {
      if (publicKeys.size >= PUBLIC_KEYS_KEPT_MAX) publicKeys.clear();
      key = createPublicKey({ key: asBuffer(sm2PublicKeyToDer(publicKey)), format: "der", type: "spki" });
      publicKeys.set(name, key);
    }
    return key;
  }

  /**
   * The key as OpenSSL imports it from DER. A key object fresh from key generation signs plain ECDSA over the digest
   * without a word, so one is never used.
   */
  function privateKeyObject(pair: KeyPair): KeyObject {
    let key = privateKeys.get(pair);
    if (key === undefined) {
      key = createPrivateKey({ key: asBuffer(sm2KeyPairToDer(pair)), format: "der", type: "sec1" });
      privateKeys.set(pair, key);
    }
    return key;
  }

  function verify(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
    if (digest.length !== 32 || signature.length !== SIGNATURE_BYTES || publicKey.length !== 64) return false;
    const der = signatureToDer(signature);
    try {
      // OpenSSL throws for a point that is not on the curve.
      return createVerify("sm3").update(identityHash(publicKey)).update(digest).verify(publicKeyObject(publicKey), der);
    } catch {
      return false;
    }
  }

  return {
    name: "sm",
    signatureBytes: SIGNATURE_BYTES,
    hash: sm3,
    legacyTableHash: sm3,
    keyPairOf,
    sign(digest, key) {
      const der = createSign("sm3").update(identityHash(key.publicKey)).update(digest).sign(privateKeyObject(key));
      return concatBytes(derToSignature(der), key.publicKey);
    },
    verify,
    recover(digest, signature) {
      const publicKey = signature.slice(64);
      return verify(digest, signature, publicKey) ? publicKey : undefined;
    },
  };
}

function sm3(data: Uint8Array): Uint8Array {
  return plainArray(hashOnce("sm3", data, "buffer"));
}

/** Z: binds the signer's identity and key. OpenSSL leaves it out in this interface, so it is hashed by us. */
function identityHash(publicKey: Uint8Array): Uint8Array {
  return hashOnce("sm3", concatBytes(Z_PREFIX, publicKey), "buffer");
}

function keyPairOf(privateKey: Uint8Array): KeyPair {
  const hex = bytesToHex(privateKey);
  if (privateKey.length !== 32 || hex === ZERO_HEX || hex > LARGEST_KEY_HEX) {
    throw new CodedError("invalid-private-key", `a private key must be 32 bytes, from 1 to the order of SM2 − 2`);
  }
  const curve = createECDH("SM2");
  curve.setPrivateKey(privateKey);
  return { privateKey, publicKey: plainArray(curve.getPublicKey()).slice(1) };
}

/** r and s, 32 bytes each, as the DER sequence that OpenSSL reads. */
function signatureToDer(signature: Uint8Array): Uint8Array {
  const r = derInteger(signature.subarray(0, 32));
  const s = derInteger(signature.subarray(32, 64));
  return concatBytes(Uint8Array.of(0x30, r.length + s.length), r, s);
}

function derInteger(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const sign = (bytes[start] as number) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0);
  return concatBytes(Uint8Array.of(0x02, bytes.length - start + sign.length), sign, bytes.subarray(start));
}

/** OpenSSL's own DER back into r and s, 32 bytes each. */
function derToSignature(der: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64);
  const rLength = der[3] as number;
  const sLength = der[5 + rLength] as number;
  placeInteger(signature, 32, der.subarray(4, 4 + rLength));
  placeInteger(signature, 64, der.subarray(6 + rLength, 6 + rLength + sLength));
  return signature;
}

function placeInteger(target: Uint8Array, end: number, integer: Uint8Array): void {
  const magnitude = integer.length > 32 ? integer.subarray(integer.length - 32) : integer;
  target.set(magnitude, end - magnitude.length);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
