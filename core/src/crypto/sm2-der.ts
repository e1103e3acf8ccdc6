/** Keys on the SM2 curve in the forms that libraries read. */
import { concatBytes, hexToBytes } from "../primitives/index.js";
import type { KeyPair } from "./suite.js";

/** DER before the point of a SubjectPublicKeyInfo. */
const SPKI_PREFIX = hexToBytes("3059301306072a8648ce3d020106082a811ccf5501822d03420004");
/** DER of an ECPrivateKey, before the number, and between number and point. */
const SEC1_PREFIX = hexToBytes("30770201010420");
const SEC1_MIDDLE = hexToBytes("a00a06082a811ccf5501822da14403420004");

/** A public key (64 bytes) as SubjectPublicKeyInfo. */
export function sm2PublicKeyToDer(publicKey: Uint8Array): Uint8Array {
  return concatBytes(SPKI_PREFIX, publicKey);
}

/** A key pair as ECPrivateKey (SEC 1). */
export function sm2KeyPairToDer({ privateKey, publicKey }: KeyPair): Uint8Array {
  return concatBytes(SEC1_PREFIX, privateKey, SEC1_MIDDLE, publicKey);
}
