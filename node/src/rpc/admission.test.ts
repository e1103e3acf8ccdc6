import { describe, expect, test } from "vitest";
import { subjectOf, type Admission, type RequestSubject } from "./admission.js";
import {
  createRpcService,
  type GroupGateway,
  type ReceiptRequest,
  type RpcCaller,
  type RpcService,
} from "./service.js";

describe("what a request is about", () => {
  test.each([
    ["getBlockNumber", [1], 1],
    ["getBlockNumber", [65537], 1],
    ["getBlockNumber", [-1], -1],
    ["getBlockNumber", ["3"], 3],
    ["getBlockNumber", ["x"], undefined],
    ["getBlockNumber", [1.5], undefined],
    ["getBlockNumber", [], undefined],
    ["getBlockNumber", {}, undefined],
    ["sendRawTransaction", [2, "0x"], 2],
    ["sendRawTransactionAndGetProof", [2, "0x"], 2],
    ["getBatchReceiptsByBlockHashAndRange", [4], 4],
    ["queryGroupStatus", [5], 5],
    ["stopGroup", [6], 6],
    ["generateGroup", [7, {}], undefined],
    ["addPeers", [["127.0.0.1:1"]], undefined],
    ["getPeers", [1], undefined],
    ["getClientVersion", [1], undefined],
    ["nope", [1], undefined],
  ])("%s %j: group %s", (method, params, groupId) => {
    expect(subjectOf({ method, params })).toEqual({ method, groupId });
  });

  test("nothing limits what has no method or no parameters", () => {
    expect(subjectOf({ params: [1] })).toBeUndefined();
    expect(subjectOf({ method: "getBlockNumber" })).toBeUndefined();
    expect(subjectOf({ method: 7, params: [1] })).toBeUndefined();
  });
});

describe("requests over the channel", () => {
  const receipts: (ReceiptRequest | undefined)[] = [];
  const gateway: GroupGateway = {
    read: () => Promise.resolve('"0x7"'),
    submit: (_raw, receipt) => {
      receipts.push(receipt);
      return Promise.resolve("ab".repeat(32));
    },
  };
  const service: RpcService = createRpcService({
    node: { groupsOfNode: () => [1] },
    group: () => gateway,
    onDefect: (_method: string, error: unknown) => {
      throw error;
    },
  } as unknown as Parameters<typeof createRpcService>[0]);

  const asked: RequestSubject[] = [];
  const callerWith = (admission: Admission): RpcCaller => ({
    admit: (subject) => {
      asked.push(subject);
      return admission;
    },
    refusalsAsReceipts: true,
    pushReceipt: () => undefined,
  });
  const request = (method: string, params: unknown, id: unknown = 5): string =>
    JSON.stringify({ jsonrpc: "2.0", method, params, id });

  test("of an SDK that may not use the group are refused without their id", async () => {
    expect(await service.handle(request("getBlockNumber", [1]), callerWith("not-allowed"))).toBe(
      '{"error":{"code":-40012,"message":"getBlockNumber The SDK is not allowed to access this group"},"id":null,"jsonrpc":"2.0"}\n',
    );
  });

  test("beyond the limit are refused with their id", async () => {
    expect(await service.handle(request("getBlockNumber", [1]), callerWith("over-limit"))).toBe(
      '{"error":{"code":-40011,"message":"getBlockNumber Over QPS limit"},"id":5,"jsonrpc":"2.0"}\n',
    );
    // Before anything else is looked at.
    expect(await service.handle(request("nope", 7, {}), callerWith("over-limit"))).toContain("-40011");
  });

  test("in a batch are asked about one by one, so that none slips through", async () => {
    const batch = `[${request("getBlockNumber", [1])},${request("getPeers", [1])}]`;
    asked.length = 0;
    const answer = await service.handle(batch, callerWith("not-allowed"));
    expect(asked).toHaveLength(2);
    expect((JSON.parse(answer) as { error: { code: number } }[]).map(({ error }) => error.code)).toEqual([
      -40012, -40012,
    ]);
  });

  test("that are admitted are answered like all others", async () => {
    expect(await service.handle(request("getBlockNumber", [1]), callerWith("admitted"))).toContain('"result":"0x7"');
    expect(await service.handle("{", callerWith("not-allowed"))).toContain("-32700");
    expect(await service.handle(request("getGroupList", []))).toContain('"result":[1]');
  });

  test("with transactions ask for receipts, with proofs when the method says so", async () => {
    await service.handle(request("sendRawTransaction", [1, "0x00"]), callerWith("admitted"));
    await service.handle(request("sendRawTransactionAndGetProof", [1, "0x00"]), callerWith("admitted"));
    await service.handle(request("sendRawTransaction", [1, "0x00"]));
    expect(receipts.map((receipt) => receipt?.wish)).toEqual([
      { withProof: false, refusalsAsReceipts: true },
      { withProof: true, refusalsAsReceipts: true },
      undefined,
    ]);
  });
});
