/** What a node shows of itself to collectors: metrics over HTTP and the statistics log. */
import { ModuleId } from "@tsbcos/core/protocol";
import type { GroupId } from "@tsbcos/core/primitives";
import type {
  AmopService,
  AmopServiceStatistics,
  AmopTraffic,
  ChannelServer,
  ChannelStatistics,
  ChannelTraffic,
} from "./channel/index.js";
import type { NodeConfig } from "./config/index.js";
import type { GroupRegistry } from "./group-registry.js";
import type { P2pService, P2pStatistics } from "./p2p/index.js";
import type { CommittedBlock, GroupCounters } from "./runtime/index.js";
import {
  createMetrics,
  createStatisticsLog,
  serveMetrics,
  type GroupTraffic,
  type Metrics,
  type StatisticsLog,
  type TrafficReport,
} from "./telemetry/index.js";

/** What is watched. */
export interface WatchedParts {
  readonly node: NodeConfig;
  readonly registry: GroupRegistry;
  readonly p2p: Pick<P2pService, "statistics">;
  readonly amop: Pick<AmopService, "statistics">;
  /** Undefined until the channel is open. */
  channel(): Pick<ChannelServer, "statistics"> | undefined;
}

/** Running monitoring of a node. */
export interface Monitoring {
  /** Where metrics are served: the port in use when 0 was asked for; undefined when nobody asked for them. */
  readonly metricsPort: number | undefined;
  /** A block became the head of a group. */
  blockCommitted(groupId: GroupId, block: CommittedBlock): void;
  close(): Promise<void>;
}

/** Folder of the statistics log, beside that of the log. */
const STATISTICS_DIRECTORY = "./stat";
/** Seconds between two blocks: from busy chains to those that rest. */
const BLOCK_INTERVAL_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 60, 300];
/** How long a scrape waits for a busy group before it goes without its values. */
const COUNT_TIMEOUT_MS = 2000;

type Counted = ReadonlyMap<GroupId, GroupCounters>;

async function countGroups(registry: GroupRegistry): Promise<Counted> {
  const counted = new Map<GroupId, GroupCounters>();
  const asked = registry.running().map(async ({ groupId, thread }) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        resolve(undefined);
      }, COUNT_TIMEOUT_MS);
    });
    const counters = await Promise.race([thread.counters(), late]).catch(() => undefined);
    clearTimeout(timer);
    if (counters !== undefined) counted.set(groupId, counters);
  });
  await Promise.all(asked);
  return counted;
}

type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

function byReason(counts: Iterable<readonly [string, number]>): Sample[] {
  return [...counts].map(([reason, value]) => ({ labels: { reason }, value }));
}

/** Metrics of groups, read from what was counted last. */
function describeGroups(metrics: Metrics, counted: () => Counted): void {
  const perGroup = (read: (counters: GroupCounters) => number | undefined) => () =>
    [...counted()].flatMap(([groupId, counters]) => {
      const value = read(counters);
      return value === undefined ? [] : [{ labels: { group: String(groupId) }, value }];
    });
  const labels = ["group"];
  const gauge = (name: string, help: string, read: (counters: GroupCounters) => number | undefined): void => {
    metrics.gauge({ name, help, labels }, perGroup(read));
  };
  gauge("height", "Number of the latest block.", ({ height }) => height);
  gauge("pending_transactions", "Transactions in the pool.", ({ pendingTransactions }) => pendingTransactions);
  gauge("view", "PBFT view.", ({ view }) => view);
  gauge("sealers", "Sealers of the group.", ({ sealers }) => sealers);
  gauge("observers", "Observers of the group.", ({ observers }) => observers);
  metrics.counter(
    { name: "transactions_total", help: "Transactions on the chain.", labels },
    perGroup(({ totalTransactions }) => totalTransactions),
  );
  metrics.counter(
    { name: "failed_transactions_total", help: "Transactions on the chain whose status is not 0.", labels },
    perGroup(({ failedTransactions }) => failedTransactions),
  );
  const each = (read: (counters: GroupCounters) => Readonly<Record<string, number>>, label: string) => () =>
    [...counted()].flatMap(([groupId, counters]) =>
      Object.entries(read(counters)).map(([name, value]) => ({
        labels: { group: String(groupId), [label]: name },
        value,
      })),
    );
  metrics.counter(
    { name: "events_total", help: "What the machines of a group reported, as in the log.", labels: ["group", "event"] },
    each(({ events }) => events, "event"),
  );
  metrics.counter(
    { name: "sync_dropped_total", help: "What synchronisation dropped.", labels: ["group", "reason"] },
    each(({ dropped }) => dropped, "reason"),
  );
}

const MODULE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(ModuleId).map(([name, id]) => [id, name.toLowerCase()]),
);

