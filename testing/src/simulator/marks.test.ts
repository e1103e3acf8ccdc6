import { readdirSync, readFileSync } from "node:fs";
import { setImmediate as breath } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { MARKED_SEEDS, MARKS, RARE_EVENTS, UNREACHED_EVENTS } from "./marks.js";
import { createRunner } from "./run.js";

const CORE = new URL("../../../core/src/", import.meta.url);
/** Rooms that trace and take part in simulations. */
const ROOMS = ["consensus", "group", "sync"];

vi.setConfig({ testTimeout: 180_000 });

/** Reasons to reject a block that are worked out before the call that traces them. */
const WORKED_OUT = ["block-not-agreed", "block-parent-unknown"];

/** Names of all trace events in the core: kebab-case texts in the call that traces, before its fields. */
function tracedEvents(): Set<string> {
  const found = new Set(WORKED_OUT);
  const calls = /(?:trace|tellOf|#tell|#accuse|#reject|#punish|#drop)\(([^{;]*)|event: ("[a-z-]+")/g;
  for (const name of readdirSync(CORE, { recursive: true, encoding: "utf8" })) {
    if (
      !ROOMS.some((room) => name.startsWith(`${room}/`)) ||
      !/(?<!\.test)\.ts$/.test(name) ||
      name.includes("testdata")
    )
      continue;
    for (const [, call, event] of readFileSync(new URL(name, CORE), "utf8").matchAll(calls)) {
      for (const [, text = ""] of (event ?? call ?? "").matchAll(/(?<!\[)"([a-z]+(?:-[a-z]+)*)"/g)) found.add(text);
    }
  }
  for (const level of ["debug", "info", "warn"]) found.delete(level);
  return found;
}

describe("marks", () => {
  it("name every trace event of the core once", () => {
    const reached = MARKS.filter((mark) => !/^(REFUSED|DROPPED)/.test(mark)).map((mark) => mark.split("/")[1] ?? "");
    const listed = [...new Set(reached), ...RARE_EVENTS, ...Object.keys(UNREACHED_EVENTS)];
    expect(listed.sort()).toEqual([...tracedEvents()].sort());
  });

  it("are all reached by the first seeds", async () => {
    const runner = await createRunner();
    const missing = new Set(MARKS);
    for (let seed = 1; seed <= MARKED_SEEDS && missing.size > 0; seed++) {
      for (const mark of runner.run(seed).figures.marks.keys()) missing.delete(mark);
      await breath();
    }
    expect([...missing]).toEqual([]);
  });
});
