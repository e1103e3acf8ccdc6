/**
 * Who signs what in a chain, and the folders in which the authorities keep their keys:
 *
 * - the chain's CA (`cert/`, SM: `gmcert/`) signs agencies;
 * - an agency (`cert/<agency>`, SM: `gmcert/<agency>-gm`) signs nodes and SDKs;
 * - the agency's channel CA (`cert/<agency>/channel`, RSA) signs both sides of the SDK channel, and itself;
 * - in a chain without agencies the chain's CA signs the leaves, and the channel CA is `cert/channel`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  createCertificate,
  createKey,
  isIssuedBy,
  readCertificates,
  readKey,
  type Certificate,
  type Key,
  type KeyFamily,
  type Profile,
  type Subject,
} from "../certificates/index.js";
import { refuse } from "./refusals.js";
import { SM2_PARAMETERS, opensslSettings, smOpensslSettings } from "./openssl-settings.js";
import { below, keyFile, type TextFile } from "./text-files.js";

/** Which of the two kinds of folders. */
export type Trust = "standard" | "sm";

/** A certificate with its key. */
export interface Authority {
  readonly key: Key;
  readonly certificate: Certificate;
}

/** The CA of a chain. */
export interface ChainAuthority extends Authority {
  readonly trust: Trust;
  /** PEM that nodes trust: the CA itself, or the root above it. */
  readonly rootPem: string;
  /** A root above the CA was given, and is kept beside it. */
  readonly hasOwnRoot: boolean;
}

/** Who signs the leaves of nodes and SDKs. */
export interface LeafAuthority extends Authority {
  readonly trust: Trust;
  /** Name of its folder and in its certificate. */
  readonly name: string;
  /** PEM of the certificates that follow a leaf in its file: those between it and the root, the CA included. */
  readonly chainPem: string;
  readonly rootPem: string;
}

/** Names of files, by kind. */
const FILES = {
  standard: { caKey: "ca.key", ca: "ca.crt", root: "root.crt", agencyKey: "agency.key", agency: "agency.crt" },
  sm: { caKey: "gmca.key", ca: "gmca.crt", root: "gmroot.crt", agencyKey: "gmagency.key", agency: "gmagency.crt" },
} as const;

const PROFILES: Readonly<Record<Trust, { family: KeyFamily; root: Profile; agency: Profile }>> = {
  standard: { family: "secp256k1", root: "root", agency: "agency" },
  sm: { family: "sm2", root: "sm-authority", agency: "sm-authority" },
};

/** Makes the CA of a new chain. */
export async function createChainAuthority(trust: Trust, days: number): Promise<ChainAuthority> {
  const { family, root: profile } = PROFILES[trust];
  const subject = { commonName: trust === "sm" ? "gmchain" : "chain", unit: "chain" };
  const root = await createRoot({ family, profile, subject, days });
  return { ...root, trust, rootPem: root.certificate.pem, hasOwnRoot: false };
}

/**
 * Reads the CA of a chain from its folder.
 *
 * @param option the option that named the folder, for messages
 * @throws ChainBuildError when files are missing, damaged or do not belong together
 */
export function readChainAuthority(folder: string, trust: Trust, option: string): ChainAuthority {
  const files = FILES[trust];
  const own = readPair(folder, [files.caKey, files.ca], option);
  const rootFile = join(folder, files.root);
  const hasOwnRoot = existsSync(rootFile);
  const rootPem = hasOwnRoot ? readFileSync(rootFile, "utf8") : own.certificate.pem;
  if (hasOwnRoot && !isIssuedBy(own.certificate, readCertificates(rootPem, rootFile)[0])) {
    refuse("bad-ca", `${join(folder, files.ca)} was not signed by ${rootFile}. Put the root that signed it there.`);
  }
  return { ...own, trust, rootPem, hasOwnRoot };
}

/** Makes an agency below the CA of a chain. */
export async function createAgency(chain: ChainAuthority, name: string, days: number): Promise<LeafAuthority> {
  const { family, agency: profile } = PROFILES[chain.trust];
  const key = await createKey(family);
  // The agency of an SM chain is called after its folder.
  const folder = agencyFolder(chain.trust, name);
  const subject = { commonName: folder, unit: "agency" };
  const certificate = createCertificate({ subject, key, issuer: chain, profile, days });
  const chainPem = certificate.pem + chain.certificate.pem;
  return { key, certificate, trust: chain.trust, name: folder, chainPem, rootPem: chain.rootPem };
}

/** The CA of a chain without agencies in their place. */
export function asLeafAuthority(chain: ChainAuthority): LeafAuthority {
  const { key, certificate, trust, rootPem } = chain;
  return { key, certificate, trust, name: certificate.subject.commonName, chainPem: certificate.pem, rootPem };
}

/** Makes the RSA CA of an agency's SDK channel. */
export function createChannelAuthority(agency: string, days: number): Promise<Authority> {
  return createRoot({ family: "rsa", profile: "root", subject: { commonName: agency, unit: "chain" }, days });
}

