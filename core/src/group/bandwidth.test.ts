import { groupId } from "../primitives/index.js";
import { encodeSyncPacket, ModuleId, V2_9_0 } from "../protocol/index.js";
import { describe, expect, test } from "vitest";
import { Bandwidth } from "./bandwidth.js";

const [ONE, TWO] = [groupId(1), groupId(2)];
const vote = (group: number) => ({
  groupId: group,
  moduleId: ModuleId.Pbft,
  isResponse: false,
  body: new Uint8Array(0),
});

describe("Bandwidth", () => {
  test("takes permits of the node and of the group for as many blocks as both allow, a quarter of their bytes each", () => {
    const bandwidth = new Bandwidth(10_000, 0);
    bandwidth.addGroup(ONE, 1000, 0);
    expect(bandwidth.isLimited(ONE)).toBe(true);
    // 2000 permits are saved and nearly a second's worth may be borrowed.
    expect(bandwidth.serve(ONE, [3000, 3000, 3000, 3000], 2000)).toBe(3);
    expect(bandwidth.serve(ONE, [3000], 2000)).toBe(0);
    expect(bandwidth.serve(ONE, [3000], 3000)).toBe(1);
  });

  test("a group that waits for its own limit uses up nothing of the node's", () => {
    const bandwidth = new Bandwidth(1000, 0);
    bandwidth.addGroup(ONE, 10, 0);
    bandwidth.addGroup(TWO, undefined, 0);
    for (let nowMs = 0; nowMs < 2000; nowMs += 200) expect(bandwidth.serve(ONE, [4000], nowMs)).toBe(0);
    expect(bandwidth.serve(TWO, [8000], 2000)).toBe(1);
  });

  test("what leaves unasked is paid by its own group and by the node, blocks only once", () => {
    const bandwidth = new Bandwidth(undefined, 0);
    bandwidth.addGroup(ONE, 1000, 0);
    bandwidth.addGroup(TWO, 1000, 0);
    bandwidth.charge(vote(ONE), 5000, 0);
    const body = encodeSyncPacket({ type: "blocks", blocks: [new Uint8Array(100)] }, V2_9_0);
    bandwidth.charge({ ...vote(TWO), moduleId: ModuleId.Sync, body }, 5000, 0);
    expect([bandwidth.serve(ONE, [400], 1000), bandwidth.serve(TWO, [400], 1000)]).toEqual([0, 1]);
    expect(bandwidth.serve(ONE, [400], 6000)).toBe(1);
  });

  test("a group without limits in a node without limits never waits, and one that has ended is not there", () => {
    const bandwidth = new Bandwidth(undefined, 0);
    bandwidth.addGroup(ONE, undefined, 0);
    expect(bandwidth.isLimited(ONE)).toBe(false);
    expect(bandwidth.serve(ONE, [1e9, 1e9], 0)).toBe(2);
    bandwidth.removeGroup(ONE);
    expect(bandwidth.hasGroup(ONE)).toBe(false);
  });
});
