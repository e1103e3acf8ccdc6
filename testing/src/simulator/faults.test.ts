import { createRandom } from "@tsbcos/core/primitives";
import { describe, expect, it } from "vitest";
import { Faults } from "./faults.js";
import type { Cut, FaultTarget } from "./faults.js";
import { drawOptions, twinOptions } from "./options.js";
import { World } from "./world.js";

const NODES = 5;

/** Faults that only strike leaders, and what they do. */
function setUp(leaderStruck: number) {
  const world = new World(10_000);
  const cuts: Cut[] = [];
  const done: string[] = [];
  const target: FaultTarget = {
    nodeCount: NODES,
    isUp: () => true,
    crash: (node) => done.push(`crash ${node}`),
    restart: (node) => done.push(`restart ${node}`),
    pause: () => done.push("pause"),
    resume: () => done.push("resume"),
    groupCountOf: () => 1,
    stopGroup: () => done.push("stop group"),
    startGroup: () => done.push("start group"),
    jumpClock: () => done.push("jump"),
    partition: (cut) => {
      cuts.push(cut);
      done.push("cut");
    },
    heal: () => done.push("heal"),
  };
  const options = { ...twinOptions(1).faults, leaderStruck };
  const faults = new Faults({ world, random: createRandom("faults"), options, target });
  faults.start();
  return { world, faults, cuts, done };
}

describe("Faults", () => {
  it("leave a leader that offers a block with fewer than half of all, or take it down, and take it back", () => {
    const { world, faults, cuts, done } = setUp(1);
    for (let leader = 0; leader < 40; leader++) {
      faults.offering(leader % NODES);
      const cut = cuts.pop();
      if (cut !== undefined) {
        expect(cut.side[0]).toBe(leader % NODES);
        expect(cut.side.length).toBeLessThan(NODES / 2);
        expect([...cut.side, ...cut.others].sort()).toEqual([0, 1, 2, 3, 4]);
      }
      world.run(world.nowMs + 20_000);
    }
    const count = (what: string) => done.filter((event) => event.startsWith(what)).length;
    expect(count("cut")).toBeGreaterThan(10);
    expect(count("crash")).toBeGreaterThan(10);
    expect(count("heal")).toBe(count("cut"));
    expect(count("restart")).toBe(count("crash"));
  });

  it("put a new cut in the place of the former one, whose end does not heal it", () => {
    const { world, faults, done } = setUp(1);
    for (let times = 0; times < 20; times++) faults.offering(0);
    world.run(20_000);
    const events = done.filter((event) => event === "cut" || event === "heal");
    // Healed before each but the first, and once in the end.
    expect(events.join(" ")).toMatch(/^cut( heal cut){5,} heal$/);
  });

  it("strike leaders of Raft alone, in groups in which one mistaken sealer is enough", () => {
    const struck = Array.from({ length: 60 }, (_, seed) => drawOptions(seed)).filter(
      ({ faults }) => faults.leaderStruck > 0,
    );
    expect(struck.length).toBeGreaterThan(0);
    for (const { groups } of struck) expect(groups[0]).toMatchObject({ consensus: "raft", members: [0, 1, 2, 3, 4] });
    const { faults, done, world } = setUp(0);
    faults.offering(0);
    world.run(20_000);
    expect(done).toEqual([]);
  });
});
