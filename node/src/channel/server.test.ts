import { afterEach, describe, expect, test } from "vitest";
import { bytesToUtf8, utf8ToBytes } from "@tsbcos/core/primitives";
import { ChannelType, decodeTopicData, encodeHandshake } from "@tsbcos/core/protocol";
import type { ChannelFrame } from "@tsbcos/core/protocol";
import { TestClient, closeAll, keyOf, sdks, seqOf, startServer, until } from "./server.fixture.js";

afterEach(closeAll);

const [first, second] = sdks;

function payloadOf({ data }: ChannelFrame): string {
  const split = decodeTopicData(data);
  return split.ok ? bytesToUtf8(split.value.payload) : "no topic";
}

describe("handshake and heartbeat", () => {
  test("a session begins with version 1 and may change it any time", async () => {
    const client = await TestClient.connect((await startServer()).port);
    expect(await client.ask(ChannelType.Heartbeat, "0")).toBe("1");
    const handshake = { minimumSupport: 1, maximumSupport: 9, clientType: "x" };
    const reply = await client.ask(ChannelType.Handshake, encodeHandshake(handshake));
    expect(reply).toBe('{"nodeVersion":"2.9.0","protocol":3}\n');
    expect(await client.ask(ChannelType.Heartbeat, "")).toBe('{"heartBeat":1}\n');
    await client.shakeHands(1);
    expect(await client.ask(ChannelType.Heartbeat, "0")).toBe("1");
  });

  test("without a common version the session ends, without an answer", async () => {
    const { port, server } = await startServer();
    const client = await TestClient.connect(port);
    client.send(ChannelType.Handshake, '{"minimumSupport":4,"maximumSupport":5}');
    await until(() => client.isClosed);
    expect(client.frames).toEqual([]);
    expect(server.statistics().dropped).toEqual({ "no-common-version": 1 });
  });

  test("what makes no sense is ignored", async () => {
    const { port, server } = await startServer();
    const client = await TestClient.connect(port);
    client.send(ChannelType.Handshake, "oops");
    client.send(ChannelType.Heartbeat, "1");
    client.send(ChannelType.Topics, "{}");
    client.send(0x77, "what");
    client.send(ChannelType.AmopRequest, new Uint8Array(0));
    expect(await client.ask(ChannelType.Rpc, "x")).toBe("answer to x");
    expect(client.frames).toHaveLength(1);
    expect(server.statistics().ignored).toEqual({
      "malformed-handshake": 1,
      "not-a-heartbeat": 1,
      "malformed-topics": 1,
      "unknown-type": 1,
    });
  });
});

describe("JSON-RPC", () => {
  test("requests are answered with their numbers, in whatever order", async () => {
    let heard: () => void;
    const another = new Promise<void>((resolve) => (heard = resolve));
    const { port, requests } = await startServer({
      handleRpc: async (text) => {
        if (text === "slow") await another;
        else heard();
        return text.toUpperCase();
      },
    });
    const client = await TestClient.connect(port);
    const answers = await Promise.all(["slow", "quick"].map((text) => client.ask(ChannelType.Rpc, text)));
    expect(answers).toEqual(["SLOW", "QUICK"]);
    expect(client.frames.map(({ seq }) => seq)).toEqual([seqOf(2), seqOf(1)]);
    expect(requests).toEqual([]);
  });

  test("a receipt never comes before the answer, however early it is there", async () => {
    const { port } = await startServer({
      handleRpc: async (_text, client) => {
        client.pushReceipt("early");
        await Promise.resolve();
        setTimeout(() => {
          client.pushReceipt("late");
        }, 10);
        return "hash";
      },
    });
    const client = await TestClient.connect(port);
    const seq = client.send(ChannelType.Rpc, "send");
    await until(() => client.frames.length === 3);
    expect(client.frames.map(({ type, data }) => [type, bytesToUtf8(data)])).toEqual([
      [ChannelType.Rpc, "hash"],
      [ChannelType.Receipt, "early"],
      [ChannelType.Receipt, "late"],
    ]);
    expect(client.frames.every((frame) => frame.seq === seq)).toBe(true);
  });

  test("a receipt for a client that has gone is dropped", async () => {
    const { port, requests, server } = await startServer();
    const client = await TestClient.connect(port);
    await client.ask(ChannelType.Rpc, "send");
    client.socket.destroy();
    await until(() => server.statistics().sessions === 0);
    requests[0]!.client.pushReceipt("x".repeat(1000));
  });

  test("only version 3 learns of refusals by receipts", async () => {
    const { port, requests } = await startServer();
    const client = await TestClient.connect(port);
    for (const version of [1, 2, 3]) {
      await client.shakeHands(version);
      await client.ask(ChannelType.Rpc, "x");
    }
    expect(requests.map(({ client: caller }) => caller.refusalsAsReceipts)).toEqual([false, false, true]);
  });

  test("who may ask about a group is decided by its list, and how often by the limits", async () => {
    const asked: unknown[] = [];
    const { port, requests, addGroup, server } = await startServer({
      admitRequest: (subject) => {
        asked.push(subject);
        return subject.method !== "often";
      },
    });
    addGroup(1, { allowlist: [keyOf(first!)] });
    addGroup(2);
    for (const holder of [first!, second!]) {
      const client = await TestClient.connect(port, holder);
      await client.ask(ChannelType.Rpc, "x");
    }
    const [allowed, other] = requests.map(({ client }) => client);
    const about = (
      method: string,
      groupId: number | undefined,
    ): Parameters<NonNullable<typeof allowed>["admit"]>[0] => ({
      method,
      groupId,
    });
    expect(allowed!.admit(about("call", 1))).toBe("admitted");
    expect(other!.admit(about("call", 1))).toBe("not-allowed");
    expect(other!.admit(about("call", 2))).toBe("admitted");
    expect(other!.admit(about("call", 9))).toBe("admitted");
    expect(other!.admit(about("getPeers", undefined))).toBe("admitted");
    expect(other!.admit(about("often", 2))).toBe("over-limit");
    expect(asked).toHaveLength(5);
    server.setAllowlist(1, [keyOf(second!)]);
    expect([allowed!.admit(about("call", 1)), other!.admit(about("call", 1))]).toEqual(["not-allowed", "admitted"]);
    server.setAllowlist(1, []);
    expect(allowed!.admit(about("call", 1))).toBe("admitted");
    server.setAllowlist(1, [keyOf(second!)]);
    server.removeGroup(1);
    expect(allowed!.admit(about("call", 1))).toBe("admitted");
  });
});

