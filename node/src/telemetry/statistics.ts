/** The statistics log: bytes by use since the last flush, in lines that tools of 2.x parse. */
import { formatTime } from "./log.js";
import { RotatingFile } from "./rotating-file.js";
import type { RotatingFileOptions } from "./rotating-file.js";

/** Bytes of one group since the start. */
export interface GroupTraffic {
  readonly groupId: number;
  readonly consensusIn: number;
  readonly consensusOut: number;
  readonly syncIn: number;
  readonly syncOut: number;
  /** JSON-RPC over the SDK channel. */
  readonly rpcIn: number;
  readonly rpcOut: number;
  /** Registering and removing event filters. */
  readonly registerEventIn: number;
  readonly unregisterEventIn: number;
  /** Receipts and event logs pushed to SDKs. */
  readonly transactionsOut: number;
  readonly eventLogOut: number;
}

/** Bytes of a whole node since the start. */
export interface TrafficReport {
  readonly amopIn: number;
  readonly amopOut: number;
  readonly groups: readonly GroupTraffic[];
}

/** A running statistics log. */
export interface StatisticsLog {
  /** Writes the last lines and stops. */
  close(): Promise<void>;
}

/** The lines for what happened between two reports, without level and time. */
export function statisticsLines(before: TrafficReport, after: TrafficReport): string[] {
  const amop = { in: after.amopIn - before.amopIn, out: after.amopOut - before.amopOut };
  const lines = [`AMOP|,AMOPIn=${String(amop.in)},AMOPOut=${String(amop.out)}`];
  for (const group of after.groups) {
    const former = before.groups.find(({ groupId }) => groupId === group.groupId);
    lines.push(...groupLines(difference(group, former)));
  }
  return lines;
}

/** Writes the lines at each interval, until closed. */
export function createStatisticsLog(
  options: Omit<RotatingFileOptions, "prefix"> & {
    readonly intervalMs: number;
    /** Reads the counters of the node. */
    read(): TrafficReport;
  },
): StatisticsLog {
  const file = new RotatingFile({ ...options, prefix: "stat" });
  let before = options.read();
  const flush = (): void => {
    const after = options.read();
    const time = formatTime((options.now?.() ?? new Date()).getTime());
    for (const line of statisticsLines(before, after)) file.write(`info|${time}|${line}`);
    before = after;
  };
  const timer = setInterval(flush, options.intervalMs);
  return {
    close() {
      clearInterval(timer);
      flush();
      return file.close();
    },
  };
}

function difference(after: GroupTraffic, before: GroupTraffic | undefined): GroupTraffic {
  const since = (key: keyof GroupTraffic): number => after[key] - (before?.[key] ?? 0);
  return {
    groupId: after.groupId,
    consensusIn: since("consensusIn"),
    consensusOut: since("consensusOut"),
    syncIn: since("syncIn"),
    syncOut: since("syncOut"),
    rpcIn: since("rpcIn"),
    rpcOut: since("rpcOut"),
    registerEventIn: since("registerEventIn"),
    unregisterEventIn: since("unregisterEventIn"),
    transactionsOut: since("transactionsOut"),
    eventLogOut: since("eventLogOut"),
  };
}

/** The spelling of the names is part of the form. */
function groupLines(group: GroupTraffic): string[] {
  const p2pIn = group.consensusIn + group.syncIn;
  const p2pOut = group.consensusOut + group.syncOut;
  const sdkIn = group.rpcIn + group.registerEventIn + group.unregisterEventIn;
  const sdkOut = group.rpcOut + group.transactionsOut + group.eventLogOut;
  return [
    pairs("P2P", group.groupId, {
      P2P_CONSIn: group.consensusIn,
      P2P_SYNCIn: group.syncIn,
      P2P_totalIn: p2pIn,
      P2P_CONS_Out: group.consensusOut,
      P2P_SYNC_Out: group.syncOut,
      P2P_total_Out: p2pOut,
    }),
    pairs("SDK", group.groupId, {
      SDK_RPCIn: group.rpcIn,
      SDK_RegitsterEventIn: group.registerEventIn,
      SDK_UnregitsterEventIn: group.unregisterEventIn,
      SDK_totalIn: sdkIn,
      SDK_RPC_Out: group.rpcOut,
      SDK_Txs_Out: group.transactionsOut,
      SDK_EventLog_Out: group.eventLogOut,
      SDK_total_Out: sdkOut,
    }),
    pairs("Total", group.groupId, { Total_In: p2pIn + sdkIn, Total_Out: p2pOut + sdkOut }),
  ];
}

function pairs(subject: string, groupId: number, values: Readonly<Record<string, number>>): string {
  const text = Object.entries(values).map(([key, value]) => `${key}=${String(value)}`);
  return `${subject}|,g=${String(groupId)},${text.join(",")}`;
}