/** Name of an agency's folder. */
export function agencyFolder(trust: Trust, name: string): string {
  return trust === "sm" ? `${name}-gm` : name;
}

/**
 * Reads who signs leaves: the folder of an agency, or the one of the chain's CA where there are no agencies.
 *
 * @throws ChainBuildError when files are missing, damaged or do not belong together
 */
export function readLeafAuthority(folder: string, trust: Trust, option: string): LeafAuthority {
  const files = FILES[trust];
  if (!existsSync(join(folder, files.agencyKey)) && existsSync(join(folder, files.caKey))) {
    return asLeafAuthority(readChainAuthority(folder, trust, option));
  }
  const own = readPair(folder, [files.agencyKey, files.agency], option);
  // The agency's own copy; the chain's folder is not at hand where agencies work by themselves.
  const caFile = join(folder, files.ca);
  if (!existsSync(caFile)) refuse("bad-ca", `There is no ${caFile}. Copy the certificate of the chain's CA there.`);
  const [ca] = readCertificates(readFileSync(caFile, "utf8"), caFile);
  if (!isIssuedBy(own.certificate, ca)) {
    refuse("bad-ca", `${join(folder, files.agency)} was not signed by ${caFile}. Put the chain's CA there.`);
  }
  const rootFile = join(folder, "..", files.root);
  const rootPem = existsSync(rootFile) ? readFileSync(rootFile, "utf8") : ca.pem;
  const name = own.certificate.subject.commonName;
  return { ...own, trust, name, chainPem: own.certificate.pem + ca.pem, rootPem };
}

/** Reads the RSA CA of an agency's SDK channel; `folder` is the agency's. Undefined when there is none. */
export function readChannelAuthority(folder: string, option: string): Authority | undefined {
  const place = join(folder, "channel");
  return existsSync(place) ? readPair(place, ["ca.key", "ca.crt"], option) : undefined;
}

/** Files of a chain's CA, for `cert/` or `gmcert/`. */
export function chainAuthorityFiles(chain: ChainAuthority): TextFile[] {
  const files = FILES[chain.trust];
  return [
    { path: files.ca, text: chain.certificate.pem },
    keyFile(files.caKey, chain.key.pem),
    ...(chain.hasOwnRoot ? [{ path: files.root, text: chain.rootPem }] : []),
    ...settingsFiles(chain.trust),
  ];
}

/** Files of an agency, for a folder below the chain's. */
export function agencyFiles(agency: LeafAuthority, chain: ChainAuthority): TextFile[] {
  const files = FILES[agency.trust];
  return [
    { path: files.agency, text: agency.certificate.pem },
    keyFile(files.agencyKey, agency.key.pem),
    { path: files.ca, text: chain.certificate.pem },
    ...settingsFiles(agency.trust),
  ];
}

/** Files of a channel CA, where there is one. */
export function channelAuthorityFiles(authority: Authority | undefined): TextFile[] {
  if (authority === undefined) return [];
  return below("channel", [
    { path: "ca.crt", text: authority.certificate.pem },
    keyFile("ca.key", authority.key.pem),
    ...settingsFiles("standard"),
  ]);
}

/** For the certificate scripts of 2.x, which call openssl with these. */
function settingsFiles(trust: Trust): TextFile[] {
  if (trust === "standard") return [{ path: "cert.cnf", text: opensslSettings() }];
  return [
    { path: "gmcert.cnf", text: smOpensslSettings() },
    { path: "gmsm2.param", text: SM2_PARAMETERS },
  ];
}

async function createRoot(options: {
  readonly family: KeyFamily;
  readonly profile: Profile;
  readonly subject: Subject;
  readonly days: number;
}): Promise<Authority> {
  const key = await createKey(options.family);
  return { key, certificate: createCertificate({ ...options, key, issuer: { key } }) };
}

function readPair(folder: string, [keyName, name]: readonly [string, string], option: string): Authority {
  const [keyPath, path] = [join(folder, keyName), join(folder, name)];
  for (const file of [keyPath, path]) {
    if (!existsSync(file)) refuse("no-ca", `${option}: there is no ${file}. The folder must hold ${keyName} and ${name}.`);
  }
  const key = readKey(readFileSync(keyPath, "utf8"), keyPath);
  const [certificate] = readCertificates(readFileSync(path, "utf8"), path);
  if (!Buffer.from(certificate.publicKeyInfo).equals(key.publicKeyInfo)) {
    refuse("bad-ca", `${path} is not the certificate of the key in ${keyPath}. Put the two that belong together there.`);
  }
  if (certificate.notAfter.getTime() < Date.now()) {
    refuse("expired-ca", `${path} expired on ${certificate.notAfter.toISOString().slice(0, 10)}; nothing can be signed with it. Renew it first: tsbcos chain renew ${folder}`);
  }
  return { key, certificate };
}
