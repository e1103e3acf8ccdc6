import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bytesToUtf8, utf8ToBytes, type ByteString } from "@tsbcos/core/primitives";
import { ChannelType, blockTopic, encodeHandshake, encodeTopicData, encodeTopics } from "@tsbcos/core/protocol";
import { DAG_TRANSFER, TestChain, encodeCall, until } from "../harness/index.js";
import { RawChannelClient, channelPortOf, type ClientFiles } from "../harness/raw-channel.js";

/**
 * Who may do what over the channel of a real node: node 0 takes elliptic curve certificates and has a list of allowed
 * SDKs, node 3 has RSA certificates and a limit of requests.
 */

let chain: TestChain;

/** A node's own certificate is, to another node of its agency, that of an SDK like any other. */
function identityOf(index: number): ClientFiles {
  const conf = join(chain.node(index).directory, "conf");
  return { authority: join(conf, "ca.crt"), certificate: join(conf, "node.crt"), key: join(conf, "node.key") };
}

interface RpcAnswer {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

class Caller {
  readonly raw: RawChannelClient;
  #last = 0;

  constructor(raw: RawChannelClient) {
    this.raw = raw;
  }

  static async connect(node: number, certificates: string | ClientFiles): Promise<Caller> {
    return new Caller(await RawChannelClient.connect({ port: channelPortOf(chain.node(node)), certificates }));
  }

