/** Configuration from files. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import type { GenesisConfig } from "@tsbcos/core/ledger";
import { CodedError, assert, groupId } from "@tsbcos/core/primitives";
import type { GroupId, NodeId } from "@tsbcos/core/primitives";
import { readGenesisConfig } from "./genesis-config.js";
import type { EventFilterConfig } from "./genesis-config.js";
import { readGroupConfig, readSdkAllowlist } from "./group-config.js";
import type { GroupConfig } from "./group-config.js";
import { parseIni } from "./ini.js";
import type { IniDocument } from "./ini.js";
import { readNodeConfig, readWhitelist } from "./node-config.js";
import type { NodeConfig } from "./node-config.js";
import { refuseErrors } from "./problems.js";
import type { Problem } from "./problems.js";
import { Settings } from "./settings.js";

/** Both files of one group. */
export interface GroupFiles {
  readonly groupId: GroupId;
  readonly genesis: GenesisConfig;
  readonly group: GroupConfig;
  readonly eventFilter: EventFilterConfig;
}

/** A configuration without errors. */
export interface Loaded<T> {
  readonly value: T;
  /** For the log: unknown keys, values that do not do what they seem to. */
  readonly warnings: readonly Problem[];
}

/** The configuration of a whole node. */
export interface NodeFiles {
  readonly node: NodeConfig;
  readonly groups: readonly GroupFiles[];
}

/**
 * Reads `config.ini` and the files of the groups beside it.
 *
 * @param isWanted tells which groups are to be read; those that an operator stopped are not
 * @throws CodedError `configuration-invalid` with one message that lists everything wrong in all the files
 */
export function loadConfiguration(
  file: string,
  isWanted: (group: GroupId, node: NodeConfig) => boolean = () => true,
): Loaded<NodeFiles> {
  const problems: Problem[] = [];
  const value = readNodeFiles(file, problems, isWanted);
  refuseErrors(problems);
  assert(value !== undefined, "a file that cannot be read is an error");
  return { value, warnings: problems };
}

/** Everything wrong in `config.ini` and the files of the groups beside it, errors and warnings, in order of the files. */
export function checkConfiguration(file: string): readonly Problem[] {
  const problems: Problem[] = [];
  readNodeFiles(file, problems, () => true);
  return problems;
}

function readNodeFiles(
  file: string,
  problems: Problem[],
  isWanted: (group: GroupId, node: NodeConfig) => boolean,
): NodeFiles | undefined {
  const document = readDocument(file, problems);
  // Without the file everything else would be reported as missing too.
  if (document === undefined) return undefined;
  const node = readNodeConfig(document, problems, existsSync);
  const groups = findGroups(node, problems)
    .filter((id) => isWanted(id, node))
    .map((id) => readGroupFiles(node, id, problems));
  return { node, groups: groups.flatMap((group) => group ?? []) };
}

/**
 * Reads the two files of one group of a running node.
 *
 * @throws CodedError `configuration-invalid`
 */
export function loadGroup(node: NodeConfig, id: GroupId): Loaded<GroupFiles> {
  const problems: Problem[] = [];
  const files = readGroupFiles(node, id, problems);
  refuseErrors(problems);
  if (files === undefined) throw new CodedError("configuration-invalid", `group ${String(id)} has no genesis file`);
  return { value: files, warnings: problems };
}

/**
 * Reads a `config.ini` and a genesis file that lie anywhere: those of a recorded chain, for one.
 *
 * @throws CodedError `configuration-invalid`
 */
export function loadChain(
  nodeFile: string,
  genesisFile: string,
  id: GroupId,
): Loaded<{ readonly node: NodeConfig; readonly genesis: GenesisConfig }> {
  const problems: Problem[] = [];
  const nodeDocument = readDocument(nodeFile, problems);
  const genesisDocument = readDocument(genesisFile, problems);
  // Without a file everything in it would be reported as missing too.
  refuseErrors(problems);
  const empty = (file: string): IniDocument => parseIni("", file, problems);
  const node = readNodeConfig(nodeDocument ?? empty(nodeFile), problems, existsSync);
  const { genesis } = readGenesisConfig(genesisDocument ?? empty(genesisFile), problems, {
    groupId: id,
    version: node.supportedVersion,
  });
  refuseErrors(problems);
  return { value: { node, genesis }, warnings: problems };
}

