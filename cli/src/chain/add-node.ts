/** Adding a node to a chain: certificates from its agency, settings and groups from a member. */
import { existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir } from "node:fs/promises";
import { isIP } from "node:net";
import { basename, dirname, join, relative, resolve } from "node:path";
import { isSameHolder, readCertificates, type Certificate } from "../certificates/index.js";
import {
  groupFile,
  nodeFoldersIn,
  readNodeFolder,
  readList,
  writeList,
  writeSetting,
  type NodeFolder,
} from "../folders/index.js";
import { readAgency } from "./agencies.js";
import { createNodeCredentials, type AgencyAuthorities } from "./credentials.js";
import { checkName, checkPorts, parsePorts } from "./hosts.js";
import type { NodePlan } from "./plan.js";
import { refuse } from "./refusals.js";
import { PROGRAM, hostScripts, launcherScript, nodeScripts } from "./scripts.js";
import { below, scriptFile, writeFiles, type TextFile } from "./text-files.js";

/** What `add-node` was told; what is undefined is found out from the member and its neighbours. */
export interface AddNodeOptions {
  /** Folder of a node that is in the groups. */
  readonly member: string;
  /** Folder of the new node. */
  readonly output: string | undefined;
  /** Address under which the other nodes reach the new one. */
  readonly host: string | undefined;
  readonly agencyFolder: string | undefined;
  readonly smAgencyFolder: string | undefined;
  /** `p2p,channel,rpc`. */
  readonly ports: string | undefined;
  /** Groups to copy; undefined: all of the member. */
  readonly groups: readonly number[] | undefined;
  readonly days: number;
}

/** What was made. */
export interface AddedNode {
  readonly directory: string;
  readonly nodeId: string;
  readonly host: string;
  readonly ports: Pick<NodePlan, "p2pPort" | "channelPort" | "rpcPort">;
  readonly groups: readonly number[];
  /** What the operator should know besides. */
  readonly notes: readonly string[];
}

/**
 * Makes the folder of a new node.
 *
 * @param nodeProgram absolute path of the node's JavaScript entry, for the start scripts
 * @throws ChainBuildError when something is missing, taken or does not fit the chain
 */
export async function addNode(options: AddNodeOptions, nodeProgram: string): Promise<AddedNode> {
  const member = readNodeFolder(resolve(options.member));
  const directory = options.output === undefined ? nextFolder(member) : resolve(options.output);
  if (existsSync(directory)) refuse("output-exists", `${directory} is there already. Choose another folder with -o.`);
  const name = checkName(basename(directory), "The name of the new node's folder");
  const parent = dirname(directory);
  const neighbours = existsSync(parent) ? nodeFoldersIn(parent) : [];
  const host = options.host ?? hostOf(parent, member);
  const ports = choosePorts(options.ports, neighbours, member);
  checkPorts([...neighbours, { name, ...ports }].map((node) => ({ ...node, ip: host })));
  const endpoint = host.includes(":") ? `[${host}]:${ports.p2pPort}` : `${host}:${ports.p2pPort}`;
  if (member.peers.includes(endpoint)) {
    refuse("endpoint-taken", `${endpoint} is a node of the chain already. Choose other ports with -p, or another address with -H.`);
  }
  const groups = chooseGroups(options.groups, member);
  const credentials = await createNodeCredentials(findAgency(options, member), name);
  const files = [
    { path: "config.ini", text: newConfig(member, ports, endpoint) },
    ...below(relative(member.directory, member.keyFolder), credentials.files),
    ...below(relative(member.directory, member.groupFolder), groups.flatMap((group) => groupFiles(member, group))),
  ];
  await writeFiles(directory, files);
  await writeScripts(directory, member, nodeProgram);
  return { directory, nodeId: credentials.nodeId, host, ports, groups, notes: notesFor(member, host) };
}

/** `node<N>` beside the member, N higher than all there. */
function nextFolder(member: NodeFolder): string {
  const parent = dirname(member.directory);
  const numbers = nodeFoldersIn(parent).map((node) => Number(/^node(\d+)$/.exec(node.name)?.[1] ?? -1));
  return join(parent, `node${Math.max(...numbers) + 1}`);
}

function hostOf(parent: string, member: NodeFolder): string {
  const name = basename(parent);
  const hosts = member.peers.map((peer) => peer.replace(/:\d+$/, "").replace(/^\[|\]$/g, ""));
  if (isIP(name) !== 0 || hosts.includes(name)) return name;
  return refuse("no-host", `Say with -H under which address the other nodes reach the new one (its folder's parent, ${name}, is no address).`);
}

function choosePorts(
  words: string | undefined,
  neighbours: readonly NodeFolder[],
  member: NodeFolder,
): AddedNode["ports"] {
  if (words !== undefined) {
    const [p2p, channel, rpc] = parsePorts(words, "-p");
    return { p2pPort: p2p, channelPort: channel, rpcPort: rpc };
  }
  // The first on its machine gets the ports of the member, which is on another.
  const { p2pPort, channelPort, rpcPort } = member;
  if (neighbours.length === 0) return { p2pPort, channelPort, rpcPort };
  const next = (port: "p2pPort" | "channelPort" | "rpcPort"): number =>
    Math.max(...neighbours.map((node) => node[port])) + 1;
  return { p2pPort: next("p2pPort"), channelPort: next("channelPort"), rpcPort: next("rpcPort") };
}

