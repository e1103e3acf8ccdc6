/** Keys and certificates of a node's folder: whether they belong together, are trusted, and hold. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import { folderOfAuthority } from "../chain/index.js";
import { isIssuedBy, isSameHolder, readCertificates, readKey, type Certificate } from "../certificates/index.js";
import type { NodeFolder } from "../folders/index.js";
import type { Findings } from "./findings.js";

const CHECK = "certificates";
const DAY_MS = 86_400_000;
/** Whoever has to ask an agency for a new certificate needs this long. */
const WARN_BEFORE_MS = 30 * DAY_MS;

/** Whose certificates they are. */
interface Holder {
  /** Folder of the node or the SDK. */
  readonly folder: string;
  /** Certificates whose end was told already: those of authorities stand in several files. */
  readonly told: Set<string>;
}

/** A key, its certificate with those above it, and what is trusted; absolute paths. */
interface PairFiles {
  readonly holder: Holder;
  readonly key: string;
  readonly certificate: string;
  readonly trusted: string;
  /** Where the certificates between leaf and CA are, when not in the leaf's file. */
  readonly chain?: string;
}

/** Reads and checks all pairs of a node. Gives its node id, undefined when the key cannot be read. */
export function checkCertificates(node: NodeFolder, findings: Findings): string | undefined {
  const { keyFile: key, certificateFile: certificate, caFile: trusted } = node;
  const holder = { folder: node.directory, told: new Set<string>() };
  const own = checkPair({ holder, key, certificate, trusted }, findings);
  if (node.sm) checkEncryptionPair(node, { holder, own }, findings);
  const channel = channelFolder(node);
  if (channel !== undefined) checkPair(pairIn(holder, channel, "node"), findings);
  if (own === undefined) return undefined;
  checkNodeIdFile(node, own, findings);
  const until = own.notAfter.toISOString().slice(0, 10);
  findings.ok(CHECK, `${own.subject.commonName} of ${own.issuer.commonName}, trusted, valid until ${until}`);
  return own.publicKey;
}

/** Folder of the pair that SDKs meet, where it is not the one that other nodes meet. */
function channelFolder(node: NodeFolder): string | undefined {
  if (node.smChannel) return undefined;
  if (node.rsaChannel) return join(node.keyFolder, "channel_cert");
  return node.sm ? join(node.keyFolder, "origin_cert") : undefined;
}

function pairIn(holder: Holder, folder: string, name: string): PairFiles {
  return {
    holder,
    key: join(folder, `${name}.key`),
    certificate: join(folder, `${name}.crt`),
    trusted: join(folder, "ca.crt"),
  };
}

/** Gives the leaf; undefined when the pair cannot be read, which was said. */
function checkPair(files: PairFiles, findings: Findings): Certificate | undefined {
  const missing = [files.key, files.certificate, files.trusted].filter((file) => !existsSync(file));
  if (missing.length > 0) {
    const remedy = "Copy it from where it was made, or let the agency make new ones (tsbcos chain add-node, add-sdk).";
    findings.error(CHECK, `There is no ${missing.join(", no ")}.`, remedy);
    return undefined;
  }
  try {
    const key = readKey(readFileSync(files.key, "utf8"), files.key);
    const [leaf, ...above] = readCertificates(readFileSync(files.certificate, "utf8"), files.certificate);
    const authorities = readCertificates(readFileSync(files.trusted, "utf8"), files.trusted);
    const between =
      files.chain === undefined ? [] : readCertificates(readFileSync(files.chain, "utf8"), files.chain).slice(1);
    if (!Buffer.from(leaf.publicKeyInfo).equals(key.publicKeyInfo)) {
      const remedy = "Put the two that belong together there; the node id is the public key of the key.";
      findings.error(CHECK, `${files.certificate} is not the certificate of the key in ${files.key}.`, remedy);
    }
    checkKeyFile(files.key, findings);
    checkTrust(files, { chain: [leaf, ...above, ...between], authorities }, findings);
    checkDates(files, [leaf], findings);
    checkDates({ ...files, leaf }, above, findings);
    checkDates({ ...files, certificate: files.trusted, leaf }, authorities, findings);
    return leaf;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    findings.error(CHECK, error.message, "Put back an undamaged copy of the file.");
    return undefined;
  }
}