/** Numbers of the groups that have a genesis file, ascending. */
export function listGroups(node: NodeConfig): GroupId[] {
  const problems: Problem[] = [];
  const groups = findGroups(node, problems);
  refuseErrors(problems);
  return groups;
}

/**
 * The white list as `config.ini` has it now, empty when everybody is welcome. The rest of the file is not looked at.
 *
 * @throws CodedError `configuration-invalid` when the list or the form of the file is broken
 */
export function loadWhitelist(file: string): readonly NodeId[] {
  return loadNodeIds(file, (settings) => readWhitelist(settings));
}

/**
 * The SDKs that may use a group as `group.N.ini` has them now, empty when all may.
 *
 * @throws CodedError `configuration-invalid` when the list or the form of the file is broken
 */
export function loadSdkAllowlist(node: NodeConfig, id: GroupId): readonly NodeId[] {
  return loadNodeIds(groupFile(node, id, "ini"), (settings) => readSdkAllowlist(settings));
}

function loadNodeIds(file: string, read: (settings: Settings) => NodeId[]): readonly NodeId[] {
  const problems: Problem[] = [];
  const document = readDocument(file, problems);
  const list = document === undefined ? [] : read(new Settings(document, problems));
  refuseErrors(problems);
  return list;
}

/** Path of one of the files of a group. */
export function groupFile(node: NodeConfig, id: GroupId, kind: "genesis" | "ini"): string {
  return `${node.groups.configPath}group.${String(id)}.${kind}`;
}

/** Directory of everything a group stores. */
export function groupDataDirectory(node: NodeConfig, id: GroupId): string {
  return `${node.groups.dataPath}group${String(id)}`;
}

function readGroupFiles(node: NodeConfig, id: GroupId, problems: Problem[]): GroupFiles | undefined {
  const options = { groupId: id, version: node.supportedVersion };
  const genesisDocument = readDocument(groupFile(node, id, "genesis"), problems);
  const iniFile = groupFile(node, id, "ini");
  // The local options may be absent altogether: every one has a default.
  const iniDocument = existsSync(iniFile) ? readDocument(iniFile, problems) : parseIni("", iniFile, problems);
  if (genesisDocument === undefined || iniDocument === undefined) return undefined;
  const { genesis, eventFilter } = readGenesisConfig(genesisDocument, problems, options);
  return { groupId: id, genesis, eventFilter, group: readGroupConfig(iniDocument, problems, options) };
}

function findGroups(node: NodeConfig, problems: Problem[]): GroupId[] {
  const directory = node.groups.configPath;
  try {
    return readdirSync(directory)
      .map((name) => Number(/^group\.([1-9]\d{0,4})\.genesis$/.exec(name)?.[1] ?? Number.NaN))
      .filter((id) => id >= 1 && id <= 32767)
      .sort((a, b) => a - b)
      .map(groupId);
  } catch (cause) {
    const message = `the directory cannot be read (${reasonOf(cause)}); paths start at ${process.cwd()}, where the node was started`;
    const name = "group.group_config_path";
    problems.push({ severity: "error", file: node.file, line: undefined, name, value: directory, message });
    return [];
  }
}

function readDocument(file: string, problems: Problem[]): IniDocument | undefined {
  try {
    return parseIni(readFileSync(file, "utf8"), file, problems);
  } catch (cause) {
    const hint = dirname(file) === "." ? ` in ${process.cwd()}` : "";
    const message = `the file cannot be read${hint}: ${reasonOf(cause)}`;
    problems.push({ severity: "error", file, line: undefined, name: undefined, value: undefined, message });
    return undefined;
  }
}

function reasonOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "it does not exist";
  if (code === "EACCES") return "permission denied";
  return cause instanceof Error ? cause.message : String(cause);
}
