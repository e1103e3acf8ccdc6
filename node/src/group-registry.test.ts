import { beforeEach, describe, expect, test } from "vitest";
import { CodedError, nodeId, type GroupId, type Height, type NodeId } from "@tsbcos/core/primitives";
import { encodeSyncPacket, ModuleId, V2_9_0, type P2pFrame } from "@tsbcos/core/protocol";
import { GroupRegistry } from "./group-registry.js";
import { ReadFailed, SubmissionRefused, type GroupThread } from "./runtime/index.js";

const [SELF, MEMBER, STRANGER] = ["a", "b", "c"].map((digit) => nodeId(digit.repeat(128))) as [NodeId, NodeId, NodeId];
const [ONE, TWO] = [1 as GroupId, 2 as GroupId];

/** A group's thread that only writes down what reaches it. */
class FakeThread {
  readonly frames: string[] = [];
  readonly peerLists: (readonly NodeId[])[] = [];
  isBusy = false;
  isStopped = false;
  answer: () => Promise<string> = () => Promise.resolve('"0x1"');

  frame(from: NodeId, frame: P2pFrame, isMember: boolean): boolean {
    if (this.isBusy) return false;
    this.frames.push(`${from[0]} ${frame.moduleId}/${frame.body[0]}${isMember ? "" : " stranger"}`);
    return true;
  }
  peers(peers: readonly NodeId[]): void {
    this.peerLists.push(peers);
  }
  read(): Promise<string> {
    return this.answer();
  }
  submit(): Promise<string> {
    return this.answer();
  }
  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }
}

let registry: GroupRegistry;
let one: FakeThread;
let two: FakeThread;

function add(groupId: GroupId, thread: FakeThread, ...members: readonly NodeId[]): void {
  registry.eventsOf(groupId).onMembers(members);
  registry.add(groupId, thread as unknown as GroupThread, 0);
}

beforeEach(() => {
  registry = new GroupRegistry(SELF, { onBlock: () => undefined });
  [one, two] = [new FakeThread(), new FakeThread()];
  registry.peersChanged([MEMBER, STRANGER]);
  add(TWO, two, MEMBER);
  add(ONE, one, SELF, MEMBER);
});

const frame = (changes: Partial<P2pFrame> = {}): P2pFrame => ({
  version: 0,
  groupId: ONE,
  moduleId: ModuleId.Pbft,
  isResponse: false,
  packetType: 0,
  seq: 0,
  body: Uint8Array.of(0),
  ...changes,
});
const hashes = ["1".repeat(64)] as never;
const SYNC_PACKETS = [
  { type: "status", number: 1 as Height, genesisHash: hashes[0], latestHash: hashes[0], time: 1 },
  { type: "transactions", rawTransactions: [], consensusIndex: undefined },
  { type: "blocks", blocks: [] },
  { type: "request-blocks", from: 1 as Height, size: 1 },
  { type: "transactions-status", number: 1 as Height, hashes },
  { type: "request-transactions", hashes },
] as const;

describe("frames", () => {
  test("of members reach their group and no other", () => {
    for (const packet of SYNC_PACKETS) {
      registry.frame(MEMBER, frame({ moduleId: ModuleId.Sync, body: encodeSyncPacket(packet, V2_9_0) }));
    }
    registry.frame(MEMBER, frame());
    expect(one.frames).toEqual(["b 9/1", "b 9/2", "b 9/3", "b 9/4", "b 9/5", "b 9/6", "b 8/0"]);
    expect(two.frames).toEqual([]);
    expect([...registry.droppedFrames()]).toEqual([]);
  });

  test("of others are how high they are, and blocks; nothing else", () => {
    for (const packet of SYNC_PACKETS) {
      registry.frame(STRANGER, frame({ moduleId: ModuleId.Sync, body: encodeSyncPacket(packet, V2_9_0) }));
    }
    for (const moduleId of [ModuleId.Pbft, ModuleId.Raft, ModuleId.Amop, 77])
      registry.frame(STRANGER, frame({ moduleId }));
    registry.frame(STRANGER, frame({ moduleId: ModuleId.Sync, body: new Uint8Array(0) }));
    expect(one.frames).toEqual(["c 9/1 stranger", "c 9/3 stranger"]);
    expect(registry.droppedFrames().get("from-no-member")).toBe(9);
  });

  test("follow the members as they change", () => {
    registry.eventsOf(ONE).onMembers([SELF, STRANGER]);
    registry.frame(MEMBER, frame());
    registry.frame(STRANGER, frame());
    expect(one.frames).toEqual(["c 8/0"]);
  });

  test("of groups that are not here, answers to nothing, and what a busy group cannot take are counted", () => {
    registry.frame(MEMBER, frame({ groupId: 9 }));
    registry.frame(MEMBER, frame({ isResponse: true }));
    one.isBusy = true;
    registry.frame(MEMBER, frame());
    expect(Object.fromEntries(registry.droppedFrames())).toEqual({
      "no-such-group": 1,
      "answer-to-nothing": 1,
      "group-too-busy": 1,
    });
    expect(one.frames).toEqual([]);
  });
});

describe("groups", () => {
  test("are listed where this node is a member, in order", () => {
    expect(registry.running().map(({ groupId }) => groupId)).toEqual([1, 2]);
    expect(registry.groupsOfNode()).toEqual([1]);
    registry.eventsOf(TWO).onMembers([SELF]);
    expect(registry.groupsOfNode()).toEqual([1, 2]);
  });

  test("hear of sessions from the beginning and at each change", () => {
    registry.peersChanged([MEMBER]);
    expect(one.peerLists).toEqual([[MEMBER, STRANGER], [MEMBER]]);
  });

  test("cannot be reached from the moment they are stopped, and others can", async () => {
    const stopping = registry.stop(ONE);
    registry.frame(MEMBER, frame());
    registry.peersChanged([]);
    expect([one.frames, one.peerLists.length, registry.gateway(ONE)]).toEqual([[], 1, undefined]);
    await stopping;
    expect(one.isStopped).toBe(true);
    expect(two.isStopped).toBe(false);
    expect(registry.gateway(TWO)).toBeDefined();
    await registry.stopAll();
    expect(two.isStopped).toBe(true);
  });
});

describe("failures of a group's thread are shown as errors of JSON-RPC", () => {
  test.each([
    ["a request that was under way when it stopped", new CodedError("group-stopped", "x"), "GroupID does not exist"],
    [
      "a method's own",
      new ReadFailed({ code: -40004, message: "BlockNumber does not exist", withData: true }),
      "BlockNumber does not exist",
    ],
    ["a refused transaction", new SubmissionRefused("not-in-group", "x"), "doesn't belong to the group"],
  ])("%s", async (_name, error, message) => {
    one.answer = () => Promise.reject(error);
    await expect(registry.gateway(ONE)?.read("getBlockNumber", [])).rejects.toMatchObject({ code: "rpc-error" });
    await expect(registry.gateway(ONE)?.submit(new Uint8Array(0))).rejects.toThrow(message);
  });

  test("a defect stays one", async () => {
    one.answer = () => Promise.reject(new TypeError("undefined is not a function"));
    await expect(registry.gateway(ONE)?.read("getBlockNumber", [])).rejects.toBeInstanceOf(TypeError);
  });
});
