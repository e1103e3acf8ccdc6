/**
 * The certificates of a chain, as the chain builder of FISCO BCOS 2.x lays them out, without an openssl program.
 *
 * Two families. The P2P family is secp256k1: chain CA, agency CA, and a leaf for each node, whose public key is the
 * node id. The channel family is RSA 2048: one CA an agency, and a leaf for each node and SDK.
 */
import { createPrivateKey, generateKeyPair, randomBytes, type webcrypto as platform } from "node:crypto";
import { Crypto } from "@peculiar/webcrypto";
import * as x509 from "@peculiar/x509";

type CryptoKey = platform.CryptoKey;

const webcrypto = new Crypto();
x509.cryptoProvider.set(webcrypto);

const DAY_MS = 86_400_000;
const EC_SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;
const EC_KEY = { name: "ECDSA", namedCurve: "K-256" } as const;
const RSA_KEY = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;

/** A certificate with its private key, both as PEM text. */
export interface Identity {
  /** Certificate, PEM. */
  readonly certificate: string;
  /** Unencrypted PKCS#8 private key, PEM. */
  readonly privateKey: string;
}

/** The secp256k1 leaf of a node with the id that follows from it. */
export interface NodeIdentity extends Identity {
  /** Public key x‖y, 128 lower-case hexadecimal digits. */
  readonly nodeId: string;
}

/** Subject fields; always printed and encoded in the order CN, O, OU. */
export interface Subject {
  /** Common name. */
  readonly commonName: string;
  /** Organisational unit: `chain`, `agency`, `node` or `sdk`. */
  readonly unit: string;
}

/** What a new certificate may do: a CA may sign others, a leaf may authenticate, and a bare leaf has no extensions at all. */
export type CertificateKind = "ca" | "leaf" | "bare-leaf";

interface KeyMaterial {
  readonly pem: string;
  readonly signing: CryptoKey;
  readonly verifying: CryptoKey;
}

function nameOf(subject: Subject): string {
  return `CN=${subject.commonName}, O=fisco-bcos, OU=${subject.unit}`;
}

function extensionsFor(kind: CertificateKind): x509.Extension[] {
  switch (kind) {
    case "ca":
      return [new x509.BasicConstraintsExtension(true)];
    case "leaf":
      return [
        new x509.BasicConstraintsExtension(false),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.nonRepudiation |
            x509.KeyUsageFlags.digitalSignature |
            x509.KeyUsageFlags.keyEncipherment,
        ),
      ];
    case "bare-leaf":
      return [];
  }
}

interface PemPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

async function importKeys(pem: PemPair, family: "ec" | "rsa"): Promise<KeyMaterial> {
  const algorithm = family === "ec" ? EC_KEY : RSA_KEY;
  const der = (text: string): Buffer => Buffer.from(text.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const signing = await webcrypto.subtle.importKey("pkcs8", der(pem.privateKey), algorithm, true, ["sign"]);
  const verifying = await webcrypto.subtle.importKey("spki", der(pem.publicKey), algorithm, true, ["verify"]);
  return { pem: pem.privateKey, signing, verifying };
}

const PEM_ENCODINGS = {
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
} as const;

/** A new key pair as PEM texts, generated off the main thread. */
function generatePem(family: "ec" | "rsa"): Promise<PemPair> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, publicKey: string, privateKey: string): void => {
      if (error === null) resolve({ privateKey, publicKey });
      else reject(error);
    };
    if (family === "ec") generateKeyPair("ec", { namedCurve: "secp256k1", ...PEM_ENCODINGS }, done);
    else generateKeyPair("rsa", { modulusLength: 2048, ...PEM_ENCODINGS }, done);
  });
}

/** x‖y and the scalar of a secp256k1 private key, each as hexadecimal text. */
function ecNumbers(privateKeyPem: string): { publicKey: string; scalar: string } {
  const jwk = createPrivateKey(privateKeyPem).export({ format: "jwk" });
  const hex = (field: string | undefined): string => Buffer.from(field ?? "", "base64url").toString("hex");
  return { publicKey: hex(jwk.x).padStart(64, "0") + hex(jwk.y).padStart(64, "0"), scalar: hex(jwk.d) };
}

