import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { groupId } from "@tsbcos/core/primitives";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLog, tracerTo } from "./index.js";
import type { LogOptions } from "./index.js";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tsbcos-log-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function options(changes: Partial<LogOptions> = {}): LogOptions {
  const defaults = { enabled: true, level: "info", format: "text", fileBytesMax: 1 << 20, totalBytesMax: 0 } as const;
  return { ...defaults, directory, flush: true, ...changes };
}

function linesOf(name: string): string[] {
  return readFileSync(join(directory, name), "utf8").trimEnd().split("\n");
}

describe("lines", () => {
  test("have level, time with six digits, and text, in a file named after the minute it was opened in", async () => {
    const log = createLog(options({ now: () => new Date(2026, 10, 22, 17, 5, 59) }));
    log.write({ level: "warning", wallMs: new Date(2026, 0, 2, 3, 4, 5, 67).getTime(), text: "[P2P]peer left" });
    await log.close();
    expect(readdirSync(directory)).toEqual(["log_2026112217.05.log"]);
    expect(linesOf("log_2026112217.05.log")).toEqual(["warning|2026-01-02 03:04:05.067000|[P2P]peer left"]);
  });

  test("can be cut by the tool that computes transactions a second", async () => {
    const log = createLog(options({ now: () => new Date(2026, 0, 1) }));
    log.line("info", "[g:1][CONSENSUS][PBFT]^^^^^^^^Report,num=5,sealerIdx=1,hash=1fe2ae4a...,next=6,tx=7,nodeIdx=3");
    await log.close();
    const [line = ""] = linesOf("log_2026010100.00.log");
    expect(line.split(" ")[1]?.split("|")[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{6}$/);
    expect(line.split(",")[5]).toBe("tx=7");
  });

  test("below the level are not written", async () => {
    const log = createLog(options({ level: "warning", now: () => new Date(2026, 0, 1) }));
    log.line("info", "quiet");
    log.line("error", "loud");
    await log.close();
    expect(log.isEnabled("info")).toBe(false);
    expect(linesOf("log_2026010100.00.log")).toEqual([expect.stringMatching(/^error\|.*\|loud$/)]);
  });

  test("a line break in a text cannot forge another line", async () => {
    const log = createLog(options({ now: () => new Date(2026, 0, 1) }));
    log.line("info", "name=x\nfatal|2026-01-01 00:00:00.000000|forged");
    await log.close();
    expect(linesOf("log_2026010100.00.log")).toHaveLength(1);
  });

  test("are kept back without flush and all written when the log is closed", async () => {
    const log = createLog(options({ flush: false, now: () => new Date(2026, 0, 1) }));
    for (let i = 0; i < 1000; i++) log.line("info", `line ${String(i)}`);
    await log.close();
    expect(linesOf("log_2026010100.00.log")).toHaveLength(1000);
  });

  test("flushSync puts the last words on disk before it returns", () => {
    const log = createLog(options({ flush: false, now: () => new Date(2026, 0, 1) }));
    log.line("fatal", "no more space");
    log.flushSync();
    expect(linesOf("log_2026010100.00.log")[0]).toContain("no more space");
  });

  test("are nowhere when the log is off", async () => {
    const log = createLog(options({ enabled: false }));
    log.line("fatal", "unheard");
    await log.close();
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("files", () => {
  test("change at the full hour", async () => {
    let now = new Date(2026, 0, 1, 9, 59, 59, 999);
    const log = createLog(options({ now: () => now }));
    log.line("info", "before");
    now = new Date(2026, 0, 1, 10, 0, 0, 0);
    log.line("info", "after");
    await log.close();
    expect(readdirSync(directory).sort()).toEqual(["log_2026010109.59.log", "log_2026010110.00.log"]);
    expect(linesOf("log_2026010110.00.log")).toEqual([expect.stringContaining("after")]);
  });

  test("change when they are large enough, as soon as the minute gives another name", async () => {
    let now = new Date(2026, 0, 1, 9, 1);
    const log = createLog(options({ now: () => now, fileBytesMax: 100 }));
    log.line("info", "a".repeat(80));
    log.line("info", "b".repeat(80));
    now = new Date(2026, 0, 1, 9, 2);
    log.line("info", "c".repeat(80));
    await log.close();
    expect(linesOf("log_2026010109.01.log")).toHaveLength(2);
    expect(linesOf("log_2026010109.02.log")).toHaveLength(1);
  });

  test("the oldest go when all together are too large; other files stay", async () => {
    writeFileSync(join(directory, "log_2025010100.00.log"), "x".repeat(600));
    writeFileSync(join(directory, "log_2025010101.00.log"), "x".repeat(300));
    writeFileSync(join(directory, "notes.txt"), "x".repeat(5000));
    const log = createLog(options({ totalBytesMax: 500, now: () => new Date(2026, 0, 1) }));
    await log.close();
    expect(readdirSync(directory).sort()).toEqual(["log_2025010101.00.log", "log_2026010100.00.log", "notes.txt"]);
  });

  test("a restart within the same minute goes on in the same file", async () => {
    for (const text of ["first", "second"]) {
      const log = createLog(options({ now: () => new Date(2026, 0, 1) }));
      log.line("info", text);
      await log.close();
    }
    expect(linesOf("log_2026010100.00.log")).toHaveLength(2);
  });

  test("a directory that cannot be made is refused with the reason", () => {
    writeFileSync(join(directory, "file"), "");
    expect(() => createLog(options({ directory: join(directory, "file") }))).toThrow(/logs cannot be written to/);
  });
});

test("trace events become lines with badges and pairs, and JSON objects with fields", async () => {
  const event = { room: "PBFT", level: "warn", event: "view-changed", fields: { height: 5, view: 2 } } as const;
  for (const format of ["text", "json"] as const) {
    const log = createLog(options({ format, directory: join(directory, format), now: () => new Date(2026, 0, 1) }));
    tracerTo(log, groupId(2))(event);
    await log.close();
  }
  const [text] = linesOf("text/log_2026010100.00.log");
  expect(text).toMatch(/^warning\|.*\|\[g:2\]\[PBFT\]view-changed,height=5,view=2$/);
  const [json = ""] = linesOf("json/log_2026010100.00.log");
  expect(JSON.parse(json)).toMatchObject({ level: "warning", group: 2, room: "PBFT", height: 5, view: 2 });
});
