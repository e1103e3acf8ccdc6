/**
 * Builds the files of a new chain: certificates, genesis, settings, scripts.
 *
 * The tree is the one `build_chain.sh` of FISCO BCOS 2.x makes for the same options, so that its tools, SDKs and
 * consoles find everything where they look for it.
 */
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { groupGenesis, groupIni } from "@tsbcos/node/operations";
import {
  agencyFiles,
  agencyFolder,
  asLeafAuthority,
  chainAuthorityFiles,
  channelAuthorityFiles,
  createAgency,
  createChainAuthority,
  createChannelAuthority,
  readChainAuthority,
  type ChainAuthority,
  type LeafAuthority,
} from "./authorities.js";
import { archive } from "./archive.js";
import { createNodeCredentials, createSdkCredentials, type AgencyAuthorities, type NodeCredentials } from "./credentials.js";
import type { ChainPlan, NodePlan } from "./plan.js";
import { checkProgram } from "./program.js";
import { ChainBuildError, refuse } from "./refusals.js";
import { PROGRAM, hostScripts, launcherScript, nodeScripts } from "./scripts.js";
import { configIni } from "./templates.js";
import { below, scriptFile, writeFiles, type TextFile } from "./text-files.js";

/** What has been built, for whoever prints it. */
export interface BuiltChain {
  /** Absolute path of the output folder. */
  readonly directory: string;
  /** One entry a node, in creation order, with its id and folder. */
  readonly nodes: readonly (NodePlan & { readonly nodeId: string; readonly directory: string })[];
  /** Number of sealers of each group, by group. */
  readonly groups: ReadonlyMap<number, number>;
  /** Absolute paths of the tar files. */
  readonly archives: readonly string[];
}

interface Authorities {
  readonly chain: ChainAuthority;
  readonly smChain: ChainAuthority | undefined;
  readonly agencies: ReadonlyMap<string, AgencyAuthorities>;
}

/**
 * Writes a new chain into `output`, which must not exist. All or nothing: the files are made in a folder beside it
 * and moved into place at the end.
 *
 * @param nodeProgram absolute path of the node's JavaScript entry, for the start scripts
 * @throws ChainBuildError when the folder is there already, a given CA or program is unusable, or nothing can be written
 */
