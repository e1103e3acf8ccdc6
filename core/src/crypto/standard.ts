/** Keccak-256 and recoverable ECDSA over secp256k1, from audited libraries, for any JavaScript host. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { CodedError, bytesEqual, bytesToBigInt } from "../primitives/index.js";
import { sha256 } from "./hashes.js";
import { keccak256 } from "./keccak.js";
import type { CryptoSuite, KeyPair } from "./suite.js";

const SIGNATURE_BYTES = 65;
const ORDER = secp256k1.Point.Fn.ORDER;

function keyPairOf(privateKey: Uint8Array): KeyPair {
  if (!secp256k1.utils.isValidSecretKey(privateKey)) {
    throw new CodedError("invalid-private-key", "a private key must be 32 bytes, from 1 to the order of secp256k1 − 1");
  }
  return { privateKey, publicKey: secp256k1.getPublicKey(privateKey, false).slice(1) };
}

function sign(digest: Uint8Array, key: KeyPair): Uint8Array {
  const recoveryFirst = secp256k1.sign(digest, key.privateKey, { prehash: false, lowS: true, format: "recovered" });
  const signature = new Uint8Array(SIGNATURE_BYTES);
  signature.set(recoveryFirst.subarray(1), 0);
  signature[64] = recoveryFirst[0] as number;
  return signature;
}

function recover(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  if (digest.length !== 32 || signature.length !== SIGNATURE_BYTES) return undefined;
  const recoveryId = signature[64] as number;
  if (recoveryId > 3) return undefined;
  const r = bytesToBigInt(signature.subarray(0, 32));
  const s = bytesToBigInt(signature.subarray(32, 64));
  if (r === 0n || r >= ORDER || s === 0n || s >= ORDER) return undefined;
  try {
    // The library throws where x = r is on no point, which hostile signatures reach easily.
    return new secp256k1.Signature(r, s, recoveryId).recoverPublicKey(digest).toBytes(false).slice(1);
  } catch {
    return undefined;
  }
}

function verify(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  const signer = recover(digest, signature);
  return signer !== undefined && bytesEqual(signer, publicKey);
}

/** Keccak-256 and secp256k1 in pure TypeScript; a node uses a native implementation of the same interface. */
export const standardSuite: CryptoSuite = {
  name: "standard",
  signatureBytes: SIGNATURE_BYTES,
  hash: keccak256,
  legacyTableHash: sha256,
  keyPairOf,
  sign,
  verify,
  recover,
};
