/** One node: everything that its folders offer, put together in the order in which it can start and stop. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { CodedError, type GroupId, type NodeId } from "@tsbcos/core/primitives";
import type { P2pFrame } from "@tsbcos/core/protocol";
import { groupDataDirectory, type GroupFiles, type NodeFiles } from "./config/index.js";
import { GroupRegistry } from "./group-registry.js";
import { loadNativeSuites, readNodeKey, type NodeKey } from "./crypto/index.js";
import { nodeReader } from "./node-reader.js";
import {
  createP2pService,
  createTlsTransport,
  readCredentials,
  type P2pService,
  type TlsCredentials,
} from "./p2p/index.js";
import { createRpcService, startRpcHttpServer, type RpcHttpServer } from "./rpc/index.js";
import { GroupThread, VerifierPool } from "./runtime/index.js";
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

/** Database blocks that a group keeps in memory, beside its cache of rows. */
const STORE_CACHE_BYTES = 16 * 1024 * 1024;

/** Parts of 2.x that this build refuses rather than ignores. */
function refuseUnsupported({ node }: NodeFiles): void {
  if (node.chain.sm) {
    throw new CodedError(
      "sm-unsupported",
      "chain.sm_crypto=true: this version can replay SM chains but not run their nodes, which need SM TLS.",
    );
  }
  if (node.storageSecurity.enabled) {
    throw new CodedError(
      "storage-security-unsupported",
      "storage_security.enable=true: disk encryption is not part of this version. Set it to false.",
    );
  }
}

/** Starts the thread of one group and connects it to the network and the registry. */
async function startGroup(
  files: GroupFiles,
  parts: NodeOptions & {
    readonly key: NodeKey;
    readonly verifiers: VerifierPool;
    readonly registry: GroupRegistry;
    readonly send: P2pService["send"];
  },
): Promise<void> {
  const { log, key, registry } = parts;
  const { node } = parts.files;
  const { groupId } = files;
  const storeDirectory = `${groupDataDirectory(node, groupId)}/block/level`;
  mkdirSync(storeDirectory, { recursive: true });
  const start = {
    genesis: files.genesis,
    options: files.group.options,
    chainId: node.chain.id,
    version: node.supportedVersion,
    sm: node.chain.sm,
    nodeId: key.nodeId,
    privateKey: key.pair.privateKey,
    storeDirectory,
    storeCacheBytes: STORE_CACHE_BYTES,
    seed: randomBytes(16).toString("hex"),
    traceLevel: log.isEnabled("debug")
      ? ("debug" as const)
      : log.isEnabled("info")
        ? ("info" as const)
        : ("warn" as const),
    verifierPorts: parts.verifiers.connect(),
  };
  const events = {
    onSend: (head: { to: readonly NodeId[]; moduleId: number; packetType: number; seq: number }, body: Uint8Array) => {
      parts.send(head.to, { ...head, groupId, isResponse: false, body });
    },
    onTrace: tracerTo(log, groupId),
    onFailed: (error: CodedError) => {
      parts.onFatal(new CodedError(error.code, `group ${groupId}: ${error.message}`, { cause: error }));
    },
    ...registry.eventsOf(groupId),
  };
  try {
    const opened = await GroupThread.start(new URL("group-thread.js", import.meta.url), start, events);
    registry.add(groupId, opened.thread);
    log.line("info", `[g:${groupId}][LEDGER]open,number=${opened.height},hash=${opened.hash.slice(0, 8)}...`);
  } catch (cause) {
    const error = cause instanceof CodedError ? cause : new CodedError("group-start-failed", String(cause));
    throw new CodedError(error.code, `Group ${groupId} does not start: ${error.message}`, { cause });
  }
}

function p2pOptions(
  options: NodeOptions,
  key: NodeKey,
  credentials: TlsCredentials,
): Omit<Parameters<typeof createP2pService>[0], "onFrame" | "onPeersChanged"> {
  const { node } = options.files;
  return {
    nodeId: key.nodeId,
    transport: createTlsTransport(credentials),
    listen: node.p2p.listen,
    staticPeers: node.p2p.peers,
    blacklist: node.blacklist,
    whitelist: node.whitelist,
    compress: node.p2p.compress,
    trace: tracerTo(options.log),
  };
}

/**
 * Starts a node: groups first, then the network, then JSON-RPC, so that nothing arrives where nobody answers.
 *
 * @throws CodedError (as a rejection) that says what is wrong and what to do; whatever was started is stopped again
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  refuseUnsupported(options.files);
  const { node, groups } = options.files;
  const suites = await loadNativeSuites();
  const key = readNodeKey(node.networkSecurity.keyFile, node.chain.sm ? suites.sm : suites.standard);
  const own = readCredentials(node.networkSecurity);
  for (const warning of own.warnings) options.log.line("warning", `[P2P]${warning}`);
  if (own.nodeId !== key.nodeId) {
    throw new CodedError(
      "key-not-of-certificate",
      `${node.networkSecurity.keyFile} is not the key of ${node.networkSecurity.certificateFile}: both must belong to the same node.`,
    );
  }
  const registry = new GroupRegistry(key.nodeId, options.log);
  const verifiers = new VerifierPool(new URL("verifier-thread.js", import.meta.url), {
    threads: node.verifierThreads,
    sm: node.chain.sm,
    onFailed: options.onFatal,
  });
  let p2p: P2pService | undefined;
  let http: RpcHttpServer | undefined;
  const stop = async (): Promise<void> => {
    await http?.close();
    await registry.stopAll();
    await p2p?.close();
    await verifiers.close();
  };
  try {
    const send: P2pService["send"] = (to, message) => p2p?.send(to, message) ?? 0;
    for (const group of groups) await startGroup(group, { ...options, key, verifiers, registry, send });
    p2p = await createP2pService({
      ...p2pOptions(options, key, own.credentials),
      onFrame: (from: NodeId, frame: P2pFrame) => {
        registry.find(frame.groupId as GroupId)?.frame(from, frame);
      },
      onPeersChanged: (peers: readonly NodeId[]) => {
        registry.peersChanged(peers);
        options.log.line("info", `[P2P][Service] heartBeat,connected count=${peers.length}`);
      },
    });
    const service = createRpcService({
      node: nodeReader({ files: options.files, nodeId: key.nodeId, p2p, registry }),
      group: (groupId) => registry.gateway(groupId as GroupId),
      onDefect: (method, error) => {
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        options.log.line("error", `[RPC]defect,method=${method},reason=${reason}`);
      },
    });
    const { host, port } = node.rpc.jsonRpc;
    http = await startRpcHttpServer({ host, port, service });
    return { nodeId: key.nodeId, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
