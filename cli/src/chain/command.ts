/** The words `tsbcos chain ...`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { nodeProgram } from "../processes/index.js";
import { buildChain, type BuiltChain } from "./build.js";
import { addChangeCommands } from "./change-commands.js";
import { planChain, type ChainPlan, type ChainWords } from "./plan.js";
import { refuse } from "./refusals.js";
import { say } from "./speaking.js";

interface BuildOptions extends Omit<ChainWords, "hostsFile"> {
  readonly output: string;
  /** Path of the file of `-f`. */
  readonly hostsFile?: string;
  readonly docker?: boolean;
  readonly releases?: boolean;
  readonly certificateSettings?: string;
}

const EXAMPLES = `
  tsbcos chain build -l 127.0.0.1:4                        four nodes on this machine, in nodes/
  tsbcos chain build -l 10.0.0.1:2,10.0.0.2:2 -o bank      two nodes on each of two machines, in bank/
  tsbcos chain build -l 127.0.0.1:4 -g -G                  with SM cryptography, for SDKs too
  tsbcos chain build -f hosts.txt                          several agencies and groups: a line for each machine`;

/** Adds `chain` and what stands behind it. */
export function addChainCommands(program: Command): void {
  const chain = program.command("chain").description("make and change the files of a chain");
  addBuild(chain);
  addChangeCommands(chain);
}

function addBuild(chain: Command): void {
  chain
    .command("build")
    .description("make certificates, genesis and settings for a new chain")
    .option("-l, --hosts <ip:count,...>", "addresses and how many nodes on each, such as 127.0.0.1:4")
    .option("-f, --hosts-file <file>", "instead of -l, lines of: ip:count agency group,group [p2p,channel,rpc]")
    .option("-o, --output <folder>", "folder to make; it must not exist", "nodes")
    .option("-p, --ports <p2p,channel,rpc>", "first ports; each further node of an ip adds 1", "30300,20200,8545")
    .option("-a, --agency <name>", "name of the agency of -l (default: agency)")
    .option("-N, --without-agency", "no agencies: the CA of the chain signs the nodes")
    .option("-c, --consensus <type>", "pbft, rpbft, raft, solo", "pbft")
    .option("-C, --chain-id <number>", "chain id", "1")
    .option("-v, --supported-version <version>", "rules of the chain", "2.9.0")
    .option("-g, --sm", "SM2 and SM3 in place of secp256k1 and Keccak-256")
    .option("-G, --sm-channel", "with -g: SDKs connect with SM TLS")
    .option("-R, --ec-channel", "SDKs connect with certificates on secp256k1, not RSA")
    .option("-k, --ca <folder>", "sign with the ca.key and ca.crt of this folder (and its root.crt, if any)")
    .option("-K, --sm-ca <folder>", "with -g: sign with the gmca.key and gmca.crt of this folder (and its gmroot.crt)")
    .option("-X, --days <number>", "validity of the certificates in days", "36500")
    .option("-i, --open-rpc", "let JSON-RPC listen on every address (it has no authentication)")
    .option("-6, --ipv6", "addresses are IPv6, such as [::1]:4")
    .option("-E, --free-storage", "storage operations cost next to nothing")
    .option("-s, --storage <type>", "rocksdb: an embedded store; the only one there is", "rocksdb")
    .option("-T, --debug-log", "log at level debug")
    .option("-F, --buffered-log", "do not write each log line at once")
    .option("-S, --statistics", "write statistics logs")
    .option("-e, --program <file>", "run the nodes with this program, such as a C++ node")
    .option("-D, --deployment", "each node folder has its own program and is called node_<ip>_<P2P port>; implies -z")
    .option("-z, --archive", "pack the folder of each ip into a tar file")
    .option("-Z, --copy-sdk", "copy the certificates of the SDK into each node folder")
    .addOption(new Option("-d, --docker").hideHelp())
    .addOption(new Option("-q, --releases").hideHelp())
    .addOption(new Option("-t, --certificate-settings <file>").hideHelp())
    .addHelpText("after", EXAMPLES)
    .action(build);
}

async function build(options: BuildOptions): Promise<void> {
  refuseUnsupported(options);
  const { hostsFile, ...words } = options;
  const plan = planChain(hostsFile === undefined ? words : { ...words, hostsFile: readHosts(hostsFile) });
  if (plan.settings.rpcListenIp !== "127.0.0.1") {
    say("[WARN] JSON-RPC will listen on every address, and it has no authentication: keep its port behind a firewall.");
  }
  say(`Making keys and certificates for ${plan.nodes.length} ${plan.nodes.length === 1 ? "node" : "nodes"}...`);
  const built = await buildChain(plan, options.output, nodeProgram());
  report(plan, built, options);
}

/** Options of the chain builder of 2.x that have no meaning here are answered, not ignored. */
function refuseUnsupported(options: BuildOptions): void {
  if (options.docker === true) {
    refuse("unsupported", "-d (docker) is not supported: there is no image. Build without -d, and mount the folder into one with Node.js.");
  }
  if (options.releases === true) {
    refuse("unsupported", "-q (list of releases) is not supported: npm view tsbcos versions lists them.");
  }
  if (options.certificateSettings !== undefined) {
    refuse("unsupported", "-t (settings for openssl) is not supported: certificates are made without openssl. Bring your own CA with -k.");
  }
}

function readHosts(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    refuse("no-hosts", `-f: ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function report(plan: ChainPlan, built: BuiltChain, options: BuildOptions): void {
  for (const node of built.nodes) {
    const ports = `P2P ${node.p2pPort}  channel ${node.channelPort}  RPC ${node.rpcPort}`;
    say(`  ${node.folder.padEnd(6)} ${node.ip}  ${ports}  ${node.nodeId.slice(0, 8)}...`);
  }
  const { settings } = plan;
  const hosts = [...new Set(plan.nodes.map((node) => node.ip))];
  if (options.hostsFile !== undefined) for (const [group, count] of built.groups) say(`Group:${group} has ${count} nodes`);
  say(`[INFO] Start Port      : ${(options.ports ?? "").replaceAll(",", " ")}`);
  say(`[INFO] Server IP       : ${options.hosts ?? hosts.join(" ")}`);
  say(`[INFO] Output Dir      : ${built.directory}`);
  say(`[INFO] CA Path         : ${join(built.directory, "cert")}/`);
  if (settings.sm) say(`[INFO] Guomi CA Path   : ${join(built.directory, "gmcert")}/`);
  if (settings.sm) say("[INFO] Guomi mode      : true");
  if (settings.smChannel) say("[INFO] SM channel      : true");
  else if (settings.rsaChannel) say("[INFO] RSA channel     : true");
  for (const file of built.archives) say(`[INFO] Archive         : ${file}`);
  say(`[INFO] All completed. Files in ${built.directory}`);
  for (const ip of hosts) {
    const script = join(built.directory, ip, "start_all.sh");
    if (existsSync(script)) say(`Start the nodes of ${ip} with:  bash ${script}`);
  }
}