export async function buildChain(plan: ChainPlan, output: string, nodeProgram: string): Promise<BuiltChain> {
  const directory = resolve(output);
  if (existsSync(directory)) {
    refuse(
      "output-exists",
      `${directory} is there already. Choose another folder with -o, or remove it if that chain is not needed any more.`,
    );
  }
  if (plan.program !== undefined) checkProgram(plan.program, plan.settings.supportedVersion);
  let workshop: string | undefined;
  try {
    await mkdir(dirname(directory), { recursive: true });
    workshop = await mkdtemp(join(dirname(directory), `.${basename(directory)}-`));
    const nodeIds = await writeChain(workshop, plan, nodeProgram);
    if (plan.archive) hostsOf(plan).forEach((ip) => archive(workshop ?? "", ip));
    await chmod(workshop, 0o755);
    await rename(workshop, directory);
    return describe(plan, directory, nodeIds);
  } catch (cause) {
    if (workshop !== undefined) await rm(workshop, { recursive: true, force: true });
    if (cause instanceof ChainBuildError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChainBuildError("cannot-write", `The chain could not be written to ${directory}: ${reason}`, { cause });
  }
}

function describe(plan: ChainPlan, directory: string, nodeIds: readonly string[]): BuiltChain {
  const groups = new Map<number, number>();
  for (const group of plan.nodes.flatMap((node) => node.groups)) groups.set(group, (groups.get(group) ?? 0) + 1);
  return {
    directory,
    nodes: plan.nodes.map((node, index) => ({
      ...node,
      nodeId: nodeIds[index] ?? "",
      directory: join(directory, node.ip, node.folder),
    })),
    groups: new Map([...groups].sort(([a], [b]) => a - b)),
    archives: plan.archive ? hostsOf(plan).map((ip) => join(directory, `${ip}.tar.gz`)) : [],
  };
}

function hostsOf(plan: ChainPlan): string[] {
  return [...new Set(plan.nodes.map((node) => node.ip))];
}

async function writeChain(directory: string, plan: ChainPlan, nodeProgram: string): Promise<readonly string[]> {
  const authorities = await createAuthorities(plan);
  await writeFiles(directory, authorityFiles(authorities, plan));
  const sdks = await createSdks(authorities, plan);
  const credentials = await Promise.all(
    plan.nodes.map((node) => createNodeCredentials(agencyOf(authorities, node.agency), node.name)),
  );
  const genesis = genesisFiles(plan, credentials);
  const launcher = launcherScript(nodeProgram, process.execPath);
  for (const [index, node] of plan.nodes.entries()) {
    const own = credentials[index]?.files ?? [];
    const sdk = plan.copySdk ? (sdks.get(node.ip) ?? []) : [];
    const files = [...nodeFiles(node, plan, genesis), ...below("conf", own), ...below("sdk", sdk)];
    const folder = join(directory, node.ip, node.folder);
    await writeFiles(folder, files);
    if (plan.deployment) await putProgram(folder, plan, launcher);
  }
  for (const [ip, sdk] of sdks) {
    const folder = join(directory, ip);
    await writeFiles(folder, [...hostScripts(), ...below("sdk", sdk)]);
    if (!plan.deployment) await putProgram(folder, plan, launcher);
  }
  return credentials.map(({ nodeId }) => nodeId);
}

async function createAuthorities(plan: ChainPlan): Promise<Authorities> {
  const { validityDays: days, settings } = plan;
  const take = (folder: string | undefined, trust: "standard" | "sm", option: string): Promise<ChainAuthority> =>
    folder === undefined
      ? createChainAuthority(trust, days)
      : Promise.resolve(readChainAuthority(folder, trust, option));
  const chain = await take(plan.caFolder, "standard", "-k");
  const smChain = settings.sm ? await take(plan.smCaFolder, "sm", "-K") : undefined;
  const below = (authority: ChainAuthority, name: string): Promise<LeafAuthority> =>
    plan.withoutAgency ? Promise.resolve(asLeafAuthority(authority)) : createAgency(authority, name, days);
  const agencies = new Map<string, AgencyAuthorities>();
  for (const name of plan.agencies) {
    agencies.set(name, {
      standard: await below(chain, name),
      channel: (plan.withoutAgency && agencies.values().next().value?.channel) || (await createChannelAuthority(name, days)),
      sm: smChain && (await below(smChain, name)),
      days,
    });
  }
  return { chain, smChain, agencies };
}

function agencyOf(authorities: Authorities, name: string): AgencyAuthorities {
  return authorities.agencies.get(name) ?? refuse("internal", `agency ${name} has no authorities`);
}

function authorityFiles({ chain, smChain, agencies }: Authorities, plan: ChainPlan): TextFile[] {
  const own = plan.withoutAgency
    ? [...agencies.values()].slice(0, 1).flatMap(({ channel }) => below("cert", channelAuthorityFiles(channel)))
    : [...agencies].flatMap(([name, { standard, channel, sm }]) => [
        ...below(join("cert", name), [...agencyFiles(standard, chain), ...channelAuthorityFiles(channel)]),
        ...(sm && smChain ? below(join("gmcert", agencyFolder("sm", name)), agencyFiles(sm, smChain)) : []),
      ]);
  return [
    ...below("cert", chainAuthorityFiles(chain)),
    ...(smChain ? below("gmcert", chainAuthorityFiles(smChain)) : []),
    ...own,
  ];
}

/** One SDK a machine, of the agency of the machine's first node. */
async function createSdks(authorities: Authorities, plan: ChainPlan): Promise<Map<string, readonly TextFile[]>> {
  const sdks = new Map<string, readonly TextFile[]>();
  for (const { ip, agency } of plan.nodes) {
    if (sdks.has(ip)) continue;
    sdks.set(ip, await createSdkCredentials(agencyOf(authorities, agency), plan.settings.rsaChannel));
  }
  return sdks;
}

/** The genesis file of each group: its text is the same for all members. */
function genesisFiles(plan: ChainPlan, credentials: readonly NodeCredentials[]): Map<number, TextFile> {
  const timestampMs = Date.now();
  const groups = new Set(plan.nodes.flatMap((node) => node.groups));
  return new Map(
    [...groups].map((groupId) => {
      const sealers = plan.nodes.flatMap((node, index) =>
        node.groups.includes(groupId) ? [credentials[index]?.nodeId ?? ""] : [],
      );
      const { consensus: consensusType, freeStorage } = plan;
      const text = groupGenesis({ groupId, consensusType, sealers, timestamp: timestampMs, freeStorage });
      return [groupId, { path: `group.${groupId}.genesis`, text }];
    }),
  );
}

function nodeFiles(node: NodePlan, plan: ChainPlan, genesis: ReadonlyMap<number, TextFile>): TextFile[] {
  const peers = plan.nodes.map(({ ip, p2pPort }) => (ip.includes(":") ? `[${ip}]:${p2pPort}` : `${ip}:${p2pPort}`));
  const groups = node.groups.flatMap((group) => [
    genesis.get(group) ?? refuse("internal", `group ${group} has no genesis`),
    { path: `group.${group}.ini`, text: groupIni() },
  ]);
  return [
    { path: "config.ini", text: configIni({ settings: plan.settings, ports: node, peers }) },
    ...below("conf", groups),
    ...nodeScripts(plan.deployment ? PROGRAM : `../${PROGRAM}`),
  ];
}

async function putProgram(folder: string, plan: ChainPlan, launcher: string): Promise<void> {
  if (plan.program === undefined) {
    await writeFiles(folder, [scriptFile(PROGRAM, launcher)]);
    return;
  }
  await copyFile(plan.program, join(folder, PROGRAM));
  await chmod(join(folder, PROGRAM), 0o755);
}
