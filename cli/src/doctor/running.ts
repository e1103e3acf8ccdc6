/** What running nodes say of themselves, and whether it fits together. */
import { quorumOf, type NodeFolder } from "../folders/index.js";
import type { Findings } from "./findings.js";
import { Refusal, ask, type Answer } from "./rpc.js";

/** One group as a running node sees it. */
export interface GroupState {
  readonly group: number;
  readonly height: number;
  readonly genesisHash: string;
  readonly sealers: readonly string[];
  readonly observers: readonly string[];
  /** Other members that the node hears of, with their heights and genesis. */
  readonly peers: readonly { readonly nodeId: string; readonly blockNumber: number; readonly genesisHash: string }[];
}

/** A node that answered. */
export interface RunningNode {
  /** Name for messages. */
  readonly name: string;
  readonly url: string;
  readonly nodeId: string;
  readonly version: string;
  readonly chainId: string;
  readonly supportedVersion: string;
  readonly clockOffsetMs: Answer["clockOffsetMs"];
  /** Node ids it has a connection with. */
  readonly connected: ReadonlySet<string>;
  readonly groups: readonly GroupState[];
  /** Groups that it runs without being a member. */
  readonly foreignGroups: readonly number[];
}

/** Code of an answer about a group that the node is no member of. */
const NOT_A_MEMBER = -40009;
/** Clocks that differ more make timestamps of blocks jump and time-outs misfire. */
const CLOCK_DIFFERENCE_MAX_MS = 3000;
/** A node that follows well is a block or two behind while others answer. */
const BLOCKS_BEHIND_MAX = 5;

/**
 * Asks a node for everything.
 *
 * @param expected groups that it should know; it names only those that it is a member of by itself
 * @returns undefined when it does not answer, or not as a node does; the latter is said
 */
export async function askNode(
  name: string,
  url: string,
  expected: readonly number[],
  findings: Findings,
): Promise<RunningNode | undefined> {
  let info: Answer;
  try {
    info = await ask(url, "getNodeInfo", []);
  } catch {
    return undefined;
  }
  try {
    return await askMore({ name, url, expected }, info);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    findings.error(
      "running",
      `What answers at ${url} does not answer as a node does: ${reason}`,
      "See the log of the node.",
    );
    return undefined;
  }
}

async function askMore(
  { name, url, expected }: { readonly name: string; readonly url: string; readonly expected: readonly number[] },
  info: Answer,
): Promise<RunningNode> {
  const version = (await ask(url, "getClientVersion", [])).result as Readonly<Record<string, unknown>>;
  const listed = (await ask(url, "getGroupList", [])).result as readonly number[];
  const connected = new Set<string>();
  const groups: GroupState[] = [];
  const foreignGroups: number[] = [];
  for (const group of new Set([...listed, ...expected])) {
    try {
      groups.push(await askGroup(url, group));
      const peers = (await ask(url, "getPeers", [group])).result as readonly { readonly NodeID: string }[];
      for (const peer of peers) connected.add(peer.NodeID);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.number === NOT_A_MEMBER) foreignGroups.push(group);
      else if (listed.includes(group)) throw error;
    }
  }
  return {
    name,
    url,
    nodeId: String((info.result as { readonly NodeID?: unknown }).NodeID),
    version: String(version["FISCO-BCOS Version"]),
    chainId: String(version["Chain Id"]),
    supportedVersion: String(version["Supported Version"]),
    clockOffsetMs: info.clockOffsetMs,
    connected,
    groups,
    foreignGroups,
  };
}

async function askGroup(url: string, group: number): Promise<GroupState> {
  const get = async (method: string, ...params: readonly unknown[]): Promise<unknown> =>
    (await ask(url, method, [group, ...params])).result;
  const status = (await get("getSyncStatus")) as GroupState & { readonly blockNumber: number };
  const bare = (hash: string): string => hash.replace(/^0x/, "");
  return {
    group,
    height: status.blockNumber,
    genesisHash: bare(status.genesisHash),
    sealers: (await get("getSealerList")) as readonly string[],
    observers: (await get("getObserverList")) as readonly string[],
    peers: status.peers.map((peer) => ({ ...peer, genesisHash: bare(peer.genesisHash) })),
  };
}