  async exchange(type: number, data: Uint8Array): Promise<string> {
    const seq = String(++this.#last).padStart(32, "0") as ByteString;
    this.raw.send({ type, seq, result: 0, data });
    const answer = await this.raw.waitFor("an answer", (frame) => frame.seq === seq && frame.type === type);
    return bytesToUtf8(answer.data);
  }

  async call(method: string, params: readonly unknown[]): Promise<RpcAnswer> {
    const text = JSON.stringify({ jsonrpc: "2.0", method, params, id: 7 });
    return JSON.parse(await this.exchange(ChannelType.Rpc, utf8ToBytes(text))) as RpcAnswer;
  }

  async shakeHands(version: number): Promise<void> {
    const handshake = { minimumSupport: 1, maximumSupport: version, clientType: "test" };
    await this.exchange(ChannelType.Handshake, encodeHandshake(handshake));
  }

  subscribe(...topics: string[]): void {
    this.raw.send({
      type: ChannelType.Topics,
      seq: "t".repeat(32) as ByteString,
      result: 0,
      data: encodeTopics(topics),
    });
  }

  async registerFilter(filterID: string): Promise<string> {
    const request = { fromBlock: "latest", toBlock: "latest", addresses: [], topics: [], groupID: "1", filterID };
    const payload = utf8ToBytes(JSON.stringify(request));
    const text = await this.exchange(ChannelType.RegisterEventFilter, encodeTopicData({ topic: "", payload }));
    return text.slice(1).trim();
  }

  notifications(): number {
    return this.raw.received.filter(({ type }) => type === ChannelType.BlockNumber).length;
  }
}

/** A signed transaction that does something, fresh each time. */
async function signedTransaction(): Promise<string> {
  const client = await chain.node(1).client();
  const { raw } = await client.sign({ to: DAG_TRANSFER, data: encodeCall("e555f3d9", `u${Math.random()}`, 1) });
  return `0x${Buffer.from(raw).toString("hex")}`;
}

const allow = (...indexes: readonly number[]): string =>
  `[sdk_allowlist]\n${indexes.map((index, i) => `    public_key.${i}=${chain.node(index).nodeId.toUpperCase()}\n`).join("")}`;

function setAllowlist(text: string): void {
  chain.node(0).change("conf/group.1.ini", (ini) => `${ini.replace(/\[sdk_allowlist\][^[]*/, "")}\n${text}`);
}

beforeAll(async () => {
  chain = await TestChain.build();
  chain.node(0).change("config.ini", (ini) => ini.replace(/rsa_crypto_channel=true/, "rsa_crypto_channel=false"));
  chain
    .node(3)
    .change("config.ini", (ini) => `${ini.replace(/\[flow_control\][^[]*/, "")}\n[flow_control]\n    limit_req=5\n`);
  setAllowlist(allow(1));
  await chain.start();
});
afterAll(() => chain.dispose());

test("an SDK that is not in the list of a group is refused whatever concerns the group, until the list is read again", async () => {
  const [allowed, other] = [await Caller.connect(0, identityOf(1)), await Caller.connect(0, identityOf(2))];
  expect(allowed.raw.suite).toMatch(/ECDHE_ECDSA/);
  for (const caller of [allowed, other]) caller.subscribe(blockTopic(1), "topic");

  expect((await allowed.call("getBlockNumber", [1])).result).toMatch(/^0x/);
  expect(await other.call("getBlockNumber", [1])).toEqual({
    jsonrpc: "2.0",
    id: null,
    error: { code: -40012, message: "getBlockNumber The SDK is not allowed to access this group" },
  });
  expect((await other.call("getBlockNumber", [65537])).error?.code).toBe(-40012);
  expect((await other.call("sendRawTransaction", [1, await signedTransaction()])).error?.code).toBe(-40012);
  expect((await other.call("getClientVersion", [])).error).toBeUndefined();
  expect((await other.call("getGroupList", [1])).result).toEqual([1]);
  expect(await other.registerFilter("other")).toBe('{"result":-41006}');
  expect(await allowed.registerFilter("allowed")).toBe('{"result":0}');

  await allowed.call("sendRawTransaction", [1, await signedTransaction()]);
  await until("the block is notified", () => allowed.notifications() > 0);
  expect(allowed.notifications()).toBe(1);
  expect(other.notifications()).toBe(0);

  setAllowlist(allow(2));
  chain.node(0).write("config.ini.reset_allowlist", "");
  await until("the signal is taken", () => !chain.node(0).exists("config.ini.reset_allowlist"));
  await until("the list is in force", async () => (await other.call("getBlockNumber", [1])).error === undefined);
  expect((await allowed.call("getBlockNumber", [1])).error?.code).toBe(-40012);

  setAllowlist("");
  chain.node(0).write("config.ini.reset_allowlist", "");
  await until("everybody is allowed", async () => (await allowed.call("getBlockNumber", [1])).error === undefined);
  for (const { raw } of [allowed, other]) raw.close();
});

test("versions 1 and 2 hear of a refused transaction in the answer, version 3 by a receipt", async () => {
  const caller = await Caller.connect(0, identityOf(1));
  const raw = await signedTransaction();
  expect((await caller.call("sendRawTransaction", [1, raw])).result).toMatch(/^0x[0-9a-f]{64}$/);
  await caller.raw.waitFor("the receipt", ({ type }) => type === ChannelType.Receipt);
  for (const version of [1, 2]) {
    await caller.shakeHands(version);
    const answer = await caller.call("sendRawTransaction", [1, raw]);
    expect(answer.error).toMatchObject({ code: -32603 });
    expect(answer.error?.message).toContain("TransactionNonceCheckFail, txHash=");
  }
  await caller.shakeHands(3);
  caller.raw.received.length = 0;
  expect((await caller.call("sendRawTransaction", [1, raw])).result).toMatch(/^0x[0-9a-f]{64}$/);
  const receipt = await caller.raw.waitFor("the receipt", ({ type }) => type === ChannelType.Receipt);
  expect(JSON.parse(bytesToUtf8(receipt.data))).toMatchObject({
    status: "0xf",
    statusMsg: "NonceCheckFail",
    blockNumber: "0x0",
    transactionHash: `0x${"0".repeat(64)}`,
  });
  caller.raw.close();
});

test("a node with a limit of requests refuses what is beyond it, and never the question for its version", async () => {
  const caller = await Caller.connect(3, join(chain.directory, "127.0.0.1", "sdk"));
  expect(caller.raw.suite).toMatch(/RSA/);
  // Asked all at once; five a second more are answered for each second that a busy machine takes for all.
  const answers = await Promise.all(Array.from({ length: 400 }, () => caller.call("getBlockNumber", [1])));
  const refused = answers.filter(({ error }) => error !== undefined);
  expect(refused.length).toBeGreaterThan(200);
  expect(refused.length).toBeLessThan(400);
  expect(refused[0]).toEqual({
    jsonrpc: "2.0",
    id: 7,
    error: { code: -40011, message: "getBlockNumber Over QPS limit" },
  });
  const versions = await Promise.all(Array.from({ length: 20 }, () => caller.call("getClientVersion", [])));
  expect(versions.every(({ error }) => error === undefined)).toBe(true);
  caller.raw.close();
});

test("a group that stops takes its event filters along, and its number is unknown then", async () => {
  const caller = await Caller.connect(2, join(chain.directory, "127.0.0.1", "sdk"));
  expect(await caller.registerFilter("f")).toBe('{"result":0}');
  expect((await caller.call("stopGroup", [1])).result).toMatchObject({ code: "0x0" });
  expect(await caller.registerFilter("g")).toBe('{"result":-41002}');
  expect((await caller.call("getBlockNumber", [1])).error?.code).toBe(-40001);
  expect((await caller.call("startGroup", [1])).result).toMatchObject({ code: "0x0" });
  expect(await caller.registerFilter("h")).toBe('{"result":0}');
  caller.raw.close();
});
