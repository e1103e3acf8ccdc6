/**
 * Private keys of the three families that a chain has: secp256k1 for nodes and their authorities, RSA for the SDK
 * channel, SM2 for chains with SM cryptography.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, randomBytes, sign, type KeyObject } from "node:crypto";
import { signSm2, smSuite, type KeyPair } from "@tsbcos/core/crypto";
import { CodedError, bytesToHex, concatBytes, hexToBytes } from "@tsbcos/core/primitives";
import { signatureToDer } from "./sm2-der.js";

/** Kind of a key. */
export type KeyFamily = "secp256k1" | "rsa" | "sm2";

/** A private key with what follows from it. */
export interface Key {
  readonly family: KeyFamily;
  /** Unencrypted PKCS#8, PEM. */
  readonly pem: string;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array;
  /** x‖y as 128 hexadecimal digits, which is a node id; undefined for RSA. */
  readonly publicKey: string | undefined;
  /** DER signature as certificates carry it: ECDSA or RSA with SHA-256, SM2 with SM3. */
  sign(data: Uint8Array): Uint8Array;
}

/** Bits of an RSA key. */
const RSA_BITS = 2048;

/** Object identifiers of the curves as they stand in DER. */
const SECP256K1_OID = "2b8104000a";
const SM2_OID = "2a811ccf5501822d";

/** DER of PKCS#8 on the SM2 curve: before the number, between number and point. */
const SM2_PKCS8_HEAD = hexToBytes("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420");
const SM2_PKCS8_MIDDLE = hexToBytes("a14403420004");
/** DER of a SubjectPublicKeyInfo on the SM2 curve, before x and y. */
const SM2_SPKI_HEAD = hexToBytes("3059301306072a8648ce3d020106082a811ccf5501822d03420004");

/** PKCS#8 of a key on an elliptic curve, as hexadecimal text: the curve, and the 32 bytes of the private number. */
const EC_PKCS8 = /^3081..02010030..06072a8648ce3d020106..(.*?)04..30..0201010420(.{64})/;

/** Makes a new key. */
export async function createKey(family: KeyFamily): Promise<Key> {
  switch (family) {
    case "rsa":
      return nativeKey("rsa", await generate("rsa"));
    case "secp256k1":
      for (;;) {
        const key = await generate("ec");
        // The C++ node ends when the printed number of its key has fewer than 64 digits: such a key is drawn again.
        if (!numberOf(key).startsWith("00")) return nativeKey("secp256k1", key);
      }
    case "sm2":
      for (;;) {
        const number = randomBytes(32);
        // Nearly every number is a key; of the few that are not, all begin with 255.
        if (number[0] !== 0 && number[0] !== 0xff) return sm2Key(smSuite.keyPairOf(new Uint8Array(number)));
      }
  }
}

/**
 * Reads a private key from PEM text.
 *
 * @param file where the text is from, for messages
 * @throws CodedError `key-unusable` when it is encrypted, damaged, or of no kind that a chain uses
 */
export function readKey(pem: string, file: string): Key {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError("key-unusable", `The private key in ${file} cannot be read: ${reason}.`, { cause });
  }
  if (key.asymmetricKeyType === "rsa") return nativeKey("rsa", key);
  // Node.js cannot name the kind of an SM2 key, and ends the process when asked for another form than this one.
  const [, curve, number = ""] = EC_PKCS8.exec(bytesToHex(key.export({ format: "der", type: "pkcs8" }))) ?? [];
  if (curve === SECP256K1_OID) return nativeKey("secp256k1", key);
  if (curve === SM2_OID) return sm2Key(smSuite.keyPairOf(hexToBytes(number)));
  const kind = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? "unknown";
  throw new CodedError(
    "key-unusable",
    `The private key in ${file} is of kind ${kind}; chains have keys on the curves secp256k1 and SM2, and RSA keys.`,
  );
}

function generate(type: "ec" | "rsa"): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, _publicKey: KeyObject, privateKey: KeyObject): void => {
      if (error === null) resolve(privateKey);
      else reject(error);
    };
    if (type === "ec") generateKeyPair("ec", { namedCurve: "secp256k1" }, done);
    else generateKeyPair("rsa", { modulusLength: RSA_BITS }, done);
  });
}

/** The private number of a secp256k1 key, 64 hexadecimal digits. */
function numberOf(key: KeyObject): string {
  return Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url")
    .toString("hex")
    .padStart(64, "0");
}

function nativeKey(family: "secp256k1" | "rsa", key: KeyObject): Key {
  const publicKeyInfo = new Uint8Array(createPublicKey(key).export({ format: "der", type: "spki" }));
  return {
    family,
    pem: key.export({ format: "pem", type: "pkcs8" }).toString(),
    publicKeyInfo,
    publicKey: family === "rsa" ? undefined : bytesToHex(publicKeyInfo.subarray(-64)),
    sign: (data) => new Uint8Array(sign("sha256", data, key)),
  };
}

function sm2Key(pair: KeyPair): Key {
  const pkcs8 = concatBytes(SM2_PKCS8_HEAD, pair.privateKey, SM2_PKCS8_MIDDLE, pair.publicKey);
  return {
    family: "sm2",
    pem: toPem("PRIVATE KEY", pkcs8),
    publicKeyInfo: concatBytes(SM2_SPKI_HEAD, pair.publicKey),
    publicKey: bytesToHex(pair.publicKey),
    sign: (data) => signatureToDer(signSm2(data, pair)),
  };
}

/** DER as PEM text, 64 characters a line, with a line break at the end. */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
