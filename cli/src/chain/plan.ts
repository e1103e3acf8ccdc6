/** From the words of the command line to a checked plan of a chain. */
import { CodedError } from "@tsbcos/core/primitives";

/** Why a chain cannot be built, in words for the person at the terminal. */
export class ChainBuildError extends CodedError {
  override readonly name = "ChainBuildError";
}

/** One node that is to be made. */
export interface NodePlan {
  /** `node0`, `node1`, … counted on each ip. */
  readonly name: string;
  /** Address under which the other nodes reach it. */
  readonly ip: string;
  readonly p2pPort: number;
  readonly channelPort: number;
  readonly rpcPort: number;
}

/** A chain that is to be made, every value checked. */
export interface ChainPlan {
  readonly nodes: readonly NodePlan[];
  /** Name of the one agency whose CA signs the nodes' certificates. */
  readonly agency: string;
  readonly chainId: number;
  readonly supportedVersion: string;
  readonly freeStorage: boolean;
  /** Days that the certificates hold. */
  readonly validityDays: number;
  /** Address that the P2P and channel ports listen on. */
  readonly listenIp: string;
  /** Address that the JSON-RPC port listens on. */
  readonly rpcListenIp: string;
  readonly logLevel: string;
}

/** The command line's words, as text. */
export interface ChainWords {
  /** `ip:count,ip2:count`. */
  readonly hosts: string;
  /** First P2P, channel and RPC port. */
  readonly ports: string;
  readonly chainId?: string;
  readonly supportedVersion?: string;
  readonly days?: string;
  readonly freeStorage?: boolean;
  readonly openRpc?: boolean;
  readonly debugLog?: boolean;
}

const PORT_FIRST = 1025;
const PORT_LAST = 65535;
const NODES_MAX = 1000;

function refuse(code: string, message: string): never {
  throw new ChainBuildError(code, message);
}

function wholeNumber(text: string, what: string, range: readonly [number, number]): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < range[0] || value > range[1]) {
    refuse("bad-number", `${what} must be a whole number from ${range[0]} to ${range[1]}, not "${text}".`);
  }
  return value;
}

function parseHosts(text: string): { ip: string; count: number }[] {
  const hosts = text.split(",").map((word) => {
    const match = /^([A-Za-z0-9.-]+)(?::(\d+))?$/.exec(word.trim());
    if (match === null) return refuse("bad-hosts", `-l takes ip:count,ip2:count (such as 127.0.0.1:4), not "${text}".`);
    return { ip: match[1] ?? "", count: wholeNumber(match[2] ?? "1", "The number of nodes of an ip", [1, NODES_MAX]) };
  });
  if (new Set(hosts.map((host) => host.ip)).size !== hosts.length) {
    refuse("repeated-host", `-l names an ip twice: "${text}". Give each ip once, with the number of its nodes.`);
  }
  return hosts;
}

function parsePorts(text: string): readonly [number, number, number] {
  const words = text.split(",");
  if (words.length !== 3) refuse("bad-ports", `-p takes three ports: P2P,channel,RPC (such as 30300,20200,8545), not "${text}".`);
  const [p2p, channel, rpc] = words.map((word) => wholeNumber(word.trim(), "A port", [PORT_FIRST, PORT_LAST]));
  return [p2p as number, channel as number, rpc as number];
}

function planNodes(words: ChainWords): NodePlan[] {
  const [p2p, channel, rpc] = parsePorts(words.ports);
  const nodes = parseHosts(words.hosts).flatMap(({ ip, count }) =>
    Array.from({ length: count }, (_, index) => ({
      name: `node${index}`,
      ip,
      p2pPort: p2p + index,
      channelPort: channel + index,
      rpcPort: rpc + index,
    })),
  );
  const taken = new Set<string>();
  for (const node of nodes) {
    for (const port of [node.p2pPort, node.channelPort, node.rpcPort]) {
      if (port > PORT_LAST) refuse("port-too-high", `${node.name} would need port ${port}; the highest is ${PORT_LAST}. Choose lower ports with -p.`);
      if (taken.has(`${node.ip}:${port}`)) refuse("ports-overlap", `Port ${port} would be used twice on ${node.ip}. Choose ports further apart with -p.`);
      taken.add(`${node.ip}:${port}`);
    }
  }
  return nodes;
}

/**
 * Checks the words and fills in the defaults of `build_chain.sh`.
 *
 * A chain whose nodes are all on loopback listens on loopback only; otherwise P2P and channel listen everywhere.
 *
 * @throws ChainBuildError that names the option and says what it takes
 */
export function planChain(words: ChainWords): ChainPlan {
  const nodes = planNodes(words);
  const loopback = nodes.every((node) => node.ip === "localhost" || /^127\.(\d+\.){2}\d+$/.test(node.ip));
  const version = words.supportedVersion ?? "2.9.0";
  if (!/^2\.(?:[0-8]\.\d+|9\.[01])$/.test(version)) {
    refuse("bad-version", `-v takes a version from 2.0.0 to 2.9.1, not "${version}".`);
  }
  return {
    nodes,
    agency: "agency",
    chainId: wholeNumber(words.chainId ?? "1", "The chain id (-C)", [0, 2 ** 31 - 1]),
    supportedVersion: version,
    freeStorage: words.freeStorage ?? false,
    validityDays: wholeNumber(words.days ?? "36500", "The validity in days (-X)", [1, 36500]),
    listenIp: loopback ? "127.0.0.1" : "0.0.0.0",
    rpcListenIp: words.openRpc === true ? "0.0.0.0" : "127.0.0.1",
    logLevel: words.debugLog === true ? "debug" : "info",
  };
}