/** Metrics of the network. */
function describeNetwork(metrics: Metrics, registry: GroupRegistry, statistics: () => P2pStatistics): void {
  metrics.gauge({ name: "p2p_sessions", help: "Connected peers." }, () => statistics().sessions);
  const traffic = (direction: "In" | "Out", unit: "bytes" | "frames") => () =>
    statistics().traffic.map((one) => ({
      labels: { group: String(one.groupId), module: MODULE_NAMES.get(one.moduleId) ?? "other" },
      value: one[`${unit}${direction}`],
    }));
  const labels = ["group", "module"];
  metrics.counter({ name: "p2p_received_bytes_total", help: "Bytes received.", labels }, traffic("In", "bytes"));
  metrics.counter({ name: "p2p_sent_bytes_total", help: "Bytes sent.", labels }, traffic("Out", "bytes"));
  metrics.counter({ name: "p2p_received_frames_total", help: "Frames received.", labels }, traffic("In", "frames"));
  metrics.counter({ name: "p2p_sent_frames_total", help: "Frames sent.", labels }, traffic("Out", "frames"));
  metrics.counter({ name: "p2p_sessions_ended_total", help: "Sessions ended.", labels: ["reason"] }, () =>
    byReason(Object.entries(statistics().dropped)),
  );
  metrics.counter(
    { name: "p2p_connections_refused_total", help: "Connections that became no session.", labels: ["reason"] },
    () => byReason(Object.entries(statistics().refused)),
  );
  metrics.counter(
    { name: "frames_dropped_total", help: "Frames of groups that reached no group.", labels: ["reason"] },
    () => byReason(registry.droppedFrames()),
  );
}

/** Metrics of the port for SDKs. */
function describeChannel(metrics: Metrics, channel: WatchedParts["channel"]): void {
  const gauge = (name: string, help: string, read: (statistics: ChannelStatistics) => number): void => {
    metrics.gauge({ name, help }, () => {
      const statistics = channel()?.statistics();
      return statistics === undefined ? 0 : read(statistics);
    });
  };
  gauge("channel_sessions", "Connected SDKs.", ({ sessions }) => sessions);
  gauge("channel_slow_sessions", "SDKs that read too slowly.", ({ slowSessions }) => slowSessions);
  gauge("channel_sending_bytes", "Bytes that wait for SDKs.", ({ sendingBytes }) => sendingBytes);
  gauge("channel_receiving_bytes", "Bytes of incomplete frames of SDKs.", ({ receivingBytes }) => receivingBytes);
  gauge("channel_event_filters", "Event filters of SDKs.", ({ eventFilters }) => eventFilters);
  const reasons = (kind: "dropped" | "refused" | "ignored") => () =>
    byReason(Object.entries(channel()?.statistics()[kind] ?? {}));
  const labels = ["reason"];
  metrics.counter({ name: "channel_sessions_ended_total", help: "SDK sessions ended.", labels }, reasons("dropped"));
  metrics.counter(
    { name: "channel_connections_refused_total", help: "SDK connections that became no session.", labels },
    reasons("refused"),
  );
  metrics.counter(
    { name: "channel_frames_ignored_total", help: "Frames of SDKs ignored.", labels },
    reasons("ignored"),
  );
}

/** Metrics of messages between clients. */
function describeAmop(metrics: Metrics, amop: WatchedParts["amop"]): void {
  const gauge = (name: string, help: string, read: (statistics: AmopServiceStatistics) => number): void => {
    metrics.gauge({ name, help }, () => read(amop.statistics()));
  };
  gauge("amop_requests_pending", "Requests of SDKs of this node under way.", (now) => now.requestsPending);
  gauge("amop_requests_pending_bytes", "Bytes of these requests.", (now) => now.requestBytes);
  gauge("amop_deliveries_pending", "Requests that SDKs of this node have to answer.", (now) => now.deliveriesPending);
  gauge("amop_deliveries_pending_bytes", "Bytes of these requests.", (now) => now.deliveryBytes);
  gauge("amop_topics", "Topics that SDKs of this node subscribe to.", ({ topics }) => topics);
  metrics.gauge(
    { name: "amop_topic_subscribers", help: "Subscribers at this node of its largest topics.", labels: ["topic"] },
    () =>
      amop.statistics().topicSubscribers.map(({ topic, subscribers }) => ({ labels: { topic }, value: subscribers })),
  );
  const traffic = (wanted: AmopTraffic["direction"], unit: "messages" | "bytes", label: string) => () =>
    amop
      .statistics()
      .traffic.filter(({ direction }) => direction === wanted)
      .map((one) => ({ labels: { [label]: one.side, kind: one.kind }, value: one[unit] }));
  const [received, sent] = [
    ["from", "kind"],
    ["to", "kind"],
  ];
  const counter = (name: string, help: string, labels: readonly string[], read: () => readonly Sample[]): void => {
    metrics.counter({ name, help, labels }, read);
  };
  counter("amop_received_messages_total", "Messages received.", received, traffic("received", "messages", "from"));
  counter("amop_received_bytes_total", "Bytes of these messages.", received, traffic("received", "bytes", "from"));
  counter("amop_sent_messages_total", "Messages sent.", sent, traffic("sent", "messages", "to"));
  counter("amop_sent_bytes_total", "Bytes of these messages.", sent, traffic("sent", "bytes", "to"));
  counter("amop_answers_total", "Requests of SDKs of this node answered, by result.", ["result"], () =>
    Object.entries(amop.statistics().answered).map(([result, value]) => ({ labels: { result }, value })),
  );
  counter("amop_unanswered_total", "Requests that were not answered in time.", ["by"], () => {
    const { unansweredByClients, unansweredByNodes } = amop.statistics();
    return [
      { labels: { by: "client" }, value: unansweredByClients },
      { labels: { by: "node" }, value: unansweredByNodes },
    ];
  });
  counter("amop_dropped_total", "Messages that went nowhere.", ["reason"], () =>
    byReason(Object.entries(amop.statistics().dropped)),
  );
}

