import { expect, test } from "vitest";
import type { GroupId, TraceEvent } from "@tsbcos/core/primitives";
import { committedLine, familiarText, familiarTracer } from "./familiar-lines.js";
import type { CommittedBlock } from "./runtime/index.js";
import type { Log } from "./telemetry/index.js";

const GROUP = 1 as GroupId;
const BLOCK: CommittedBlock = {
  number: 5,
  hash: "1fe2ae4a5555",
  transactions: 1,
  failed: 0,
  sealer: 1,
  timestampMs: 1_700_000_000_000,
  nodeIndex: 3,
};

test("the line of a stored block is read by those who count transactions: the sixth pair", () => {
  const line = committedLine(GROUP, "pbft", BLOCK);
  expect(line).toBe(
    "[g:1][CONSENSUS][PBFT]^^^^^^^^Report,num=5,sealerIdx=1,hash=1fe2ae4a...,next=6,tx=1,nodeIdx=3,failed=0",
  );
  expect(line.split(",")[5]).toBe("tx=1");
  expect(committedLine(GROUP, "rpbft", BLOCK)).toBe(line);
  expect(committedLine(GROUP, "raft", BLOCK)).toBe(
    "[g:1][CONSENSUS][RAFTENGINE][#reportBlock]^^^^^^^^Report Block,num=5,sealer=1,hash=1fe2ae4a...,next=6,txNum=1,blockTime=1700000000000,failed=0",
  );
});

const fields = { height: 6, view: 2, hash: "bd4d9a8b1234", transactions: 0, index: 3 };
const EVENTS: readonly [TraceEvent, string][] = [
  [
    { room: "PBFT", level: "info", event: "proposed-nothing", fields },
    "[g:1][CONSENSUS][SEALER]++++++++++++++++ Generating seal on,blkNum=6,tx=0,nodeIdx=3,hash=bd4d9a8b...",
  ],
  [
    { room: "PBFT", level: "info", event: "proposed", fields: { ...fields, transactions: 9 } },
    "[g:1][CONSENSUS][SEALER]++++++++++++++++ Generating seal on,blkNum=6,tx=9,nodeIdx=3,hash=bd4d9a8b...",
  ],
  [
    { room: "RAFT", level: "info", event: "offered", fields },
    "[g:1][CONSENSUS][RAFTSEALER][handleBlock]++++++++++++++++ Generating seal,blockNumber=6,txNum=0,hash=bd4d9a8b...",
  ],
  [
    { room: "PBFT", level: "warn", event: "round-timed-out", fields: { height: 6, view: 2 } },
    "[g:1][CONSENSUS]ViewChangeWarning: [PBFT]round-timed-out,height=6,view=2",
  ],
];

test.each(EVENTS)("%j", (event, text) => {
  expect(familiarText(GROUP, event)).toBe(text);
});

test("each event is written once: as the familiar line, or by the tracer that has all others", () => {
  const lines: string[] = [];
  const rest: string[] = [];
  const log = { line: (level: string, text: string) => lines.push(`${level} ${text.slice(0, 10)}`) } as unknown as Log;
  const trace = familiarTracer(log, GROUP, ({ event }) => rest.push(event));
  for (const [event] of EVENTS) trace(event);
  trace({ room: "PBFT", level: "info", event: "block-committed" });
  expect([lines.length, lines[0], lines[3], rest]).toEqual([
    4,
    "info [g:1][CONS",
    "warning [g:1][CONS",
    ["block-committed"],
  ]);
});
