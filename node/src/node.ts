/** One node: everything that its folders offer, put together in the order in which it can start and stop. */
import { CodedError, type GroupId, type NodeId } from "@tsbcos/core/primitives";
import { channelGroup, createAmop, isAmopFrame, startChannel, topicHooks } from "./channel-starter.js";
import type { AmopService, ChannelServer } from "./channel/index.js";
import type { GroupFiles, NodeFiles } from "./config/index.js";
import { loadNativeSuites, readNodeKey, type NodeKey } from "./crypto/index.js";
import { FlowControl } from "./flow-control.js";
import { GroupRegistry } from "./group-registry.js";
import { startGroup, stopGroup, type GroupSurroundings } from "./group-starter.js";
import { startMonitoring, type Monitoring } from "./monitoring.js";
import { groupOperations, groupPaths, rpcOperations, watchSignals, type OperatedParts } from "./node-operations.js";
import { nodeReader } from "./node-reader.js";
import { writeGroupState, type GroupOperations, type SignalWatch } from "./operations/index.js";
import {
  createP2pService,
  createSmTlsTransport,
  createTlsTransport,
  readCredentials,
  readSmCredentials,
  type P2pService,
  type SecureTransport,
} from "./p2p/index.js";
import { createRpcService, startRpcHttpServer, type RpcHttpServer } from "./rpc/index.js";
import { VerifierPool } from "./runtime/index.js";
import { tracerTo, type Log } from "./telemetry/index.js";

/** A running node. */
export interface RunningNode {
  readonly nodeId: NodeId;
  /** Stops taking requests, lets the groups finish their writes, and closes everything. */
  stop(): Promise<void>;
}

/** What a node needs besides its files. */
export interface NodeOptions {
  readonly files: NodeFiles;
  readonly log: Log;
  /** Something that cannot be repaired while running: the process must end. */
  readonly onFatal: (error: CodedError) => void;
}

/** Parts of 2.x that this build refuses rather than ignores. */
function refuseUnsupported({ node }: NodeFiles): void {
  if (node.storageSecurity.enabled) {
    throw new CodedError(
      "storage-security-unsupported",
      "storage_security.enable=true: disk encryption is not part of this version. Set it to false.",
    );
  }
}

/** Connects to other nodes: frames of groups go to the groups, messages of clients to AMOP. */
function startP2p(
  { files: { node }, log }: NodeOptions,
  parts: Pick<GroupSurroundings, "key" | "registry" | "flow"> & {
    readonly transport: SecureTransport;
    readonly amop: AmopService;
  },
): Promise<P2pService> {
  const { key, transport, registry, flow, amop } = parts;
  return createP2pService({
    nodeId: key.nodeId,
    transport,
    listen: node.p2p.listen,
    staticPeers: node.p2p.peers,
    blacklist: node.blacklist,
    whitelist: node.whitelist,
    compress: node.p2p.compress,
    trace: tracerTo(log),
    topics: topicHooks(amop),
    onFrame: (from, frame) => {
      if (isAmopFrame(frame)) amop.fromPeer(from, frame);
      else registry.frame(from, frame);
    },
    onSent: (message, bytes) => {
      flow.charge(message, bytes);
    },
    onPeersChanged: (peers) => {
      registry.peersChanged(peers);
      amop.peersChanged(peers);
    },
    // Operators watch this line to see how many nodes are connected.
    onTick: (connected) => {
      log.line("info", `[P2P][Service] heartBeat,connected count=${connected}`);
    },
  });
}

/** What the certificates of a node say, and the way to connections with them. */
interface OwnCertificates {
  readonly own: { readonly nodeId: NodeId; readonly warnings: readonly string[] };
  createTransport(): SecureTransport;
}

function tls({ networkSecurity }: NodeFiles["node"]): OwnCertificates {
  const own = readCredentials(networkSecurity);
  return { own, createTransport: () => createTlsTransport(own.credentials) };
}

function smTls({ networkSecurity }: NodeFiles["node"]): OwnCertificates {
  const own = readSmCredentials(networkSecurity);
  return { own, createTransport: () => createSmTlsTransport(own.credentials) };
}

