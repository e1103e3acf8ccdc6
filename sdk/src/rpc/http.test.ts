import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { deflateSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConnectionError, RpcError } from "../errors.js";
import { Heads } from "./heads.js";
import { httpTransport } from "./http.js";
import { Rpc } from "./rpc.js";

type Answer = { readonly result: unknown } | { readonly error: { readonly code: number; readonly message: string } };
type Handler = (method: string, params: readonly unknown[]) => Answer | string;

const servers: Server[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A node that answers as it is told; gives its URL. */
async function node(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    request.on("end", () => {
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
      const answer = handler(method, params);
      response.end(typeof answer === "string" ? answer : JSON.stringify({ id, jsonrpc: "2.0", ...answer }));
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** For what comes about by itself, on a machine that does ten other things. */
const within = { timeout: 60_000, interval: 5 };
/** A port where nobody listens. */
const NOBODY = "http://127.0.0.1:1";
const height = (value: number) => (): Answer => ({ result: `0x${value.toString(16)}` });

describe("JSON-RPC over HTTP", () => {
  test("asks with the group in front, and gives results and errors", async () => {
    const asked: unknown[] = [];
    const url = await node((method, params) => {
      asked.push([method, params]);
      return method === "getBlockNumber"
        ? { result: "0x1f" }
        : { error: { code: -40008, message: "Invalid System Config" } };
    });
    const rpc = new Rpc(httpTransport(url), { groupId: 7 });
    expect(await rpc.getBlockNumber()).toBe(31);
    await expect(rpc.getSystemConfigByKey("nope")).rejects.toMatchObject({
      code: "rpc-error",
      rpcCode: -40008,
      endpoint: url,
      message: `getSystemConfigByKey: Invalid System Config (code -40008, from ${url})`,
    });
    expect(asked).toEqual([
      ["getBlockNumber", [7]],
      ["getSystemConfigByKey", [7, "nope"]],
    ]);
  });

  test.each([
    ["nobody listens", () => Promise.resolve(NOBODY)],
    ["the answer is no JSON", () => node(() => "<html>")],
  ])("when %s, says which node and what to look at", async (_what, url) => {
    const address = await url();
    await expect(httpTransport(address).request("getClientVersion", [])).rejects.toThrow(
      `getClientVersion: no answer from ${address}`,
    );
  });

  test("an answer that does not come in time is a connection error", async () => {
    const url = await node(() => ({ result: null }));
    // The time of a question is over as soon as it has come to the silent node, and only then.
    const times: AbortController[] = [];
    const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
      const time = new AbortController();
      times.push(time);
      return time.signal;
    });
    const silent = createServer(() => times.at(-1)?.abort(new DOMException("too late", "TimeoutError")));
    servers.push(silent);
    await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
    const transport = httpTransport({
      urls: [`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, url],
      timeoutMs: 500,
    });
    expect(await transport.request("x", [])).toBeNull();
    await expect(transport.request("x", [], { endpoint: transport.endpoints[0] as string })).rejects.toBeInstanceOf(
      ConnectionError,
    );
    expect(timeout.mock.calls).toEqual([[500], [500], [500]]);
  });

  test.each(["ftp://host", "127.0.0.1:8545", ""])("%j is refused as URL", (url) => {
    expect(() => httpTransport(url)).toThrow(expect.objectContaining({ code: "bad-url" }));
  });

  test("batches of receipts are asked for compressed, and inflated", async () => {
    const compressed = deflateSync('{"blockInfo":{"receiptsCount":"0x0"}}').toString("base64");
    const asked: unknown[] = [];
    const url = await node((_method, params) => (asked.push(params), { result: compressed }));
    const rpc = new Rpc(httpTransport(url));
    expect(await rpc.getBatchReceiptsByBlockNumberAndRange(1)).toEqual({ blockInfo: { receiptsCount: "0x0" } });
    expect(await rpc.getBatchReceiptsByBlockHashAndRange("0xab", { from: 2, count: 3 })).toBeDefined();
    expect(asked).toEqual([
      [1, "1", "0", "-1", true],
      [1, "0xab", "2", "3", true],
    ]);
  });
});

describe("several nodes", () => {
  test("the next is asked when one is down, and stays the first to be asked", async () => {
    const counts = [0, 0];
    const first = await node(() => ((counts[0] = (counts[0] ?? 0) + 1), { result: "0x1" }));
    const second = await node(() => ((counts[1] = (counts[1] ?? 0) + 1), { result: "0x2" }));
    const transport = httpTransport({ urls: [NOBODY, first, second] });
    for (let turn = 0; turn < 3; turn++) expect(await transport.request("getBlockNumber", [1])).toBe("0x1");
    expect(counts).toEqual([3, 0]);
  });

  test("a node that does not run the group is passed over; an error of the request is not tried elsewhere", async () => {
    const stranger = await node(() => ({ error: { code: -40001, message: "GroupID does not exist" } }));
    const member = await node((method) =>
      method === "bad" ? { error: { code: -32602, message: "INVALID_PARAMS" } } : { result: "0x5" },
    );
    const transport = httpTransport({ urls: [stranger, member] });
    expect(await transport.request("getBlockNumber", [2])).toBe("0x5");
    await expect(transport.request("bad", [])).rejects.toMatchObject({ rpcCode: -32602 });
    const alone = httpTransport({ urls: [stranger, NOBODY] });
    await expect(alone.request("getBlockNumber", [2])).rejects.toBeInstanceOf(RpcError);
  });

  test("when none answers for the same reason, it is told once, with all of them", async () => {
    const urls = ["http://127.0.0.1:2", "http://127.0.0.1:3"];
    const transport = httpTransport({ urls });
    await expect(transport.request("x", [])).rejects.toThrow(
      `None of 2 nodes answers:\n  ${urls.join(", ")}: x: no answer from it (connect ECONNREFUSED). Is the node`,
    );
  });

  test("one node can be asked by name", async () => {
    const urls = [await node(height(1)), await node(height(2))];
    const rpc = new Rpc(httpTransport({ urls }));
    expect(await rpc.at(urls[1] as string).getBlockNumber()).toBe(2);
    await expect(rpc.at("http://elsewhere").getBlockNumber()).rejects.toMatchObject({ code: "no-such-endpoint" });
  });
});

describe("heights", () => {
  test("are watched by asking, and only news are told", async () => {
    let now = 3;
    const url = await node(() => height(now)());
    const transport = httpTransport({ urls: [url], pollMs: 5 });
    const seen: number[] = [];
    const stop = transport.watchBlocks(1, (value) => seen.push(value));
    await vi.waitFor(() => expect(seen).toEqual([3]), within);
    now = 5;
    await vi.waitFor(() => expect(seen).toEqual([3, 5]), within);
    stop();
    now = 9;
    await new Promise((done) => setTimeout(done, 30));
    expect(seen).toEqual([3, 5]);
    await transport.close();
  });

  test("are asked for once by many at the same time, not again while they are fresh, and again when they are old", async () => {
    let asked = 0;
    const url = await node(() => (asked++, height(10 + asked)()));
    vi.useFakeTimers({ toFake: ["Date"] });
    const heads = new Heads(httpTransport(url));
    expect(await Promise.all([heads.height(1), heads.height(1), heads.height(1)])).toEqual([11, 11, 11]);
    expect(await heads.height(1)).toBe(11);
    heads.note(1, 40);
    expect(await heads.height(1)).toBe(40);
    expect(asked).toBe(1);
    vi.setSystemTime(Date.now() + 1_500);
    // An older answer than what was heard already does not take the chain back.
    expect(await heads.height(1)).toBe(40);
    expect(asked).toBe(2);
  });
});
