/**
 * Builds the files of a new chain: certificates, genesis, settings, scripts.
 *
 * The tree is the one `build_chain.sh` of FISCO BCOS 2.x makes for the same options, so that its tools, SDKs and
 * consoles find everything where they look for it.
 */
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createRootAuthority, nodeIdOf, type Authority, type Identity, type NodeIdentity } from "./certificates.js";
import { ChainBuildError, type ChainPlan, type NodePlan } from "./plan.js";
import { allScript, configIni, groupGenesis, groupIni, launcherScript, startScript, stopScript } from "./templates.js";

/** Keys are for their owner's eyes only. */
const KEY_MODE = 0o600;
const SCRIPT_MODE = 0o755;

/** What has been built, for whoever prints it. */
export interface BuiltChain {
  /** Absolute path of the output folder. */
  readonly directory: string;
  /** One entry a node, in creation order, with its id and folder. */
  readonly nodes: readonly (NodePlan & { readonly nodeId: string; readonly directory: string })[];
}

interface Certificates {
  readonly chain: Authority;
  readonly agency: Authority;
  readonly channel: Authority;
  readonly nodes: readonly { readonly p2p: NodeIdentity; readonly channel: Identity }[];
  readonly sdk: Identity;
}

async function createCertificates(plan: ChainPlan): Promise<Certificates> {
  const days = plan.validityDays;
  const chain = await createRootAuthority({ subject: { commonName: "chain", unit: "chain" }, family: "ec", days });
  const agency = await chain.issueAuthority({ commonName: plan.agency, unit: "agency" });
  const channel = await createRootAuthority({
    subject: { commonName: plan.agency, unit: "chain" },
    family: "rsa",
    days,
  });
  const channelLeaf = (): Promise<Identity> =>
    channel.issueIdentity({ commonName: "FISCO-BCOS", unit: "agency" }, "bare-leaf");
  const nodes = await Promise.all(
    plan.nodes.map(async (node) => {
      const leaf = await agency.issueIdentity({ commonName: node.name, unit: "node" }, "leaf");
      return {
        p2p: {
          // Peers get the whole chain of trust, leaf first, so that they need nothing but the root.
          certificate: leaf.certificate + agency.certificate + chain.certificate,
          privateKey: leaf.privateKey,
          nodeId: nodeIdOf(leaf.privateKey),
        },
        channel: await channelLeaf(),
      };
    }),
  );
  return { chain, agency, channel, nodes, sdk: await channelLeaf() };
}

async function put(file: string, text: string, mode?: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, mode === undefined ? {} : { mode });
  // A file that was there keeps its old mode, and the umask may take bits away: set it outright.
  if (mode !== undefined) await chmod(file, mode);
}

async function writeAuthorities(directory: string, plan: ChainPlan, certificates: Certificates): Promise<void> {
  const { chain, agency, channel } = certificates;
  const cert = join(directory, "cert");
  const agencyFolder = join(cert, plan.agency);
  await put(join(cert, "ca.crt"), chain.certificate);
  await put(join(cert, "ca.key"), chain.privateKey, KEY_MODE);
  await put(join(agencyFolder, "agency.crt"), agency.certificate + chain.certificate);
  await put(join(agencyFolder, "agency.key"), agency.privateKey, KEY_MODE);
  await put(join(agencyFolder, "ca.crt"), chain.certificate);
  await put(join(agencyFolder, "channel", "ca.crt"), channel.certificate);
  await put(join(agencyFolder, "channel", "ca.key"), channel.privateKey, KEY_MODE);
}

