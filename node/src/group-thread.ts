/** Entry of a group's thread: opens the group's store and ledger and connects everything to the main thread. */
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { assert, CodedError, createRandom, NOT_A_SEALER, type NodeId, type Tracer } from "@tsbcos/core/primitives";
import { ChainWorker, Group, GroupDriver } from "@tsbcos/core/group";
import { Ledger, type ChainRules } from "@tsbcos/core/ledger";
import { decodeTransaction, transactionHash, type Json } from "@tsbcos/core/protocol";
import { chainRulesOf } from "./chain-rules.js";
import { loadNativeSuites } from "./crypto/index.js";
import {
  chainReader,
  internalError,
  ReceiptPrinter,
  refusedReceiptText,
  RpcError,
  runGroupMethod,
} from "./rpc/index.js";
import {
  GroupHost,
  Outbox,
  PastCallThread,
  VerifierClient,
  type GroupCounters,
  type GroupThreadStart,
  type PlainError,
  type ReceiptTexts,
  type ToGroup,
} from "./runtime/index.js";
import { openStore } from "./storage/index.js";
import { countingTracer } from "./telemetry/index.js";

const TRACE_ORDER = ["debug", "info", "warn"] as const;

function tracerTo(outbox: Outbox, lowest: GroupThreadStart["traceLevel"]): Tracer {
  const from = TRACE_ORDER.indexOf(lowest);
  return (event) => {
    if (TRACE_ORDER.indexOf(event.level) >= from) outbox.trace(event);
  };
}

function plainError(error: unknown): PlainError {
  const shown =
    error instanceof RpcError ? error : internalError(error instanceof Error ? error.message : String(error));
  return { code: shown.rpcCode, message: shown.message, withData: shown.withData };
}

/** Ends the group with a last message; the main thread decides what that means for the node. */
function fail(outbox: Outbox, error: unknown): void {
  const code = error instanceof CodedError ? error.code : "group-broken";
  const message =
    error instanceof Error
      ? error instanceof CodedError
        ? error.message
        : (error.stack ?? error.message)
      : String(error);
  outbox.say({ failed: { code, message } });
}

function groupCounters(group: Group, nodeId: NodeId, events: GroupCounters["events"]): GroupCounters {
  const { header, sealers, observers, totalTransactions, failedTransactions } = group.head;
  const index = sealers.indexOf(nodeId);
  return {
    height: header.number,
    pendingTransactions: group.pool.size,
    view: group.pbftView(),
    sealers: sealers.length,
    observers: observers.length,
    nodeIndex: index < 0 ? NOT_A_SEALER : index,
    totalTransactions,
    failedTransactions,
    events,
    dropped: Object.fromEntries(group.dropCounts()),
  };
}

function receiptTexts({ suite, version }: ChainRules, revertReasons: boolean): ReceiptTexts {
  return {
    ofBlock: (block) => {
      const printer = new ReceiptPrinter(block, { suite, version, revertReasons });
      return (index, options) => printer.text(index, options);
    },
    refused: refusedReceiptText,
    hashOf: (raw) => {
      const transaction = decodeTransaction(raw, suite);
      return transaction.ok ? transactionHash(transaction.value, suite) : undefined;
    },
  };
}

function pastCallsOf({ genesis, chainId, version, sm, storeDirectory }: GroupThreadStart): PastCallThread {
  const entry = new URL("past-thread.js", import.meta.url);
  return new PastCallThread(entry, { genesis, chainId, version, sm, storeDirectory });
}

async function open(start: GroupThreadStart, port: MessagePort, outbox: Outbox): Promise<void> {
  const suites = await loadNativeSuites();
  const rules = chainRulesOf(start, suites);
  const { suite } = rules;
  const { storeDirectory: directory, storeCacheBytes: cacheBytes, revertReasons, genesis } = start;
  const { keepsHistory, historyBlocks } = start;
  const store = await openStore({ directory, cacheBytes, hasReaders: keepsHistory });
  const opened = Ledger.open(store, rules, genesis, { keepsHistory, historyBlocks });
  if (!opened.ok) {
    await store.close();
    throw new CodedError(opened.error.code, opened.error.message);
  }
  const { ledger, initialWrites } = opened.value;
  if (initialWrites.length > 0) await store.write(initialWrites);
  const { trace, counts } = countingTracer(tracerTo(outbox, start.traceLevel));
  const made = Group.create({
    ledger,
    genesis,
    key: suite.keyPairOf(start.privateKey),
    nodeId: start.nodeId,
    options: start.options,
    random: createRandom(start.seed),
    trace,
  });
  if (!made.ok) {
    await store.close();
    throw new CodedError(made.error.code, made.error.message);
  }
  const chain = new ChainWorker(ledger);
  const past = keepsHistory ? pastCallsOf(start) : undefined;
  const reader = chainReader({ ledger, group: made.value, chain, past, nodeId: start.nodeId, revertReasons });
  const host = new GroupHost({
    nodeId: start.nodeId,
    store: {
      write: (rows) => store.write(rows),
      savePrepare: (bytes) => store.savePrepare(bytes),
      close: async () => {
        await past?.close();
        await store.close();
      },
    },
    chain,
    verifiers: new VerifierClient(start.verifierPorts, suite),
    outbox,
    logsFailures: start.traceLevel === "debug",
    receiptTexts: receiptTexts(ledger.rules, revertReasons),
    logs: { ledger, blocksPerSliceMax: start.logBlocksPerPush },
    read: (method, params) => runGroupMethod(reader, method, params as readonly Json[]),
    counters: () => groupCounters(made.value, start.nodeId, counts()),
    limitsBandwidth: start.limitsBandwidth,
    errorOf: plainError,
    onFailure: (error) => {
      fail(outbox, error);
    },
  });
  host.start(new GroupDriver(made.value, host), store.loadPrepare());
  port.on("message", (message: ToGroup) => {
    host.receive(message);
  });
  const head = ledger.head();
  outbox.say({ ready: { height: head.header.number, hash: head.hash } });
}

assert(parentPort !== null, "a group runs in a thread of its own");
const outbox = new Outbox(parentPort);
try {
  await open(workerData as GroupThreadStart, parentPort, outbox);
} catch (error) {
  fail(outbox, error);
}
