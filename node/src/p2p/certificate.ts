/** Who a node certificate belongs to. */
import { bytesToHex, bytesToUtf8, err, ok } from "@tsbcos/core/primitives";
import type { Failure, NodeId, Result } from "@tsbcos/core/primitives";
import { DerTag, readDer, readInside } from "./der.js";
import type { DerElement } from "./der.js";
import type { PeerIdentity } from "./transport.js";

/** Why a certificate, although trusted, is none of a node. */
export interface CertificateFailure extends Failure {
  readonly code: "certificate-unreadable" | "certificate-of-an-authority" | "certificate-without-node-key";
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

/**
 * Node id and names in a certificate, given as DER. The chain must have been verified before.
 *
 * As in 2.x, a node's certificate says expressly that it is none of an authority (basic constraints, CA false): others
 * have no node id.
 */
export function readNodeCertificate(der: Uint8Array): Result<PeerIdentity, CertificateFailure> {
  const unreadable = err({ code: "certificate-unreadable" } as const);
  const certificate = readInside(der, DerTag.Sequence);
  const body = certificate?.[0]?.tag === DerTag.Sequence ? readDer(certificate[0].content) : undefined;
  if (body === undefined) return unreadable;
  // Version 1 certificates leave the version out.
  const fields = body[0]?.tag === DerTag.Version ? body.slice(1) : body;
  const [, , issuer, , subject, keyInfo] = fields;
  const issuerName = readName(issuer);
  const subjectName = readName(subject);
  if (issuerName === undefined || subjectName === undefined || keyInfo === undefined) return unreadable;
  const isAuthority = readIsAuthority(fields.find(({ tag }) => tag === DerTag.Extensions));
  if (isAuthority !== false) return err({ code: "certificate-of-an-authority" });
  const nodeId = readNodeId(keyInfo);
  if (nodeId === undefined) return err({ code: "certificate-without-node-key" });
  return ok({ nodeId, agencyName: commonName(issuerName), nodeName: commonName(subjectName) });
}

/** The 64 bytes of an uncompressed point on the curve of the chain. */
function readNodeId(keyInfo: DerElement): NodeId | undefined {
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
  return found?.value ?? name.map(({ oid, value }) => `/${ATTRIBUTE_NAMES[oid] ?? oid}=${value}`).join("");
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
