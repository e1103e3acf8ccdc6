/** What a certificate says, as far as 2.x looks at it. */
import { bytesToHex, bytesToUtf8 } from "@tsbcos/core/primitives";
import type { NodeId } from "@tsbcos/core/primitives";
import { DerTag, readDer, readInside } from "./der.js";
import type { DerElement } from "./der.js";

/** The parts of a certificate that decide who its holder is. */
export interface Certificate {
  /** Name of the issuer in its one-line form, such as `/CN=agency/O=fisco-bcos/OU=agency`. */
  readonly issuer: string;
  /** Common name of the issuer; the whole name where it has none. */
  readonly issuerCommonName: string;
  /** Common name of the holder; the whole name where it has none. */
  readonly commonName: string;
  /** Public key of the holder when it is an uncompressed point on the curve of a chain. */
  readonly publicKey: NodeId | undefined;
  /** What the basic constraints say; undefined when there are none or they cannot be read. */
  readonly isAuthority: boolean | undefined;
}

const OID_EC_PUBLIC_KEY = "2a8648ce3d0201";
const OID_SECP256K1 = "2b8104000a";
const OID_SM2 = "2a811ccf5501822d";
const OID_COMMON_NAME = "550403";
const OID_BASIC_CONSTRAINTS = "551d13";

/** Short names of attributes in the one-line form of names, as OpenSSL writes them. */
const ATTRIBUTE_NAMES: Readonly<Record<string, string>> = {
  [OID_COMMON_NAME]: "CN",
  "550406": "C",
  "550407": "L",
  "550408": "ST",
  "55040a": "O",
  "55040b": "OU",
};

interface NameAttribute {
  readonly oid: string;
  readonly value: string;
}

/** Reads a certificate given as DER; undefined when it is none. Says nothing about who signed it. */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  const certificate = readInside(der, DerTag.Sequence);
  const body = certificate?.[0]?.tag === DerTag.Sequence ? readDer(certificate[0].content) : undefined;
  if (body === undefined) return undefined;
  // Version 1 certificates leave the version out.
  const fields = body[0]?.tag === DerTag.Version ? body.slice(1) : body;
  const [, , issuer, , subject, keyInfo] = fields;
  const issuerName = readName(issuer);
  const subjectName = readName(subject);
  if (issuerName === undefined || subjectName === undefined || keyInfo === undefined) return undefined;
  return {
    issuer: oneLine(issuerName),
    issuerCommonName: commonName(issuerName),
    commonName: commonName(subjectName),
    publicKey: readPublicKey(keyInfo),
    isAuthority: readIsAuthority(fields.find(({ tag }) => tag === DerTag.Extensions)),
  };
}

/** The 64 bytes of an uncompressed point on the curve of the chain. */
function readPublicKey(keyInfo: DerElement): NodeId | undefined {
  const [algorithm, key] = readDer(keyInfo.content) ?? [];
  if (algorithm?.tag !== DerTag.Sequence || key?.tag !== DerTag.BitString) return undefined;
  const [kind, curve] = (readDer(algorithm.content) ?? []).map(oidOf);
  if (kind !== OID_EC_PUBLIC_KEY || (curve !== OID_SECP256K1 && curve !== OID_SM2)) return undefined;
  // One byte of unused bits (none), one that marks an uncompressed point.
  if (key.content.length !== 66 || key.content[0] !== 0 || key.content[1] !== 4) return undefined;
  return bytesToHex(key.content.subarray(2)) as NodeId;
}

/** What the basic constraints say; undefined when there are none. */
function readIsAuthority(extensions: DerElement | undefined): boolean | undefined {
  const list = extensions === undefined ? undefined : readInside(extensions.content, DerTag.Sequence);
  for (const extension of list ?? []) {
    const parts = readDer(extension.content) ?? [];
    const value = parts.at(-1);
    if (oidOf(parts[0]) !== OID_BASIC_CONSTRAINTS || value?.tag !== DerTag.OctetString) continue;
    const constraints = readInside(value.content, DerTag.Sequence);
    // What cannot be read is not taken for a node's.
    if (constraints === undefined) return undefined;
    const [first] = constraints;
    return first?.tag === DerTag.Boolean && first.content[0] !== 0;
  }
  return undefined;
}

function readName(name: DerElement | undefined): NameAttribute[] | undefined {
  if (name?.tag !== DerTag.Sequence) return undefined;
  return readDer(name.content)?.flatMap((set) =>
    (readDer(set.content) ?? []).flatMap((attribute) => {
      const [oid, value] = readDer(attribute.content) ?? [];
      return oid === undefined || value === undefined ? [] : [{ oid: oidOf(oid) ?? "", value: textOf(value) }];
    }),
  );
}

/** The first common name; a name without one stands for itself. */
function commonName(name: readonly NameAttribute[]): string {
  const found = name.find(({ oid }) => oid === OID_COMMON_NAME);
  return found?.value ?? oneLine(name);
}

function oneLine(name: readonly NameAttribute[]): string {
  return name.map(({ oid, value }) => `/${ATTRIBUTE_NAMES[oid] ?? oid}=${value}`).join("");
}

function oidOf(element: DerElement | undefined): string | undefined {
  return element?.tag === DerTag.Oid ? bytesToHex(element.content) : undefined;
}

function textOf({ tag, content }: DerElement): string {
  if (tag === DerTag.Utf8String) return bytesToUtf8(content);
  const step = tag === DerTag.BmpString ? 2 : 1;
  let text = "";
  for (let at = step - 1; at < content.length; at += step) {
    const high = step === 2 ? (content[at - 1] as number) : 0;
    text += String.fromCharCode(high * 256 + (content[at] as number));
  }
  return text;
}
