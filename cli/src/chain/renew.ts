/**
 * Signing certificates anew for the keys that are there: those of a node, an SDK, an agency or the chain's CA. Names,
 * keys and with them node ids stay; what changes is how long they hold. Nothing is written before all is signed.
 */
import {
  constants,
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import {
  isIssuedBy,
  isSameHolder,
  readCertificates,
  readKey,
  renewCertificate,
  type Certificate,
  type Issuer,
} from "../certificates/index.js";
import { readNodeFolder, type NodeFolder } from "../folders/index.js";
import { refuse } from "./refusals.js";

/** What `renew` was told. */
export interface RenewOptions {
  /** The folder of a node, an SDK or an authority, or a single certificate. */
  readonly path: string;
  /** Folders with the keys of authorities, besides those of the chain that the path lies in. */
  readonly authorityFolders: readonly string[];
  /** Days that the new certificates hold. */
  readonly days: number;
}

/** Whose certificates were renewed, which decides what is to be done next. */
export type RenewedKind = "node" | "sdk" | "authority" | "certificate";

/** A file that was replaced. Paths are absolute. */
export interface RenewedFile {
  readonly file: string;
  /** Where the old one is. */
  readonly backup: string;
  /** When the first certificate in it ends. */
  readonly until: Date;
}

/** What was done. */
export interface Renewal {
  readonly kind: RenewedKind;
  readonly path: string;
  readonly files: readonly RenewedFile[];
  /** What the operator should know besides. */
  readonly notes: readonly string[];
}

/** A certificate to renew, and the key that it must be for, where that is at hand. */
interface Pair {
  readonly certificate: string;
  readonly key: string | undefined;
}

interface Holder {
  readonly kind: RenewedKind;
  readonly pairs: readonly Pair[];
  /** Files of trusted certificates, in which those that were renewed meanwhile are replaced. */
  readonly trusted: readonly string[];
}

/** Somebody who may have signed, with the key where it is at hand. */
interface Known {
  readonly certificate: Certificate;
  readonly file: string;
  readonly key: string | undefined;
}

interface NewText {
  readonly file: string;
  readonly text: string;
  readonly until: Date;
  readonly serial?: string;
}

/** Pairs of files by which authorities are known. */
const AUTHORITY_FILES = [
  ["ca.key", "ca.crt"],
  ["agency.key", "agency.crt"],
  ["gmca.key", "gmca.crt"],
  ["gmagency.key", "gmagency.crt"],
] as const;

const DAY_MS = 86_400_000;
/** Who renews should hear of an end within this time; that a CA of a hundred years is some days old is no news. */
const SOON_MS = 10 * 365 * DAY_MS;

/** How many folders above are looked into for `cert/` and `gmcert/`: a node lies in `<chain>/<ip>/<node>`. */
const LEVELS_ABOVE = 3;

/**
 * Renews the certificates of one holder.
 *
 * @throws ChainBuildError when nothing is there to renew, the key that signed is not at hand, or files do not fit
 */
export function renew(options: RenewOptions): Renewal {
  const path = resolve(options.path);
  const holder = holderOf(path);
  const authorities = authoritiesNear(path, options.authorityFolders);
  const notes: string[] = [];
  const renewed = holder.pairs.map((pair) => renewPair(pair, { path, authorities, days: options.days, notes }));
  // What was renewed here is known now, too: an authority that signs itself stands in its own file of trusted ones.
  const known = [
    ...authorities,
    ...renewed.map(({ file, text }) => ({ certificate: readCertificates(text, file)[0], file, key: undefined })),
  ];
  const refreshed = holder.trusted.flatMap((file) => {
    if (renewed.some((one) => one.file === file)) return [];
    const old = readCertificates(readFileSync(file, "utf8"), file);
    const current = old.map((certificate) => newest(certificate, known));
    const [first = old[0]] = current;
    if (current.every((certificate, index) => certificate.pem === old[index]?.pem)) return [];
    return [{ file, text: current.map(({ pem }) => pem).join(""), until: first.notAfter }];
  });
  return { kind: holder.kind, path, files: replaceAll([...renewed, ...refreshed]), notes: [...new Set(notes)] };
}

function holderOf(path: string): Holder {
  if (!existsSync(path)) refuse("no-such-path", `There is no ${path}.`);
  if (statSync(path).isFile()) {
    return { kind: "certificate", pairs: [{ certificate: path, key: undefined }], trusted: [] };
  }
  if (existsSync(join(path, "config.ini"))) return nodeHolder(readNodeFolder(path));
  const authority = AUTHORITY_FILES.filter(([key]) => existsSync(join(path, key)));
  if (authority.length > 0) {
    const pairs = authority.map(([key, certificate]) => pairIn(path, certificate, key));
    const channel = join(path, "channel");
    const own = existsSync(join(channel, "ca.key")) ? [pairIn(channel, "ca.crt", "ca.key")] : [];
    return { kind: "authority", pairs: [...pairs, ...own], trusted: existing(path, ["ca.crt", "gmca.crt"]) };
  }
  const folders = [path, join(path, "gm")];
  const sdk = folders.flatMap((folder) => pairsIn(folder, ["sdk", "gmsdk", "gmensdk"]));
  if (sdk.length > 0) {
    const trusted = folders.flatMap((folder) => existing(folder, ["ca.crt", "gmca.crt"]));
    return { kind: "sdk", pairs: sdk, trusted };
  }
  return refuse(
    "nothing-to-renew",
    `${path} holds no certificate to renew: name the folder of a node (config.ini), of an SDK (sdk.crt), of an agency (agency.key) or of the CA (ca.key), or a single .crt file.`,
  );
}

function nodeHolder(node: NodeFolder): Holder {
  const encryption = { certificate: node.encryptionCertificateFile, key: node.encryptionKeyFile };
  const others = ["origin_cert", "channel_cert"].map((name) => join(node.keyFolder, name));
  return {
    kind: "node",
    pairs: [
      { certificate: node.certificateFile, key: node.keyFile },
      ...(node.sm ? [encryption] : []),
      ...others.flatMap((folder) => pairsIn(folder, ["node"])),
    ],
    trusted: [node.caFile, ...others.map((folder) => join(folder, "ca.crt"))].filter((file) => existsSync(file)),
  };
}

const pairIn = (folder: string, certificate: string, key: string): Pair => ({
  certificate: join(folder, certificate),
  key: join(folder, key),
});

const pairsIn = (folder: string, names: readonly string[]): readonly Pair[] =>
  names
    .filter((name) => existsSync(join(folder, `${name}.crt`)))
    .map((name) => pairIn(folder, `${name}.crt`, `${name}.key`));

const existing = (folder: string, names: readonly string[]): readonly string[] =>
  names.map((name) => join(folder, name)).filter((file) => existsSync(file));

/** The authorities of the chain that `path` lies in, and those in the folders that were named. */
function authoritiesNear(path: string, named: readonly string[]): readonly Known[] {
  const below = (places: readonly string[]): readonly Known[] => {
    const folders = places.flatMap((place) => [place, ...foldersIn(place)]);
    return [...new Set([...folders, ...folders.map((folder) => join(folder, "channel"))])].flatMap(authoritiesIn);
  };
  for (const folder of named) {
    if (below([folder]).some(({ key }) => key !== undefined)) continue;
    refuse(
      "no-ca",
      `-c: ${folder} holds no authority with its key, such as agency.crt and agency.key, that can be read.`,
    );
  }
  const around = foldersAbove(path, LEVELS_ABOVE).flatMap((folder) => [
    folder,
    join(folder, "cert"),
    join(folder, "gmcert"),
  ]);
  return below([path, ...named.map((folder) => resolve(folder)), ...around]);
}

/** The folder of an authority to renew it in, where its key lies near `path`; undefined where it does not. */
export function folderOfAuthority(path: string, certificate: Certificate): string | undefined {
  const found = authoritiesNear(path, []).find(
    (one) => one.key !== undefined && isSameHolder(one.certificate, certificate),
  );
  if (found === undefined) return undefined;
  const folder = dirname(found.file);
  // The CA of an agency's channel is renewed with the agency.
  return basename(folder) === "channel" ? dirname(folder) : folder;
}

function foldersAbove(path: string, levels: number): readonly string[] {
  const above = dirname(path);
  return levels === 0 || above === path ? [] : [above, ...foldersAbove(above, levels - 1)];
}

function foldersIn(folder: string): readonly string[] {
  // A large folder is none of a chain, and need not be looked through.
  if (
    !AUTHORITY_FILES.some(([key, certificate]) => [key, certificate].some((name) => existsSync(join(folder, name))))
  ) {
    return [];
  }
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [join(folder, entry.name)] : [],
  );
}

