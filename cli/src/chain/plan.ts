/** From the words of the command line to a checked plan of a chain. Everything is refused here, before a file is made. */
import { parseSupportedVersion, V2_4_0, V2_9_0, type SupportedVersion } from "@tsbcos/core/protocol";
import { checkName, checkPorts, parseHostFile, parseHostList, parsePorts, type HostLine, type Ports } from "./hosts.js";
import { refuse, wholeNumber } from "./refusals.js";

/** Algorithms that the sealers of a group may agree by. */
export type ConsensusType = "pbft" | "rpbft" | "raft" | "solo";

/** One node that is to be made. */
export interface NodePlan {
  /** `node0`, `node1`, … counted on each ip: the name in its certificate. */
  readonly name: string;
  /** Name of its folder. */
  readonly folder: string;
  /** Address under which the other nodes reach it. */
  readonly ip: string;
  readonly p2pPort: number;
  readonly channelPort: number;
  readonly rpcPort: number;
  /** Name of the agency whose CA signs its certificates. */
  readonly agency: string;
  /** Groups that it is a sealer of. */
  readonly groups: readonly number[];
}

/** A chain that is to be made, every value checked. */
export interface ChainPlan {
  readonly nodes: readonly NodePlan[];
  /** Names of the agencies, in order of appearance. */
  readonly agencies: readonly string[];
  /** Node certificates are signed by the chain's CA itself. */
  readonly withoutAgency: boolean;
  /** Folder with a `ca.key` and `ca.crt` to sign the agencies with; undefined: new ones are made. */
  readonly caFolder: string | undefined;
  /** The same for SM: `gmca.key` and `gmca.crt`. */
  readonly smCaFolder: string | undefined;
  /** Days that the certificates hold. */
  readonly validityDays: number;
  readonly consensus: ConsensusType;
  readonly freeStorage: boolean;
  readonly settings: NodeSettings;
  /** Program to put beside the nodes; undefined: our own. */
  readonly program: string | undefined;
  /** Each node folder has its own program and the name `node_<ip>_<P2P port>`. */
  readonly deployment: boolean;
  /** A tar file of each machine's folder. */
  readonly archive: boolean;
  /** Each node folder gets a copy of the SDK's certificates. */
  readonly copySdk: boolean;
}

/** What is equal in the `config.ini` of all nodes. */
export interface NodeSettings {
  readonly chainId: number;
  /** Rules of the chain as they are written, such as `2.9.0`. */
  readonly supportedVersion: string;
  /** SM2 and SM3 instead of secp256k1 and Keccak-256. */
  readonly sm: boolean;
  /** SM TLS for SDKs. */
  readonly smChannel: boolean;
  /** RSA certificates for SDKs. */
  readonly rsaChannel: boolean;
  /** Address that the P2P and channel ports listen on. */
  readonly listenIp: string;
  /** Address that the JSON-RPC port listens on. */
  readonly rpcListenIp: string;
  readonly logLevel: "info" | "debug";
  readonly logFlush: boolean;
  readonly statistics: boolean;
}

/** The command line's words, as text. What is left out has the default of `build_chain.sh`. */
export interface ChainWords {
  /** `ip:count,ip2:count`; this or `hostsFile` must be there. */
  readonly hosts?: string;
  /** Text of the file of `-f`. */
  readonly hostsFile?: string;
  /** First P2P, channel and RPC port. */
  readonly ports?: string;
  /** Name of the agency of `hosts`. */
  readonly agency?: string;
  readonly chainId?: string;
  readonly supportedVersion?: string;
  readonly consensus?: string;
  readonly storage?: string;
  readonly days?: string;
  readonly program?: string;
  readonly ca?: string;
  readonly smCa?: string;
  readonly sm?: boolean;
  readonly smChannel?: boolean;
  readonly ecChannel?: boolean;
  readonly withoutAgency?: boolean;
  readonly freeStorage?: boolean;
  readonly openRpc?: boolean;
  readonly ipv6?: boolean;
  readonly debugLog?: boolean;
  readonly bufferedLog?: boolean;
  readonly statistics?: boolean;
  readonly deployment?: boolean;
  readonly archive?: boolean;
  readonly copySdk?: boolean;
}

const DEFAULT_PORTS = "30300,20200,8545";
const DEFAULT_VERSION = "2.9.0";
/** A hundred years, as `build_chain.sh`. */
const DAYS_MAX = 36500;
const CHAIN_ID_MAX = 2 ** 31 - 1;
const CONSENSUS_TYPES: readonly ConsensusType[] = ["pbft", "rpbft", "raft", "solo"];

/**
 * Checks the words and fills in the defaults of `build_chain.sh`.
 *
 * A chain whose nodes are all on loopback listens on loopback only, unless its RPC is opened; otherwise P2P and channel
 * listen everywhere.
 *
 * @throws ChainBuildError that names the option and says what it takes
 */
