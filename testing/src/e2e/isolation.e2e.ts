import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { standardSuite } from "@tsbcos/core/crypto";
import { bytesToHex, utf8ToBytes, type Hash, type Height } from "@tsbcos/core/primitives";
import { encodeSyncPacket, ModuleId, V2_9_0, type SyncPacket } from "@tsbcos/core/protocol";
import {
  encodeCall,
  heightOf,
  Impostor,
  makeGroup,
  operate,
  sleep,
  TestChain,
  until,
  type ChainNode,
} from "../harness/index.js";
import { acknowledged, loadOfTest } from "./load-of-test.js";

const GROUP = 2;
const CONSENSUS_CONTRACT = "0000000000000000000000000000000000001003";

let chain: TestChain;
/** The sealers of group 2; node3 is only in group 1. */
let members: readonly ChainNode[];
let outsider: ChainNode;

beforeAll(async () => {
  chain = await TestChain.build();
  for (const node of chain.nodes) node.serveMetrics();
  await chain.start();
  members = chain.nodes.slice(0, 3);
  outsider = chain.node(3);
  await makeGroup(members, GROUP);
});
afterAll(() => chain.dispose());

/** Frames of one group that a node has counted, by module. */
async function frames(
  node: ChainNode,
  direction: "received" | "sent",
  groupId: number,
): Promise<Record<string, number>> {
  const pattern = new RegExp(`^p2p_${direction}_frames_total\\{group="${groupId}",module="(.*)"\\}$`);
  const found = [...(await node.metrics())].flatMap(([name, count]) => {
    const module = pattern.exec(name)?.[1];
    return module === undefined ? [] : [[module, count] as const];
  });
  return Object.fromEntries(found);
}

async function execute(
  node: ChainNode,
  groupId: number,
  data: Uint8Array = new Uint8Array(0),
  to?: string,
): Promise<number> {
  const client = (await node.client()).inGroup(groupId);
  const receipt = await client.execute(to === undefined ? { data } : { to, data });
  expect(receipt.status).toBe(0);
  return receipt.blockNumber;
}

const packet = (content: SyncPacket): Uint8Array => encodeSyncPacket(content, V2_9_0);
const selectorOf = (signature: string): string => bytesToHex(standardSuite.hash(utf8ToBytes(signature))).slice(0, 8);

describe("a node that is in one group", () => {
  test("neither hears nor says a frame of another, while both are busy", async () => {
    const loads = [loadOfTest(members, 4, 1), loadOfTest(members, 4, GROUP)];
    await Promise.all(loads.map((load) => acknowledged(load, 21)));
    await Promise.all(loads.map((load) => load.stop()));
    for (const node of members) {
      expect(await frames(node, "received", GROUP)).toMatchObject({
        pbft: expect.any(Number) as number,
        sync: expect.any(Number) as number,
      });
    }
    expect(await frames(outsider, "received", GROUP)).toEqual({});
    expect(await frames(outsider, "sent", GROUP)).toEqual({});
    expect(Object.keys(await frames(outsider, "received", 1)).sort()).toEqual(["pbft", "sync"]);
    await expect(heightOf(outsider, GROUP)).rejects.toThrow("GroupID does not exist");
  });

  test("learns nothing by asking, and its frames do not reach the group", async () => {
    await outsider.end("SIGTERM");
    const target = members[0]!;
    const load = loadOfTest(members, 2, GROUP);
    const impostor = await Impostor.connect(outsider, target);
    const dropped = async (): Promise<number> =>
      (await target.metrics()).get('frames_dropped_total{reason="from-no-member"}') ?? 0;
    const before = await dropped();
    const say = (moduleId: number, body: Uint8Array, packetType = 0): void => {
      impostor.send({ groupId: GROUP, moduleId, packetType, body });
    };
    const questions = [
      packet({ type: "request-blocks", from: 0 as Height, size: 10 }),
      packet({ type: "transactions-status", number: 0 as Height, hashes: ["1".repeat(64) as Hash] }),
      packet({ type: "request-transactions", hashes: ["2".repeat(64) as Hash] }),
      packet({ type: "transactions", rawTransactions: [new Uint8Array(100)], consensusIndex: 0 }),
    ];
    for (let turn = 0; turn < 5; turn++) {
      for (const question of questions) say(ModuleId.Sync, question);
      for (const packetType of [0, 1, 2, 3, 4]) say(ModuleId.Pbft, new Uint8Array(50), packetType);
      await sleep(300);
    }
    await until("all of it was heard", async () => (await dropped()) - before >= 5 * 9);
    await until("it hears of its own group", () => impostor.heardOf(1).length > 0);
    await acknowledged(load, 1);
    await load.stop();
    expect(impostor.heardOf(GROUP)).toEqual([]);
    expect((await dropped()) - before).toBe(5 * 9);
    impostor.close();
  });

  test("gets no block by claiming to be ahead, even when it knows the first block's hash", async () => {
    const target = members[1]!;
    const genesisHash = String(await target.rpc.request("getBlockHashByNumber", [GROUP, "0"])).slice(2) as Hash;
    const impostor = await Impostor.connect(outsider, target);
    const claim = packet({
      type: "status",
      number: 1_000_000 as Height,
      genesisHash,
      latestHash: "3".repeat(64) as Hash,
      time: Date.now(),
    });
    impostor.send({ groupId: GROUP, moduleId: ModuleId.Sync, packetType: 0, body: claim });
    const ask = packet({ type: "request-blocks", from: 0 as Height, size: 10 });
    for (let turn = 0; turn < 5; turn++) {
      impostor.send({ groupId: GROUP, moduleId: ModuleId.Sync, packetType: 0, body: ask });
      await execute(members[0]!, GROUP);
    }
    // It is asked for the blocks that it claims to have, and told nothing else.
    await until("it is asked for blocks", () => impostor.heardOf(GROUP).length > 0);
    const kinds = new Set(impostor.heardOf(GROUP).map(({ moduleId, body }) => `${moduleId}/${body[0]}`));
    expect([...kinds]).toEqual([`${ModuleId.Sync}/4`]);
    impostor.close();
  });

  test("joins when its files are there and the group's chain says so", async () => {
    outsider.start();
    await chain.connected(outsider);
    for (const name of [`conf/group.${GROUP}.genesis`, `conf/group.${GROUP}.ini`]) {
      outsider.write(name, members[0]!.read(name));
    }
    outsider.write("config.ini.append_group", "");
    await until("the group is there", async () => (await operate(outsider, "queryGroupStatus", GROUP)).code === "0x0");
    await until("the group runs, and the node is no member yet", () =>
      heightOf(outsider, GROUP).then(
        () => false,
        (error: unknown) => String(error).includes("doesn't belong to the group"),
      ),
    );
    expect(outsider.exists("config.ini.append_group")).toBe(false);
    expect(await frames(outsider, "received", GROUP)).toEqual({});
    const height = await execute(
      members[2]!,
      GROUP,
      encodeCall(selectorOf("addObserver(string)"), outsider.nodeId),
      CONSENSUS_CONTRACT,
    );
    await until("it has caught up", async () => (await heightOf(outsider, GROUP)) >= height);
    expect(await outsider.rpc.getGroupList()).toEqual([1, GROUP]);
    await execute(outsider, GROUP);
  });

  test("hears nothing more from the moment it is removed, and what it says is no business of the group", async () => {
    const height = await execute(
      members[0]!,
      GROUP,
      encodeCall(selectorOf("remove(string)"), outsider.nodeId),
      CONSENSUS_CONTRACT,
    );
    for (const node of members) {
      await until("the removal is stored", async () => (await heightOf(node, GROUP)) >= height);
    }
    // What left before may be on its way yet, or wait until the node has time for it.
    let heard = await frames(outsider, "received", GROUP);
    await until("nothing comes any more", async () => {
      const before = heard;
      await sleep(2000);
      heard = await frames(outsider, "received", GROUP);
      return JSON.stringify(heard) === JSON.stringify(before);
    });
    await execute(members[1]!, GROUP);
    await sleep(6000);
    expect(await frames(outsider, "received", GROUP)).toEqual(heard);
    expect(await heightOf(outsider, GROUP)).toBeLessThanOrEqual(height);
    expect(await operate(outsider, "stopGroup", GROUP)).toMatchObject({ code: "0x0" });
  });
});

