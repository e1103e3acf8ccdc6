import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  P2P_FRAME_BYTES_MAX,
  P2P_SEND_QUEUE_BYTES_MAX,
  P2P_SEND_QUEUE_BYTES_RESERVED,
  bytesEqual,
  createRandom,
  utf8ToBytes,
} from "@tsbcos/core/primitives";
import { closeAll, holders, idOf, message, startNode, transportOf, within } from "./network.fixture.js";
import type { TestNode } from "./network.fixture.js";

afterEach(async () => {
  await closeAll();
  vi.useRealTimers();
});

/** For connections that are to come about, on a machine that does ten other things. */
const patient = { timeoutMs: 60_000, signal: new AbortController().signal };
const random = createRandom("p2p");

/** Nodes 0 to `count` − 1, each dialling those before it, once all are connected. */
async function startConnected(count: number): Promise<TestNode[]> {
  const nodes: TestNode[] = [];
  for (let i = 0; i < count; i++) {
    nodes.push(await startNode(i, { staticPeers: nodes.map(({ service }) => service.listening) }));
  }
  await vi.waitFor(() => {
    for (const { service } of nodes) expect(service.peers()).toHaveLength(count - 1);
  }, within);
  return nodes;
}

/** Like `vi.waitFor`, which would let a faked clock go on. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("messages", () => {
  test("arrive as they were sent, and one message to many has one number, counted from 2", async () => {
    const [a, b, c] = (await startConnected(3)) as [TestNode, TestNode, TestNode];
    expect(a.service.send([b.nodeId, c.nodeId], message(Uint8Array.of(1, 2, 3)))).toBe(2);
    expect(a.service.send([b.nodeId], message(Uint8Array.of(4), { groupId: 32767, moduleId: 9, seq: 77 }))).toBe(77);
    await vi.waitFor(() => {
      expect(b.frames).toHaveLength(2);
      expect(c.frames).toHaveLength(1);
    }, within);
    const first = { version: 0, groupId: 1, moduleId: 8, isResponse: false, packetType: 3, seq: 2 };
    expect(b.frames[0]).toEqual({ from: a.nodeId, frame: { ...first, body: Buffer.of(1, 2, 3) } });
    expect(c.frames[0]?.frame.seq).toBe(2);
    expect(b.frames[1]?.frame).toMatchObject({ groupId: 32767, moduleId: 9, seq: 77 });
  });

  test("keep their order, and bodies above 1 KiB travel compressed when the sender wants it", async () => {
    const [a, b] = (await startConnected(2)) as [TestNode, TestNode];
    const bodies = [utf8ToBytes("block ".repeat(200_000)), random.bytes(3_000_000), Uint8Array.of(7)];
    for (const body of bodies) a.service.send([b.nodeId], message(body));
    await vi.waitFor(() => {
      expect(b.frames).toHaveLength(3);
    }, within);
    for (const [i, body] of bodies.entries()) {
      expect(bytesEqual(b.frames[i]!.frame.body, body)).toBe(true);
      expect(b.frames[i]!.frame.version).toBe(0);
    }
    const { bytesOut = 0, framesOut } = a.service.statistics().traffic.find(({ moduleId }) => moduleId === 8) ?? {};
    expect(framesOut).toBe(3);
    expect(bytesOut).toBeGreaterThan(3_000_000);
    expect(bytesOut).toBeLessThan(3_200_000);
  });

  test("the largest body arrives, also when it cannot be compressed", async () => {
    const [a, b] = (await startConnected(2)) as [TestNode, TestNode];
    const body = new Uint8Array(P2P_FRAME_BYTES_MAX - 16);
    const noise = random.bytes(65_536);
    // Snappy looks back 64 KiB at most, and starts afresh with each block of that size.
    for (let at = 0; at < body.length; at += noise.length) body.set(noise.subarray(0, body.length - at), at);
    expect(a.service.hasRoom(b.nodeId, body.length)).toBe(true);
    expect(a.service.hasRoom(b.nodeId, body.length + 1)).toBe(false);
    a.service.send([b.nodeId], message(body));
    await vi.waitFor(() => {
      expect(b.frames).toHaveLength(1);
    }, within);
    expect(bytesEqual(b.frames[0]!.frame.body, body)).toBe(true);
  });

  test("messages of clients find no room where what is left is kept for groups", async () => {
    const a = await startNode(0, { compress: false });
    const b = await startNode(1, { staticPeers: [a.service.listening] });
    await vi.waitFor(() => {
      expect(a.service.isConnected(b.nodeId)).toBe(true);
    }, within);
    const piece = new Uint8Array(20_000_000);
    let pieces = 0;
    for (; a.service.hasRoom(b.nodeId, piece.length); pieces++) a.service.send([b.nodeId], message(piece));
    expect(pieces).toBe(Math.floor((P2P_SEND_QUEUE_BYTES_MAX - P2P_SEND_QUEUE_BYTES_RESERVED) / (piece.length + 16)));
    a.service.send([b.nodeId], message(piece));
    await vi.waitFor(() => {
      expect(b.frames).toHaveLength(pieces + 1);
    }, within);
    await vi.waitFor(() => {
      expect(a.service.hasRoom(b.nodeId, P2P_FRAME_BYTES_MAX - 16)).toBe(true);
    }, within);
    expect(a.service.statistics().dropped).toEqual({});
  });

  test("what one turn of the event loop sends shares TLS records", async () => {
    const { service } = await startNode(0, { limits: { heartbeatIntervalMs: 600_000 } });
    const { host, port } = service.listening;
    const { stream } = await transportOf(holders[1]!).dial({ host, port }, patient);
    let chunks = 0;
    let bytes = 0;
    stream.on("data", (chunk: Buffer) => {
      chunks++;
      bytes += chunk.length;
    });
    await vi.waitFor(() => {
      expect(service.peers()).toHaveLength(1);
    }, within);
    for (let i = 0; i < 500; i++) service.send([idOf(holders[1]!)], message(random.bytes(10)));
    await vi.waitFor(() => {
      expect(bytes).toBeGreaterThanOrEqual(500 * 26);
    }, within);
    expect(chunks).toBeLessThan(10);
    stream.destroy();
  });

  test("are reported with their bytes on the wire, for each receiver", async () => {
    const sent: [number, number][] = [];
    const a = await startNode(0, { onSent: ({ moduleId }, bytes) => sent.push([moduleId, bytes]) });
    for (const index of [1, 2]) await startNode(index, { staticPeers: [a.service.listening] });
    await vi.waitFor(() => {
      expect(a.service.peers()).toHaveLength(2);
    }, within);
    a.service.send(
      a.service.peers().map(({ nodeId }) => nodeId),
      message(new Uint8Array(100)),
    );
    expect(sent.filter(([moduleId]) => moduleId === 8)).toEqual([
      [8, 116],
      [8, 116],
    ]);
  });

  test("to nobody we are connected with, and to ourselves, go nowhere", async () => {
    const a = await startNode(0);
    a.service.send([a.nodeId, idOf(holders[1]!)], message(Uint8Array.of(1)));
    expect(a.service.statistics().traffic).toEqual([]);
  });
});

describe("requests", () => {
  test("get the answer with their number; other frames with that number pass by", async () => {
    const [a, b] = (await startConnected(2)) as [TestNode, TestNode];
    const answer = a.service.request(b.nodeId, message(Uint8Array.of(1)), 60_000);
    await vi.waitFor(() => {
      expect(b.frames).toHaveLength(1);
    }, within);
    const { seq } = b.frames[0]!.frame;
    b.service.send([a.nodeId], message(Uint8Array.of(2), { seq }));
    b.service.send([a.nodeId], message(Uint8Array.of(3), { seq, isResponse: true }));
    expect(await answer).toMatchObject({ ok: true, value: { isResponse: true, seq, body: Buffer.of(3) } });
    expect(a.frames.map(({ frame }) => frame.body[0])).toEqual([2]);
  });

  test("end with an error when nothing comes in time, the peer goes, or was never there", async () => {
    const [a, b] = (await startConnected(2)) as [TestNode, TestNode];
    const body = Uint8Array.of(1);
    expect(await a.service.request(idOf(holders[3]!), message(body), 1000)).toMatchObject({
      error: { code: "peer-not-connected" },
    });
    expect(await a.service.request(b.nodeId, message(body), 20)).toMatchObject({
      error: { code: "request-timed-out" },
    });
    const waiting = a.service.request(b.nodeId, message(body), 0);
    await b.service.close();
    expect(await waiting).toMatchObject({ error: { code: "peer-disconnected" } });
  });
});

describe("connections", () => {
  test("know who is at the other end", async () => {
    const [a, b] = (await startConnected(2)) as [TestNode, TestNode];
    expect(b.service.peers()).toEqual([
      { nodeId: a.nodeId, agencyName: "agency", nodeName: "node0", remote: a.service.listening, topics: [] },
    ]);
    expect(a.service.peers()[0]).toMatchObject({ nodeId: b.nodeId, nodeName: "node1", remote: { host: "127.0.0.1" } });
    expect(b.peerSets.at(-1)).toEqual([a.nodeId]);
  });

  test("two nodes that dial each other at once end up with one session each, and keep it", async () => {
    const [a, b] = await Promise.all([startNode(0), startNode(1)]);
    for (let round = 0; round < 5; round++) {
      a.service.setStaticPeers([b.service.listening]);
      b.service.setStaticPeers([a.service.listening]);
      await vi.waitFor(() => {
        expect(a.service.isConnected(b.nodeId) && b.service.isConnected(a.nodeId)).toBe(true);
      }, within);
      a.service.setStaticPeers([]);
      b.service.setStaticPeers([]);
      a.service.setWhitelist([a.nodeId]);
      await vi.waitFor(() => {
        expect(b.service.peers()).toEqual([]);
      }, within);
      a.service.setWhitelist([]);
    }
  });

  test("a second connection of the same node is closed, the first one lives on", async () => {
    const [a, b] = (await startConnected(2)) as [TestNode, TestNode];
    const second = await transportOf(holders[1]!).dial(a.service.listening, patient);
    await new Promise((resolve) => second.stream.once("close", resolve).resume());
    expect(a.service.statistics().refused).toEqual({ "duplicate-session": 1 });
    expect(a.service.peers()[0]?.nodeId).toBe(b.nodeId);
    expect(a.peerSets).toHaveLength(1);
  });

  test("our own address among the peers is dialled once and then left alone", async () => {
    const ticks: number[] = [];
    const a = await startNode(0, { onTick: (connected) => ticks.push(connected), limits: { redialIntervalMs: 20 } });
    a.service.setStaticPeers([a.service.listening]);
    await vi.waitFor(() => {
      expect(a.service.statistics().refused["own-node"]).toBe(2);
    }, within);
    const seen = ticks.length;
    await vi.waitFor(() => {
      expect(ticks.length).toBeGreaterThan(seen + 4);
    }, within);
    expect(a.service.statistics().refused["own-node"]).toBe(2);
    expect(ticks.every((connected) => connected === 0)).toBe(true);
  });

  test("a node that comes back at its address is connected again", async () => {
    const [a, b] = (await startConnected(2)) as [TestNode, TestNode];
    const { listening } = a.service;
    await a.service.close();
    await vi.waitFor(() => {
      expect(b.service.peers()).toEqual([]);
    }, within);
    const again = await startNode(0, { listen: listening });
    await vi.waitFor(() => {
      expect(b.service.isConnected(again.nodeId)).toBe(true);
    }, within);
    expect(b.peerSets).toEqual([[a.nodeId], [], [a.nodeId]]);
  });

  test("closing gives up a dial that nobody answers", async () => {
    const mute = createServer().listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    const accepted = once(mute, "connection");
    const a = await startNode(0, { staticPeers: [{ host: "127.0.0.1", port }] });
    const [socket] = (await accepted) as [Socket];
    const gone = once(socket.on("error", () => undefined).resume(), "close");
    await a.service.close();
    await gone;
    mute.close();
    expect(a.service.statistics().refused).toEqual({});
  });

  test("a port in use is an error that says so", async () => {
    const a = await startNode(0);
    await expect(startNode(1, { listen: a.service.listening })).rejects.toMatchObject({
      code: "p2p-cannot-listen",
      message: expect.stringContaining("another program listens there"),
    });
  });

  test("a silent peer is dropped after the idle time, a talking one is not", async () => {
    // Time passes as the test says, so that nobody is silent for being slow.
    vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
    const limits = { heartbeatIntervalMs: 20, idleTimeoutMs: 150 };
    const a = await startNode(0, { limits });
    const b = await startNode(1, { limits, staticPeers: [a.service.listening] });
    const silent = await transportOf(holders[2]!).dial(a.service.listening, patient);
    const ended = new Promise((resolve) => silent.stream.once("close", resolve).resume());
    await until(() => a.service.peers().length === 2 && b.service.peers().length === 1);
    const heard = ({ service }: TestNode): number =>
      service.statistics().traffic.reduce((sum, { framesIn }) => sum + framesIn, 0);
    for (let beats = 1; beats <= 20; beats++) {
      const [byA, byB] = [heard(a), heard(b)];
      vi.advanceTimersByTime(limits.heartbeatIntervalMs);
      await until(() => heard(a) > byA && heard(b) > byB);
    }
    await ended;
    expect(a.service.statistics().dropped).toEqual({ idle: 1 });
    expect(a.service.peers().map(({ nodeId }) => nodeId)).toEqual([b.nodeId]);
  });
});

describe("lists", () => {
  test("a node in the black list is refused, whoever dials", async () => {
    const banned = idOf(holders[1]!);
    const a = await startNode(0, { blacklist: [banned] });
    const b = await startNode(1, { staticPeers: [a.service.listening] });
    a.service.setStaticPeers([b.service.listening]);
    await vi.waitFor(() => {
      expect(a.service.statistics().refused["in-blacklist"]).toBeGreaterThanOrEqual(2);
    }, within);
    expect(a.peerSets).toEqual([]);
  });

  test("a new white list ends the sessions it does not allow, and lets them come back when they are", async () => {
    const [a, b, c] = (await startConnected(3)) as [TestNode, TestNode, TestNode];
    a.service.setWhitelist([c.nodeId]);
    expect(a.service.peers().map(({ nodeId }) => nodeId)).toEqual([c.nodeId]);
    await vi.waitFor(() => {
      expect(a.service.statistics().refused["not-in-whitelist"]).toBeGreaterThanOrEqual(1);
    }, within);
    a.service.setWhitelist([]);
    await vi.waitFor(() => {
      expect(a.service.isConnected(b.nodeId)).toBe(true);
    }, within);
  });
});

describe("topics", () => {
  test("are learned from a peer, asked for again when its number changes, and forgotten with it", async () => {
    let mine = { seq: 4, topics: ["a", "b"] };
    const learned: (readonly string[])[] = [];
    let unchanged = 0;
    const silent = { learned: () => undefined, unchanged: () => undefined };
    const limits = { heartbeatIntervalMs: 20 };
    const a = await startNode(0, { limits, topics: { local: () => mine, ...silent } });
    const b = await startNode(1, {
      limits,
      staticPeers: [a.service.listening],
      topics: {
        local: () => ({ seq: 0, topics: [] }),
        learned: (_, topics) => learned.push(topics),
        unchanged: () => unchanged++,
      },
    });
    await vi.waitFor(() => {
      expect(unchanged).toBeGreaterThan(2);
    }, within);
    expect(b.service.peers()[0]?.topics).toEqual(["a", "b"]);
    mine = { seq: 5, topics: ["c"] };
    await vi.waitFor(() => {
      expect(learned).toEqual([["a", "b"], ["c"]]);
    }, within);
    expect(a.frames).toEqual([]);
  });
});
