/** A suite whose signatures cost nothing: the chain's hash, and a keyed hash that only the holder of the key can make. */
import { bytesEqual, bytesToHex, concatBytes } from "../../primitives/index.js";
import { keccak256 } from "../../crypto/index.js";
import type { CryptoSuite, KeyPair } from "../../crypto/index.js";

const SIGNATURE_BYTES = 65;

/** A suite for tests. Private keys are single bytes repeated; public keys begin with that byte, so they sort alike. */
export function createFakeSuite(): CryptoSuite {
  const known = new Map<string, KeyPair>();
  const seal = (key: KeyPair, digest: Uint8Array): Uint8Array => keccak256(concatBytes(key.privateKey, digest));
  return {
    name: "standard",
    signatureBytes: SIGNATURE_BYTES,
    hash: keccak256,
    legacyTableHash: keccak256,
    keyPairOf(privateKey) {
      const seed = keccak256(privateKey);
      const publicKey = concatBytes(privateKey.subarray(0, 1), seed, seed).subarray(0, 64);
      const pair = { privateKey, publicKey };
      known.set(bytesToHex(publicKey.subarray(0, 32)), pair);
      return pair;
    },
    sign: (digest, key) => concatBytes(key.publicKey.subarray(0, 32), seal(key, digest), Uint8Array.of(0)),
    verify(digest, signature, publicKey) {
      const signer = this.recover(digest, signature);
      return signer !== undefined && bytesEqual(signer, publicKey);
    },
    recover(digest, signature) {
      if (signature.length !== SIGNATURE_BYTES || digest.length !== 32) return undefined;
      const key = known.get(bytesToHex(signature.subarray(0, 32)));
      if (key === undefined) return undefined;
      return bytesEqual(seal(key, digest), signature.subarray(32, 64)) ? key.publicKey : undefined;
    },
  };
}
