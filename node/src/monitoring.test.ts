import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { GroupId } from "@tsbcos/core/primitives";
import type { AmopServiceStatistics, ChannelStatistics } from "./channel/index.js";
import type { NodeConfig } from "./config/index.js";
import type { GroupRegistry } from "./group-registry.js";
import { startMonitoring, type Monitoring, type WatchedParts } from "./monitoring.js";
import type { P2pStatistics } from "./p2p/index.js";
import type { CommittedBlock, GroupCounters } from "./runtime/index.js";

let folder: string;
let before: string;
let monitoring: Monitoring | undefined;
/** How often everything was counted. */
let times: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tsbcos-monitoring-"));
  before = process.cwd();
  times = 1;
});
afterEach(async () => {
  await monitoring?.close();
  monitoring = undefined;
  vi.useRealTimers();
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

/** Any port that is free. */
const metrics = { host: "127.0.0.1", port: 0 };

const COUNTERS: GroupCounters = {
  height: 12,
  pendingTransactions: 3,
  view: 7,
  sealers: 4,
  observers: 1,
  nodeIndex: 0,
  totalTransactions: 40,
  failedTransactions: 2,
  events: { "PBFT/view-changed": 5 },
  dropped: { "request-from-stranger": 6 },
};
const TRAFFIC = { bytesIn: 100, bytesOut: 200, framesIn: 1, framesOut: 2 };
const STATISTICS: P2pStatistics = {
  sessions: 3,
  traffic: [
    { groupId: 1, moduleId: 8, ...TRAFFIC },
    { groupId: 1, moduleId: 9, ...TRAFFIC },
    { groupId: 0, moduleId: 1, ...TRAFFIC },
    { groupId: 5, moduleId: 99, ...TRAFFIC },
  ],
  dropped: { idle: 1 },
  refused: { "in-blacklist": 2 },
};

const CHANNEL: ChannelStatistics = {
  sessions: 2,
  slowSessions: 1,
  sendingBytes: 1000,
  receivingBytes: 500,
  eventFilters: 1,
  amopBytesIn: 11,
  amopBytesOut: 12,
  groups: new Map([
    [1, { rpcIn: 1, rpcOut: 2, registerEventIn: 3, unregisterEventIn: 4, transactionsOut: 5, eventLogOut: 6 }],
  ]),
  dropped: {},
  refused: { "too-many-sessions": 4 },
  ignored: {},
};

const AMOP: AmopServiceStatistics = {
  ...{ requestsPending: 31, requestBytes: 32, deliveriesPending: 33, deliveryBytes: 34 },
  ...{ unansweredByClients: 35, unansweredByNodes: 36, topics: 37 },
  topicSubscribers: [{ topic: 'a "topic"', subscribers: 38 }],
  answered: { 0: 39, 104: 40, other: 41 },
  dropped: { "subscriber-too-slow": 42 },
  traffic: [
    { direction: "received", side: "client", kind: "request", messages: 43, bytes: 44 },
    { direction: "received", side: "node", kind: "answer", messages: 45, bytes: 46 },
    { direction: "sent", side: "node", kind: "multicast", messages: 47, bytes: 48 },
  ],
};

function parts(counters: (() => Promise<GroupCounters>)[], node: object): WatchedParts {
  const registry = {
    running: () => counters.map((count, index) => ({ groupId: index + 1, thread: { counters: count } })),
    droppedFrames: () => new Map([["from-no-member", 9]]),
  };
  return {
    node: node as NodeConfig,
    registry: registry as unknown as GroupRegistry,
    p2p: {
      statistics: () => ({ ...STATISTICS, traffic: Array.from({ length: times }, () => STATISTICS.traffic).flat() }),
    },
    amop: { statistics: () => AMOP },
    channel: () => ({ statistics: () => (times === 1 ? { ...CHANNEL, groups: new Map() } : CHANNEL) }),
  };
}
const LOG = { statistics: false, fileBytesMax: 1e6, totalBytesMax: 0, flush: true, statisticsIntervalMs: 3_600_000 };

test("what can be fetched: groups, network, what was dropped, and the time between blocks", async () => {
  const groups = [() => Promise.resolve(COUNTERS), () => Promise.resolve({ ...COUNTERS, height: 1, view: undefined })];
  monitoring = await startMonitoring(parts(groups, { metrics, log: LOG }));
  for (const timestampMs of [10_000, 10_600, 12_000]) {
    monitoring.blockCommitted(1 as GroupId, { timestampMs } as CommittedBlock);
  }
  const text = await (await fetch(`http://127.0.0.1:${monitoring.metricsPort}/metrics`)).text();
  for (const line of [
    'tsbcos_height{group="1"} 12',
    'tsbcos_height{group="2"} 1',
    'tsbcos_pending_transactions{group="1"} 3',
    'tsbcos_view{group="1"} 7',
    'tsbcos_transactions_total{group="1"} 40',
    'tsbcos_failed_transactions_total{group="1"} 2',
    'tsbcos_events_total{group="1",event="PBFT/view-changed"} 5',
    'tsbcos_sync_dropped_total{group="1",reason="request-from-stranger"} 6',
    "tsbcos_p2p_sessions 3",
    'tsbcos_p2p_sent_bytes_total{group="1",module="pbft"} 200',
    'tsbcos_p2p_received_frames_total{group="5",module="other"} 1',
    'tsbcos_p2p_sessions_ended_total{reason="idle"} 1',
    'tsbcos_p2p_connections_refused_total{reason="in-blacklist"} 2',
    'tsbcos_frames_dropped_total{reason="from-no-member"} 9',
    "tsbcos_channel_sessions 2",
    "tsbcos_channel_slow_sessions 1",
    "tsbcos_channel_sending_bytes 1000",
    "tsbcos_channel_receiving_bytes 500",
    'tsbcos_channel_connections_refused_total{reason="too-many-sessions"} 4',
    "tsbcos_amop_requests_pending 31",
    "tsbcos_amop_requests_pending_bytes 32",
    "tsbcos_amop_deliveries_pending 33",
    "tsbcos_amop_deliveries_pending_bytes 34",
    'tsbcos_amop_unanswered_total{by="client"} 35',
    'tsbcos_amop_unanswered_total{by="node"} 36',
    "tsbcos_amop_topics 37",
    'tsbcos_amop_topic_subscribers{topic="a \\"topic\\""} 38',
    'tsbcos_amop_answers_total{result="0"} 39',
    'tsbcos_amop_answers_total{result="104"} 40',
    'tsbcos_amop_answers_total{result="other"} 41',
    'tsbcos_amop_dropped_total{reason="subscriber-too-slow"} 42',
    'tsbcos_amop_received_messages_total{from="client",kind="request"} 43',
    'tsbcos_amop_received_bytes_total{from="client",kind="request"} 44',
    'tsbcos_amop_received_messages_total{from="node",kind="answer"} 45',
    'tsbcos_amop_sent_messages_total{to="node",kind="multicast"} 47',
    'tsbcos_amop_sent_bytes_total{to="node",kind="multicast"} 48',
    'tsbcos_block_interval_seconds_count{group="1"} 2',
    'tsbcos_block_interval_seconds_bucket{le="1",group="1"} 1',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
  expect(text).not.toContain('tsbcos_view{group="2"}');
  expect(text).toContain("process_resident_memory_bytes");
});

test("a group that ends or does not answer leaves a gap, not an error", async () => {
  const groups = [() => Promise.reject(new Error("stopped")), () => new Promise<GroupCounters>(() => undefined)];
  monitoring = await startMonitoring(parts([...groups, () => Promise.resolve(COUNTERS)], { metrics, log: LOG }));
  const response = await fetch(`http://127.0.0.1:${monitoring.metricsPort}/metrics`);
  const text = await response.text();
  expect(response.status).toBe(200);
  expect(text.match(/^tsbcos_height\{.*$/gm)).toEqual(['tsbcos_height{group="3"} 12']);
});

test("the statistics log, in its folder, with the traffic of modules that it knows", async () => {
  process.chdir(folder);
  // The log begins another file with each full hour.
  vi.useFakeTimers({ toFake: ["Date"], now: new Date(2026, 0, 1) });
  const counted = [() => Promise.resolve(COUNTERS)];
  monitoring = await startMonitoring(parts(counted, { metrics: undefined, log: { ...LOG, statistics: true } }));
  times = 3;
  await monitoring.close();
  monitoring = undefined;
  const [file = ""] = readdirSync(join(folder, "stat"));
  expect(file).toBe("stat_2026010100.00.log");
  const text = readFileSync(join(folder, "stat", file), "utf8");
  expect(text).toContain("|P2P|,g=1,P2P_CONSIn=200,P2P_SYNCIn=200,P2P_totalIn=400,P2P_CONS_Out=400,P2P_SYNC_Out=400,");
  expect(text).toContain("|SDK|,g=1,SDK_RPCIn=1,SDK_RegitsterEventIn=3,SDK_UnregitsterEventIn=4,SDK_totalIn=8,");
});

test("nothing is asked for, nothing is done", async () => {
  process.chdir(folder);
  monitoring = await startMonitoring(parts([], { metrics: undefined, log: LOG }));
  monitoring.blockCommitted(1 as GroupId, { timestampMs: 1 } as CommittedBlock);
  await monitoring.close();
  expect(readdirSync(folder)).toEqual([]);
});
