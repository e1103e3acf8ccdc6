/**
 * X.509 certificates: written as the chain builder of FISCO BCOS 2.x lays them out, read, and checked, without an
 * openssl program. SM2 certificates are beyond what TLS libraries for JavaScript sign or verify, so the parts to be
 * signed are put together here and signed by {@link Key}.
 */
import { X509Certificate, createHash, randomBytes } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate as AsnCertificate,
  Extension,
  Extensions,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
} from "@peculiar/asn1-x509";
import { verifySm2 } from "@tsbcos/core/crypto";
import { CodedError, bytesToHex } from "@tsbcos/core/primitives";
import { toPem, type Key, type KeyFamily } from "./keys.js";
import { derToSignature } from "./sm2-der.js";

/** What a name consists of in a chain; always encoded in this order. */
export interface Subject {
  /** CN: name of the node, agency or chain. */
  readonly commonName: string;
  /** OU: `chain`, `agency`, `node`, `ennode`, `sdk` or `ensdk`. */
  readonly unit: string;
}

/**
 * What a new certificate is for:
 * `root` signs agencies, `agency` signs leaves, `leaf` authenticates, `bare-leaf` does so without any extension (X.509
 * version 1, as SDKs expect it at the channel), and the same for SM2, where signing and key exchange have a leaf each.
 */
export type Profile = "root" | "agency" | "leaf" | "bare-leaf" | "sm-authority" | "sm-leaf" | "sm-encryption-leaf";

/** A certificate that was read. */
export interface Certificate {
  /** PEM text of this one certificate. */
  readonly pem: string;
  readonly der: Uint8Array;
  /** Parts of the names, `""` where one is missing. */
  readonly subject: Subject;
  readonly issuer: Subject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Upper-case hexadecimal digits. */
  readonly serial: string;
  /** Whether it may sign others; undefined when it does not say (version 1). */
  readonly isAuthority: boolean | undefined;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array;
  /** Kind of its key; undefined for one that chains do not use. */
  readonly family: KeyFamily | undefined;
  /** x‖y as 128 hexadecimal digits for keys on the two curves of chains. */
  readonly publicKey: string | undefined;
  readonly asn: AsnCertificate;
}

const OID = { commonName: "2.5.4.3", organisation: "2.5.4.10", unit: "2.5.4.11" } as const;
const SM2_WITH_SM3 = "1.2.156.10197.1.501";
const SIGNATURE_ALGORITHMS: Readonly<Record<KeyFamily, AlgorithmIdentifier>> = {
  secp256k1: new AlgorithmIdentifier({ algorithm: "1.2.840.10045.4.3.2" }),
  rsa: new AlgorithmIdentifier({ algorithm: "1.2.840.113549.1.1.11", parameters: null }),
  sm2: new AlgorithmIdentifier({ algorithm: SM2_WITH_SM3 }),
};
/** Beginnings of SubjectPublicKeyInfo, as hexadecimal text. */
const EC_KEYS: readonly (readonly [KeyFamily, string])[] = [
  ["secp256k1", "3056301006072a8648ce3d020106052b8104000a03420004"],
  ["sm2", "3059301306072a8648ce3d020106082a811ccf5501822d03420004"],
];
const RSA_KEY = /^3082.{4}300d06092a864886f70d010101/;

const ORGANISATION = "fisco-bcos";
const DAY_MS = 86_400_000;
/** Machines whose clocks differ a little accept a certificate made just now. */
const CLOCK_SLACK_MS = 60_000;

const { digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement, keyCertSign, cRLSign } =
  KeyUsageFlags;

/** Who signs a new certificate; without a certificate it signs itself. */
export interface Issuer {
  readonly key: Key;
  readonly certificate?: Certificate;
}

/** Makes a certificate. It never outlives the one of its issuer. */
export function createCertificate(options: {
  readonly subject: Subject;
  readonly key: Key;
  readonly issuer: Issuer;
  readonly profile: Profile;
  readonly days: number;
}): Certificate {
  const { key, issuer, profile } = options;
  const extensions = extensionsOf(profile, key, issuer.certificate?.publicKeyInfo ?? key.publicKeyInfo);
  return signCertificate(options, {
    version: extensions.length === 0 ? Version.v1 : Version.v3,
    subject: nameOf(options.subject),
    subjectPublicKeyInfo: AsnConvert.parse(key.publicKeyInfo, SubjectPublicKeyInfo),
    ...(extensions.length === 0 ? {} : { extensions: new Extensions(extensions) }),
  });
}

