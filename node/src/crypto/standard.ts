/** Keccak-256 in WebAssembly and secp256k1 in native code. */
import { hash as hashOnce } from "node:crypto";
import { CodedError, bytesEqual } from "@tsbcos/core/primitives";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import type { IHasher } from "hash-wasm";
import type Secp256k1 from "secp256k1/bindings.js";

const SIGNATURE_BYTES = 65;
const RECOVERY_ID_MAX = 3;

/** Builds the suite from its two native parts. `keccak` is used by this suite alone from now on. */
export function createStandardSuite(secp256k1: typeof Secp256k1, keccak: IHasher): CryptoSuite {
  function keyPairOf(privateKey: Uint8Array): KeyPair {
    if (privateKey.length !== 32 || !secp256k1.privateKeyVerify(privateKey)) {
      throw new CodedError(
        "invalid-private-key",
        "a private key must be 32 bytes, from 1 to the order of secp256k1 − 1",
      );
    }
    return { privateKey, publicKey: secp256k1.publicKeyCreate(privateKey, false).slice(1) };
  }

  function sign(digest: Uint8Array, key: KeyPair): Uint8Array {
    const { signature, recid } = secp256k1.ecdsaSign(digest, key.privateKey);
    const bytes = new Uint8Array(SIGNATURE_BYTES);
    bytes.set(signature);
    bytes[SIGNATURE_BYTES - 1] = recid;
    return bytes;
  }

  function recover(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
    if (digest.length !== 32 || signature.length !== SIGNATURE_BYTES) return undefined;
    const recoveryId = signature[SIGNATURE_BYTES - 1] as number;
    if (recoveryId > RECOVERY_ID_MAX) return undefined;
    try {
      // The binding throws for r or s out of range and where no point belongs to r: ordinary for hostile bytes.
      return secp256k1.ecdsaRecover(signature.subarray(0, 64), recoveryId, digest, false).slice(1);
    } catch {
      return undefined;
    }
  }

  return {
    name: "standard",
    signatureBytes: SIGNATURE_BYTES,
    hash: (data) => keccak.init().update(data).digest("binary"),
    legacyTableHash: (data) => sha256(data),
    keyPairOf,
    sign,
    verify(digest, signature, publicKey) {
      const signer = recover(digest, signature);
      return signer !== undefined && bytesEqual(signer, publicKey);
    },
    recover,
  };
}

function sha256(data: Uint8Array): Uint8Array {
  return plainArray(hashOnce("sha256", data, "buffer"));
}

/** The same bytes as a plain array of their own: a Buffer would compare and print differently. */
export function plainArray(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer);
}