function checkTrust(
  files: PairFiles,
  { chain, authorities }: { readonly chain: readonly Certificate[]; readonly authorities: readonly Certificate[] },
  findings: Findings,
): void {
  let current = chain[0];
  // As TLS does it: whoever signed is looked for among what was sent, and then among what is trusted.
  for (let step = 0; current !== undefined && step <= chain.length; step++) {
    const certificate: Certificate = current;
    if (authorities.some((authority) => authority.pem === certificate.pem || isIssuedBy(certificate, authority)))
      return;
    current = chain.find((other) => other !== certificate && isIssuedBy(certificate, other));
    if (current?.isAuthority === false) {
      const text = `${files.certificate}: ${current.subject.commonName} signed others, which its certificate does not allow.`;
      findings.error(CHECK, text, "Let the agency, not a node, sign it.");
    }
    if (current === undefined) {
      const name = `${certificate.subject.commonName} (OU=${certificate.subject.unit})`;
      findings.error(
        CHECK,
        `${files.certificate} is not trusted: nobody in it or in ${files.trusted} signed ${name}; its issuer is ` +
          `${certificate.issuer.commonName} (OU=${certificate.issuer.unit}).`,
        `Append the certificate of ${certificate.issuer.commonName} to the file, or put the CA of the chain into ${basename(files.trusted)}.`,
      );
    }
  }
}

/** Dates of certificates in one file; those of authorities come with the `leaf` that needs them. */
function checkDates(
  { certificate: file, holder, leaf }: PairFiles & { readonly leaf?: Certificate },
  certificates: readonly Certificate[],
  findings: Findings,
): void {
  const now = Date.now();
  const day = (date: Date): string => date.toISOString().slice(0, 10);
  for (const certificate of certificates) {
    const { subject, notBefore, notAfter, pem } = certificate;
    if (holder.told.has(pem)) continue;
    holder.told.add(pem);
    const name = `The certificate of ${subject.commonName} in ${file}`;
    if (notAfter.getTime() < now) {
      findings.error(CHECK, `${name} expired on ${day(notAfter)}.`, renewalOf(certificate, holder, leaf));
    } else if (notBefore.getTime() > now) {
      const remedy = "Set the clock of this machine; if the clock is right, the one of the agency was not.";
      findings.error(CHECK, `${name} is valid from ${day(notBefore)} only.`, remedy);
    } else if (notAfter.getTime() - now < WARN_BEFORE_MS) {
      const days = Math.floor((notAfter.getTime() - now) / DAY_MS);
      const message = `${name} expires in ${days} ${days === 1 ? "day" : "days"}, on ${day(notAfter)}.`;
      findings.warning(CHECK, message, renewalOf(certificate, holder, leaf));
    }
  }
}

/** The commands that renew a certificate: an authority first, then whoever carries its certificate along. */
function renewalOf(certificate: Certificate, { folder }: Holder, leaf: Certificate | undefined): string {
  if (leaf === undefined) return `tsbcos chain renew ${folder}  (key and names stay)`;
  const place = folderOfAuthority(folder, certificate);
  const first =
    place === undefined ? `where its key is, tsbcos chain renew <its folder>` : `tsbcos chain renew ${place}`;
  return `First ${first}, then here tsbcos chain renew ${folder}`;
}

function checkKeyFile(file: string, findings: Findings): void {
  if ((statSync(file).mode & 0o077) === 0) return;
  findings.warning(CHECK, `Other users of this machine may read the key in ${file}.`, `chmod 600 ${file}`);
}

/** On SM chains: the pair for key exchange, of the same agency and name. */
function checkEncryptionPair(
  node: NodeFolder,
  { holder, own }: { readonly holder: Holder; readonly own: Certificate | undefined },
  findings: Findings,
): void {
  const { encryptionKeyFile: key, encryptionCertificateFile: certificate } = node;
  checkEncryption({ holder, key, certificate, trusted: node.caFile, chain: node.certificateFile }, own, findings);
}

/** A pair for key exchange; `files.chain` has the certificate for signing, `own` is that. */
function checkEncryption(
  files: PairFiles & { readonly chain: string },
  own: Certificate | undefined,
  findings: Findings,
): void {
  const encryption = checkPair(files, findings);
  if (own === undefined || encryption === undefined) return;
  if (
    encryption.issuer.commonName === own.issuer.commonName &&
    encryption.subject.commonName === own.subject.commonName
  )
    return;
  findings.error(
    CHECK,
    `${files.certificate} is of ${encryption.subject.commonName} of ${encryption.issuer.commonName}, ` +
      `${files.chain} of ${own.subject.commonName} of ${own.issuer.commonName}.`,
    "Put the signing and the encryption certificate of one holder there.",
  );
}

