import { describe, expect, it } from "vitest";
import { World } from "./world.js";

describe("World", () => {
  it("lets events happen by time, and in the order of scheduling within one moment", () => {
    const world = new World(100);
    const seen: string[] = [];
    for (const [delay, name] of [
      [5, "c"],
      [1, "a"],
      [5, "d"],
      [3, "b"],
    ] as const) {
      world.after(delay, () => seen.push(`${name}@${world.nowMs}`));
    }
    world.run(10);
    expect(seen).toEqual(["a@1", "b@3", "c@5", "d@5"]);
    expect(world.nowMs).toBe(10);
  });

  it("stops the clock at the given time and goes on from there", () => {
    const world = new World(100);
    const seen: number[] = [];
    world.after(4, () => world.after(4, () => seen.push(world.nowMs)));
    world.run(5);
    expect(seen).toEqual([]);
    world.run(20);
    expect(seen).toEqual([8]);
  });

  it("skips what was called off", () => {
    const world = new World(100);
    const scheduled = world.after(1, () => expect.unreachable());
    scheduled.cancelled = true;
    world.run(2);
    expect(world.eventCount).toBe(0);
  });

  it("keeps order among many events in random order", () => {
    const world = new World(10_000);
    const seen: number[] = [];
    for (let i = 0; i < 1000; i++) world.after((i * 7919) % 1000, () => seen.push(world.nowMs));
    world.run(1000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen).toHaveLength(1000);
  });

  it("ends a run that goes in circles", () => {
    const world = new World(50);
    const again = (): void => void world.after(0, again);
    again();
    expect(() => world.run(1)).toThrow("caught in a loop");
  });

  it("has a digest that depends on what happened and when", () => {
    const digest = (facts: readonly [number, string][]): string => {
      const world = new World(10);
      for (const [delay, fact] of facts) world.after(delay, () => world.note(fact));
      world.run(10);
      return world.digest;
    };
    expect(digest([[1, "a"]])).toBe(digest([[1, "a"]]));
    expect(digest([[1, "a"]])).not.toBe(digest([[2, "a"]]));
    expect(digest([[1, "ab"]])).not.toBe(digest([[1, "ba"]]));
  });
});
