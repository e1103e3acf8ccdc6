import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { GroupId } from "@tsbcos/core/primitives";
import type { ChargedFrame } from "@tsbcos/core/group";
import { encodeSyncPacket, ModuleId, V2_9_0 } from "@tsbcos/core/protocol";
import { FlowControl } from "./flow-control.js";

const [ONE, TWO] = [1 as GroupId, 2 as GroupId];
const UNLIMITED = { requestsPerSecond: undefined, outgoingBytesPerSecond: undefined };
const bandwidth = (outgoingBytesPerSecond: number) => ({ ...UNLIMITED, outgoingBytesPerSecond });
const requests = (requestsPerSecond: number) => ({ ...UNLIMITED, requestsPerSecond });

let nowMs: number;
const now = (): number => nowMs;

beforeEach(() => {
  nowMs = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets time pass for the limits and for timers. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) {
    nowMs += Math.min(50, left);
    await vi.advanceTimersByTimeAsync(Math.min(50, left));
  }
}

const frame = (groupId: GroupId, changes: Partial<ChargedFrame> = {}): ChargedFrame => ({
  groupId,
  moduleId: ModuleId.Pbft,
  isResponse: false,
  body: new Uint8Array(0),
  ...changes,
});

describe("bandwidth", () => {
  test("without limits nothing is asked and everything is granted", () => {
    const flow = new FlowControl(UNLIMITED, now);
    flow.addGroup(ONE, UNLIMITED);
    expect(flow.limitsBandwidth(ONE)).toBe(false);
    const grant = vi.fn();
    flow.askForBlocks(ONE, [1e9, 1e9], grant);
    expect(grant).toHaveBeenCalledExactlyOnceWith(2);
  });

  test("a block costs a quarter of its bytes, and as many leave as there are permits", async () => {
    const flow = new FlowControl(UNLIMITED, now);
    flow.addGroup(ONE, bandwidth(1000));
    expect(flow.limitsBandwidth(ONE)).toBe(true);
    await pass(2000);
    const grant = vi.fn();
    // 2000 permits are saved and a second's worth may nearly be borrowed: 2000 + 999 of 750 each.
    flow.askForBlocks(ONE, [3000, 3000, 3000, 3000, 3000], grant);
    expect(grant).toHaveBeenCalledExactlyOnceWith(3);
    flow.askForBlocks(ONE, [3000, 3000], grant);
    expect(grant).toHaveBeenCalledTimes(1);
    await pass(1000);
    expect(grant).toHaveBeenCalledTimes(2);
    flow.close();
  });

  test("votes and transactions are never held back, and blocks wait for what they have used up", async () => {
    const flow = new FlowControl(bandwidth(1000), now);
    flow.addGroup(ONE, UNLIMITED);
    for (let i = 0; i < 10; i++) flow.charge(frame(ONE), 500);
    const grant = vi.fn();
    flow.askForBlocks(ONE, [400], grant);
    await pass(4900);
    expect(grant).not.toHaveBeenCalled();
    await pass(400);
    expect(grant).toHaveBeenCalledExactlyOnceWith(1);
  });

  test("blocks that were granted are not charged again", () => {
    const flow = new FlowControl(bandwidth(1000), now);
    flow.addGroup(ONE, UNLIMITED);
    const body = encodeSyncPacket({ type: "blocks", blocks: [new Uint8Array(100)] }, V2_9_0);
    flow.charge(frame(ONE, { moduleId: ModuleId.Sync, body }), 100_000);
    const grant = vi.fn();
    flow.askForBlocks(ONE, [400], grant);
    expect(grant).toHaveBeenCalledExactlyOnceWith(1);
  });

  test("a group has its own limit, and both count; what one group uses up is not another's", async () => {
    const flow = new FlowControl(bandwidth(1_000_000), now);
    flow.addGroup(ONE, bandwidth(1000));
    flow.addGroup(TWO, UNLIMITED);
    await pass(1000);
    flow.charge(frame(ONE), 5000);
    const [first, second] = [vi.fn(), vi.fn()];
    flow.askForBlocks(ONE, [400], first);
    flow.askForBlocks(TWO, [400_000], second);
    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledExactlyOnceWith(1);
    // Waiting for its own limit, a group uses up nothing that others could have.
    flow.askForBlocks(TWO, [4 * 1_890_000], second);
    expect(second).toHaveBeenCalledTimes(2);
    await pass(6000);
    expect(first).toHaveBeenCalledExactlyOnceWith(1);
  });

  test("a block larger than what can ever be saved up leaves in the end", async () => {
    const flow = new FlowControl(bandwidth(1_000_000), now);
    flow.addGroup(ONE, UNLIMITED);
    const grant = vi.fn();
    flow.askForBlocks(ONE, [100 * 1024 * 1024], grant);
    await pass(8000);
    expect(grant).toHaveBeenCalledExactlyOnceWith(1);
  });

  test("a group that ends waits for nothing any more", async () => {
    const flow = new FlowControl(bandwidth(10), now);
    flow.addGroup(ONE, UNLIMITED);
    flow.charge(frame(ONE), 10_000);
    const grant = vi.fn();
    flow.askForBlocks(ONE, [4], grant);
    flow.removeGroup(ONE);
    await pass(10_000);
    expect(grant).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("what a group asked in its last moment is not granted to the one that is started after it", async () => {
    const flow = new FlowControl(bandwidth(10), now);
    flow.addGroup(ONE, UNLIMITED);
    flow.charge(frame(ONE), 100);
    flow.removeGroup(ONE);
    const grant = vi.fn();
    // Its thread had sent this before it heard that it was to stop.
    flow.askForBlocks(ONE, [4], grant);
    flow.addGroup(ONE, UNLIMITED);
    await pass(30_000);
    expect(grant).not.toHaveBeenCalled();
  });
});

describe("requests", () => {
  test("of the node and of a group are counted; the first question of every SDK always passes", () => {
    const flow = new FlowControl(requests(10), now);
    flow.addGroup(ONE, requests(3));
    nowMs = 1000;
    const admitted = (groupId: number | undefined, times: number): number =>
      Array.from({ length: times }, () => flow.admitRequest("getBlockNumber", groupId)).filter(Boolean).length;
    // As many as were saved up, and one that is borrowed.
    expect(admitted(ONE, 5)).toBe(4);
    expect(admitted(undefined, 20)).toBe(6);
    expect(flow.admitRequest("getClientVersion", undefined)).toBe(true);
    expect(admitted(undefined, 1)).toBe(0);
  });

  test("without limits all pass", () => {
    const flow = new FlowControl(UNLIMITED, now);
    flow.addGroup(ONE, UNLIMITED);
    for (let i = 0; i < 100; i++) expect(flow.admitRequest("call", ONE)).toBe(true);
  });
});