function authoritiesIn(folder: string): readonly Known[] {
  return AUTHORITY_FILES.flatMap(([keyName, name]) => {
    const [key, file] = [join(folder, keyName), join(folder, name)];
    try {
      const [certificate] = readCertificates(readFileSync(file, "utf8"), file);
      return [{ certificate, file, key: existsSync(key) ? key : undefined }];
    } catch {
      // Missing, somebody else's, or damaged: whoever needs it is told that it was not found.
      return [];
    }
  });
}

/** The same authority as `certificate`, in the certificate of it that holds longest. */
function newest(certificate: Certificate, known: readonly Known[]): Certificate {
  const same = known.filter((one) => isSameHolder(one.certificate, certificate));
  return same.reduce((best, one) => (one.certificate.notAfter > best.notAfter ? one.certificate : best), certificate);
}

interface Signing {
  /** Whose certificates they are. */
  readonly path: string;
  readonly authorities: readonly Known[];
  readonly days: number;
  readonly notes: string[];
}

function renewPair({ certificate: file, key: keyFile }: Pair, { path, authorities, days, notes }: Signing): NewText {
  const [old, ...above] = readCertificates(readText(file), file);
  if (keyFile !== undefined && existsSync(keyFile)) {
    const key = readKey(readFileSync(keyFile, "utf8"), keyFile);
    if (!Buffer.from(key.publicKeyInfo).equals(old.publicKeyInfo)) {
      refuse(
        "key-mismatch",
        `${file} is not the certificate of the key in ${keyFile}. Put the two that belong together there.`,
      );
    }
  }
  const issuer = issuerOf(old, { file, keyFile, authorities });
  const renewed = renewCertificate(old, issuer, days);
  noteEarlyEnd(renewed, { name: relative(path, file) || basename(file), issuer, days, notes });
  const behind = above.map((certificate) => newest(certificate, authorities).pem);
  return { file, text: [renewed.pem, ...behind].join(""), until: renewed.notAfter, serial: renewed.serial };
}