async function writeNode(folder: string, node: NodePlan, plan: ChainPlan, context: {
  readonly certificates: Certificates;
  readonly own: Certificates["nodes"][number];
  readonly genesis: string;
}): Promise<void> {
  const { certificates, own, genesis } = context;
  const conf = join(folder, "conf");
  await put(
    join(folder, "config.ini"),
    configIni({
      ...node,
      listenIp: plan.listenIp,
      rpcListenIp: plan.rpcListenIp,
      peers: plan.nodes.map((peer) => `${peer.ip}:${peer.p2pPort}`),
      chainId: plan.chainId,
      supportedVersion: plan.supportedVersion,
      logLevel: plan.logLevel,
    }),
  );
  await put(join(conf, "ca.crt"), certificates.chain.certificate);
  await put(join(conf, "node.crt"), own.p2p.certificate);
  await put(join(conf, "node.key"), own.p2p.privateKey, KEY_MODE);
  await put(join(conf, "node.nodeid"), own.p2p.nodeId);
  await put(join(conf, "group.1.genesis"), genesis);
  await put(join(conf, "group.1.ini"), groupIni());
  await put(join(conf, "channel_cert", "ca.crt"), certificates.channel.certificate);
  await put(join(conf, "channel_cert", "node.crt"), own.channel.certificate);
  await put(join(conf, "channel_cert", "node.key"), own.channel.privateKey, KEY_MODE);
  await put(join(folder, "start.sh"), startScript(), SCRIPT_MODE);
  await put(join(folder, "stop.sh"), stopScript(), SCRIPT_MODE);
}

async function writeHost(directory: string, certificates: Certificates, nodeProgram: string): Promise<void> {
  await put(join(directory, "sdk", "ca.crt"), certificates.channel.certificate);
  await put(join(directory, "sdk", "sdk.crt"), certificates.sdk.certificate);
  await put(join(directory, "sdk", "sdk.key"), certificates.sdk.privateKey, KEY_MODE);
  await put(join(directory, "tsbcos-node"), launcherScript(nodeProgram), SCRIPT_MODE);
  await put(join(directory, "start_all.sh"), allScript("start.sh"), SCRIPT_MODE);
  await put(join(directory, "stop_all.sh"), allScript("stop.sh"), SCRIPT_MODE);
}

async function writeAll(directory: string, plan: ChainPlan, nodeProgram: string): Promise<readonly string[]> {
  const certificates = await createCertificates(plan);
  await writeAuthorities(directory, plan, certificates);
  const genesis = groupGenesis({
    groupId: 1,
    nodeIds: certificates.nodes.map((node) => node.p2p.nodeId),
    timestampMs: Date.now(),
    freeStorage: plan.freeStorage,
  });
  for (const [index, node] of plan.nodes.entries()) {
    const own = certificates.nodes[index];
    if (own === undefined) throw new Error("a certificate for each node");
    await writeNode(join(directory, node.ip, node.name), node, plan, { certificates, own, genesis });
  }
  for (const ip of new Set(plan.nodes.map((node) => node.ip))) {
    await writeHost(join(directory, ip), certificates, nodeProgram);
  }
  return certificates.nodes.map((node) => node.p2p.nodeId);
}

/**
 * Writes a new chain into `output`, which must not exist. All or nothing: the files are made in a folder beside it
 * and moved into place at the end.
 *
 * @param nodeProgram absolute path of the node's JavaScript entry, for the start scripts
 * @throws ChainBuildError when the folder is there already or cannot be written
 */
export async function buildChain(plan: ChainPlan, output: string, nodeProgram: string): Promise<BuiltChain> {
  const directory = resolve(output);
  if (existsSync(directory)) {
    throw new ChainBuildError(
      "output-exists",
      `${directory} is there already. Choose another folder with -o, or remove it if that chain is not needed any more.`,
    );
  }
  await mkdir(dirname(directory), { recursive: true });
  const workshop = await mkdtemp(join(dirname(directory), `.${basename(directory)}-`));
  try {
    const nodeIds = await writeAll(workshop, plan, nodeProgram);
    await chmod(workshop, 0o755);
    await rename(workshop, directory);
    const nodes = plan.nodes.map((node, index) => ({
      ...node,
      nodeId: nodeIds[index] ?? "",
      directory: join(directory, node.ip, node.name),
    }));
    return { directory, nodes };
  } catch (cause) {
    await rm(workshop, { recursive: true, force: true });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChainBuildError("cannot-write", `The chain could not be written to ${directory}: ${reason}`, { cause });
  }
}
