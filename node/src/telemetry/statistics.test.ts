import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createStatisticsLog } from "./index.js";
import type { TrafficReport } from "./index.js";
import { statisticsLines } from "./statistics.js";

function report(factor: number): TrafficReport {
  const group = {
    groupId: 1,
    consensusIn: 1 * factor,
    consensusOut: 2 * factor,
    syncIn: 3 * factor,
    syncOut: 4 * factor,
    rpcIn: 5 * factor,
    rpcOut: 6 * factor,
    registerEventIn: 7 * factor,
    unregisterEventIn: 8 * factor,
    transactionsOut: 9 * factor,
    eventLogOut: 10 * factor,
  };
  return { amopIn: 11 * factor, amopOut: 12 * factor, groups: [group] };
}

const ONE_INTERVAL = [
  "AMOP|,AMOPIn=11,AMOPOut=12",
  "P2P|,g=1,P2P_CONSIn=1,P2P_SYNCIn=3,P2P_totalIn=4,P2P_CONS_Out=2,P2P_SYNC_Out=4,P2P_total_Out=6",
  "SDK|,g=1,SDK_RPCIn=5,SDK_RegitsterEventIn=7,SDK_UnregitsterEventIn=8,SDK_totalIn=20,SDK_RPC_Out=6,SDK_Txs_Out=9,SDK_EventLog_Out=10,SDK_total_Out=25",
  "Total|,g=1,Total_In=24,Total_Out=31",
];

test("lines tell the bytes since the last flush, in the names of 2.x", () => {
  expect(statisticsLines(report(1), report(2))).toEqual(ONE_INTERVAL);
});

test("a group that started in between is counted from zero", () => {
  expect(statisticsLines({ ...report(0), groups: [] }, report(1))).toEqual(ONE_INTERVAL);
});

test("closing writes what is left, into files of their own", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tsbcos-stat-"));
  let factor = 0;
  const now = (): Date => new Date(2026, 0, 1);
  const limits = { fileBytesMax: 1 << 20, totalBytesMax: 0, flush: true };
  const log = createStatisticsLog({ directory, intervalMs: 60_000, now, ...limits, read: () => report(factor) });
  factor = 1;
  await log.close();
  const [name = ""] = readdirSync(directory);
  const lines = readFileSync(join(directory, name), "utf8").trimEnd().split("\n");
  rmSync(directory, { recursive: true });
  expect(name).toBe("stat_2026010100.00.log");
  expect(lines).toEqual(ONE_INTERVAL.map((line) => `info|2026-01-01 00:00:00.000000|${line}`));
});
