import {
  accountFromSigner,
  channelTransport,
  connect,
  createAccount,
  smSuite,
  type Client,
  type Transport,
} from "@tsbcos/sdk";
import { keccak256 } from "@tsbcos/core/crypto";
import { bytesToUtf8, concatBytes, utf8ToBytes, type ByteString } from "@tsbcos/core/primitives";
import {
  ChannelType,
  decodeTopicData,
  decodeVerifyVerdict,
  encodeChannelFrame,
  encodeTopicData,
  encodeVerifyRequest,
  privateTopic,
  type ChannelFrame,
} from "@tsbcos/core/protocol";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ChannelNode, filterIn, RpcFailure, SDK_FOLDER } from "./channel-node.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function node(...args: Parameters<typeof ChannelNode.start>): Promise<ChannelNode> {
  const started = await ChannelNode.start(...args);
  cleanups.push(() => started.stop());
  return started;
}

/** For what takes milliseconds, on a machine that does ten other things. */
const PATIENCE_MS = 60_000;
const soon = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: PATIENCE_MS, interval: 10 });

async function transport(...nodes: readonly ChannelNode[]): Promise<Transport> {
  const made = await channelTransport({
    nodes: nodes.map(({ endpoint }) => endpoint),
    tls: SDK_FOLDER,
    timeoutMs: PATIENCE_MS,
  });
  cleanups.push(() => made.close());
  return made;
}

async function client(...nodes: readonly ChannelNode[]): Promise<Client> {
  const made = await connect({
    nodes: nodes.map(({ endpoint }) => endpoint),
    tls: SDK_FOLDER,
    timeoutMs: PATIENCE_MS,
  });
  cleanups.push(() => made.close());
  return made;
}

/** Waits until all nodes are connected: clients begin with those that are when the first has been for a while. */
async function allConnected(made: Transport): Promise<void> {
  for (const endpoint of made.endpoints) await soon(() => made.request("getClientVersion", [], { endpoint }));
}

describe("several nodes", () => {
  test("those that cannot be reached are told of when none can, and tried again when one can", async () => {
    await expect(channelTransport({ nodes: ["127.0.0.1:1", "127.0.0.1:2"], tls: SDK_FOLDER })).rejects.toThrow(
      /127.0.0.1:1[\s\S]*127.0.0.1:2/,
    );
    const [first, late] = [await node({ getBlockNumber: () => "0x1" }), await node({ getBlockNumber: () => "0x2" })];
    await late.stop();
    const both = await transport(late, first);
    expect(await both.request("getBlockNumber", [1])).toBe("0x1");
    await expect(both.request("getBlockNumber", [1], { endpoint: late.endpoint })).rejects.toThrow(/is not connected/);
    await late.listen();
    await soon(async () => expect(await both.request("getBlockNumber", [1], { endpoint: late.endpoint })).toBe("0x2"));
  });

  test("the one with the highest block is asked first, and another when it is lost", async () => {
    const [low, high] = [await node({ getCode: () => "low" }), await node({ getCode: () => "high" })];
    const both = await transport(low, high);
    await allConnected(both);
    const seen: number[] = [];
    both.watchBlocks(1, (height) => seen.push(height));
    await soon(() => expect(high.topics).toEqual(["_block_notify_1"]));
    low.pushBlock(1, 8);
    high.pushBlock(1, 9);
    high.pushBlock(1, 9);
    await soon(() => expect(seen.at(-1)).toBe(9));
    expect(await both.request("getCode", [1], { groupId: 1 })).toBe("high");
    await high.stop();
    await soon(async () => expect(await both.request("getCode", [1], { groupId: 1 })).toBe("low"));
    expect(seen.filter((height) => height === 9)).toHaveLength(1);
  });

  test("a node outside the group is passed over, and errors of the request are told at once", async () => {
    const stranger = await node({ getCode: () => new RpcFailure(-40009, "not mine") });
    const member = await node({ getCode: () => "0x60", bad: () => new RpcFailure(-32602, "INVALID_PARAMS") });
    const both = await transport(stranger, member);
    await allConnected(both);
    expect(await both.request("getCode", [1])).toBe("0x60");
    await expect(both.request("bad", [])).rejects.toMatchObject({ rpcCode: -32601 });
    await expect(both.request("bad", [], { endpoint: member.endpoint })).rejects.toMatchObject({ rpcCode: -32602 });
    await expect(both.request("bad", [], { endpoint: "elsewhere:1" })).rejects.toMatchObject({
      code: "no-such-endpoint",
    });
  });

  test("whatever a node sends, the client stays up and connects again", async () => {
    const hostile = await node();
    const one = await client(hostile);
    await one.watchLogs({ fromBlock: 1 }, () => undefined);
    for (const [type, text] of [
      [ChannelType.Receipt, "no JSON"],
      [ChannelType.BlockNumber, ""],
      [ChannelType.BlockNumber, "\u0001[]"],
      [ChannelType.EventLogs, "null"],
      [ChannelType.EventLogs, '{"filterID":1,"logs":3}'],
      [ChannelType.AmopRequest, ""],
      [ChannelType.AmopMulticast, "\u00ff"],
      [ChannelType.VerifySubscriber, "{}"],
      [0x7777, "anything"],
    ] as const) {
      hostile.push(type, utf8ToBytes(text));
    }
    hostile.pushBytes(new Uint8Array(100));
    await soon(() => expect(hostile.frames.filter(({ type }) => type === ChannelType.Handshake)).toHaveLength(2));
    await soon(async () => expect(await one.blockNumber()).toBe(5));
  });
});

