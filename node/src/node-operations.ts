/** Connects what an operator may change while the node runs to the running parts, the files and the log. */
import type { GroupId, NodeId } from "@tsbcos/core/primitives";
import {
  describeProblem,
  groupDataDirectory,
  groupFile,
  listGroups,
  loadGroup,
  loadSdkAllowlist,
  loadWhitelist,
  parseHostAndPort,
  saveStaticPeers,
  type GroupFiles,
  type NodeConfig,
} from "./config/index.js";
import type { GroupRegistry } from "./group-registry.js";
import {
  changePeers,
  decisionAtStart,
  GroupOperations,
  readGroupState,
  watchSignalFiles,
  writeGroupState,
  type GroupPaths,
  type PeerHost,
  type SignalWatch,
} from "./operations/index.js";
import type { P2pService } from "./p2p/index.js";
import type { NodeOperations } from "./rpc/index.js";
import type { Log } from "./telemetry/index.js";

/** The parts of a node that operations change. */
export interface OperatedParts {
  readonly node: NodeConfig;
  readonly nodeId: NodeId;
  readonly p2p: P2pService;
  readonly registry: GroupRegistry;
  readonly log: Log;
  readonly setSdkAllowlist: (groupId: GroupId, publicKeys: readonly NodeId[]) => void;
  startGroup(files: GroupFiles): Promise<void>;
  stopGroup(groupId: GroupId): Promise<void>;
}

/** Where the files of a group are. */
export function groupPaths(node: NodeConfig, groupId: GroupId): GroupPaths {
  return {
    dataDirectory: groupDataDirectory(node, groupId),
    genesisFile: groupFile(node, groupId, "genesis"),
    settingsFile: groupFile(node, groupId, "ini"),
  };
}

/**
 * Whether a group that is found when the process starts is to run. A group that was being stopped when the process ended
 * is marked as stopped.
 *
 * @param complain told of groups that are left alone because nobody knows what state they are in
 */
export function startsWithNode(node: NodeConfig, groupId: GroupId, complain: (text: string) => void): boolean {
  const paths = groupPaths(node, groupId);
  const state = readGroupState(paths);
  if (state === "UNKNOWN") {
    complain(`group ${groupId} is not started: ${paths.dataDirectory}/.group_status holds no word that is known`);
  }
  const { starts, rewrite } = decisionAtStart(state);
  if (rewrite !== undefined) writeGroupState(paths, rewrite);
  return starts;
}

/** Operations on the groups of a node. */
export function groupOperations(parts: OperatedParts): GroupOperations {
  const { node, nodeId, p2p, registry, log } = parts;
  return new GroupOperations({
    nodeId,
    pathsOf: (groupId) => groupPaths(node, groupId),
    isConnected: (peer) => p2p.isConnected(peer),
    isRunning: (groupId) => registry.find(groupId) !== undefined,
    start: async (groupId) => {
      const { value, warnings } = loadGroup(node, groupId);
      for (const warning of warnings) log.line("warning", `[CONFIG]${describeProblem(warning)}`);
      await parts.startGroup(value);
    },
    stop: (groupId) => parts.stopGroup(groupId),
    configuredGroups: () => listGroups(node),
    report: (level, event, groupId, reason) => {
      log.line(level, `[g:${groupId}][LEDGER]${event}${reason === undefined ? "" : `,reason=${reason}`}`);
    },
  });
}

/** The operations as JSON-RPC offers them. */
export function rpcOperations(
  groups: GroupOperations,
  { node, p2p }: Pick<OperatedParts, "node" | "p2p">,
): NodeOperations {
  const peers: PeerHost = {
    requestMax: node.p2p.peersParamLimit,
    peersMax: node.p2p.maxNodesLimit,
    parse: parseHostAndPort,
    peers: () => p2p.staticPeers(),
    save: (endpoints) => {
      saveStaticPeers(node.file, endpoints);
    },
    use: (endpoints) => {
      p2p.setStaticPeers(endpoints);
    },
  };
  return {
    supportedVersion: node.supportedVersion,
    disableDynamicGroup: node.rpc.disableDynamicGroup,
    groups: {
      status: (groupId) => ({ ...groups.status(groupId) }),
      generate: async (groupId, request) => ({ ...(await groups.generate(groupId, request)) }),
      start: async (groupId) => ({ ...(await groups.start(groupId)) }),
      stop: async (groupId) => ({ ...(await groups.stop(groupId)) }),
      remove: async (groupId) => ({ ...(await groups.remove(groupId)) }),
      recover: async (groupId) => ({ ...(await groups.recover(groupId)) }),
    },
    peers: {
      add: (hosts) => ({ ...changePeers("add", hosts, peers) }),
      erase: (hosts) => ({ ...changePeers("erase", hosts, peers) }),
    },
  };
}

/** Begins to look for signal files beside the configuration. */
export function watchSignals(
  groups: GroupOperations,
  { node, p2p, log, registry, setSdkAllowlist }: OperatedParts,
): SignalWatch {
  return watchSignalFiles({
    configFile: node.file,
    handlers: {
      append_group: async () => {
        log.line("info", "[NODE]start-more-groups");
        await groups.startNewGroups();
      },
      reset_allowlist: () => {
        for (const { groupId } of registry.running()) {
          const allowlist = loadSdkAllowlist(node, groupId);
          setSdkAllowlist(groupId, allowlist);
          log.line("info", `[g:${groupId}][CHANNEL]allowlist-reset,sdks=${allowlist.length}`);
        }
      },
      reset_certificate_whitelist: () => {
        const whitelist = loadWhitelist(node.file);
        p2p.setWhitelist(whitelist);
        log.line("info", `[P2P]whitelist-reset,nodes=${whitelist.length}`);
      },
    },
    onError: (file, error) => {
      const reason = error instanceof Error ? error.message : String(error);
      log.line("error", `[NODE]signal-failed,file=${file},reason=${reason}`);
    },
  });
}
