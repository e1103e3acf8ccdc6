/** Starts the thread of one group and connects it to the network, the log and the registry. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { CodedError, type TraceEvent } from "@tsbcos/core/primitives";
import { groupDataDirectory, type GroupFiles, type NodeConfig } from "./config/index.js";
import type { NodeKey } from "./crypto/index.js";
import { committedLine, familiarTracer } from "./familiar-lines.js";
import type { FlowControl } from "./flow-control.js";
import type { GroupRegistry } from "./group-registry.js";
import type { P2pService } from "./p2p/index.js";
import { GroupThread, type GroupThreadEvents, type GroupThreadStart, type VerifierPool } from "./runtime/index.js";
import { tracerTo, type Log } from "./telemetry/index.js";

/** What groups are connected to. */
export interface GroupSurroundings {
  readonly node: NodeConfig;
  readonly key: NodeKey;
  readonly log: Log;
  readonly verifiers: VerifierPool;
  readonly registry: GroupRegistry;
  readonly flow: FlowControl;
  readonly send: P2pService["send"];
  /** A group ended without being told to. */
  readonly onFatal: (error: CodedError) => void;
}

/** Database blocks that a group keeps in memory, beside its cache of rows. */
const STORE_CACHE_BYTES = 16 * 1024 * 1024;

function lowestTraceLevel(log: Log): TraceEvent["level"] {
  if (log.isEnabled("debug")) return "debug";
  return log.isEnabled("info") ? "info" : "warn";
}

function startOf(files: GroupFiles, { node, key, log, verifiers, flow }: GroupSurroundings): GroupThreadStart {
  const storeDirectory = `${groupDataDirectory(node, files.groupId)}/block/level`;
  mkdirSync(storeDirectory, { recursive: true });
  return {
    genesis: files.genesis,
    options: files.group.options,
    chainId: node.chain.id,
    version: node.supportedVersion,
    sm: node.chain.sm,
    nodeId: key.nodeId,
    privateKey: key.pair.privateKey,
    storeDirectory,
    storeCacheBytes: STORE_CACHE_BYTES,
    keepsHistory: node.stateHistory,
    historyBlocks: node.stateHistoryBlocks,
    revertReasons: node.rpc.revertReasons,
    seed: randomBytes(16).toString("hex"),
    traceLevel: lowestTraceLevel(log),
    verifierPorts: verifiers.connect(),
    limitsBandwidth: flow.limitsBandwidth(files.groupId),
    logBlocksPerPush: files.eventFilter.maxBlocksPerStep,
  };
}

/**
 * Starts a group; it is in the registry when this is done.
 *
 * @throws CodedError (as a rejection) that names the group and says why it does not start
 */
export async function startGroup(files: GroupFiles, surroundings: GroupSurroundings): Promise<void> {
  const { log, registry, flow, send, onFatal } = surroundings;
  const { groupId } = files;
  const reports = registry.eventsOf(groupId);
  const events: GroupThreadEvents = {
    onSend: (head, body) => {
      send(head.to, { ...head, groupId, isResponse: false, body });
    },
    onTrace: familiarTracer(log, groupId, tracerTo(log, groupId)),
    onBandwidthAsk: ({ token, sizes }) => {
      flow.askForBlocks(groupId, sizes, (blocks) => registry.find(groupId)?.grantBandwidth(token, blocks));
    },
    onFailed: (error) => {
      onFatal(new CodedError(error.code, `group ${groupId}: ${error.message}`, { cause: error }));
    },
    onMembers: reports.onMembers,
    onBlock: (block) => {
      log.line("info", committedLine(groupId, files.genesis.consensusType.toLowerCase(), block));
      reports.onBlock(block);
    },
  };
  try {
    flow.addGroup(groupId, files.group.flowControl);
    const start = startOf(files, surroundings);
    const opened = await GroupThread.start(new URL("group-thread.js", import.meta.url), start, events);
    registry.add(groupId, opened.thread, opened.height);
    log.line("info", `[g:${groupId}][LEDGER]open,number=${opened.height},hash=${opened.hash.slice(0, 8)}...`);
  } catch (cause) {
    flow.removeGroup(groupId);
    const message = cause instanceof Error ? cause.message : String(cause);
    const code = cause instanceof CodedError ? cause.code : "group-start-failed";
    throw new CodedError(code, `Group ${groupId} does not start: ${message}`, { cause });
  }
}

/** Stops a group after its writes. */
export async function stopGroup(
  groupId: GroupFiles["groupId"],
  { registry, flow, log }: Pick<GroupSurroundings, "registry" | "flow" | "log">,
): Promise<void> {
  flow.removeGroup(groupId);
  await registry.stop(groupId);
  log.line("info", `[g:${groupId}][LEDGER]closed`);
}
