/** The static peers of a running node, added and erased. */
import { answer, type Answer } from "./answers.js";

/** Where a node listens. */
export interface PeerEndpoint {
  readonly host: string;
  readonly port: number;
}

/** What the operations need of the node. */
export interface PeerHost {
  /** Endpoints in one request, at most. */
  readonly requestMax: number;
  /** Static peers, at most. */
  readonly peersMax: number;
  /** Reads `host:port` or `[IPv6 address]:port`; undefined when it is neither. */
  parse(text: string): PeerEndpoint | undefined;
  /** Static peers now. */
  peers(): readonly PeerEndpoint[];
  /** Writes the list to the configuration file; throws when that fails. */
  save(peers: readonly PeerEndpoint[]): void;
  /** Makes the list count from now on. */
  use(peers: readonly PeerEndpoint[]): void;
}

const keyOf = ({ host, port }: PeerEndpoint): string => `${host}${port}`;

/** The peers in the order in which 2.x lists and writes them: of host and port written one after the other. */
export function sortedPeers(peers: readonly PeerEndpoint[]): PeerEndpoint[] {
  return [...peers].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function readPeers(hosts: unknown, host: PeerHost): PeerEndpoint[] | Answer {
  if (!Array.isArray(hosts)) return answer("invalidParams", "invalid params field, not array format json");
  if (hosts.length === 0) return answer("invalidParams", "failed for empty host list, expect at least one peer");
  const peers: PeerEndpoint[] = [];
  for (const [index, text] of (hosts as readonly unknown[]).entries()) {
    const peer = typeof text === "string" ? host.parse(text) : undefined;
    if (peer === undefined) return answer("invalidParams", `invalid peer at position ${index + 1}`);
    peers.push(peer);
  }
  if (peers.length > host.requestMax) {
    return answer("failed", `refused for too many param peers. peers_param_limit: ${host.requestMax}`);
  }
  return peers;
}

/** The peers before and after, by their text. */
function changed(
  kind: "add" | "erase",
  before: readonly PeerEndpoint[],
  named: readonly PeerEndpoint[],
): PeerEndpoint[] {
  const peers = new Map(before.map((peer) => [keyOf(peer), peer]));
  for (const peer of named) {
    if (kind === "erase") peers.delete(keyOf(peer));
    else if (!peers.has(keyOf(peer))) peers.set(keyOf(peer), peer);
  }
  return sortedPeers([...peers.values()]);
}

/**
 * Adds peers to the static ones or erases them, in the file and in memory. Sessions of erased peers stay.
 *
 * @param hosts what the client sent: texts like `127.0.0.1:30300`
 */
export function changePeers(kind: "add" | "erase", hosts: unknown, host: PeerHost): Answer {
  const named = readPeers(hosts, host);
  if (!Array.isArray(named)) return named;
  const before = host.peers();
  const after = changed(kind, before, named);
  if (after.length === before.length) {
    const nothing = kind === "add" ? "all the inserted peers already exist" : "none of the erased peers exist";
    return answer("done", `${kind} peers :${nothing}`);
  }
  if (kind === "add" && after.length > host.peersMax) {
    return answer("failed", `refused for too many peers. max_nodes_limit: ${host.peersMax}`);
  }
  try {
    host.save(after);
  } catch (error) {
    return answer("failed", error instanceof Error ? error.message : String(error));
  }
  host.use(after);
  return answer("done", `${kind} peers :update config file successfully`);
}