/** Whether the node that answers is the one of the folder, and runs the folder's groups. */
export function checkIdentity(
  node: NodeFolder,
  running: RunningNode,
  nodeId: string | undefined,
  findings: Findings,
): void {
  const port = `port ${node.rpcPort}`;
  if (nodeId !== undefined && running.nodeId !== nodeId) {
    findings.error(
      "running",
      `The node that answers at ${running.url} is ${short(running.nodeId)}, not the one of this folder (${short(nodeId)}).`,
      `Stop the other one, or change ${port} in config.ini of one of them.`,
    );
    return;
  }
  const loaded = [...running.groups.map(({ group }) => group), ...running.foreignGroups];
  for (const group of node.groups.filter((number) => !loaded.includes(number))) {
    const remedy = `bash ${node.directory}/scripts/load_new_groups.sh, or startGroup in the console if it was stopped.`;
    findings.warning("running", `The folder has the files of group ${group}, but the node does not run it.`, remedy);
  }
  if (running.chainId !== node.chainId || running.supportedVersion !== node.supportedVersion) {
    findings.warning(
      "running",
      `The node runs with chain id ${running.chainId} and rules ${running.supportedVersion}; config.ini says ${node.chainId} and ${node.supportedVersion}.`,
      "Put the old values back: they must never change on a chain that has blocks.",
    );
  }
  findings.ok(
    "running",
    `version ${running.version}, groups ${loaded.join(", ")}, ${running.connected.size} connections`,
  );
}

/** Whether a node is in its groups, and connected to enough of their members. */
export function checkMembership(
  running: RunningNode,
  known: {
    /** Names of nodes by node id. */
    readonly names: ReadonlyMap<string, string>;
    /** How the sealers of a group agree. */
    readonly consensusOf: (group: number) => string;
  },
  findings: Findings,
): void {
  const members = running.groups.filter(({ sealers, observers }) =>
    [...sealers, ...observers].includes(running.nodeId),
  );
  const strange = running.groups.filter((state) => !members.includes(state)).map(({ group }) => group);
  for (const group of [...strange, ...running.foreignGroups]) {
    findings.warning(
      "peers",
      `The node is no member of group ${group}: it gets no blocks of it.`,
      `In the console of a member:  switch ${group}, addObserver ${running.nodeId}, and addSealer once it has caught up.`,
    );
  }
  for (const { group, sealers, observers } of members) {
    const isHere = (id: string): boolean => id === running.nodeId || running.connected.has(id);
    const missing = [...sealers, ...observers].filter((id) => !isHere(id));
    const quorum = quorumOf(known.consensusOf(group), sealers.length);
    const reached = sealers.filter(isHere).length;
    const list = missing.map((id) => known.names.get(id) ?? short(id)).join(", ");
    const remedy = `See that they run, that p2p.node.N names their address and P2P port, and that no firewall is between.`;
    if (reached < quorum) {
      findings.error(
        "peers",
        `Group ${group}: not connected to ${list}; ${reached} of ${sealers.length} sealers cannot agree, ${quorum} are needed.`,
        remedy,
      );
    } else if (missing.length > 0) {
      findings.warning("peers", `Group ${group}: not connected to ${list}.`, remedy);
    }
  }
  findings.ok("peers", "connected to all members of its groups");
}

