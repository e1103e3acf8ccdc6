/** Key files in PEM: private keys in PKCS#8 (and SEC1, for reading), public keys in SubjectPublicKeyInfo. */
import { smSuite, standardSuite, type CryptoSuite } from "@tsbcos/core/crypto";
import { bytesEqual, bytesToHex, CodedError, concatBytes, EMPTY_BYTES, hexToBytes } from "@tsbcos/core/primitives";
import { accountFromPrivateKey, type LocalAccount } from "./account.js";
import { der, DerTag, readDerInside, type DerValue } from "./der.js";

const EC_PUBLIC_KEY = hexToBytes("2a8648ce3d0201");
const CURVES: readonly (readonly [objectId: Uint8Array, suite: CryptoSuite])[] = [
  [hexToBytes("2b8104000a"), standardSuite],
  [hexToBytes("2a811ccf5501822d"), smSuite],
];
const UNCOMPRESSED = 4;

/** A public key as a file holds it. */
export interface PublicKey {
  /** 64 bytes: x, then y. */
  readonly publicKey: Uint8Array;
  readonly suite: CryptoSuite;
}

/** The private key in PKCS#8, the same bytes that `openssl pkcs8 -topk8 -nocrypt` gives. */
export function encodePrivateKeyDer(account: LocalAccount): Uint8Array {
  const key = der(
    DerTag.Sequence,
    der(DerTag.Integer, Uint8Array.of(1)),
    der(DerTag.OctetString, account.privateKey),
    der(DerTag.Context + 1, publicBits(account.publicKey)),
  );
  return der(
    DerTag.Sequence,
    der(DerTag.Integer, Uint8Array.of(0)),
    algorithmOf(account.suite),
    der(DerTag.OctetString, key),
  );
}

/** The private key as a PEM file, without password. */
export function encodePrivateKeyPem(account: LocalAccount): string {
  return encodePem("PRIVATE KEY", encodePrivateKeyDer(account));
}

/** The public key as a PEM file, as `openssl ec -pubout` gives it. */
export function encodePublicKeyPem({ publicKey, suite }: PublicKey): string {
  return encodePem("PUBLIC KEY", der(DerTag.Sequence, algorithmOf(suite), publicBits(publicKey)));
}

/**
 * The account in a PEM file; the curve says of which kind it is.
 *
 * @throws CodedError `bad-key-file`
 */
export function accountFromPem(text: string): LocalAccount {
  const pkcs8 = blockOf(text, "PRIVATE KEY");
  if (pkcs8 !== undefined) return accountFromDer(pkcs8);
  // OpenSSL 3 gives SM2 keys a label of their own.
  const sec1 = blockOf(text, "EC PRIVATE KEY") ?? blockOf(text, "SM2 PRIVATE KEY");
  if (sec1 !== undefined) return accountFromSec1(sec1, undefined);
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw badKeyFile(
      "the key in it is encrypted. Decrypt it with `openssl pkcs8 -in FILE -out NEW.pem`, or keep it in a PKCS#12 file",
    );
  }
  throw badKeyFile("there is no -----BEGIN PRIVATE KEY----- in it");
}

/** The account in the bytes of a PKCS#8 private key. @throws CodedError `bad-key-file` */
export function accountFromDer(bytes: Uint8Array): LocalAccount {
  const [version, algorithm, key] = readDerInside(bytes, DerTag.Sequence) ?? [];
  if (version?.tag !== DerTag.Integer || key?.tag !== DerTag.OctetString) throw badKeyFile("it is damaged");
  return accountFromSec1(key.content, suiteOfAlgorithm(algorithm));
}

/** The public key in a PEM file. @throws CodedError `bad-key-file` */
export function publicKeyFromPem(text: string): PublicKey {
  const bytes = blockOf(text, "PUBLIC KEY");
  if (bytes === undefined) throw badKeyFile("there is no -----BEGIN PUBLIC KEY----- in it");
  const [algorithm, bits] = readDerInside(bytes, DerTag.Sequence) ?? [];
  const publicKey = publicKeyOf(bits);
  if (publicKey === undefined) throw badKeyFile("it holds no public key in uncompressed form");
  return { publicKey, suite: suiteOfAlgorithm(algorithm) };
}

/** @param suite known from around it; undefined takes the curve that the key names itself */
function accountFromSec1(bytes: Uint8Array, suite: CryptoSuite | undefined): LocalAccount {
  const [version, scalar, ...optional] = readDerInside(bytes, DerTag.Sequence) ?? [];
  if (version?.tag !== DerTag.Integer || scalar?.tag !== DerTag.OctetString || scalar.content.length > 32) {
    throw badKeyFile("it is damaged");
  }
  const inner = (context: number): DerValue | undefined => {
    const found = optional.find(({ tag }) => tag === DerTag.Context + context);
    return found === undefined ? undefined : readDerInside(der(DerTag.Sequence, found.content), DerTag.Sequence)?.[0];
  };
  const padding = new Uint8Array(32 - scalar.content.length);
  const account = accountFromPrivateKey(concatBytes(padding, scalar.content), suite ?? suiteOfCurve(inner(0)));
  const stated = publicKeyOf(inner(1));
  if (stated !== undefined && !bytesEqual(stated, account.publicKey)) {
    throw badKeyFile("the public key in it is not that of the private key");
  }
  return account;
}

function algorithmOf(suite: CryptoSuite): Uint8Array {
  const curve = CURVES.find(([, { name }]) => name === suite.name)?.[0] ?? EMPTY_BYTES;
  return der(DerTag.Sequence, der(DerTag.ObjectId, EC_PUBLIC_KEY), der(DerTag.ObjectId, curve));
}

function suiteOfAlgorithm(algorithm: DerValue | undefined): CryptoSuite {
  const [kind, curve] = readDerInside(der(DerTag.Sequence, algorithm?.content ?? EMPTY_BYTES), DerTag.Sequence) ?? [];
  if (kind?.tag !== DerTag.ObjectId || !bytesEqual(kind.content, EC_PUBLIC_KEY)) {
    throw badKeyFile("its key is not of an elliptic curve");
  }
  return suiteOfCurve(curve);
}

function suiteOfCurve(curve: DerValue | undefined): CryptoSuite {
  const found = CURVES.find(([objectId]) => curve?.tag === DerTag.ObjectId && bytesEqual(objectId, curve.content));
  if (found !== undefined) return found[1];
  const name = curve?.tag === DerTag.ObjectId ? ` (object id ${bytesToHex(curve.content)})` : "";
  throw badKeyFile(`its curve${name} is neither secp256k1 nor SM2`);
}

function publicBits(publicKey: Uint8Array): Uint8Array {
  return der(DerTag.BitString, Uint8Array.of(0, UNCOMPRESSED), publicKey);
}

function publicKeyOf(bits: DerValue | undefined): Uint8Array | undefined {
  const { content = EMPTY_BYTES, tag } = bits ?? {};
  if (tag !== DerTag.BitString || content.length !== 66 || content[1] !== UNCOMPRESSED) return undefined;
  return content.slice(2);
}

function encodePem(label: string, bytes: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...bytes)).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

function blockOf(text: string, label: string): Uint8Array | undefined {
  const found = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text)?.[1];
  if (found === undefined) return undefined;
  try {
    return Uint8Array.from(atob(found.replace(/\s/g, "")), (char) => char.charCodeAt(0));
  } catch (cause) {
    throw badKeyFile("its base64 text is damaged", cause);
  }
}

function badKeyFile(why: string, cause?: unknown): CodedError {
  return new CodedError("bad-key-file", `This is no key file that can be used: ${why}.`, { cause });
}
