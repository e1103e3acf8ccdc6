/** SM certificates for tests: made on the spot, good ones like those of the chain builders and bad ones of every kind. */
import { randomBytes } from "node:crypto";
import { DerTag, KeyUsage, readCertificate, writeDer, writeDerInteger } from "@tsbcos/core/certificates";
import { signSm2, smSuite } from "@tsbcos/core/crypto";
import type { KeyPair } from "@tsbcos/core/crypto";
import { concatBytes, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import type { SmTlsCredentials } from "@tsbcos/core/sm-tls";

/** What a certificate is to say. */
export interface SmCertificateRequest {
  readonly name: string;
  readonly kind: "authority" | "signing" | "encryption";
  /** Years from now at which it ends; negative: it has ended. */
  readonly years?: number;
  /** Years from now at which it begins. */
  readonly fromYears?: number;
  /** Authorities allowed below it. */
  readonly pathLength?: number;
  /** Adds an extension that nobody knows and everybody must. */
  readonly isStrange?: boolean;
  /** A certificate for this key instead of a new one. */
  readonly key?: KeyPair;
}

/** A key with its certificate. */
export interface SmHolder {
  readonly key: KeyPair;
  readonly der: Uint8Array;
  /** Makes a certificate signed by this one. */
  issue(request: SmCertificateRequest): SmHolder;
}

const YEAR_MS = 365 * 24 * 3600 * 1000;
const ALGORITHM = writeDer(DerTag.Sequence, oid("2a811ccf55018375"));
const USAGES = { authority: 0x06, signing: 0xc0, encryption: 0x38 } as const;

/** A root that signs itself. */
export function createSmRoot(name: string): SmHolder {
  return createHolder({ name, kind: "authority" }, undefined);
}

/** What one side shows: a chain of two, and the certificate for key exchange. */
export function smCredentials(root: SmHolder, agency: SmHolder, name: string): SmTlsCredentials {
  const signing = agency.issue({ name, kind: "signing" });
  const encryption = agency.issue({ name, kind: "encryption" });
  return credentialsOf({ root, agency, signing, encryption });
}

/** The same of given parts. */
export function credentialsOf(parts: {
  readonly root: SmHolder;
  readonly agency: SmHolder;
  readonly signing: SmHolder;
  readonly encryption: SmHolder;
}): SmTlsCredentials {
  const { root, agency, signing, encryption } = parts;
  const authority = readCertificate(root.der);
  return {
    signingKey: signing.key,
    encryptionKey: encryption.key,
    chain: [signing.der, agency.der, root.der],
    encryptionCertificate: encryption.der,
    authorities: authority === undefined ? [] : [authority],
  };
}

function createHolder(request: SmCertificateRequest, issuer: { name: Uint8Array; key: KeyPair } | undefined): SmHolder {
  const key = request.key ?? newKey();
  const name = encodeName(request.name);
  const body = encodeBody(request, { key, name, issuerName: issuer?.name ?? name });
  const signature = signSm2(body, issuer?.key ?? key);
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].map(writeDerInteger);
  const der = writeDer(
    DerTag.Sequence,
    body,
    ALGORITHM,
    writeDer(DerTag.BitString, Uint8Array.of(0), writeDer(DerTag.Sequence, ...numbers)),
  );
  return { key, der, issue: (next) => createHolder(next, { name, key }) };
}

function newKey(): KeyPair {
  const number = new Uint8Array(randomBytes(32));
  // Below the order of the curve, and never zero.
  number[0] = 0x7f;
  return smSuite.keyPairOf(number);
}

function encodeBody(
  { kind, years = 10, fromYears = -20, pathLength, isStrange = false }: SmCertificateRequest,
  { key, name, issuerName }: { readonly key: KeyPair; readonly name: Uint8Array; readonly issuerName: Uint8Array },
): Uint8Array {
  const keyInfo = writeDer(
    DerTag.Sequence,
    writeDer(DerTag.Sequence, oid("2a8648ce3d0201"), oid("2a811ccf5501822d")),
    writeDer(DerTag.BitString, Uint8Array.of(0, 4), key.publicKey),
  );
  const length = pathLength === undefined ? [] : [writeDerInteger(Uint8Array.of(pathLength))];
  const constraints = kind === "authority" ? [writeDer(DerTag.Boolean, Uint8Array.of(0xff)), ...length] : [];
  const usage = kind === "authority" ? USAGES.authority | KeyUsage.CertificateSign : USAGES[kind];
  return writeDer(
    DerTag.Sequence,
    writeDer(DerTag.Version, writeDerInteger(Uint8Array.of(2))),
    writeDerInteger(concatBytes(Uint8Array.of(1), randomBytes(8))),
    ALGORITHM,
    issuerName,
    writeDer(DerTag.Sequence, time(fromYears), time(years)),
    name,
    keyInfo,
    writeDer(
      DerTag.Extensions,
      writeDer(
        DerTag.Sequence,
        extension("551d13", writeDer(DerTag.Sequence, ...constraints)),
        extension("551d0f", writeDer(DerTag.BitString, Uint8Array.of(0, usage))),
        ...(isStrange ? [extension("2a0304", Uint8Array.of(5, 0), true)] : []),
      ),
    ),
  );
}

function extension(type: string, value: Uint8Array, isCritical = false): Uint8Array {
  const critical = isCritical ? [writeDer(DerTag.Boolean, Uint8Array.of(0xff))] : [];
  return writeDer(DerTag.Sequence, oid(type), ...critical, writeDer(DerTag.OctetString, value));
}

function encodeName(name: string): Uint8Array {
  const attribute = (type: string, value: string): Uint8Array =>
    writeDer(DerTag.Set, writeDer(DerTag.Sequence, oid(type), writeDer(DerTag.Utf8String, utf8ToBytes(value))));
  return writeDer(DerTag.Sequence, attribute("550403", name), attribute("55040a", "fisco-bcos"));
}

function time(years: number): Uint8Array {
  const digits = new Date(Date.now() + years * YEAR_MS).toISOString().replace(/[-:T]|\.\d+/g, "");
  return writeDer(DerTag.GeneralizedTime, utf8ToBytes(digits));
}

function oid(hex: string): Uint8Array {
  return writeDer(DerTag.Oid, hexToBytes(hex));
}