function chooseGroups(wanted: readonly number[] | undefined, member: NodeFolder): readonly number[] {
  const missing = wanted?.find((group) => !member.groups.includes(group));
  if (missing !== undefined) {
    refuse("no-group", `${member.directory} has no group ${missing}; it has ${member.groups.join(", ")}.`);
  }
  return wanted ?? member.groups;
}

function newConfig(member: NodeFolder, ports: AddedNode["ports"], endpoint: string): string {
  const values: readonly (readonly [string, string, number])[] = [
    ["rpc", "channel_listen_port", ports.channelPort],
    ["rpc", "jsonrpc_listen_port", ports.rpcPort],
    ["p2p", "listen_port", ports.p2pPort],
  ];
  const text = values.reduce((config, [section, key, port]) => writeSetting(config, section, key, String(port)), member.config);
  return writeList(text, "p2p", "node.", [...member.peers, endpoint]);
}

function groupFiles(member: NodeFolder, group: number): TextFile[] {
  return (["genesis", "ini"] as const).flatMap((kind) => {
    const file = groupFile(member, group, kind);
    // The settings of a group may be missing: every one has a default.
    return existsSync(file) ? [{ path: basename(file), text: readFileSync(file, "utf8") }] : [];
  });
}

function findAgency(options: AddNodeOptions, member: NodeFolder): AgencyAuthorities {
  const standardFile = member.sm ? join(member.keyFolder, "origin_cert", "node.crt") : member.certificateFile;
  const agency = readAgency({
    folder: options.agencyFolder ?? searchAgency(member, standardFile, "cert", "-c"),
    smFolder: member.sm
      ? (options.smAgencyFolder ?? searchAgency(member, member.certificateFile, "gmcert", "-g"))
      : undefined,
    days: options.days,
  });
  if (member.rsaChannel && agency.channel === undefined) {
    refuse(
      "no-ca",
      `${member.name} has an RSA certificate at the channel, and the folder of ${agency.standard.name} no channel/ca.key to sign one for the new node. Name the folder of an agency with -c, such as nodes/cert/agency.`,
    );
  }
  const own = agency.sm ?? agency.standard;
  const [trusted] = readCertificates(readFileSync(member.caFile, "utf8"), member.caFile);
  const [root] = readCertificates(own.rootPem, "the agency's root");
  if (!isSameHolder(root, trusted)) {
    refuse("other-chain", `Agency ${own.name} belongs to another chain: nodes here trust ${member.caFile}, which is not its root.`);
  }
  return agency;
}

/** The folder of the member's own agency in the tree that the chain builder made. */
function searchAgency(member: NodeFolder, certificateFile: string, folder: "cert" | "gmcert", option: string): string {
  if (!existsSync(certificateFile)) {
    refuse("no-agency", `There is no ${certificateFile} to see the agency from. Name the agency's folder with ${option}.`);
  }
  const [leaf] = readCertificates(readFileSync(certificateFile, "utf8"), certificateFile);
  const chain = resolve(member.directory, "..", "..", folder);
  const place = isOfChainItself(leaf) ? chain : join(chain, leaf.issuer.commonName);
  if (existsSync(place)) return place;
  return refuse(
    "no-agency",
    `There is no ${place} (agency ${leaf.issuer.commonName} of ${member.name}). Name the folder with the agency's key with ${option}.`,
  );
}

function isOfChainItself(leaf: Certificate): boolean {
  return leaf.issuer.unit === "chain";
}

/** The member's own program, when it is not our launcher, else a launcher; scripts of the machine where there are none. */
async function writeScripts(directory: string, member: NodeFolder, nodeProgram: string): Promise<void> {
  const own = existsSync(join(member.directory, PROGRAM));
  await writeFiles(directory, nodeScripts(own ? PROGRAM : `../${PROGRAM}`));
  const parent = dirname(directory);
  const place = join(own ? directory : parent, PROGRAM);
  const model = join(own ? member.directory : dirname(member.directory), PROGRAM);
  if (!existsSync(place)) {
    if (existsSync(model)) {
      await mkdir(dirname(place), { recursive: true });
      await copyFile(model, place);
      await chmod(place, 0o755);
    } else {
      await writeFiles(dirname(place), [scriptFile(PROGRAM, launcherScript(nodeProgram, process.execPath))]);
    }
  }
  await writeFiles(parent, hostScripts().filter(({ path }) => !existsSync(join(parent, path))));
}

function notesFor(member: NodeFolder, host: string): string[] {
  const isLoopback = (address: string): boolean => address === "localhost" || address === "::1" || address.startsWith("127.");
  const notes: string[] = [];
  if (isLoopback(member.p2pListen) && !isLoopback(host)) {
    notes.push(
      `The settings came from ${member.name}, which listens on ${member.p2pListen} only: set p2p.listen_ip (and rpc.channel_listen_ip) of both to 0.0.0.0, and use addresses other machines can reach in p2p.node.N.`,
    );
  }
  if (readList(member.config, "certificate_whitelist", "cal.").length > 0) {
    notes.push(
      "The chain has a white list: add the new node id as certificate_whitelist.cal.N to config.ini of every node, and run scripts/reload_whitelist.sh there.",
    );
  }
  return notes;
}