/** The key of the node and what its TLS needs, which belong together. */
async function readIdentity({
  files: { node },
  log,
}: NodeOptions): Promise<{ key: NodeKey; transport: SecureTransport }> {
  const suites = await loadNativeSuites();
  const key = readNodeKey(node.networkSecurity.keyFile, node.chain.sm ? suites.sm : suites.standard);
  const { own, createTransport } = node.chain.sm ? smTls(node) : tls(node);
  for (const warning of own.warnings) log.line("warning", `[P2P]${warning}`);
  if (own.nodeId !== key.nodeId) {
    throw new CodedError(
      "key-not-of-certificate",
      `${node.networkSecurity.keyFile} is not the key of ${node.networkSecurity.certificateFile}: both must belong to the same node.`,
    );
  }
  return { key, transport: createTransport() };
}

function defectsTo(log: Log): (method: string, error: unknown) => void {
  return (method, error) => {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.line("error", `[RPC]defect,method=${method},reason=${reason}`);
  };
}

/** What has been started so far, to be stopped again. */
interface Running {
  channel?: ChannelServer;
  http?: RpcHttpServer;
  signals?: SignalWatch;
  operations?: GroupOperations;
  monitoring?: Monitoring;
  p2p?: P2pService;
}

async function stopNode(
  running: Running,
  {
    flow,
    registry,
    verifiers,
    amop,
  }: Pick<GroupSurroundings, "flow" | "registry" | "verifiers"> & {
    readonly amop: AmopService;
  },
): Promise<void> {
  running.signals?.close();
  await Promise.all([running.http?.close(), running.channel?.close()]);
  amop.close();
  await running.operations?.close();
  flow.close();
  await registry.stopAll();
  await running.monitoring?.close();
  await running.p2p?.close();
  await verifiers.close();
}

/**
 * Starts a node: groups first, then the network, then JSON-RPC, so that nothing arrives where nobody answers.
 *
 * @throws CodedError (as a rejection) that says what is wrong and what to do; whatever was started is stopped again
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  refuseUnsupported(options.files);
  const { files, log } = options;
  const { node, groups } = files;
  const { key, transport } = await readIdentity(options);
  const running: Running = {};
  const registry = new GroupRegistry(key.nodeId, {
    onBlock: (groupId, block) => {
      running.monitoring?.blockCommitted(groupId, block);
      running.channel?.blockCommitted(groupId, block.number);
    },
  });
  const flow = new FlowControl(node.flowControl);
  const verifiers = new VerifierPool(new URL("verifier-thread.js", import.meta.url), {
    threads: node.verifierThreads,
    sm: node.chain.sm,
    onFailed: options.onFatal,
  });
  const surroundings: GroupSurroundings = {
    ...{ node, key, log, verifiers, registry, flow, onFatal: options.onFatal },
    send: (to, message) => running.p2p?.send(to, message) ?? 0,
  };
  const amop = createAmop({ nodeId: key.nodeId, flow, log, p2p: () => running.p2p });
  const begin = async (group: GroupFiles): Promise<void> => {
    await startGroup(group, surroundings);
    running.channel?.addGroup(group.groupId, channelGroup(group, registry));
  };
  const stop = (): Promise<void> => stopNode(running, { flow, registry, verifiers, amop });
  try {
    for (const group of groups) {
      await startGroup(group, surroundings);
      writeGroupState(groupPaths(node, group.groupId), "RUNNING");
    }
    const p2p = await startP2p(options, { key, transport, registry, flow, amop });
    running.p2p = p2p;
    running.monitoring = await startMonitoring({ node, registry, p2p, amop, channel: () => running.channel });
    const operated: OperatedParts = {
      ...{ node, nodeId: key.nodeId, p2p, registry, log },
      setSdkAllowlist: (groupId, publicKeys) => running.channel?.setAllowlist(groupId, publicKeys),
      startGroup: begin,
      stopGroup: async (groupId) => {
        running.channel?.removeGroup(groupId);
        await stopGroup(groupId, surroundings);
      },
    };
    const operations = groupOperations(operated);
    running.operations = operations;
    const service = createRpcService({
      node: nodeReader({ files, nodeId: key.nodeId, p2p, registry, amop }),
      operations: rpcOperations(operations, operated),
      group: (groupId) => registry.gateway(groupId as GroupId),
      onDefect: defectsTo(log),
    });
    const channel = await startChannel({ node, amop, flow, log, rpc: service });
    running.channel = channel;
    for (const group of groups) channel.addGroup(group.groupId, channelGroup(group, registry));
    running.http = await startRpcHttpServer({ ...node.rpc.jsonRpc, service });
    running.signals = watchSignals(operations, operated);
    return { nodeId: key.nodeId, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