/** Whether the clocks of the nodes agree with the one here, and so with each other. */
export function checkClocks(nodes: readonly RunningNode[], findings: Findings): void {
  const told = nodes.flatMap((node) =>
    node.clockOffsetMs === undefined ? [] : [{ node, offset: node.clockOffsetMs }],
  );
  for (const { node, offset } of told) {
    const [atLeast, atMost] = offset;
    const difference = atLeast > 0 ? atLeast : atMost < 0 ? atMost : 0;
    if (Math.abs(difference) <= CLOCK_DIFFERENCE_MAX_MS) continue;
    const way = difference > 0 ? "ahead of" : "behind";
    const seconds = (Math.abs(difference) / 1000).toFixed(1);
    findings.error(
      "clock",
      `The clock of ${node.name} is ${seconds} s ${way} the one of this machine.`,
      "Let all machines set their clocks by NTP.",
    );
  }
  const clocks = told.length === 1 ? "the clock of 1 node agrees" : `the clocks of ${told.length} nodes agree`;
  if (told.length > 0) findings.ok("clock", `${clocks} with the one of this machine`);
  if (told.length < nodes.length) findings.note("clock", `${nodes.length - told.length} nodes do not tell their time`);
}

/** Whether all nodes have the same blocks of a group, and about as many. */
export async function checkBlocks(group: number, nodes: readonly RunningNode[], findings: Findings): Promise<void> {
  const states = nodes.flatMap((node) => {
    const state = node.groups.find((other) => other.group === group);
    return state === undefined ? [] : [{ node, state }];
  });
  const names = new Map(nodes.map((node) => [node.nodeId, node.name]));
  const said = states.flatMap(({ node, state }) => [
    { name: node.name, hash: state.genesisHash },
    ...state.peers.map((peer) => ({ name: names.get(peer.nodeId) ?? short(peer.nodeId), hash: peer.genesisHash })),
  ]);
  const hashes = [...new Set(said.map(({ hash }) => hash))];
  if (hashes.length > 1) {
    const parties = hashes.map(
      (hash) =>
        `${[...new Set(said.filter((one) => one.hash === hash).map(({ name }) => name))].join(", ")}: ${hash.slice(0, 8)}...`,
    );
    const remedy = `Copy one group.${group}.genesis to all nodes, unchanged, and remove data/group${group} of those that began with another.`;
    findings.error("genesis", `Nodes began with different blocks 0:\n${parties.join("\n")}`, remedy);
    return;
  }
  const highest = Math.max(...states.map(({ state }) => state.height));
  for (const { node, state } of states) {
    if (highest - state.height <= BLOCKS_BEHIND_MAX) continue;
    const remedy = "Run this again: if its height grows it is catching up; if not, see its log and its connections.";
    findings.warning("heights", `${node.name} is at block ${state.height}, others are at ${highest}.`, remedy);
  }
  await compareHashes(group, states, findings);
  findings.ok("heights", `block ${highest} on ${states.length} ${states.length === 1 ? "node" : "nodes"}`);
}

/** The block that all have: the hashes must be equal. */
async function compareHashes(
  group: number,
  states: readonly { readonly node: RunningNode; readonly state: GroupState }[],
  findings: Findings,
): Promise<void> {
  const common = Math.min(...states.map(({ state }) => state.height));
  const hashes = new Map<string, string[]>();
  for (const { node } of states) {
    try {
      const hash = String((await ask(node.url, "getBlockHashByNumber", [group, String(common)])).result);
      hashes.set(hash, [...(hashes.get(hash) ?? []), node.name]);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      findings.error(
        "heights",
        `${node.name} does not give its block ${common}: ${reason}`,
        "See the log of the node.",
      );
    }
  }
  if (hashes.size <= 1) return;
  const parties = [...hashes].map(([hash, names]) => `${names.join(", ")}: ${hash.slice(0, 10)}...`);
  findings.error(
    "heights",
    `Nodes have different blocks ${common}:\n${parties.join("\n")}`,
    `Stop the nodes that differ from the majority, remove their data/group${group}, and start them: they fetch the blocks anew.`,
  );
}

/** A node id as logs show it. */
function short(nodeId: string): string {
  return `${nodeId.slice(0, 8)}...`;
}