function checkNodeIdFile(node: NodeFolder, own: Certificate, findings: Findings): void {
  const file = node.certificateFile.replace(/\.crt$/, ".nodeid");
  if (own.family !== (node.sm ? "sm2" : "secp256k1")) {
    const wanted = node.sm ? "SM2" : "secp256k1";
    findings.error(
      CHECK,
      `${node.certificateFile} has no key on ${wanted}.`,
      "Use the certificate that the chain's agency made.",
    );
    return;
  }
  if (!existsSync(file) || readFileSync(file, "utf8").trim().toLowerCase() === own.publicKey) return;
  findings.error(
    CHECK,
    `${file} is not the node id of ${node.certificateFile}.`,
    `Write the right one there: ${own.publicKey ?? ""}`,
  );
}

/**
 * The SDK's files beside the nodes of one machine: whether they hold, and which nodes it can connect to.
 *
 * @param folder the SDK's, which need not be there
 */
export function checkSdk(folder: string, nodes: readonly NodeFolder[], findings: Findings): void {
  const [plain, sm] = [nodes.filter((node) => !node.smChannel), nodes.filter((node) => node.smChannel)];
  const files = pairIn({ folder, told: new Set() }, folder, "sdk");
  // No SDK needs to be here at all.
  if (plain.length > 0 && existsSync(files.certificate)) {
    const leaf = checkPair(files, findings);
    const caOf = (node: NodeFolder): string => join(channelFolder(node) ?? node.keyFolder, "ca.crt");
    if (leaf !== undefined) compareAuthorities({ folder, leaf, trusted: files.trusted, caOf }, plain, findings);
  }
  if (sm.length > 0 && existsSync(join(folder, "gm", "gmsdk.crt"))) checkSmSdk(join(folder, "gm"), sm, findings);
}

/** The SDK's files for SM TLS. */
function checkSmSdk(folder: string, nodes: readonly NodeFolder[], findings: Findings): void {
  const file = (name: string): string => join(folder, name);
  const holder = { folder, told: new Set<string>() };
  const signing = { holder, key: file("gmsdk.key"), certificate: file("gmsdk.crt"), trusted: file("gmca.crt") };
  const leaf = checkPair(signing, findings);
  const encryption = { holder, key: file("gmensdk.key"), certificate: file("gmensdk.crt"), trusted: signing.trusted };
  checkEncryption({ ...encryption, chain: signing.certificate }, leaf, findings);
  if (leaf === undefined) return;
  const caOf = ({ caFile }: NodeFolder): string => caFile;
  compareAuthorities({ folder, leaf, trusted: signing.trusted, caOf }, nodes, findings);
}

/** What a file holds; nothing where it cannot be read, which is said elsewhere. */
function authoritiesIn(file: string): readonly Certificate[] {
  try {
    return readCertificates(readFileSync(file, "utf8"), file);
  } catch {
    return [];
  }
}

/** Whether the SDK and the nodes trust the same authority, without which they cannot connect. */
function compareAuthorities(
  sdk: {
    readonly folder: string;
    readonly leaf: Certificate;
    readonly trusted: string;
    caOf(node: NodeFolder): string;
  },
  nodes: readonly NodeFolder[],
  findings: Findings,
): void {
  const { folder, leaf, caOf } = sdk;
  if (!existsSync(sdk.trusted)) return;
  const trusted = authoritiesIn(sdk.trusted);
  const strangers = nodes.filter((node) => {
    const own = authoritiesIn(caOf(node));
    // Certificates that were renewed on one side differ, and are of the same CA.
    return own.length > 0 && !own.some((one) => trusted.some((other) => isSameHolder(one, other)));
  });
  const names = strangers.map((node) => node.name).join(", ");
  if (strangers.length === nodes.length) {
    const remedy = "Make files of the nodes' agency: tsbcos chain add-sdk.";
    findings.error(CHECK, `The SDK in ${folder} and ${names} trust different CAs, so they cannot connect.`, remedy);
  } else if (strangers.length > 0) {
    findings.note(CHECK, `The SDK is of another agency than ${names} and cannot connect there.`);
  }
  findings.ok(CHECK, `the SDK's certificate is trusted and valid until ${leaf.notAfter.toISOString().slice(0, 10)}`);
}