async function createEcKeys(): Promise<KeyMaterial> {
  for (;;) {
    const pem = await generatePem("ec");
    // The C++ node refuses a key whose printed scalar is shorter than 64 digits, so a leading zero byte is drawn again.
    if (ecNumbers(pem.privateKey).scalar.padStart(64, "0").startsWith("00")) continue;
    return importKeys(pem, "ec");
  }
}

async function createRsaKeys(): Promise<KeyMaterial> {
  return importKeys(await generatePem("rsa"), "rsa");
}

async function issue(options: {
  readonly subject: Subject;
  readonly issuer: Subject;
  readonly keys: KeyMaterial;
  readonly signingKey: CryptoKey;
  readonly family: "ec" | "rsa";
  readonly kind: CertificateKind;
  readonly days: number;
}): Promise<string> {
  // A positive serial of 8 bytes: the first digit keeps the sign bit clear and the number from starting with zero.
  const serial = randomBytes(8);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  // A minute back, so that machines whose clocks differ a little accept a certificate made just now.
  const notBefore = new Date(Date.now() - 60_000);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial.toString("hex"),
    subject: nameOf(options.subject),
    issuer: nameOf(options.issuer),
    notBefore,
    notAfter: new Date(notBefore.getTime() + options.days * DAY_MS),
    signingAlgorithm: options.family === "ec" ? EC_SIGNING : RSA_KEY,
    publicKey: options.keys.verifying,
    signingKey: options.signingKey,
    extensions: extensionsFor(options.kind),
  });
  return `${certificate.toString("pem").trim()}\n`;
}

/** A certificate authority: its own identity, and the power to sign leaves. */
export interface Authority extends Identity {
  /** Issues a key and a certificate below this authority. */
  issueIdentity(subject: Subject, kind: CertificateKind): Promise<Identity>;
  /** Issues an authority below this one, of the same family and validity. */
  issueAuthority(subject: Subject): Promise<Authority>;
}

function authorityFrom(options: {
  readonly subject: Subject;
  readonly keys: KeyMaterial;
  readonly certificate: string;
  readonly family: "ec" | "rsa";
  readonly days: number;
}): Authority {
  const { subject: issuer, family, days } = options;
  const below = async (subject: Subject, kind: CertificateKind): Promise<{ keys: KeyMaterial; certificate: string }> => {
    const keys = family === "ec" ? await createEcKeys() : await createRsaKeys();
    const certificate = await issue({ subject, issuer, keys, signingKey: options.keys.signing, family, kind, days });
    return { keys, certificate };
  };
  return {
    certificate: options.certificate,
    privateKey: options.keys.pem,
    async issueIdentity(subject, kind) {
      const { keys, certificate } = await below(subject, kind);
      return { certificate, privateKey: keys.pem };
    },
    async issueAuthority(subject) {
      const { keys, certificate } = await below(subject, "ca");
      return authorityFrom({ subject, keys, certificate, family, days });
    },
  };
}

/**
 * A new self-signed authority.
 *
 * @param options.family `ec` for the P2P chain of trust (secp256k1), `rsa` for the channel
 * @param options.days validity of it and of everything it issues
 */
export async function createRootAuthority(options: {
  readonly subject: Subject;
  readonly family: "ec" | "rsa";
  readonly days: number;
}): Promise<Authority> {
  const keys = options.family === "ec" ? await createEcKeys() : await createRsaKeys();
  const certificate = await issue({ ...options, issuer: options.subject, keys, signingKey: keys.signing, kind: "ca" });
  return authorityFrom({ ...options, keys, certificate });
}

/** The node id of a secp256k1 private key: its public key x‖y as 128 lower-case hexadecimal digits. */
export function nodeIdOf(privateKeyPem: string): string {
  return ecNumbers(privateKeyPem).publicKey;
}