describe("transactions", () => {
  const receipt = (fields: object = {}): Uint8Array =>
    utf8ToBytes(
      JSON.stringify({
        ...{
          transactionHash: "0x1",
          transactionIndex: "0x0",
          blockHash: "0x22",
          blockNumber: "0x6",
          from: "0x",
          to: "0x",
        },
        ...{ contractAddress: "0x0", gasUsed: "0x1", status: "0x0", input: "0x", output: "0x", root: "0x", logs: [] },
        ...fields,
      }),
    );

  test("the receipt is pushed, be it in one chunk with the answer", async () => {
    const one = await node();
    one.intercept = (frame, socket) => {
      if (frame.type !== ChannelType.Rpc || !bytesToUtf8(frame.data).includes("sendRawTransaction")) return false;
      const answer = { ...frame, data: utf8ToBytes('{"id":1,"jsonrpc":"2.0","result":"0x1"}') };
      const pushed = { type: ChannelType.Receipt, seq: frame.seq, result: 0, data: receipt() };
      socket.write(concatBytes(encodeChannelFrame(answer), encodeChannelFrame(pushed)));
      return true;
    };
    expect(await (await client(one)).execute({ data: Uint8Array.of(1) })).toMatchObject({ blockNumber: 6, status: 0 });
  });

  test("a refusal that is pushed is an error with its status", async () => {
    const zero = receipt({ blockHash: `0x${"0".repeat(64)}`, status: "0x1c" });
    const one = await node({
      sendRawTransaction: (_params, { seq }, self) => {
        setTimeout(() => self.push(ChannelType.Receipt, zero, seq), 5);
        return "0x1";
      },
    });
    await expect((await client(one)).execute({ data: Uint8Array.of(1) })).rejects.toMatchObject({ status: 28 });
  });

  test("a node that is lost before it pushes: the receipt is asked of another", async () => {
    const answers = {
      getTransactionReceipt: (): unknown => JSON.parse(bytesToUtf8(receipt({ blockNumber: "0x63" }))) as unknown,
    };
    const [first, second] = [await node(answers), await node(answers)];
    for (const one of [first, second]) {
      one.rpc["sendRawTransaction"] = (_params, _frame, self) => {
        setTimeout(() => void self.drop(), 5);
        return "0x1";
      };
    }
    const both = await client(first, second);
    await allConnected(both.rpc.transport);
    expect(await both.execute({ data: Uint8Array.of(1) })).toMatchObject({ blockNumber: 99 });
  });
});

