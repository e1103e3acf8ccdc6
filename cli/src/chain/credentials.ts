/** The keys and certificates that a node or an SDK gets from its agency, as files with the names of 2.x. */
import { createCertificate, createKey, type Profile } from "../certificates/index.js";
import type { Authority, LeafAuthority } from "./authorities.js";
import { refuse } from "./refusals.js";
import { below, keyFile, type TextFile } from "./text-files.js";

/** Who signs for one agency. */
export interface AgencyAuthorities {
  readonly standard: LeafAuthority;
  /** RSA, for the SDK channel; chains made before 2.9.0 have none. */
  readonly channel: Authority | undefined;
  /** On SM chains. */
  readonly sm: LeafAuthority | undefined;
  /** Days that what it signs holds. */
  readonly days: number;
}

/** What a node got. */
export interface NodeCredentials {
  /** Public key of the certificate that other nodes see, 128 hexadecimal digits. */
  readonly nodeId: string;
  /** Files for its `conf` folder. */
  readonly files: readonly TextFile[];
}

interface Leaf {
  readonly publicKey: string;
  readonly serial: string;
  readonly files: readonly TextFile[];
}

/** Makes the keys and certificates of a node; `name` stands in them. */
export async function createNodeCredentials(agency: AgencyAuthorities, name: string): Promise<NodeCredentials> {
  const channel = agency.channel === undefined ? [] : below("channel_cert", await channelLeaf(agency, agency.channel, "node"));
  const standard = await leaf(agency.standard, { profile: "leaf", name, unit: "node", file: "node" }, agency.days);
  const own = [...standard.files, { path: "ca.crt", text: agency.standard.rootPem }];
  if (agency.sm === undefined) {
    const nodeId: TextFile = { path: "node.nodeid", text: `${standard.publicKey}\n` };
    return { nodeId: standard.publicKey, files: [...own, nodeId, ...channel] };
  }
  const sm = await smPair(agency.sm, name, "node", agency.days);
  return {
    nodeId: sm.publicKey,
    files: [
      ...sm.files,
      { path: "gmnode.nodeid", text: `${sm.publicKey}\n` },
      { path: "gmnode.serial", text: sm.serial },
      // For SDKs that speak plain TLS with certificates on secp256k1.
      ...below("origin_cert", own),
      ...channel,
    ],
  };
}

/**
 * Makes the keys and certificates of an SDK.
 *
 * @param rsa whether the channel of the chain takes RSA certificates
 */
export async function createSdkCredentials(agency: AgencyAuthorities, rsa: boolean): Promise<readonly TextFile[]> {
  const files = rsa ? await rsaSdk(agency) : await ecSdk(agency);
  if (agency.sm === undefined) return files;
  const sm = await smPair(agency.sm, "sdk", "sdk", agency.days);
  const publicKey = { path: "gmsdk.publickey", text: `${sm.publicKey}\n` };
  return [...files, ...below("gm", [...sm.files, publicKey])];
}

async function rsaSdk(agency: AgencyAuthorities): Promise<readonly TextFile[]> {
  if (agency.channel !== undefined) return channelLeaf(agency, agency.channel, "sdk");
  return refuse(
    "no-ca",
    "The agency has no channel CA (channel/ca.key) to sign RSA certificates. If the chain takes certificates on secp256k1 at the channel, add -R.",
  );
}

async function ecSdk(agency: AgencyAuthorities): Promise<readonly TextFile[]> {
  const own = await leaf(agency.standard, { profile: "leaf", name: "sdk", unit: "sdk", file: "sdk" }, agency.days);
  return [
    ...own.files,
    { path: "ca.crt", text: agency.standard.rootPem },
    // For sdk_allowlist in group.N.ini.
    { path: "sdk.publickey", text: `${own.publicKey}\n` },
  ];
}

/** The RSA pair of one side of the SDK channel: the certificate alone, without the CA that signed it. */
async function channelLeaf(
  { days }: AgencyAuthorities,
  issuer: Authority,
  file: "node" | "sdk",
): Promise<TextFile[]> {
  const key = await createKey("rsa");
  const subject = { commonName: "FISCO-BCOS", unit: "agency" };
  const { pem } = createCertificate({ subject, key, issuer, profile: "bare-leaf", days });
  return [
    { path: "ca.crt", text: issuer.certificate.pem },
    { path: `${file}.crt`, text: pem },
    keyFile(`${file}.key`, key.pem),
  ];
}

/** Signing pair with the whole chain of trust, encryption pair alone, and what they rest on. */
async function smPair(authority: LeafAuthority, name: string, file: "node" | "sdk", days: number): Promise<Leaf> {
  const signing = await leaf(authority, { profile: "sm-leaf", name, unit: file, file: `gm${file}` }, days);
  const encryption = await leaf(
    { ...authority, chainPem: "" },
    { profile: "sm-encryption-leaf", name, unit: `en${file}`, file: `gmen${file}` },
    days,
  );
  return { ...signing, files: [...signing.files, ...encryption.files, { path: "gmca.crt", text: authority.rootPem }] };
}

async function leaf(
  issuer: LeafAuthority,
  wanted: { readonly profile: Profile; readonly name: string; readonly unit: string; readonly file: string },
  days: number,
): Promise<Leaf> {
  const key = await createKey(issuer.trust === "sm" ? "sm2" : "secp256k1");
  const subject = { commonName: wanted.name, unit: wanted.unit };
  const certificate = createCertificate({ subject, key, issuer, profile: wanted.profile, days });
  return {
    publicKey: key.publicKey ?? refuse("internal", "a key on a curve has a public key"),
    serial: certificate.serial,
    files: [
      { path: `${wanted.file}.crt`, text: certificate.pem + issuer.chainPem },
      keyFile(`${wanted.file}.key`, key.pem),
    ],
  };
}
