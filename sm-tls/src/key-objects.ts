/** SM2 keys as OpenSSL takes them. */
import { createPrivateKey, createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { sm2KeyPairToDer, sm2PublicKeyToDer } from "@tsbcos/core/crypto";
import type { KeyPair } from "@tsbcos/core/crypto";
import { bytesToByteString } from "@tsbcos/core/primitives";

/** Keys in OpenSSL's form, kept: making one costs two thirds of a verification. */
export class Sm2KeyObjects {
  readonly #publicKeysMax: number;
  readonly #publicKeys = new Map<string, KeyObject>();
  readonly #privateKeys = new WeakMap<KeyPair, KeyObject>();

  /** @param publicKeysMax how many public keys are kept; with one more, all are forgotten */
  constructor(publicKeysMax: number) {
    this.#publicKeysMax = publicKeysMax;
  }

  /** A public key, 64 bytes. @throws Error when it is no point of the curve */
  ofPublicKey(publicKey: Uint8Array): KeyObject {
    const name = bytesToByteString(publicKey);
    let key = this.#publicKeys.get(name);
    if (key === undefined) {
      if (this.#publicKeys.size >= this.#publicKeysMax) this.#publicKeys.clear();
      key = createPublicKey({ key: asBuffer(sm2PublicKeyToDer(publicKey)), format: "der", type: "spki" });
      this.#publicKeys.set(name, key);
    }
    return key;
  }

  /** The private key of a pair. */
  ofPair(pair: KeyPair): KeyObject {
    let key = this.#privateKeys.get(pair);
    if (key === undefined) {
      // Always by way of DER: a key object fresh from key generation signs plain ECDSA without a word.
      key = createPrivateKey({ key: asBuffer(sm2KeyPairToDer(pair)), format: "der", type: "sec1" });
      this.#privateKeys.set(pair, key);
    }
    return key;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