describe("groups of one node", () => {
  test("a busy group does not hold up another", async () => {
    const client = await members[0]!.client();
    const times = new Map<number, number[]>([1, GROUP].map((groupId) => [groupId, []]));
    const load = loadOfTest(members, 64, 1);
    await acknowledged(load, 50);
    for (let turn = 0; turn < 10; turn++) {
      for (const [groupId, all] of times) {
        const sentMs = performance.now();
        await client.inGroup(groupId).execute({ data: new Uint8Array(0) });
        all.push(performance.now() - sentMs);
      }
    }
    await load.stop();
    const [busy = 0, calm = 0] = [...times.values()].map((all) => all.toSorted((a, b) => a - b)[5]);
    console.log(`a transaction took ${Math.round(calm)} ms in the calm group, ${Math.round(busy)} ms in the busy one`);
    // A block comes at least once a second; the rest is a machine with few cores under full load, as the busy group is.
    expect(calm).toBeLessThan(Math.max(4000, 3 * busy));
  });

  test("stopping one, on every node, leaves the other as it was", async () => {
    const load = loadOfTest(chain.nodes, 4, 1);
    const before = await heightOf(members[0]!, GROUP);
    for (const node of members) {
      expect(await operate(node, "stopGroup", GROUP)).toEqual({
        code: "0x0",
        message: `Group ${GROUP} stopped successfully`,
      });
    }
    // More than there are senders: some were sent after the other group was gone.
    await acknowledged(load, 10);
    await expect(heightOf(members[0]!, GROUP)).rejects.toThrow("GroupID does not exist");
    for (const node of members) expect(await operate(node, "startGroup", GROUP)).toMatchObject({ code: "0x0" });
    expect(await execute(members[1]!, GROUP)).toBeGreaterThan(before);
    const kept = await load.stop();
    const height = Math.max(...kept.map(({ blockNumber }) => blockNumber));
    await chain.reached(height);
    const hashes = await chain.agreedHashes(height);
    for (const { blockNumber, blockHash } of kept) expect(hashes[blockNumber]).toBe(blockHash);
  });

  test("a group is stopped and started again in the middle of its work, and loses nothing that it acknowledged", async () => {
    const load = loadOfTest(members, 4, GROUP);
    await acknowledged(load, 4);
    for (let turn = 0; turn < 3; turn++) {
      await sleep(700);
      expect(await operate(members[turn]!, "stopGroup", GROUP)).toMatchObject({ code: "0x0" });
      await sleep(300);
      expect(await operate(members[turn]!, "startGroup", GROUP)).toMatchObject({ code: "0x0" });
    }
    await acknowledged(load, 10);
    const kept = await load.stop();
    const height = Math.max(...kept.map(({ blockNumber }) => blockNumber));
    for (const node of members) {
      await until("it has caught up", async () => (await heightOf(node, GROUP)) >= height);
      for (const { blockNumber, blockHash } of kept.slice(0, 20)) {
        expect(await node.rpc.request("getBlockHashByNumber", [GROUP, String(blockNumber)])).toBe(blockHash);
      }
    }
  });
});