describe("block numbers", () => {
  test("go to those who subscribe, in the form of their version, unless they may not use the group", async () => {
    const { port, server, addGroup } = await startServer();
    addGroup(1, { allowlist: [keyOf(first!)] });
    const [old, young, stranger, deaf] = [
      await TestClient.connect(port, first),
      await TestClient.connect(port, first),
      await TestClient.connect(port, second),
      await TestClient.connect(port, first),
    ];
    await young.shakeHands(3);
    for (const client of [old, young, stranger]) await client.subscribe("_block_notify_1", "more");
    await deaf.subscribe("_block_notify_2");
    server.blockCommitted(1, 77);
    server.blockCommitted(9, 5);
    const pushes = async (client: TestClient): Promise<string[]> => {
      await client.ask(ChannelType.Rpc, "after the block");
      return client.frames
        .filter(({ type, seq, result }) => type === ChannelType.BlockNumber && seq === seqOf(0) && result === 0)
        .map(payloadOf);
    };
    expect(await pushes(old)).toEqual(["1,77"]);
    expect(await pushes(young)).toEqual(['{"blockNumber":77,"groupID":1}\n']);
    expect(await pushes(stranger)).toEqual([]);
    expect(await pushes(deaf)).toEqual([]);
    await old.subscribe("other");
    server.blockCommitted(1, 78);
    expect(await pushes(old)).toHaveLength(1);
    expect(await pushes(young)).toHaveLength(2);
  });
});

