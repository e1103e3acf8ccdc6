import { describe, expect, it } from "vitest";
import type { Instant, Machine } from "../primitives/index.js";
import { GroupDriver } from "./driver.js";
import type { GroupEffect, GroupInput, GroupPorts } from "./messages.js";

const persisted = (token: number): GroupInput => ({ type: "prepare-persisted", token });
const persist = (token: number): GroupEffect => ({ type: "persist-prepare", token, bytes: new Uint8Array() });

/** Asks for two writes for each token below 10, and wants to wake up at the token. */
class Echo implements Machine<GroupInput, GroupEffect> {
  readonly heard: string[] = [];
  wakeAtMs: number | undefined;

  step(input: GroupInput, now: Instant): readonly GroupEffect[] {
    this.heard.push(`${input.type}@${now.steadyMs}`);
    if (input.type !== "prepare-persisted") return [];
    if (input.token === 99) throw new Error("broken");
    this.wakeAtMs = input.token;
    return input.token < 10 ? [persist(input.token * 10), persist(input.token * 10 + 1)] : [];
  }
}

function setUp(perform?: (effect: GroupEffect, driver: () => GroupDriver<Echo>) => void) {
  const done: (number | undefined | string)[] = [];
  let steadyMs = 0;
  const ports: GroupPorts = {
    perform: (effect) => {
      done.push(effect.type === "persist-prepare" ? effect.token : effect.type);
      perform?.(effect, () => driver);
    },
    now: () => ({ steadyMs: ++steadyMs, wallMs: 0 }),
    wakeAt: (at) => done.push(`wake ${at}`),
  };
  const driver = new GroupDriver(new Echo(), ports);
  return { driver, done };
}

describe("GroupDriver", () => {
  it("starts the effects of a step in order and then asks for the next wake-up call", () => {
    const { driver, done } = setUp();
    driver.post(persisted(5));
    expect(done).toEqual([50, 51, "wake 5"]);
  });

  it("finishes all effects of a step before it takes an input that one of them posted", () => {
    const { driver, done } = setUp((effect, self) => {
      if (effect.type === "persist-prepare") self().post(persisted(effect.token));
    });
    driver.post(persisted(1));
    expect(done).toEqual([10, 11, "wake 11"]);
    expect(driver.group.heard).toEqual(["prepare-persisted@1", "prepare-persisted@2", "prepare-persisted@3"]);
  });

  it("does not repeat a wake-up call that stands, and renews one that a tick used up", () => {
    const { driver, done } = setUp();
    driver.post(persisted(20));
    driver.post(persisted(20));
    expect(done).toEqual(["wake 20"]);
    driver.post({ type: "tick" });
    expect(done).toEqual(["wake 20", "wake 20"]);
  });

  it("lets a broken invariant out and does nothing any more", () => {
    const { driver, done } = setUp();
    expect(() => driver.post(persisted(99))).toThrow("broken");
    driver.post(persisted(1));
    expect(done).toEqual([]);
    expect(driver.group.heard).toHaveLength(1);
  });
});