/**
 * Makes a certificate that differs from an old one in its dates and serial number alone: the same key, names and purpose.
 *
 * @param issuer who signed the old one; without a certificate it signs itself
 */
export function renewCertificate(old: Certificate, issuer: Issuer, days: number): Certificate {
  const { version, subject, subjectPublicKeyInfo, extensions } = old.asn.tbsCertificate;
  return signCertificate(
    { issuer, days },
    { version, subject, subjectPublicKeyInfo, ...(extensions === undefined ? {} : { extensions }) },
  );
}

/** What a certificate says of its holder. */
type Holder = Pick<TBSCertificate, "version" | "subject" | "subjectPublicKeyInfo" | "extensions">;

function signCertificate(
  { issuer, days }: { readonly issuer: Issuer; readonly days: number },
  holder: Holder,
): Certificate {
  const notBefore = new Date(Math.floor((Date.now() - CLOCK_SLACK_MS) / 1000) * 1000);
  const wantedEnd = notBefore.getTime() + days * DAY_MS;
  const lastEnd = issuer.certificate?.notAfter.getTime() ?? wantedEnd;
  const algorithm = SIGNATURE_ALGORITHMS[issuer.key.family];
  const body = new TBSCertificate({
    ...holder,
    serialNumber: newSerial(),
    signature: algorithm,
    issuer: issuer.certificate?.asn.tbsCertificate.subject ?? holder.subject,
    validity: new Validity({ notBefore, notAfter: new Date(Math.min(wantedEnd, lastEnd)) }),
  });
  const signed = issuer.key.sign(new Uint8Array(AsnConvert.serialize(body)));
  const certificate = new AsnCertificate({
    tbsCertificate: body,
    signatureAlgorithm: algorithm,
    signatureValue: exactBuffer(signed),
  });
  return readDer(new Uint8Array(AsnConvert.serialize(certificate)));
}

/**
 * The certificates of a PEM text, in its order.
 *
 * @param file where the text is from, for messages
 * @throws CodedError `certificate-unusable` when there is none, or one cannot be read
 */
export function readCertificates(pem: string, file: string): readonly [Certificate, ...Certificate[]] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [first, ...more] = blocks.map((block, index) => {
    try {
      return readDer(new Uint8Array(Buffer.from(block.replace(/-----[^-]+-----|\s/g, ""), "base64")));
    } catch (cause) {
      const message = `Certificate ${index + 1} of ${blocks.length} in ${file} cannot be read; the file is damaged.`;
      throw new CodedError("certificate-unusable", message, { cause });
    }
  });
  if (first !== undefined) return [first, ...more];
  throw new CodedError("certificate-unusable", `${file} holds no certificate (no BEGIN CERTIFICATE line).`);
}

/** Whether two certificates are of one holder, by names and key: one may be the other renewed. */
export function isSameHolder(one: Certificate, other: Certificate): boolean {
  const name = ({ asn }: Certificate): string =>
    bytesToHex(new Uint8Array(AsnConvert.serialize(asn.tbsCertificate.subject)));
  return name(one) === name(other) && bytesToHex(one.publicKeyInfo) === bytesToHex(other.publicKeyInfo);
}

