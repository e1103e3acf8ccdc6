/** A new group among nodes that exist, or more nodes for a group that exists. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { groupGenesis, groupIni } from "@tsbcos/node/operations";
import { readCertificates } from "../certificates/index.js";
import { groupFile, readNodeFolder, type NodeFolder } from "../folders/index.js";
import type { ConsensusType } from "./plan.js";
import { refuse } from "./refusals.js";
import { writeFiles, type TextFile } from "./text-files.js";

/** What `add-group` needs. */
export interface AddGroupOptions {
  readonly group: number;
  /** Folders of nodes on this machine. */
  readonly nodes: readonly string[];
  /** Node ids of more first sealers, on other machines. For a new group only. */
  readonly otherSealers: readonly string[];
  readonly consensus: ConsensusType;
  readonly freeStorage: boolean;
}

/** What was done. */
export interface AddedGroup {
  /** `new`: all the nodes are its first sealers. `expanded`: the genesis of a member went to the others. */
  readonly kind: "new" | "expanded";
  /** The nodes that got files. */
  readonly nodes: readonly { readonly folder: NodeFolder; readonly nodeId: string }[];
  /** One of the genesis files, to be copied to nodes elsewhere. */
  readonly genesisFile: string;
}

/**
 * Writes the files of the group into the folders of the nodes. The genesis is the same text everywhere: a group whose
 * members begin with different ones never agrees on a block.
 *
 * @throws ChainBuildError when the nodes do not belong together, or all have the group
 */
export async function addGroup(options: AddGroupOptions): Promise<AddedGroup> {
  const { group } = options;
  const nodes = options.nodes.map((folder) => readNodeFolder(folder));
  demandOneChain(nodes);
  const members = nodes.filter((node) => node.groups.includes(group));
  const newcomers = nodes.filter((node) => !members.includes(node));
  const [first] = newcomers;
  if (first === undefined) refuse("group-exists", `All these nodes have the files of group ${group} already.`);
  const [member] = members;
  const files = member === undefined ? createFiles(options, nodes) : copyFiles(options, member, members);
  for (const node of newcomers) await writeFiles(node.groupFolder, files);
  return {
    kind: member === undefined ? "new" : "expanded",
    nodes: newcomers.map((folder) => ({ folder, nodeId: nodeIdOf(folder) })),
    genesisFile: groupFile(first, group, "genesis"),
  };
}

function createFiles(options: AddGroupOptions, nodes: readonly NodeFolder[]): TextFile[] {
  const { group, otherSealers, consensus: consensusType, freeStorage } = options;
  const sealers = [...nodes.map(nodeIdOf), ...otherSealers.map((id) => id.toLowerCase())];
  const bad = otherSealers.find((id) => !/^[0-9a-fA-F]{128}$/.test(id));
  if (bad !== undefined) refuse("bad-node-id", `--sealers takes node ids of 128 hexadecimal digits, not "${bad}".`);
  if (new Set(sealers).size !== sealers.length) refuse("repeated-node", "The same node is named twice.");
  const genesis = groupGenesis({ groupId: group, consensusType, sealers, timestamp: Date.now(), freeStorage });
  return [
    { path: `group.${group}.genesis`, text: genesis },
    { path: `group.${group}.ini`, text: groupIni() },
  ];
}

function copyFiles(options: AddGroupOptions, member: NodeFolder, members: readonly NodeFolder[]): TextFile[] {
  const { group } = options;
  if (options.otherSealers.length > 0) {
    refuse("group-exists", `${member.name} has group ${group} already: its first sealers cannot change any more. Leave --sealers out, and add sealers by the console.`);
  }
  const read = (node: NodeFolder): string => readFileSync(groupFile(node, group, "genesis"), "utf8");
  const text = read(member);
  const different = members.find((other) => read(other) !== text);
  if (different !== undefined) {
    refuse("genesis-differs", `${member.name} and ${different.name} have different files for the genesis of group ${group}. Name the node whose file is right, and the new ones.`);
  }
  const iniFile = groupFile(member, group, "ini");
  const ini = existsSync(iniFile) ? [{ path: `group.${group}.ini`, text: readFileSync(iniFile, "utf8") }] : [];
  return [{ path: `group.${group}.genesis`, text }, ...ini];
}

function demandOneChain(nodes: readonly NodeFolder[]): void {
  const [first, ...more] = nodes;
  for (const node of more) {
    for (const key of ["chainId", "supportedVersion", "sm"] as const) {
      if (node[key] === first?.[key]) continue;
      refuse("other-chain", `${first?.name ?? ""} and ${node.name} are not of one chain: ${key} is ${String(first?.[key])} and ${String(node[key])}.`);
    }
  }
}

/** The id in a node's certificate. */
function nodeIdOf(node: NodeFolder): string {
  const file = join(node.certificateFile);
  if (!existsSync(file)) refuse("no-certificate", `There is no ${file} to read the node id from.`);
  const [{ publicKey }] = readCertificates(readFileSync(file, "utf8"), file);
  return publicKey ?? refuse("no-certificate", `The first certificate of ${file} is not one of a node.`);
}
