/** The cryptography of SM TLS from the OpenSSL that Node.js carries. */
import {
  ECDH,
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createSign,
  createVerify,
  randomBytes,
} from "node:crypto";
import { chooseSm2Product } from "@tsbcos/core/crypto";
import { bigIntToBytes, bytesToBigInt, concatBytes } from "@tsbcos/core/primitives";
import type { SmTlsCrypto } from "@tsbcos/core/sm-tls";
import { Sm2KeyObjects } from "./key-objects.js";

/** Public keys kept in OpenSSL's form: those of agencies come again with each connection. */
const PUBLIC_KEYS_KEPT_MAX = 256;

const CURVE = "SM2";
const UNCOMPRESSED = Uint8Array.of(4);
/** A point given by its x alone; which of two it is does not matter here. */
const COMPRESSED = Uint8Array.of(2);

/** Makes the cryptography; each has its own memory of keys. */
export function createNativeCrypto(): SmTlsCrypto {
  const keys = new Sm2KeyObjects(PUBLIC_KEYS_KEPT_MAX);
  return {
    random: (length) => plain(randomBytes(length)),
    hash(...parts) {
      const hash = createHash("sm3");
      for (const part of parts) hash.update(part);
      return plain(hash.digest());
    },
    hmac(key, ...parts) {
      const hmac = createHmac("sm3", key);
      for (const part of parts) hmac.update(part);
      return plain(hmac.digest());
    },
    encrypt: (key, iv, blocks) => plain(createCipheriv("sm4-cbc", key, iv).setAutoPadding(false).update(blocks)),
    decrypt: (key, iv, blocks) => plain(createDecipheriv("sm4-cbc", key, iv).setAutoPadding(false).update(blocks)),
    sign: (message, key) => plain(createSign("sm3").update(message).sign(keys.ofPair(key))),
    verify(message, signature, publicKey) {
      try {
        // OpenSSL throws for a point that is not on the curve.
        return createVerify("sm3").update(message).verify(keys.ofPublicKey(publicKey), signature);
      } catch {
        return false;
      }
    },
    createKeyPair() {
      const curve = createECDH(CURVE);
      const publicKey = plain(curve.generateKeys()).subarray(1);
      // The number is given without leading zeros.
      return { privateKey: bigIntToBytes(bytesToBigInt(curve.getPrivateKey()), 32), publicKey };
    },
    multiply,
  };
}

/**
 * Node.js gives only the x of a product. A second product, with the number after, tells which of the two points with that x
 * it is: 1.8 ms for both, in OpenSSL's constant time, against 2.7 ms in JavaScript, whose time depends on the number.
 */
function multiply(number: Uint8Array, point: Uint8Array): Uint8Array | undefined {
  const base = concatBytes(UNCOMPRESSED, point);
  try {
    // Throws for numbers that are no keys of the curve, and for points that are not on it.
    const after = bigIntToBytes(bytesToBigInt(number) + 1n, 32);
    const [x, xOfNext] = [number, after].map((factor) => {
      const curve = createECDH(CURVE);
      curve.setPrivateKey(factor);
      return plain(curve.computeSecret(base));
    });
    if (x === undefined || xOfNext === undefined) return undefined;
    const candidate = ECDH.convertKey(concatBytes(COMPRESSED, x), CURVE, undefined, undefined, "uncompressed");
    return chooseSm2Product(point, plain(candidate as Buffer).subarray(1), xOfNext);
  } catch {
    return undefined;
  }
}

/** The same bytes without Node.js' own methods, which differ from those of other arrays. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
