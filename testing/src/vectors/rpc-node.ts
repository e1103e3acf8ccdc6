/** Node 0 of a recorded chain, as far as JSON-RPC sees it: a replayed ledger behind the real service. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ChainWorker, Group, PastCalls } from "@tsbcos/core/group";
import type { GroupOptions } from "@tsbcos/core/group";
import { CodedError, createRandom, err, height, ok } from "@tsbcos/core/primitives";
import type { GroupId, Hash, NodeId, Result } from "@tsbcos/core/primitives";
import { ModuleId, encodeSyncPacket, verifyTransaction } from "@tsbcos/core/protocol";
import type { Json, VerifiedTransaction } from "@tsbcos/core/protocol";
import { MemoryStore } from "@tsbcos/core/state";
import { loadChain as loadFiles } from "@tsbcos/node/config";
import { readNodeKey } from "@tsbcos/node/crypto";
import type { NativeSuites } from "@tsbcos/node/crypto";
import { readNodeCertificate } from "@tsbcos/node/p2p";
import { chainReader, createNodeReader, createRpcService, refusedSubmission, runGroupMethod } from "@tsbcos/node/rpc";
import type {
  ChainReaderParts,
  GroupGateway,
  NodeOperations,
  NodeReader,
  RpcService,
  SessionView,
} from "@tsbcos/node/rpc";
import { readRecording, replayedLedger } from "../replay/index.js";
import { RECORDINGS } from "./load.js";
import type { ChainName } from "./load.js";

const START = { steadyMs: 0, wallMs: 0 };

/** Local options of a group, as nodes have them by default. */
export const RECORDED_OPTIONS: GroupOptions = {
  pool: { limit: 1000, memoryBytesMax: 2 ** 26, expirationMs: 600_000 },
  consensus: {
    ttl: 2,
    minBlockGenerationTimeMs: 500,
    enableDynamicBlockSize: true,
    blockSizeIncreaseRatio: 0.5,
    enableTtlOptimization: true,
    enablePrepareWithTransactionHashes: true,
    broadcastPrepareByTree: true,
    prepareStatusBroadcastPercent: 33,
    maxRequestMissedTransactionsWaitMs: 100,
    maxRequestPrepareWaitMs: 100,
  },
  blockSync: { syncBlockByTree: true, gossipIntervalMs: 1000, gossipPeersNumber: 3, downloadBytesMax: 2 ** 29 },
  transactionSync: { sendTransactionsByTree: true, transactionGossipPeersMax: 5, idleWaitMs: 10 },
};

interface Identity {
  readonly nodeId: NodeId;
  readonly agencyName: string;
  readonly nodeName: string;
}

/** Who a node of the recording is, from its certificate. */
function identityOf(folder: string, node: number, prefix: string): Identity {
  const file = join(folder, "nodes", `node${String(node)}`, `${prefix}node.crt`);
  const identity = readNodeCertificate(new X509Certificate(readFileSync(file)).raw);
  if (!identity.ok) throw new Error(`${file}: ${identity.error.code}`);
  return identity.value;
}

/** What others had to do with node 0 when the chain was recorded. */
export interface RecordedSurroundings {
  /** Sessions in their order, from `getPeers`; names come from the certificates. */
  readonly sessions: readonly {
    readonly NodeID: string;
    readonly IPAndPort: string;
    readonly Topic: readonly string[];
  }[];
  /** What each peer had told last about its chain, from `getSyncStatus`. */
  readonly told: readonly {
    readonly nodeId: string;
    readonly blockNumber: number;
    readonly latestHash: string;
  }[];
}

/** A running group with three peers. */
function groupOf(environment: Parameters<typeof Group.create>[0], told: RecordedSurroundings["told"]): Group {
  const made = Group.create(environment);
  if (!made.ok) throw new Error(made.error.message);
  const group = made.value;
  const { genesisHash } = environment.ledger.head();
  group.step({ type: "started", backedUpPrepare: undefined }, START);
  group.step({ type: "peers-changed", peers: told.map(({ nodeId }) => nodeId as NodeId) }, START);
  for (const { nodeId, blockNumber, latestHash } of told) {
    const from = nodeId as NodeId;
    const number = height(blockNumber);
    const packet = { type: "status", number, genesisHash, latestHash: latestHash as Hash, time: 0 } as const;
    const body = encodeSyncPacket(packet, environment.ledger.rules.version);
    group.step({ type: "frame-received", from, moduleId: ModuleId.Sync, packetType: 0, seq: 0, body }, START);
  }
  return group;
}

/** Calls on past states, without the thread that runs them in a node. */
function pastOf(calls: PastCalls): NonNullable<ChainReaderParts["past"]> {
  return {
    call(number, request) {
      const called = calls.call(number, request);
      if (called.ok) return Promise.resolve(called);
      const { code, from } = called.error;
      return Promise.resolve(err(code === "state-not-kept" ? { code, from } : { code }));
    },
  };
}

