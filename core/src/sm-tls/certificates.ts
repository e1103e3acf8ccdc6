/** Whether the certificates that one side shows are to be believed, and for what. */
import {
  KeyUsage,
  readCertificate,
  readDer,
  readDerInteger,
  readInside,
  sm2KeyOf,
  DerTag,
} from "../certificates/index.js";
import type { Certificate } from "../certificates/index.js";
import { sm2Identity } from "../crypto/index.js";
import { bytesEqual, concatBytes, ok } from "../primitives/index.js";
import { failed } from "./failure.js";
import type { SmTlsResult } from "./failure.js";
import type { SmTlsCrypto } from "./interface.js";

/** What follows from certificates that are to be believed. */
export interface VerifiedCertificates {
  readonly signing: Certificate;
  /** 64 bytes. */
  readonly signingKey: Uint8Array;
  readonly encryption: Certificate;
  /** 64 bytes. */
  readonly encryptionKey: Uint8Array;
}

/** What certificates are judged by. */
export interface TrustOptions {
  readonly authorities: readonly Certificate[];
  readonly crypto: Pick<SmTlsCrypto, "verify">;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

const ENCRYPTION_USAGE = KeyUsage.KeyEncipherment | KeyUsage.DataEncipherment | KeyUsage.KeyAgreement;

/**
 * Judges certificates: the first is for signing, and leads to an authority that is trusted; one of the others, wherever it
 * stands, is for key exchange, of the same issuer and name.
 *
 * The C++ node believes any certificate for key exchange. Asking for the same issuer and name refuses none that chain
 * builders make, and keeps one node from agreeing on keys in the name of another.
 */
export function verifyCertificates(
  shown: readonly Uint8Array[],
  options: TrustOptions,
): SmTlsResult<VerifiedCertificates> {
  const certificates: Certificate[] = [];
  for (const der of shown) {
    const certificate = readCertificate(der);
    if (certificate === undefined) return failed("certificate-unreadable", "a certificate that came cannot be read");
    certificates.push(certificate);
  }
  const [signing, ...others] = certificates;
  if (signing === undefined) return failed("certificate-missing", "the other side showed no certificate");
  const signingKey = sm2KeyOf(signing);
  if (signingKey === undefined || !mayBeUsed(signing, KeyUsage.DigitalSignature)) {
    return failed("certificate-not-trusted", `${nameOf(signing)} has no SM2 key for signing`);
  }
  const trusted = verifyChain(signing, others, options);
  if (!trusted.ok) return trusted;
  const encryption = others.find(isForEncryption);
  const encryptionKey = encryption === undefined ? undefined : sm2KeyOf(encryption);
  if (encryption === undefined || encryptionKey === undefined) {
    return failed("encryption-certificate-missing", `${nameOf(signing)} came without a certificate for key exchange`);
  }
  const matching = verifyPair(signing, encryption, trusted.value, options);
  return matching.ok ? ok({ signing, signingKey, encryption, encryptionKey }) : matching;
}

function isForEncryption(certificate: Certificate): boolean {
  const { keyUsage } = certificate.extensions;
  return sm2KeyOf(certificate) !== undefined && keyUsage !== undefined && (keyUsage & ENCRYPTION_USAGE) !== 0;
}

function mayBeUsed({ extensions: { keyUsage } }: Certificate, usage: number): boolean {
  return keyUsage === undefined || (keyUsage & usage) !== 0;
}

/** Goes from issuer to issuer until one is trusted; gives the direct issuer. */
function verifyChain(
  leaf: Certificate,
  helpers: readonly Certificate[],
  options: TrustOptions,
): SmTlsResult<Certificate> {
  const { authorities, crypto } = options;
  let current = leaf;
  let direct: Certificate | undefined;
  for (let between = 0; between <= helpers.length; between++) {
    const valid = checkCertificate(current, options.nowMs);
    if (!valid.ok) return valid;
    const anchor = authorities.find(
      (authority) => isIssuer(authority, current) && isSignedBy(crypto, current, authority),
    );
    if (anchor !== undefined) {
      const isAllowed = between <= (anchor.extensions.pathLength ?? helpers.length);
      const valid = isAllowed ? checkCertificate(anchor, options.nowMs) : tooLong(anchor);
      return valid.ok ? ok(direct ?? anchor) : valid;
    }
    const next = helpers.find((helper) => mayIssue(helper, between) && isIssuer(helper, current));
    if (next === undefined || !isSignedBy(crypto, current, next)) return untrusted(current, authorities);
    direct ??= next;
    current = next;
  }
  return untrusted(current, authorities);
}

function mayIssue({ isAuthority, extensions }: Certificate, below: number): boolean {
  const { keyUsage = KeyUsage.CertificateSign, pathLength = below } = extensions;
  return isAuthority === true && (keyUsage & KeyUsage.CertificateSign) !== 0 && below <= pathLength;
}

function isIssuer(issuer: Certificate, of: Certificate): boolean {
  return bytesEqual(issuer.links.subjectName, of.links.issuerName);
}

/** True when `issuer` signed the certificate with SM2. */
export function isSignedBy(
  crypto: Pick<SmTlsCrypto, "verify">,
  { links: { signed, signature, isSm2Signed } }: Certificate,
  issuer: Certificate,
): boolean {
  const key = sm2KeyOf(issuer);
  if (key === undefined || !isSm2Signed) return false;
  const parts = readInside(signature, DerTag.Sequence) ?? [];
  const isTwoNumbers = parts.length === 2 && parts.every((part) => readDerInteger(part, 32) !== undefined);
  if (!isTwoNumbers || readDer(signature)?.length !== 1) return false;
  return crypto.verify(concatBytes(sm2Identity(key), signed), signature, key);
}

function checkCertificate(certificate: Certificate, nowMs: number): SmTlsResult<undefined> {
  const { notBeforeMs, notAfterMs, extensions } = certificate;
  if (notBeforeMs === undefined || notAfterMs === undefined) {
    return failed("certificate-unreadable", `${nameOf(certificate)} says in no readable way when it is valid`);
  }
  if (nowMs < notBeforeMs) {
    return failed("certificate-expired", `${nameOf(certificate)} is not valid yet; are the clocks right?`);
  }
  if (nowMs > notAfterMs) return failed("certificate-expired", `${nameOf(certificate)} has expired`);
  return extensions.hasUnknownCritical
    ? failed("certificate-not-trusted", `${nameOf(certificate)} has conditions that are not understood here`)
    : ok(undefined);
}

/** The certificate for key exchange: same issuer, same name, a signature that holds, and valid now. */
function verifyPair(
  signing: Certificate,
  encryption: Certificate,
  issuer: Certificate,
  { crypto, nowMs }: TrustOptions,
): SmTlsResult<undefined> {
  const refuse = (reason: string): ReturnType<typeof failed> =>
    failed("encryption-certificate-refused", `the certificate for key exchange (${nameOf(encryption)}) ${reason}`);
  if (!isIssuer(issuer, encryption) || !isSignedBy(crypto, encryption, issuer)) {
    return refuse(`is not signed by ${issuer.commonName}, which signed the other one of ${signing.commonName}`);
  }
  if (encryption.commonName !== signing.commonName) return refuse(`belongs to another than ${signing.commonName}`);
  return checkCertificate(encryption, nowMs);
}

function untrusted(certificate: Certificate, authorities: readonly Certificate[]): ReturnType<typeof failed> {
  const { issuer } = certificate;
  const namesake = authorities.some(({ subject }) => subject === issuer);
  const known = authorities.map(({ subject }) => subject).join(", ");
  const why = namesake
    ? "and the authority trusted here has the same name and another key: they are of two chains"
    : `which nothing links to an authority trusted here (${known})`;
  return failed("certificate-not-trusted", `${nameOf(certificate)} is signed by ${issuer}, ${why}`);
}

function tooLong(anchor: Certificate): ReturnType<typeof failed> {
  return failed("certificate-not-trusted", `${nameOf(anchor)} allows no such long chain of certificates`);
}

function nameOf({ subject }: Certificate): string {
  return `the certificate of ${subject}`;
}