export function planChain(words: ChainWords): ChainPlan {
  const nodes = planNodes(words);
  const { text, version } = parseVersion(words.supportedVersion ?? DEFAULT_VERSION);
  demandStorage(words.storage ?? "rocksdb");
  const sm = words.sm ?? false;
  if (words.smChannel === true && !sm) refuse("needs-sm", "-G (SM TLS for SDKs) is for chains with SM cryptography: add -g.");
  if (words.smCa !== undefined && !sm) refuse("needs-sm", "-K (the CA of an SM chain) is for chains with SM cryptography: add -g.");
  if (words.freeStorage === true && version < V2_4_0) {
    refuse("needs-version", `-E (free storage) exists from 2.4.0 on; with -v ${text} leave it out.`);
  }
  const consensus = parseConsensus(words.consensus ?? "pbft");
  return {
    nodes,
    agencies: [...new Set(nodes.map((node) => node.agency))],
    withoutAgency: words.withoutAgency ?? false,
    caFolder: words.ca,
    smCaFolder: words.smCa,
    validityDays: parseDays(words.days ?? String(DAYS_MAX)),
    consensus,
    freeStorage: words.freeStorage ?? false,
    settings: {
      chainId: wholeNumber(words.chainId ?? "1", "The chain id (-C)", [0, CHAIN_ID_MAX]),
      supportedVersion: text,
      sm,
      smChannel: words.smChannel ?? false,
      // Below 2.9.0 nodes know no RSA certificates at the channel.
      rsaChannel: words.ecChannel !== true && version >= V2_9_0,
      ...planAddresses(words, nodes),
      logLevel: words.debugLog === true ? "debug" : "info",
      logFlush: words.bufferedLog !== true,
      statistics: words.statistics ?? false,
    },
    program: words.program,
    deployment: words.deployment ?? false,
    archive: (words.archive ?? false) || (words.deployment ?? false),
    copySdk: words.copySdk ?? false,
  };
}

function planNodes(words: ChainWords): NodePlan[] {
  const ports = parsePorts(words.ports ?? DEFAULT_PORTS, "-p");
  const nodes = placeNodes(readLines(words), ports, words.deployment === true);
  checkPorts(nodes);
  return nodes;
}

function readLines(words: ChainWords): HostLine[] {
  const ipv6 = words.ipv6 ?? false;
  if (words.hosts !== undefined && words.hostsFile !== undefined) {
    refuse("two-lists", "Give the nodes by -l or by -f, not by both.");
  }
  if (words.hostsFile !== undefined) {
    if (words.agency !== undefined) refuse("two-lists", "-a names the agency of -l; the file of -f has its own.");
    return parseHostFile(words.hostsFile, ipv6);
  }
  if (words.hosts === undefined) {
    refuse("no-hosts", "Say where the nodes are to be: -l ip:count,... (such as -l 127.0.0.1:4), or -f with a file.");
  }
  return parseHostList(words.hosts, checkName(words.agency ?? "agency", "The name of the agency (-a)"), ipv6);
}

/** Names and ports are counted on each machine, over all lines that name it; lines with own ports count theirs alone. */
function placeNodes(lines: readonly HostLine[], defaults: Ports, deployment: boolean): NodePlan[] {
  const counts = new Map<string, { nodes: number; onDefaults: number }>();
  return lines.flatMap((line) => {
    const count = counts.get(line.ip) ?? { nodes: 0, onDefaults: 0 };
    counts.set(line.ip, count);
    return Array.from({ length: line.count }, (_, index) => {
      const [p2p, channel, rpc] = line.ports ?? defaults;
      const offset = line.ports === undefined ? count.onDefaults++ : index;
      const name = `node${count.nodes++}`;
      return {
        name,
        folder: deployment ? `node_${line.ip}_${p2p + offset}` : name,
        ip: line.ip,
        p2pPort: p2p + offset,
        channelPort: channel + offset,
        rpcPort: rpc + offset,
        agency: line.agency,
        groups: line.groups,
      };
    });
  });
}

function parseVersion(word: string): { text: string; version: SupportedVersion } {
  const text = word.replace(/^[vV]/, "");
  const version = /^2\.\d\.\d$/.test(text) ? parseSupportedVersion(text) : undefined;
  if (version?.ok !== true) refuse("bad-version", `-v takes a version from 2.0.0 to 2.9.1, not "${word}".`);
  return { text, version: version.value };
}

/** One of the algorithms, however it is written; `-c` in refusals. */
export function parseConsensus(word: string): ConsensusType {
  const consensus = CONSENSUS_TYPES.find((type) => type === word.toLowerCase());
  if (consensus === undefined) refuse("bad-consensus", `-c takes ${CONSENSUS_TYPES.join(", ")}, not "${word}".`);
  return consensus;
}

/** Days that certificates hold. */
export function parseDays(word: string): number {
  return wholeNumber(word, "The validity in days (-X)", [1, DAYS_MAX]);
}

function demandStorage(word: string): void {
  const storage = word.toLowerCase();
  if (storage === "rocksdb") return;
  if (["mysql", "scalable", "external"].includes(storage)) {
    refuse("storage-unsupported", `-s ${storage} is not supported: nodes keep everything in an embedded store of their own (-s rocksdb, or leave -s out).`);
  }
  refuse("bad-storage", `-s takes rocksdb, not "${word}".`);
}

function planAddresses(words: ChainWords, nodes: readonly NodePlan[]): Pick<NodeSettings, "listenIp" | "rpcListenIp"> {
  const [everywhere, loopback] = words.ipv6 === true ? ["::", "::1"] : ["0.0.0.0", "127.0.0.1"];
  const alone = nodes.every(({ ip }) => ip === "localhost" || ip === "::1" || /^127\.(\d+\.){2}\d+$/.test(ip));
  const open = words.openRpc === true;
  return { listenIp: alone && !open ? loopback : everywhere, rpcListenIp: open ? everywhere : "127.0.0.1" };
}