describe("event filters", () => {
  const REGISTER = ChannelType.RegisterEventFilter;
  const UNREGISTER = ChannelType.UnregisterEventFilter;
  const request = {
    fromBlock: "latest",
    toBlock: "latest",
    addresses: [`0x${"ab".repeat(20)}`],
    topics: [null],
    groupID: "1",
    filterID: "f1",
  };

  async function setUp(
    group: Parameters<Awaited<ReturnType<typeof startServer>>["addGroup"]>[1] = {},
  ): Promise<Awaited<ReturnType<typeof startServer>> & { client: TestClient }> {
    const started = await startServer();
    started.addGroup(1, group);
    return { ...started, client: await TestClient.connect(started.port) };
  }

  const pushesTo = (client: TestClient): string[] =>
    client.frames.filter(({ type }) => type === ChannelType.EventLogs).map(({ data }) => bytesToUtf8(data));

  test("latest means the head of this moment", async () => {
    const { client, searches, server } = await setUp({ height: 10 });
    server.blockCommitted(1, 11);
    expect(await client.filter(REGISTER, request)).toBe(0);
    expect(await client.filter(REGISTER, { ...request, fromBlock: "3", toBlock: "200" })).toBe(0);
    expect(searches.map(({ search }) => [search.fromBlock, search.toBlock])).toEqual([
      [11, undefined],
      [3, 200],
    ]);
    expect(searches[0]!.search).toMatchObject({ filterId: "f1", addresses: ["ab".repeat(20)], topics: [[]] });
  });

  test("B18: a range must have an end after its beginning, and reach at most so far back", async () => {
    const { client } = await setUp({ height: 10, eventBlockRangeMax: 4 });
    const code = (fromBlock: string, toBlock: string): Promise<number> =>
      client.filter(REGISTER, { ...request, fromBlock, toBlock });
    expect(await code("9", "3")).toBe(-41003);
    expect(await code("latest", "9")).toBe(-41003);
    expect(await code("6", "7")).toBe(-41003);
    expect(await code("7", "latest")).toBe(0);
    expect(await code("500", "600")).toBe(0);
    expect(await code("9223372036854775806", "latest")).toBe(0);
  });

  test("refusals have their codes", async () => {
    const { client, server } = await setUp({ allowlist: [keyOf(second!)] });
    expect(await client.filter(REGISTER, { groupID: "1" })).toBe(-41001);
    expect(await client.filter(REGISTER, { ...request, groupID: "9" })).toBe(-41002);
    expect(await client.filter(REGISTER, request)).toBe(-41006);
    expect(await client.filter(UNREGISTER, request)).toBe(-41006);
    server.setAllowlist(1, []);
    expect(await client.filter(UNREGISTER, request)).toBe(-41007);
    expect(await client.filter(UNREGISTER, { ...request, groupID: "9" })).toBe(-41002);
    expect(await client.filter(UNREGISTER, { filterID: "f1" })).toBe(-41001);
  });

  test("findings are pushed, and the search hears when they have left", async () => {
    const { client, searches, server } = await setUp();
    await client.filter(REGISTER, request);
    searches[0]!.find("one");
    searches[0]!.find("last", true);
    searches[0]!.find("too late");
    await until(() => pushesTo(client).length === 2 && searches[0]!.taken === 2);
    expect(pushesTo(client)).toEqual(["one", "last"]);
    expect(server.statistics().eventFilters).toBe(0);
    expect(await client.filter(UNREGISTER, request)).toBe(-41007);
  });

  test("all filters with a name end together, whoever made them", async () => {
    const { client, searches, port } = await setUp();
    const other = await TestClient.connect(port, second);
    await client.filter(REGISTER, request);
    await other.filter(REGISTER, request);
    await other.filter(REGISTER, { ...request, filterID: "f2" });
    expect(await client.filter(UNREGISTER, request)).toBe(0);
    expect(searches.map(({ hasEnded }) => hasEnded)).toEqual([true, true, false]);
  });

  test("filters end with their session and with their group", async () => {
    const { client, searches, server, port, addGroup } = await setUp();
    addGroup(2);
    const other = await TestClient.connect(port, second);
    await client.filter(REGISTER, request);
    await other.filter(REGISTER, request);
    await other.filter(REGISTER, { ...request, groupID: "2" });
    client.socket.destroy();
    await until(() => searches[0]!.hasEnded);
    server.removeGroup(1);
    expect(searches.map(({ hasEnded }) => hasEnded)).toEqual([true, true, false]);
    expect(server.statistics().eventFilters).toBe(1);
  });

  test("B18: logs found while a client was forbidden the group are not lost when it is allowed again", async () => {
    const { client, searches, server } = await setUp();
    await client.filter(REGISTER, request);
    server.setAllowlist(1, [keyOf(second!)]);
    searches[0]!.find("held");
    searches[0]!.find("end", true);
    await client.ask(ChannelType.Rpc, "x");
    expect(pushesTo(client)).toEqual([]);
    expect(searches[0]!.taken).toBe(0);
    server.setAllowlist(1, [keyOf(first!)]);
    await until(() => pushesTo(client).length === 2 && searches[0]!.taken === 2);
    expect(pushesTo(client)).toEqual(["held", "end"]);
  });

  test("one client may have so many and no more", async () => {
    const { client } = await setUp();
    const results = await Promise.all(
      Array.from({ length: 1001 }, (_, i) => client.filter(REGISTER, { ...request, filterID: `f${i}` })),
    );
    expect(results.filter((result) => result === 0)).toHaveLength(1000);
    expect(results.filter((result) => result === -41001)).toHaveLength(1);
    expect(await client.filter(UNREGISTER, { ...request, filterID: "f0" })).toBe(0);
    expect(await client.filter(REGISTER, request)).toBe(0);
  });
});

describe("traffic", () => {
  test("is counted by group and kind", async () => {
    const { port, server, addGroup, searches } = await startServer({
      handleRpc: (text, client) => {
        client.admit({ method: "x", groupId: Number(text) });
        client.pushReceipt("12345");
        return Promise.resolve("1234567890");
      },
    });
    addGroup(1);
    const client = await TestClient.connect(port);
    await client.ask(ChannelType.Rpc, "1");
    await client.ask(ChannelType.Rpc, "7");
    const request = { addresses: [], topics: [], groupID: "1", filterID: "f" };
    await client.filter(ChannelType.RegisterEventFilter, request);
    searches[0]!.find("123");
    await client.next(({ type }) => type === ChannelType.EventLogs);
    await client.filter(ChannelType.UnregisterEventFilter, request);
    const filterBytes = 42 + 1 + utf8ToBytes(JSON.stringify(request)).length;
    expect([...server.statistics().groups]).toEqual([
      [
        1,
        {
          rpcIn: 43,
          rpcOut: 52,
          transactionsOut: 47,
          registerEventIn: filterBytes,
          unregisterEventIn: filterBytes,
          eventLogOut: 45,
        },
      ],
    ]);
  });

  test("each message is a TLS record of its own, in a burst too", async () => {
    const { port } = await startServer();
    const client = await TestClient.connect(port);
    await Promise.all(Array.from({ length: 300 }, (_, i) => client.ask(ChannelType.Rpc, String(i))));
    expect(client.pieces).toEqual(client.frames.map(({ data }) => 42 + data.length));
  });
});
