/** SM3 and SM2 from the OpenSSL that Node.js carries. */
import { createECDH, createSign, createVerify, hash as hashOnce } from "node:crypto";
import { DerTag, readDerInteger, readInside, writeDer, writeDerInteger } from "@tsbcos/core/certificates";
import { sm2Identity } from "@tsbcos/core/crypto";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import { CodedError, assert, bytesToHex, concatBytes } from "@tsbcos/core/primitives";
import { Sm2KeyObjects } from "@tsbcos/sm-tls";
import { plainArray } from "./standard.js";

const SIGNATURE_BYTES = 128;
/** Public keys kept in OpenSSL's form: those of a busy chain's clients. */
const PUBLIC_KEYS_KEPT_MAX = 1024;

const ZERO_HEX = "0".repeat(64);
/** n − 1 has no inverse of 1 + d, which signing needs. */
const LARGEST_KEY_HEX = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54121";

/** Builds the suite. Throws CodedError `native-crypto-unavailable` where OpenSSL was built without SM2 or SM3. */
export function createSmSuite(): CryptoSuite {
  const keys = new Sm2KeyObjects(PUBLIC_KEYS_KEPT_MAX);

  function verify(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
    if (digest.length !== 32 || signature.length !== SIGNATURE_BYTES || publicKey.length !== 64) return false;
    const der = signatureToDer(signature);
    try {
      // OpenSSL throws for a point that is not on the curve.
      return createVerify("sm3").update(sm2Identity(publicKey)).update(digest).verify(keys.ofPublicKey(publicKey), der);
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
      const der = createSign("sm3").update(sm2Identity(key.publicKey)).update(digest).sign(keys.ofPair(key));
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
  const parts = [signature.subarray(0, 32), signature.subarray(32, 64)];
  return writeDer(DerTag.Sequence, ...parts.map(writeDerInteger));
}

/** OpenSSL's own DER back into r and s, 32 bytes each. */
function derToSignature(der: Uint8Array): Uint8Array {
  const [r, s] = (readInside(der, DerTag.Sequence) ?? []).map((part) => readDerInteger(part, 32));
  assert(r !== undefined && s !== undefined, "a signature of OpenSSL is two numbers");
  return concatBytes(r, s);
}