function gatewayOf(parts: Omit<ChainReaderParts, "chain" | "group"> & { readonly group: Group }): GroupGateway {
  const { ledger, group } = parts;
  const { suite } = ledger.rules;
  const reader = chainReader({ ...parts, chain: new ChainWorker(ledger) });
  const importing = (raw: Uint8Array): Result<Hash, { readonly code: string; readonly text: string }> => {
    const verified: Result<VerifiedTransaction, { readonly code: string }> = verifyTransaction(raw, suite);
    if (!verified.ok) return { ok: false, error: { code: "malformed", text: "" } };
    const imported = group.pool.import(verified.value, "client", START);
    return imported.ok ? ok(verified.value.hash) : imported;
  };
  return {
    async read(method, params) {
      return await Promise.resolve().then(() => runGroupMethod(reader, method, params));
    },
    submit(raw) {
      const result = importing(raw);
      return result.ok ? Promise.resolve(result.value) : Promise.reject(refusedSubmission(result.error));
    },
  };
}

/** Operations on a node without files: its group 1 runs, and nothing else is asked of it. */
function operationsOf(supportedVersion: NodeOperations["supportedVersion"]): NodeOperations {
  // The recorded calls change nothing, and neither does this node.
  const refusal = { code: "0x1", message: "a replayed chain is not changed" };
  const refuse = (): Promise<typeof refusal> => Promise.resolve(refusal);
  return {
    supportedVersion,
    disableDynamicGroup: false,
    groups: {
      status(groupId) {
        if (groupId < 1 || groupId > 32767) {
          return { code: "0x7", message: "GroupID should be between 1 and 32767", status: "" };
        }
        return { code: "0x0", message: "", status: groupId === 1 ? "RUNNING" : "INEXISTENT" };
      },
      generate: refuse,
      start: refuse,
      stop: refuse,
      remove: refuse,
      recover: refuse,
    },
    peers: { add: () => refusal, erase: () => refusal },
  };
}

/** What else there is to say about a service. */
export interface ServiceOptions {
  /** Blocks of the chain that are replayed, block 0 included; all of them without it. */
  readonly length?: number;
  /** `tsbcos.revert_reasons` */
  readonly revertReasons?: boolean;
}

/**
 * The service of node 0 over the replayed chain, and whatever its methods failed with that is no RPC error.
 *
 */
export function serviceOf(
  name: ChainName,
  suites: Pick<NativeSuites, "sm" | "standard">,
  surroundings: RecordedSurroundings,
  options: ServiceOptions = {},
): { readonly service: RpcService; readonly defects: unknown[] } {
  const folder = join(RECORDINGS, name);
  const whole = readRecording(folder, suites);
  const recording = { ...whole, blocks: whole.blocks.slice(0, options.length) };
  const { rules, genesis } = recording;
  const prefix = rules.suite.name === "sm" ? "gm" : "";
  const { node } = loadFiles(join(folder, "config.ini"), join(folder, "group.1.genesis"), 1 as GroupId).value;
  const [self, ...others] = [0, 1, 2, 3].map((index) => identityOf(folder, index, prefix)) as [Identity, ...Identity[]];
  const store = new MemoryStore();
  const ledger = replayedLedger(recording, {
    opened: new Map([[0, { keepsHistory: true }]]),
    onWrite: (batch) => {
      store.write(batch);
    },
  });
  const { pair: key } = readNodeKey(join(folder, "nodes/node0", `${prefix}node.key`), rules.suite);
  const environment = {
    ledger,
    genesis,
    key,
    nodeId: self.nodeId,
    options: RECORDED_OPTIONS,
    random: createRandom(name),
  };
  const gateway = gatewayOf({
    ledger,
    past: pastOf(new PastCalls(store, rules, genesis)),
    group: groupOf(environment, surroundings.told),
    nodeId: self.nodeId,
    revertReasons: options.revertReasons ?? false,
  });
  const sessions = surroundings.sessions.map((session): SessionView => {
    const peer = others.find(({ nodeId }) => nodeId === session.NodeID);
    if (peer === undefined) throw new CodedError("peer-unknown", "a session with nobody of the chain");
    return { ...peer, endpoint: session.IPAndPort, topics: session.Topic };
  });
  const reader: NodeReader = createNodeReader({
    ...self,
    listen: `${node.p2p.listen.host}:${String(node.p2p.listen.port)}`,
    chainId: node.chain.id,
    sm: node.chain.sm,
    supportedVersion: node.supportedVersion,
    supportedVersionText: node.supportedVersionText,
    compatibleVersion: "2.9.1",
    programVersion: "0.0.0",
    staticPeers: () => node.p2p.peers,
    sessions: () => sessions,
    topics: () => [],
    groupsOfNode: () => [1],
  });
  const defects: unknown[] = [];
  const service = createRpcService({
    node: reader,
    operations: operationsOf(node.supportedVersion),
    group: (groupId) => (groupId === 1 ? gateway : undefined),
    onDefect: (_method, error) => defects.push(error),
  });
  return { service, defects };
}

/** A request as text. */
export function requestText(id: number, method: string, params: readonly Json[]): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}