const NO_CHANNEL_TRAFFIC: ChannelTraffic = {
  rpcIn: 0,
  rpcOut: 0,
  registerEventIn: 0,
  unregisterEventIn: 0,
  transactionsOut: 0,
  eventLogOut: 0,
};

function trafficOf(statistics: P2pStatistics, channel: ChannelTraffic, groupId: number): GroupTraffic {
  const of = (direction: "bytesIn" | "bytesOut", ...modules: readonly number[]): number =>
    statistics.traffic
      .filter((one) => one.groupId === groupId && modules.includes(one.moduleId))
      .reduce((sum, one) => sum + one[direction], 0);
  return {
    groupId,
    consensusIn: of("bytesIn", ModuleId.Pbft, ModuleId.Raft),
    consensusOut: of("bytesOut", ModuleId.Pbft, ModuleId.Raft),
    syncIn: of("bytesIn", ModuleId.Sync),
    syncOut: of("bytesOut", ModuleId.Sync),
    ...channel,
  };
}

function reportOf({ registry, p2p, channel }: WatchedParts): TrafficReport {
  const statistics = p2p.statistics();
  const { amopBytesIn = 0, amopBytesOut = 0, groups } = channel()?.statistics() ?? {};
  return {
    amopIn: amopBytesIn,
    amopOut: amopBytesOut,
    groups: registry
      .running()
      .map(({ groupId }) => trafficOf(statistics, groups?.get(groupId) ?? NO_CHANNEL_TRAFFIC, groupId)),
  };
}

function openStatistics(parts: WatchedParts): StatisticsLog | undefined {
  const { log } = parts.node;
  if (!log.statistics) return undefined;
  return createStatisticsLog({
    directory: STATISTICS_DIRECTORY,
    fileBytesMax: log.fileBytesMax,
    totalBytesMax: log.totalBytesMax,
    flush: log.flush,
    intervalMs: log.statisticsIntervalMs,
    read: () => reportOf(parts),
  });
}

/**
 * Begins to watch, as far as the configuration asks for it: without an address for metrics nothing is counted for them.
 *
 * @throws CodedError (as a rejection) when the port of the metrics cannot be had
 */
export async function startMonitoring(parts: WatchedParts): Promise<Monitoring> {
  const statistics = openStatistics(parts);
  const address = parts.node.metrics;
  if (address === undefined) {
    return { metricsPort: undefined, blockCommitted: () => undefined, close: async () => statistics?.close() };
  }
  const { registry, p2p, channel } = parts;
  const metrics = createMetrics({ withProcess: true });
  let counted: Counted = new Map();
  describeGroups(metrics, () => counted);
  describeNetwork(metrics, registry, () => p2p.statistics());
  describeChannel(metrics, channel);
  describeAmop(metrics, parts.amop);
  const interval = metrics.histogram(
    { name: "block_interval_seconds", help: "Time between two blocks, by their timestamps.", labels: ["group"] },
    BLOCK_INTERVAL_BUCKETS,
  );
  const blockTimes = new Map<GroupId, number>();
  const server = await serveMetrics({
    ...address,
    metrics,
    refresh: async () => {
      counted = await countGroups(registry);
    },
  });
  return {
    metricsPort: server.port,
    blockCommitted: (groupId, { timestampMs }) => {
      const before = blockTimes.get(groupId);
      blockTimes.set(groupId, timestampMs);
      if (before !== undefined) interval.observe((timestampMs - before) / 1000, { group: String(groupId) });
    },
    close: async () => {
      await server.close();
      await statistics?.close();
    },
  };
}