describe("B18: event filters", () => {
  const logs = (filterID: string, ...places: readonly (readonly [number, number])[]): Uint8Array =>
    utf8ToBytes(
      JSON.stringify({
        filterID,
        result: 0,
        logs: places.map(([blockNumber, logIndex]) => ({
          ...{ address: `0x${"0a".repeat(20)}`, topics: [], data: "0x", blockHash: "0x", transactionHash: "0x" },
          ...{ blockNumber: String(blockNumber), transactionIndex: "0x0", logIndex: `0x${logIndex.toString(16)}` },
        })),
      }),
    );
  const filters = (one: ChannelNode): { readonly filterID: string; readonly fromBlock: string }[] =>
    one.frames.filter(({ type }) => type === ChannelType.RegisterEventFilter).map(filterIn);

  test("are registered anew when the node is lost, from the last log on, and each log is delivered once", async () => {
    const one = await node();
    const got: string[] = [];
    const subscription = await (
      await client(one)
    ).watchLogs({ fromBlock: 1 }, (log) => void got.push(`${log.blockNumber}/${log.logIndex}`));
    await soon(() => expect(filters(one)).toHaveLength(1));
    one.push(ChannelType.EventLogs, logs(filters(one)[0]!.filterID, [2, 0], [3, 0], [3, 1]));
    await soon(() => expect(got).toHaveLength(3));
    one.drop();
    await soon(() => expect(filters(one)).toHaveLength(2));
    const [before, after] = filters(one) as [ReturnType<typeof filterIn>, ReturnType<typeof filterIn>];
    expect(after.fromBlock).toBe("3");
    expect(after.filterID).not.toBe(before.filterID);
    // What comes late for the filter of before is not for us.
    one.push(ChannelType.EventLogs, logs(before.filterID, [9, 9]));
    one.push(ChannelType.EventLogs, logs(after.filterID, [3, 0], [3, 1], [3, 2], [4, 0]));
    await soon(() => expect(got).toEqual(["2/0", "3/0", "3/1", "3/2", "4/0"]));
    await subscription.stop();
    await soon(() => expect(one.frames.at(-1)?.type).toBe(ChannelType.UnregisterEventFilter));
    expect(filterIn(one.frames.at(-1)!).filterID).toBe(after.filterID);
  });

  test("end when the node says so", async () => {
    const one = await node();
    const subscription = await (await client(one)).watchLogs({ fromBlock: 1, toBlock: 3 }, () => undefined);
    await soon(() => expect(filters(one)).toHaveLength(1));
    one.push(
      ChannelType.EventLogs,
      utf8ToBytes(JSON.stringify({ filterID: filters(one)[0]!.filterID, logs: null, result: 1 })),
    );
    await subscription.done;
  });
});