/** Whoever signed the old certificate, which may be itself, with the key. */
function issuerOf(
  old: Certificate,
  where: { readonly file: string; readonly keyFile: string | undefined; readonly authorities: readonly Known[] },
): Issuer {
  const { file, keyFile, authorities } = where;
  if (isIssuedBy(old, old)) {
    if (keyFile === undefined) refuse("signs-itself", `${file} signs itself: name the folder with its key.`);
    return { key: readKey(readText(keyFile), keyFile) };
  }
  const signers = authorities.filter(({ certificate, key }) => key !== undefined && isIssuedBy(old, certificate));
  const [first] = [...signers].sort((a, b) => b.certificate.notAfter.getTime() - a.certificate.notAfter.getTime());
  if (first?.key === undefined) {
    const { commonName, unit } = old.issuer;
    return refuse(
      "no-ca",
      `${file} was signed by ${commonName} (OU=${unit}), whose key is not here. Name the folder with that key with -c, or bring ${basename(file)} to whoever has it: the certificate is enough to renew it there.`,
    );
  }
  const { certificate, key: path } = first;
  if (certificate.notAfter.getTime() < Date.now()) {
    refuse(
      "expired-ca",
      `${first.file} expired on ${day(certificate.notAfter)}; nothing can be signed with it. Renew it first: tsbcos chain renew ${dirname(first.file)}`,
    );
  }
  const key = readKey(readText(path), path);
  if (!Buffer.from(key.publicKeyInfo).equals(certificate.publicKeyInfo)) {
    refuse(
      "bad-ca",
      `${first.file} is not the certificate of the key in ${path}. Put the two that belong together there.`,
    );
  }
  return { key, certificate };
}

const day = (date: Date): string => date.toISOString().slice(0, 10);

/** No certificate outlives its issuer's, which who asked for more days should know. */
function noteEarlyEnd(
  renewed: Certificate,
  { name, issuer, days, notes }: { name: string; issuer: Issuer; days: number; notes: string[] },
): void {
  const end = issuer.certificate?.notAfter.getTime();
  const wanted = renewed.notBefore.getTime() + days * DAY_MS;
  if (end === undefined || wanted - end < DAY_MS || end - Date.now() > SOON_MS) return;
  notes.push(
    `${name} holds until ${day(renewed.notAfter)} only, because the certificate of ${renewed.issuer.commonName} that signed it ends then. Renew that one first, and this one again.`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    return refuse(
      "unreadable",
      `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
}

/** Keeps a copy of each old file first; then each is replaced as a whole, never half. */
function replaceAll(texts: readonly NewText[]): readonly RenewedFile[] {
  const stamp = new Date().toISOString().replace(/[-:]|\..*/g, "");
  const copies = texts.map(({ file, until }) => ({ file, until, backup: keepCopy(file, stamp) }));
  for (const { file, text, serial } of texts) {
    const fresh = `${file}.new`;
    writeFileSync(fresh, text, { mode: statSync(file).mode & 0o777 });
    renameSync(fresh, file);
    const serialFile = file.replace(/\.crt$/, ".serial");
    if (serial !== undefined && serialFile !== file && existsSync(serialFile)) writeFileSync(serialFile, serial);
  }
  return copies;
}

/** The copy has a name that no node takes for a trusted certificate (`network_security.ca_path` reads all .crt files). */
function keepCopy(file: string, stamp: string): string {
  for (let count = 1; ; count++) {
    const backup = `${file}.${stamp}${count === 1 ? "" : `-${count}`}.old`;
    if (existsSync(backup)) continue;
    copyFileSync(file, backup, constants.COPYFILE_EXCL);
    return backup;
  }
}
