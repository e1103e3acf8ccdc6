import { groupId, nodeId } from "../primitives/index.js";
import type { NodeId } from "../primitives/index.js";
import { ModuleId } from "../protocol/index.js";
import { beforeEach, describe, expect, test } from "vitest";
import { GroupRouter } from "./router.js";
import type { RoutedFrame, RoutedGroup } from "./router.js";

const [MEMBER, STRANGER] = ["a", "b"].map((digit) => nodeId(digit.repeat(128))) as [NodeId, NodeId];
const [ONE, TWO] = [groupId(1), groupId(2)];

/** A group that only writes down what reaches it. */
class FakeGroup implements RoutedGroup {
  readonly frames: number[] = [];
  sessions: readonly NodeId[] | undefined;
  frame(_from: NodeId, { packetType }: RoutedFrame): boolean {
    this.frames.push(packetType);
    return true;
  }
  peers(peers: readonly NodeId[]): void {
    this.sessions = peers;
  }
}

const frame = (group: number, packetType: number): RoutedFrame => ({
  groupId: group,
  moduleId: ModuleId.Pbft,
  isResponse: false,
  packetType,
  seq: 1,
  body: Uint8Array.of(0),
});

let router: GroupRouter<FakeGroup>;
let one: FakeGroup;
let two: FakeGroup;
beforeEach(() => {
  router = new GroupRouter();
  [one, two] = [new FakeGroup(), new FakeGroup()];
  for (const [id, group] of [
    [TWO, two],
    [ONE, one],
  ] as const) {
    router.setMembers(id, [MEMBER]);
    router.add(id, group);
  }
});

describe("GroupRouter", () => {
  test("gives frames of one module to the group that they are of, and to no other", () => {
    router.frame(MEMBER, frame(ONE, 1));
    router.frame(MEMBER, frame(TWO, 2));
    router.frame(MEMBER, frame(3, 3));
    expect([one.frames, two.frames]).toEqual([[1], [2]]);
    expect(router.droppedFrames()).toEqual(new Map([["no-such-group", 1]]));
  });

  test("asks each group's own members whether a sender may speak to it", () => {
    router.setMembers(TWO, [MEMBER, STRANGER]);
    router.frame(STRANGER, frame(ONE, 1));
    router.frame(STRANGER, frame(TWO, 2));
    expect([one.frames, two.frames]).toEqual([[], [2]]);
    expect(router.droppedFrames()).toEqual(new Map([["from-no-member", 1]]));
  });

  test("goes on with the others when a group stops, and knows their members", () => {
    router.peersChanged([MEMBER]);
    expect(router.remove(ONE)).toBe(one);
    expect(router.running()).toEqual([[TWO, two]]);
    router.peersChanged([MEMBER, STRANGER]);
    router.frame(MEMBER, frame(ONE, 1));
    router.frame(MEMBER, frame(TWO, 2));
    expect([one.frames, two.frames]).toEqual([[], [2]]);
    expect([one.sessions, two.sessions]).toEqual([[MEMBER], [MEMBER, STRANGER]]);
  });

  test("tells a group that is started later who is connected, and takes frames for it only when it knows its members", () => {
    router.peersChanged([MEMBER]);
    router.remove(ONE);
    const again = new FakeGroup();
    router.add(ONE, again);
    expect(again.sessions).toEqual([MEMBER]);
    router.frame(MEMBER, frame(ONE, 1));
    router.setMembers(ONE, [MEMBER]);
    router.frame(MEMBER, frame(ONE, 2));
    expect(again.frames).toEqual([2]);
  });
});
