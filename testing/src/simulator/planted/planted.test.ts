import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { BUGS, PLANTED_BUGS } from "./bugs.js";
import type { Bug } from "./bugs.js";
import { findPlanted } from "./search.js";

// Patches are made to the build, in threads of it.
const CORE = new URL("../../../../core/dist/", import.meta.url);
const THREAD = new URL("../../../dist/simulator/thread.js", import.meta.url);

/** One of most rooms, found within a few schedules; `npm run sim -- --bugs` looks for all of them. */
const QUICKLY_FOUND: readonly Bug[] = [
  "lock-forgotten-in-view-change",
  "raft-vote-forgotten",
  "rpbft-rotation-late",
  "sync-result-not-compared",
  "nonces-forgotten-at-restart",
  "row-cache-stale",
  "frame-to-wrong-group",
  "stop-forgets-other-members",
];

vi.setConfig({ testTimeout: 180_000 });

describe("planted faults", () => {
  it("are more than ten, in every room that decides something", () => {
    expect(BUGS.length).toBeGreaterThan(10);
    const rooms = new Set(BUGS.map((bug) => PLANTED_BUGS[bug].room));
    expect([...rooms].sort()).toEqual([
      "execution",
      "group",
      "host",
      "pbft",
      "raft",
      "rpbft",
      "state",
      "sync",
      "txpool",
    ]);
  });

  it.each(BUGS)("%s still has its one place in the core", (bug) => {
    const { patch } = PLANTED_BUGS[bug];
    if (patch === undefined) return;
    const text = readFileSync(new URL(patch.file, CORE), "utf8");
    expect(text.split(patch.find)).toHaveLength(2);
  });

  it.each(QUICKLY_FOUND)("%s is found", async (bug) => {
    const found = await findPlanted(bug, { threads: 2, thread: THREAD });
    expect(found?.failure.message).toBeDefined();
  });
});
