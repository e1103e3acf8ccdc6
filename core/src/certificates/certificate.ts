/** What an X.509 certificate says, as far as 2.x and SM TLS look at it. */
import { bytesToHex, bytesToUtf8, hexToBytes } from "../primitives/index.js";
import type { NodeId } from "../primitives/index.js";
import { DerTag, readDer, readInside } from "./der.js";
import type { DerElement } from "./der.js";
import { readExtensions } from "./extensions.js";
import type { Extensions } from "./extensions.js";
import { readTime } from "./time.js";

/** The parts of a certificate that decide who its holder is, and whether that is to be believed. */
export interface Certificate {
  /** Name of the issuer in its one-line form, such as `/CN=agency/O=fisco-bcos/OU=agency`. */
  readonly issuer: string;
  /** Common name of the issuer; the whole name where it has none. */
  readonly issuerCommonName: string;
  /** Name of the holder in its one-line form. */
  readonly subject: string;
  /** Common name of the holder; the whole name where it has none. */
  readonly commonName: string;
  /** Public key of the holder when it is an uncompressed point on the curve of a chain. */
  readonly publicKey: NodeId | undefined;
  /** Which curve that point is on. */
  readonly curve: "secp256k1" | "sm2" | undefined;
  /** What the basic constraints say; undefined when there are none or they cannot be read. */
  readonly isAuthority: boolean | undefined;
  readonly extensions: Extensions;
  /** First moment of validity, milliseconds since the Unix epoch; undefined when it cannot be read. */
  readonly notBeforeMs: number | undefined;
  /** Last moment of validity, likewise. */
  readonly notAfterMs: number | undefined;
  /** What links it to others: names as DER, which are compared byte by byte, and what was signed. */
  readonly links: CertificateLinks;
}

/** How a certificate hangs together with that of its issuer. */
export interface CertificateLinks {
  /** The whole certificate. */
  readonly der: Uint8Array;
  readonly issuerName: Uint8Array;
  readonly subjectName: Uint8Array;
  /** The part that the issuer signed. */
  readonly signed: Uint8Array;
  /** The signature as it stands there, without the count of unused bits. */
  readonly signature: Uint8Array;
  /** True when both places that name the algorithm say SM2 with SM3. */
  readonly isSm2Signed: boolean;
}

const OID_EC_PUBLIC_KEY = "2a8648ce3d0201";
const OID_SECP256K1 = "2b8104000a";
const OID_SM2 = "2a811ccf5501822d";
const OID_SM2_WITH_SM3 = "2a811ccf55018375";
const OID_COMMON_NAME = "550403";

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
  const signed = certificate?.[0];
  const body = signed?.tag === DerTag.Sequence ? readDer(signed.content) : undefined;
  if (certificate === undefined || signed === undefined || body === undefined) return undefined;
  // Version 1 certificates leave the version out.
  const fields = body[0]?.tag === DerTag.Version ? body.slice(1) : body;
  const [, algorithm, issuer, validity, subject, keyInfo] = fields;
  const issuerName = readName(issuer);
  const subjectName = readName(subject);
  if (issuer === undefined || issuerName === undefined) return undefined;
  if (subject === undefined || subjectName === undefined || keyInfo === undefined) return undefined;
  const key = readPublicKey(keyInfo);
  const extensions = readExtensions(fields.find(({ tag }) => tag === DerTag.Extensions));
  const [notBefore, notAfter] = validity?.tag === DerTag.Sequence ? (readDer(validity.content) ?? []) : [];
  return {
    issuer: oneLine(issuerName),
    issuerCommonName: commonName(issuerName),
    subject: oneLine(subjectName),
    commonName: commonName(subjectName),
    publicKey: key?.point,
    curve: key?.curve,
    isAuthority: extensions.isAuthority,
    extensions,
    notBeforeMs: readTime(notBefore),
    notAfterMs: readTime(notAfter),
    links: {
      der,
      issuerName: issuer.whole,
      subjectName: subject.whole,
      signed: signed.whole,
      signature: certificate[2]?.tag === DerTag.BitString ? certificate[2].content.subarray(1) : new Uint8Array(0),
      isSm2Signed: isSm2WithSm3(algorithm) && isSm2WithSm3(certificate[1]),
    },
  };
}

/**
 * The certificates in the text of a PEM file, in order, each as DER; undefined when one of them is damaged. Other kinds
 * of blocks are passed over.
 */
export function readPemCertificates(text: string): Uint8Array[] | undefined {
  const certificates: Uint8Array[] = [];
  for (const [, base64 = ""] of text.matchAll(/-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/g)) {
    const der = fromBase64(base64.replaceAll(/\s/g, ""));
    if (der === undefined) return undefined;
    certificates.push(der);
  }
  return certificates;
}

function fromBase64(text: string): Uint8Array | undefined {
  if (text.length === 0 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const data = text.replaceAll("=", "");
  const bytes = new Uint8Array(Math.floor((data.length * 3) / 4));
  let bits = 0;
  let at = 0;
  for (let i = 0; i < data.length; i++) {
    bits = ((bits << 6) | digits.indexOf(data.charAt(i))) & 0xffffff;
    if (i % 4 !== 0) bytes[at++] = (bits >> (6 - 2 * (i % 4))) & 0xff;
  }
  return bytes;
}

function isSm2WithSm3(algorithm: DerElement | undefined): boolean {
  return algorithm?.tag === DerTag.Sequence && oidOf(readDer(algorithm.content)?.[0]) === OID_SM2_WITH_SM3;
}

/** The 64 bytes of an uncompressed point on the curve of a chain. */
function readPublicKey(
  keyInfo: DerElement,
): { readonly point: NodeId; readonly curve: "secp256k1" | "sm2" } | undefined {
  const [algorithm, key] = readDer(keyInfo.content) ?? [];
  if (algorithm?.tag !== DerTag.Sequence || key?.tag !== DerTag.BitString) return undefined;
  const [kind, curve] = (readDer(algorithm.content) ?? []).map(oidOf);
  if (kind !== OID_EC_PUBLIC_KEY || (curve !== OID_SECP256K1 && curve !== OID_SM2)) return undefined;
  // One byte of unused bits (none), one that marks an uncompressed point.
  if (key.content.length !== 66 || key.content[0] !== 0 || key.content[1] !== 4) return undefined;
  return {
    point: bytesToHex(key.content.subarray(2)) as NodeId,
    curve: curve === OID_SM2 ? "sm2" : "secp256k1",
  };
}

/** The 64 bytes of the public key; undefined when it is not one on the SM2 curve. */
export function sm2KeyOf({ curve, publicKey }: Certificate): Uint8Array | undefined {
  return curve === "sm2" && publicKey !== undefined ? hexToBytes(publicKey) : undefined;
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
