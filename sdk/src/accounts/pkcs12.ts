/** Key files in PKCS#12, protected by a password. */
import { CodedError, utf8ToBytes } from "@tsbcos/core/primitives";
import type * as NodeForge from "node-forge";
import type { LocalAccount } from "./account.js";
import { der, DerTag } from "./der.js";
import { accountFromDer, encodePrivateKeyDer } from "./pem.js";

/** Name of the only entry, by which other programs look for it. */
const ENTRY = "key";
/** Rounds of hashing between password and key: a second of trying costs the attacker as much. */
const ROUNDS = 50_000;
const SALT_BYTES = 16;

const OID = {
  data: "1.2.840.113549.1.7.1",
  friendlyName: "1.2.840.113549.1.9.20",
  keyBag: "1.2.840.113549.1.12.10.1.1",
  shroudedKeyBag: "1.2.840.113549.1.12.10.1.2",
  sha256: "2.16.840.1.101.3.4.2.1",
} as const;

type Forge = typeof NodeForge;

/** Large, and needed for this one format: loaded when the first file of it is met. */
async function loadForge(): Promise<Forge> {
  // A CommonJS module, whatever its types say.
  return ((await import("node-forge")) as unknown as { readonly default: Forge }).default;
}

const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString("binary");
const fromBinary = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "binary"));

/**
 * The account in a PKCS#12 file.
 *
 * @throws CodedError `wrong-password`, `bad-key-file`
 */
export async function accountFromPkcs12(bytes: Uint8Array, password: string): Promise<LocalAccount> {
  const forge = await loadForge();
  let parsed: NodeForge.asn1.Asn1;
  try {
    parsed = forge.asn1.fromDer(binary(bytes));
  } catch (cause) {
    throw new CodedError("bad-key-file", "This is no PKCS#12 file.", { cause });
  }
  let store: ReturnType<Forge["pkcs12"]["pkcs12FromAsn1"]>;
  try {
    store = forge.pkcs12.pkcs12FromAsn1(parsed, false, password);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : "";
    if (/password|MAC|decrypt/i.test(text)) {
      throw new CodedError("wrong-password", "The password of the PKCS#12 file is wrong.", { cause });
    }
    throw new CodedError("bad-key-file", `This PKCS#12 file cannot be read: ${text}`, { cause });
  }
  const bag = store.safeContents
    .flatMap(({ safeBags }) => safeBags)
    .find(({ type }) => type === OID.shroudedKeyBag || type === OID.keyBag);
  if (bag === undefined) throw new CodedError("bad-key-file", "There is no private key in this PKCS#12 file.");
  // Keys of elliptic curves are not taken apart by the library, which is all we need.
  return accountFromDer(fromBinary(forge.asn1.toDer(bag.asn1).getBytes()));
}

/**
 * A PKCS#12 file with the account's key.
 *
 * @param password printable ASCII: programs differ in how they code other letters
 * @throws CodedError `bad-password`
 */
export async function encodePkcs12(account: LocalAccount, password: string): Promise<Uint8Array> {
  if (!/^[\x20-\x7e]*$/.test(password)) {
    throw new CodedError(
      "bad-password",
      "A password of a PKCS#12 file must be of plain letters, digits and signs: programs differ in how they read others.",
    );
  }
  const forge = await loadForge();
  const objectId = (text: string): Uint8Array => der(DerTag.ObjectId, fromBinary(forge.asn1.oidToDer(text).getBytes()));
  const data = (content: Uint8Array): Uint8Array =>
    der(DerTag.Sequence, objectId(OID.data), der(DerTag.Context, der(DerTag.OctetString, content)));

  const bag = der(
    DerTag.Sequence,
    objectId(OID.shroudedKeyBag),
    der(DerTag.Context, encryptKey(forge, account, password)),
    der(
      DerTag.Set,
      der(DerTag.Sequence, objectId(OID.friendlyName), der(DerTag.Set, der(DerTag.BmpString, utf16(ENTRY)))),
    ),
  );
  const safe = der(DerTag.Sequence, data(der(DerTag.Sequence, bag)));
  const salt = globalThis.crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const mac = der(
    DerTag.Sequence,
    der(
      DerTag.Sequence,
      der(DerTag.Sequence, objectId(OID.sha256), der(DerTag.Null)),
      der(DerTag.OctetString, macOf(forge, safe, password, salt)),
    ),
    der(DerTag.OctetString, salt),
    der(DerTag.Integer, Uint8Array.of(0, ROUNDS >> 8, ROUNDS & 0xff)),
  );
  return der(DerTag.Sequence, der(DerTag.Integer, Uint8Array.of(3)), data(safe), mac);
}

function encryptKey(forge: Forge, account: LocalAccount, password: string): Uint8Array {
  const encrypted = forge.pki.encryptPrivateKeyInfo(
    forge.asn1.fromDer(binary(encodePrivateKeyDer(account))),
    password,
    // Programs of the 2.x years open no newer encryption of keys. Guessing passwords is as slow with it.
    { algorithm: "3des", count: ROUNDS, saltSize: SALT_BYTES },
  );
  return fromBinary(forge.asn1.toDer(encrypted).getBytes());
}

/** Authenticates the content: a wrong password is noticed by it. */
function macOf(forge: Forge, content: Uint8Array, password: string, salt: Uint8Array): Uint8Array {
  const purpose = 3;
  const saltBuffer = forge.util.createBuffer(binary(salt));
  const key = forge.pkcs12.generateKey(password, saltBuffer, purpose, ROUNDS, 32, forge.md.sha256.create());
  const mac = forge.hmac.create();
  mac.start("sha256", key);
  mac.update(binary(content));
  return fromBinary(mac.digest().getBytes());
}

function utf16(text: string): Uint8Array {
  return utf8ToBytes([...text].map((char) => `\0${char}`).join(""));
}