describe("B19: AMOP", () => {
  const message = (topic: string, text: string): Uint8Array => encodeTopicData({ topic, payload: utf8ToBytes(text) });
  const seqOf = (digit: string): ByteString => digit.repeat(32) as ByteString;
  const answersOf = (one: ChannelNode): ChannelFrame[] =>
    one.frames.filter(({ type }) => type === ChannelType.AmopResponse);
  const payloadOf = (frame: ChannelFrame): Uint8Array => {
    const data = decodeTopicData(frame.data);
    return data.ok ? data.value.payload : new Uint8Array(0);
  };

  test("all topics are told at once, again after each change, and after a node was lost and came back", async () => {
    const one = await node();
    const { amop } = await client(one);
    amop.subscribe("news", () => undefined);
    amop.subscribe("weather", () => undefined);
    await soon(() => expect(one.topics).toEqual(expect.arrayContaining(["news", "weather"])));
    amop.unsubscribe("news");
    await soon(() => expect(one.topics).not.toContain("news"));
    expect(amop.topics).toEqual(["weather"]);
    one.frames.length = 0;
    one.drop();
    await soon(() => expect(one.topics).toContain("weather"));
  });

  test("messages are answered, by whoever subscribes, failing or not", async () => {
    const one = await node();
    const { amop } = await client(one);
    amop.subscribe("echo", ({ content }) => content);
    amop.subscribe("slow", async () => (await new Promise((done) => setTimeout(done, 30)), undefined));
    amop.subscribe("broken", () => {
      throw new Error("mine");
    });
    const warnings: string[] = [];
    const warned = ({ message: text }: Error): void => void warnings.push(text);
    process.on("warning", warned);
    cleanups.push(() => process.off("warning", warned));
    const cases: readonly (readonly [string, string, number, string])[] = [
      ["1", "echo", 0, "hello"],
      ["2", "slow", 0, ""],
      ["3", "broken", 99, ""],
      ["4", "unknown", 99, ""],
    ];
    for (const [digit, topic] of cases) one.push(ChannelType.AmopRequest, message(topic, "hello"), seqOf(digit));
    await soon(() => expect(answersOf(one)).toHaveLength(4));
    for (const [digit, , result, text] of cases) {
      const answer = answersOf(one).find(({ seq }) => seq === seqOf(digit))!;
      expect(answer.result).toBe(result);
      expect(bytesToUtf8(payloadOf(answer))).toBe(text);
    }
    await soon(() => expect(warnings).toContain("mine"));
  });

  test("a broadcast that comes through two nodes is delivered once, and nobody answers", async () => {
    const [first, second] = [await node(), await node()];
    const { amop, rpc } = await client(first, second);
    await allConnected(rpc.transport);
    const got: unknown[] = [];
    amop.subscribe("all", (one) => void got.push(one));
    for (const one of [first, second, first]) one.push(ChannelType.AmopMulticast, message("all", "x"), seqOf("7"));
    first.push(ChannelType.AmopMulticast, message("all", "y"), seqOf("8"));
    await soon(() => expect(got).toHaveLength(2));
    expect(got[0]).toMatchObject({ topic: "all", isBroadcast: true });
    expect([...answersOf(first), ...answersOf(second)]).toEqual([]);
  });

  test.each([ChannelType.AmopResponse, ChannelType.AmopMulticast])(
    "a broadcast is done when the node says so, with type 0x%s too",
    async (type) => {
      const one = await node();
      one.intercept = (frame, socket) => {
        if (frame.type !== ChannelType.AmopMulticast) return false;
        return socket.write(encodeChannelFrame({ ...frame, type }));
      };
      await (await client(one)).amop.broadcast("all", Uint8Array.of(1));
      expect(one.frames.at(-1)?.type).toBe(ChannelType.AmopMulticast);
    },
  );

  test("an answer is given, an error has its code and text, and silence ends in time", async () => {
    const one = await node();
    one.intercept = (frame, socket) => {
      if (frame.type !== ChannelType.AmopRequest) return false;
      const topic = decodeTopicData(frame.data);
      const name = topic.ok ? topic.value.topic : "";
      if (name === "silent") return true;
      const result = name === "nobody" ? 100 : 0;
      return socket.write(
        encodeChannelFrame({ type: ChannelType.AmopResponse, seq: frame.seq, result, data: message(name, "yes") }),
      );
    };
    const { amop } = await client(one);
    expect(bytesToUtf8(await amop.send("somebody", utf8ToBytes("?")))).toBe("yes");
    await expect(amop.send("nobody", utf8ToBytes("?"))).rejects.toMatchObject({
      result: 100,
      message: expect.stringContaining("subscriber") as string,
    });
    await expect(amop.send("silent", utf8ToBytes("?"), { timeoutMs: 50 })).rejects.toMatchObject({ result: 102 });
    await expect(amop.send("x".repeat(255), utf8ToBytes("?"))).rejects.toMatchObject({ code: "topic-too-long" });
    await one.stop();
    await soon(() => expect(amop.send("somebody", utf8ToBytes("?"))).rejects.toThrow(/no node is connected/));
  });

  describe("private topics", () => {
    const name = privateTopic("secret");
    const nodeId = "0b".repeat(64);

    test.each([
      ["standard", createAccount()],
      ["sm", createAccount(smSuite)],
    ])("a subscriber signs the challenge, %s", async (_suite, key) => {
      const one = await node();
      const { amop } = await client(one);
      amop.subscribePrivate("secret", key, ({ topic }) => utf8ToBytes(topic));
      await soon(() => expect(one.topics).toContain(name));
      const challenge = one.topics.find((topic) => topic.startsWith(`#!$VerifyChannel_${name}_`))!;
      one.push(ChannelType.AmopRequest, message(challenge, "random value"), seqOf("1"));
      one.push(ChannelType.AmopRequest, message(name, "hello"), seqOf("2"));
      await soon(() => expect(answersOf(one)).toHaveLength(2));
      const [signed, answered] = ["1", "2"].map((digit) => answersOf(one).find(({ seq }) => seq === seqOf(digit))!);
      const digest = key.suite.hash(utf8ToBytes("random value"));
      expect(key.suite.verify(digest, payloadOf(signed!), key.publicKey)).toBe(true);
      expect(bytesToUtf8(payloadOf(answered!))).toBe("secret");
    });

    test.each(["its key", "its key, with 27 on the recovery id", "another key", "nothing"])(
      "a publisher checks a subscriber that signs with %s",
      async (what) => {
        const one = await node();
        const allowed = createAccount();
        const signer = what === "another key" ? createAccount() : allowed;
        let challengeType = 0;
        one.intercept = (frame, socket) => {
          if (frame.type !== ChannelType.AmopRequest) return false;
          challengeType = frame.type;
          const value = payloadOf(frame);
          const signature = Uint8Array.from(signer.sign(keccak256(value)));
          if (what.includes("27")) signature[64] = signature[64]! + 27;
          const payload = what === "nothing" ? new Uint8Array(0) : signature;
          return socket.write(
            encodeChannelFrame({
              type: ChannelType.AmopResponse,
              seq: frame.seq,
              result: 0,
              data: encodeTopicData({ topic: "cert", payload }),
            }),
          );
        };
        const { amop } = await client(one);
        amop.publishPrivate("secret", [Uint8Array.of(4, ...allowed.publicKey)]);
        await soon(() => expect(one.topics).toContain(`#!$PushChannel_${name}`));
        one.push(
          ChannelType.VerifySubscriber,
          encodeVerifyRequest({ nodeId: nodeId as never, topic: name, topicForCert: "cert" }),
          seqOf("9"),
        );
        await soon(() => expect(one.frames.at(-1)?.type).toBe(ChannelType.SubscriberVerified));
        expect(challengeType).toBe(ChannelType.AmopRequest);
        const isGood = what.startsWith("its key");
        expect(decodeVerifyVerdict(one.frames.at(-1)!.data)).toEqual({
          ok: true,
          value: { nodeId, topic: name, checkResult: isGood ? 0 : 1 },
        });
        // The request itself was acknowledged.
        expect(one.frames.some(({ type, seq }) => type === ChannelType.VerifySubscriber && seq === seqOf("9"))).toBe(
          true,
        );
      },
    );

    test("a key that is asked for signatures serves a subscriber too", async () => {
      const one = await node();
      const local = createAccount();
      const vault = accountFromSigner({
        publicKey: local.publicKey,
        sign: (digest) => Promise.resolve(local.sign(digest)),
      });
      const { amop } = await client(one);
      amop.subscribePrivate("secret", vault, () => undefined);
      await soon(() => expect(one.topics.length).toBeGreaterThan(1));
      one.push(
        ChannelType.AmopRequest,
        message(
          one.topics.find((topic) => topic.includes("VerifyChannel"))!,
          "v",
        ),
        seqOf("1"),
      );
      await soon(() => expect(answersOf(one)).toHaveLength(1));
      expect(Uint8Array.from(payloadOf(answersOf(one)[0]!))).toEqual(local.sign(keccak256(utf8ToBytes("v"))));
    });
  });
});