/** Whether the names and the signature say that `issuer` made `certificate`. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  const { asn } = certificate;
  const wanted = bytesToHex(new Uint8Array(AsnConvert.serialize(asn.tbsCertificate.issuer)));
  if (wanted !== bytesToHex(new Uint8Array(AsnConvert.serialize(issuer.asn.tbsCertificate.subject)))) return false;
  if (asn.signatureAlgorithm.algorithm !== SM2_WITH_SM3) {
    try {
      return new X509Certificate(certificate.der).verify(new X509Certificate(issuer.der).publicKey);
    } catch {
      // The key of the issuer is of another kind than the signature.
      return false;
    }
  }
  const signature = derToSignature(new Uint8Array(asn.signatureValue));
  const body = asn.tbsCertificateRaw;
  if (issuer.family !== "sm2" || signature === undefined || body === undefined) return false;
  return verifySm2(new Uint8Array(body), signature, issuer.publicKeyInfo.slice(-64));
}

function readDer(der: Uint8Array): Certificate {
  const asn = AsnConvert.parse(der, AsnCertificate);
  const body = asn.tbsCertificate;
  const publicKeyInfo = new Uint8Array(AsnConvert.serialize(body.subjectPublicKeyInfo));
  const { family, publicKey } = describeKey(bytesToHex(publicKeyInfo));
  const constraints = body.extensions?.find((extension) => extension.extnID === id_ce_basicConstraints);
  return {
    pem: toPem("CERTIFICATE", der),
    der,
    subject: subjectOf(body.subject),
    issuer: subjectOf(body.issuer),
    notBefore: body.validity.notBefore.getTime(),
    notAfter: body.validity.notAfter.getTime(),
    serial: bytesToHex(new Uint8Array(body.serialNumber)).replace(/^00/, "").toUpperCase(),
    isAuthority: constraints && AsnConvert.parse(constraints.extnValue.buffer, BasicConstraints).cA,
    publicKeyInfo,
    family,
    publicKey,
    asn,
  };
}

function describeKey(publicKeyInfo: string): Pick<Certificate, "family" | "publicKey"> {
  for (const [family, head] of EC_KEYS) {
    if (publicKeyInfo.startsWith(head)) return { family, publicKey: publicKeyInfo.slice(head.length) };
  }
  return { family: RSA_KEY.test(publicKeyInfo) ? "rsa" : undefined, publicKey: undefined };
}

function nameOf(subject: Subject): Name {
  const part = (type: string, utf8String: string): RelativeDistinguishedName =>
    new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String }) })]);
  return new Name([
    part(OID.commonName, subject.commonName),
    part(OID.organisation, ORGANISATION),
    part(OID.unit, subject.unit),
  ]);
}

function subjectOf(name: Name): Subject {
  const part = (type: string): string =>
    name
      .flat()
      .find((attribute) => attribute.type === type)
      ?.value.toString() ?? "";
  return { commonName: part(OID.commonName), unit: part(OID.unit) };
}

/** A positive number of 8 bytes: the first bits keep it from being negative and from beginning with zero. */
function newSerial(): ArrayBuffer {
  const serial = randomBytes(8);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return exactBuffer(serial);
}

function extensionsOf(profile: Profile, key: Key, issuerKeyInfo: Uint8Array): Extension[] {
  const identifiers = (): Extension[] => [
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(identifierOf(key.publicKeyInfo))),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(identifierOf(issuerKeyInfo)) }),
    ),
  ];
  switch (profile) {
    case "root":
      return [...identifiers(), constraintsOf(true)];
    case "agency":
      return [constraintsOf(true)];
    case "leaf":
      return [constraintsOf(false), usageOf(nonRepudiation | digitalSignature | keyEncipherment)];
    case "bare-leaf":
      return [];
    case "sm-authority":
      return [...identifiers(), constraintsOf(true), usageOf(keyCertSign | cRLSign)];
    case "sm-leaf":
      return [constraintsOf(false), usageOf(nonRepudiation | digitalSignature)];
    case "sm-encryption-leaf":
      return [constraintsOf(false), usageOf(keyAgreement | keyEncipherment | dataEncipherment)];
  }
}

function constraintsOf(isAuthority: boolean): Extension {
  return extension(id_ce_basicConstraints, new BasicConstraints({ cA: isAuthority }));
}

function usageOf(flags: number): Extension {
  return extension(id_ce_keyUsage, new KeyUsage(flags));
}

function extension(extnID: string, content: object): Extension {
  return new Extension({ extnID, extnValue: new OctetString(AsnConvert.serialize(content)) });
}

/** Short name of a key: SHA-1 of the public key without its frame, as RFC 5280 proposes it. No secret rests on it. */
function identifierOf(publicKeyInfo: Uint8Array): ArrayBuffer {
  const { subjectPublicKey } = AsnConvert.parse(publicKeyInfo, SubjectPublicKeyInfo);
  return exactBuffer(createHash("sha1").update(new Uint8Array(subjectPublicKey)).digest());
}

/** The bytes in a buffer of their own, as the ASN.1 types want them. */
function exactBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
