/** Certificates for tests: made on the spot, good ones like those of the chain builder and bad ones of every kind. */
import { createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** What a certificate is to say. */
export interface CertificateRequest {
  readonly name: string;
  /** `absent` leaves the extension out, and with it makes a version 1 certificate. */
  readonly basicConstraints?: "authority" | "node" | "absent";
  /** Years from now at which it ends; negative: it has ended. */
  readonly years?: number;
  readonly curve?: "secp256k1" | "prime256v1";
  /** An RSA key of 2048 bits instead of one on a curve. */
  readonly rsa?: boolean;
}

/** A key with its certificate and those of its issuers. */
export interface Holder {
  readonly keyPem: string;
  /** Own certificate first, root last. */
  readonly chainPem: string;
  /** Own certificate as DER. */
  readonly der: Uint8Array;
  /** 128 hexadecimal digits of the public key; without meaning for RSA. */
  readonly publicKeyHex: string;
  /** Makes a certificate signed by this one. */
  issue(request: CertificateRequest): Holder;
}

const OID = {
  commonName: "550403",
  organisation: "55040a",
  ecdsaWithSha256: "2a8648ce3d040302",
  rsaWithSha256: "2a864886f70d01010b",
  basicConstraints: "551d13",
  keyUsage: "551d0f",
};
const YEAR_MS = 365 * 24 * 3600 * 1000;

/** A root that signs itself. The chain builder makes version 1 certificates, so that is the default here. */
export function createRoot(request: CertificateRequest): Holder {
  return createHolder({ basicConstraints: "absent", ...request }, undefined);
}

interface Issuer {
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly chainPem: string;
}

function createHolder(request: CertificateRequest, issuer: Issuer | undefined): Holder {
  const { privateKey, publicKey } =
    request.rsa === true
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: request.curve ?? "secp256k1" });
  const name = encodeName(request.name);
  const spki = publicKey.export({ format: "der", type: "spki" });
  const signingKey = issuer?.key ?? privateKey;
  const algorithm = algorithmOf(signingKey);
  const body = encodeBody(request, { name, spki, issuerName: issuer?.name ?? name, algorithm });
  const signature = sign("sha256", body, signingKey);
  const der = tlv(0x30, body, algorithm, tlv(0x03, Buffer.of(0), signature));
  const chainPem = `${toPem(der)}${issuer?.chainPem ?? ""}`;
  return {
    keyPem: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    chainPem,
    der: new Uint8Array(der),
    publicKeyHex: createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-64).toString("hex"),
    issue: (next) => createHolder(next, { name, key: privateKey, chainPem }),
  };
}

function algorithmOf(key: KeyObject): Buffer {
  return key.asymmetricKeyType === "rsa"
    ? tlv(0x30, oid(OID.rsaWithSha256), tlv(0x05))
    : tlv(0x30, oid(OID.ecdsaWithSha256));
}

function encodeBody(
  { basicConstraints = "node", years = 10 }: CertificateRequest,
  { name, spki, issuerName, algorithm }: { name: Buffer; spki: Buffer; issuerName: Buffer; algorithm: Buffer },
): Buffer {
  const isVersion1 = basicConstraints === "absent";
  const serial = tlv(0x02, Buffer.of(1), randomBytes(8));
  const validity = tlv(0x30, time(Date.now() - 20 * YEAR_MS), time(Date.now() + years * YEAR_MS));
  const constraints = basicConstraints === "authority" ? tlv(0x30, tlv(0x01, Buffer.of(0xff))) : tlv(0x30);
  const usage = tlv(0x30, oid(OID.keyUsage), tlv(0x04, tlv(0x03, Buffer.of(5, 0xe0))));
  const extensions = tlv(
    0xa3,
    tlv(
      0x30,
      tlv(0x30, oid(OID.basicConstraints), tlv(0x04, constraints)),
      ...(basicConstraints === "node" ? [usage] : []),
    ),
  );
  return tlv(
    0x30,
    ...(isVersion1 ? [] : [tlv(0xa0, tlv(0x02, Buffer.of(2)))]),
    serial,
    algorithm,
    issuerName,
    validity,
    name,
    spki,
    ...(isVersion1 ? [] : [extensions]),
  );
}

function encodeName(commonName: string): Buffer {
  const attribute = (type: string, value: string): Buffer =>
    tlv(0x31, tlv(0x30, oid(type), tlv(0x0c, Buffer.from(value))));
  return tlv(0x30, attribute(OID.organisation, "fisco-bcos"), attribute(OID.commonName, commonName));
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  return tlv(0x18, Buffer.from(digits));
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, "hex"));
}

function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(header), content]);
}

function toPem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
}
