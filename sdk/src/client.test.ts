import { smSuite } from "@tsbcos/core/crypto";
import { verifyTransaction } from "@tsbcos/core/protocol";
import { encodeAbiParameters } from "viem";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { accountFromSigner, createAccount } from "./accounts/account.js";
import type { Client } from "./client.js";
import { connectOver } from "./client.js";
import { topicOf } from "./contracts/abi.js";
import { RpcError } from "./errors.js";
import type { Hex } from "./hex.js";
import type { Abi } from "viem";
import type { Pushes } from "./rpc/transport.js";
import { FakeNode, fakeReceipt } from "./testdata/fake-node.js";

const ABI = [
  { type: "constructor", inputs: [{ type: "uint256", name: "supply" }], stateMutability: "nonpayable" },
  { type: "function", name: "total", inputs: [], outputs: [{ type: "uint256", name: "" }], stateMutability: "view" },
  {
    type: "function",
    name: "transfer",
    inputs: [
      { type: "address", name: "to" },
      { type: "uint256", name: "amount" },
    ],
    outputs: [{ type: "bool", name: "" }],
    stateMutability: "nonpayable",
  },
  {
    type: "event",
    name: "Moved",
    inputs: [{ type: "uint256", name: "amount", indexed: false }],
  },
] as const;
const CONTRACT: Hex = `0x${"ab".repeat(20)}`;
const ONE = encodeAbiParameters([{ type: "uint256" }], [1n]);
const refused = (words: string): RpcError =>
  new RpcError({
    method: "sendRawTransaction",
    rpcCode: -32603,
    rpcMessage: `INTERNAL_ERROR: : ${words}`,
    endpoint: "fake",
  });

afterEach(() => {
  vi.useRealTimers();
});

describe("connecting", () => {
  test("learns which chain it is, and makes an account of its kind", async () => {
    const standard = await connectOver(new FakeNode());
    expect(standard.chain).toMatchObject({ chainId: 12n, suite: { name: "standard" } });
    const sm = await connectOver(new FakeNode({}, "sm"));
    expect(sm.chain.suite.name).toBe("sm");
    expect(sm.account.suite.name).toBe("sm");
    expect(sm.inGroup(3)).toMatchObject({ groupId: 3, account: sm.account });
    expect(sm.as(createAccount(smSuite)).groupId).toBe(1);
  });

  test("an account of the other kind is refused with what to do", async () => {
    await expect(connectOver(new FakeNode(), { account: createAccount(smSuite) })).rejects.toThrow(
      /tsbcos account new/,
    );
    await expect(connectOver(new FakeNode({}, "sm"), { account: createAccount() })).rejects.toThrow(/account new --sm/);
  });

  test.each([
    { "FISCO-BCOS Version": "2.9.1", "Supported Version": "soon", "Chain Id": "1" },
    { "FISCO-BCOS Version": "2.9.1", "Supported Version": "2.9.0", "Chain Id": "chain0" },
    {},
  ])("a node that says %j is of no chain that is understood", async (version) => {
    await expect(connectOver(new FakeNode({ getClientVersion: () => version }))).rejects.toMatchObject({
      code: "unknown-chain",
    });
  });
});

describe("transactions", () => {
  test.each(["standard", "sm"] as const)(
    "%s: are signed for the chain and the group, 500 blocks ahead, each with another nonce",
    async (suiteName) => {
      const node = new FakeNode({}, suiteName);
      const client = (await connectOver(node)).inGroup(3);
      await client.execute({ to: CONTRACT, data: Uint8Array.of(1, 2), extraData: Uint8Array.of(3) });
      await client.execute({ data: Uint8Array.of(1) });
      const [call, creation] = node.sent;
      expect(call).toMatchObject({ chainId: 12n, groupId: 3n, blockLimit: 507n, value: 0n, to: CONTRACT.slice(2) });
      expect(call?.extraData).toEqual(Uint8Array.of(3));
      expect(creation?.to).toBeUndefined();
      expect(call?.nonce).not.toBe(creation?.nonce);
      const verified = verifyTransaction(call?.raw ?? new Uint8Array(0), client.chain.suite);
      expect(verified).toMatchObject({ ok: true, value: { sender: client.account.address.slice(2) } });
    },
  );

  test("the receipt's block counts for the next block limit at once", async () => {
    // At once is less than a second, after which heights are asked for again.
    vi.useFakeTimers({ toFake: ["Date"] });
    const node = new FakeNode({ getTransactionReceipt: () => fakeReceipt({ blockNumber: "0x64" }) });
    const client = await connectOver(node);
    await client.execute({ data: Uint8Array.of(1) });
    await client.execute({ data: Uint8Array.of(1) });
    expect(node.sent.map(({ blockLimit }) => blockLimit)).toEqual([507n, 600n]);
    expect(node.asked.filter((method) => method === "getBlockNumber")).toHaveLength(1);
  });

  test("a key that is asked for signatures from elsewhere signs too", async () => {
    const local = createAccount();
    const vault = accountFromSigner({
      publicKey: local.publicKey,
      sign: (digest) => Promise.resolve(local.sign(digest)),
    });
    const node = new FakeNode();
    await (await connectOver(node, { account: vault })).execute({ data: Uint8Array.of(1) });
    expect(verifyTransaction(node.sent[0]!.raw, node.suite)).toMatchObject({
      value: { sender: local.address.slice(2) },
    });
  });

  test.each([
    ["BlockLimitCheckFailed, txBlockLimit=1", 16],
    ["TransactionPoolIsFull", 28],
    ["TxPoolNonceCheckFail", 15],
    ["InvalidGroupId", 10003],
  ])("a refusal with %s has status %i", async (words, status) => {
    const node = new FakeNode({
      sendRawTransaction: () => {
        throw refused(words);
      },
    });
    await expect((await connectOver(node)).execute({ data: Uint8Array.of(1) })).rejects.toMatchObject({
      code: "transaction-refused",
      status,
    });
  });

  test.each(["TransactionAlreadyKown", "TransactionAlreadyInChain", "TransactionNonceCheckFail"])(
    "that a node has already (%s), because another passed it on before it fell silent, is a success",
    async (words) => {
      const node = new FakeNode({
        sendRawTransaction: () => {
          throw refused(words);
        },
        getTransactionByHash: () => ({ hash: "0x" }),
      });
      const receipt = await (await connectOver(node)).execute({ data: Uint8Array.of(1) });
      expect(receipt.status).toBe(0);
    },
  );

  test("no receipt in time is an error that names the transaction", async () => {
    const node = new FakeNode({ getTransactionReceipt: () => null });
    const client = await connectOver(node, { receiptTimeoutMs: 120 });
    await expect(client.execute({ data: Uint8Array.of(1) })).rejects.toMatchObject({
      code: "receipt-timeout",
      transactionHash: expect.stringMatching(/^0x[0-9a-f]{64}$/) as string,
    });
  });
});

describe("over a transport that pushes receipts", () => {
  function pushing(submit: Pushes["submit"], answers = {}): FakeNode {
    const node = new FakeNode(answers);
    node.pushes = {
      submit: (raw, options) => {
        node.note(raw);
        return submit(raw, options);
      },
      watchLogs: () => Promise.reject(new Error("not asked for here")),
      amop: {} as Pushes["amop"],
    };
    return node;
  }

  test("the pushed receipt is taken, and nothing is asked for", async () => {
    const node = pushing(() => Promise.resolve(fakeReceipt({ gasUsed: "0x7" })));
    const receipt = await (await connectOver(node)).execute({ data: Uint8Array.of(1) });
    expect(receipt.gasUsed).toBe(7n);
    expect(node.asked).not.toContain("getTransactionReceipt");
  });

  test("a receipt of zeros is a refusal", async () => {
    const node = pushing(() => Promise.resolve(fakeReceipt({ blockHash: `0x${"0".repeat(64)}`, status: "0x10" })));
    await expect((await connectOver(node)).execute({ data: Uint8Array.of(1) })).rejects.toMatchObject({ status: 16 });
  });

  test("when the node is lost before it pushes, the receipt is asked for elsewhere", async () => {
    const node = pushing(() => Promise.resolve(undefined));
    expect((await (await connectOver(node)).execute({ data: Uint8Array.of(1) })).status).toBe(0);
    expect(node.asked).toContain("getTransactionReceipt");
  });

  test("that the second node asked has it already is no refusal", async () => {
    const known = fakeReceipt({ blockHash: `0x${"0".repeat(64)}`, status: "0x2710" });
    const node = pushing(() => Promise.resolve(known));
    expect((await (await connectOver(node)).execute({ data: Uint8Array.of(1) })).status).toBe(0);
  });
});

describe("contracts", () => {
  const moved = topicOf(ABI[3] as never, new FakeNode().suite);

  test("a deployment gives the address, a call what it returned and logged", async () => {
    const logs = [{ address: CONTRACT, topics: [moved], data: ONE }];
    const node = new FakeNode({
      getTransactionReceipt: () => fakeReceipt({ contractAddress: CONTRACT, output: ONE, logs }),
    });
    const client = await connectOver(node);
    const deployed = await client.deploy({ abi: ABI, bytecode: "0x60", args: [5n] });
    expect(deployed.address).toBe(CONTRACT);
    const written = await client.write({ abi: ABI, address: CONTRACT, functionName: "transfer", args: [CONTRACT, 1n] });
    expect(written.result).toBe(true);
    expect(written.events).toMatchObject([{ eventName: "Moved", args: { amount: 1n } }]);
    expect(written.receipt).toMatchObject({ blockNumber: 8, statusText: "Success", contractAddress: CONTRACT });
  });

  test("a call without a transaction gives the value, or the reason of its failure", async () => {
    const reason = `0x08c379a0${encodeAbiParameters([{ type: "string" }], ["no"]).slice(2)}`;
    const call = vi.fn(() => ({ currentBlockNumber: "0x7", output: ONE, status: "0x0" }));
    const node = new FakeNode({ call });
    const client = await connectOver(node);
    expect(await client.read({ abi: ABI, address: CONTRACT, functionName: "total" })).toBe(1n);
    expect(call.mock.calls[0]).toMatchObject([
      [1, { from: client.account.address, to: CONTRACT, data: "0x2ddbd13a" }],
      {},
    ]);
    node.answers["call"] = () => ({ currentBlockNumber: "0x7", output: reason, status: "0x16" });
    await expect(client.read({ abi: ABI, address: CONTRACT, functionName: "total" })).rejects.toMatchObject({
      status: 22,
      reason: "no",
      message: "Revert instruction (status 22): no",
    });
  });

  test("a call on a past state names its block; others have no third parameter, which nodes of 2.x refuse", async () => {
    const call = vi.fn((params: readonly unknown[]) => {
      return { currentBlockNumber: `0x${params.length}`, output: ONE, status: "0x0" };
    });
    const client = await connectOver(new FakeNode({ call }));
    const total = { abi: ABI, address: CONTRACT, functionName: "total" } as const;
    await client.read({ ...total, blockNumber: 3 });
    await client.read(total);
    await client.call(CONTRACT, new Uint8Array(4), [], { blockNumber: 0 });
    await client.rpc.call({ from: CONTRACT, to: CONTRACT, data: "0x" }, "latest");
    expect(call.mock.calls.map(([params]) => params.slice(2))).toEqual([[3], [], [0], ["latest"]]);
  });

  test("a failed transaction throws with its receipt", async () => {
    const node = new FakeNode({ getTransactionReceipt: () => fakeReceipt({ status: "0xc" }) });
    const client = await connectOver(node);
    await expect(client.deploy({ abi: [], bytecode: "0x60" })).rejects.toMatchObject({
      code: "transaction-failed",
      status: 12,
      receipt: { statusText: "Out-of-gas during EVM execution" },
    });
  });

  test("on an SM chain, a contract by a compiler that knows Keccak-256 only is called by its own selectors", async () => {
    const call = vi.fn(() => ({ currentBlockNumber: "0x7", output: ONE, status: "0x0" }));
    const client = await connectOver(new FakeNode({ call }, "sm"));
    await client.read({ abi: ABI, address: CONTRACT, functionName: "total", selectors: "standard" });
    expect(call.mock.calls[0]).toMatchObject([[1, { data: "0x2ddbd13a" }], {}]);
  });

  test("a wrong address is noticed before anything is sent", async () => {
    const node = new FakeNode();
    const client = await connectOver(node);
    await expect(client.read({ abi: ABI, address: "0x12", functionName: "total" })).rejects.toMatchObject({
      code: "bad-hex",
    });
    expect(() => client.amop).toThrow(/channel/);
  });
});

test("the compiler knows names, arguments and results of a const ABI", () => {
  const check = async (client: Client): Promise<void> => {
    expectTypeOf(await client.read({ abi: ABI, address: CONTRACT, functionName: "total" })).toEqualTypeOf<bigint>();
    const written = await client.write({ abi: ABI, address: CONTRACT, functionName: "transfer", args: [CONTRACT, 1n] });
    expectTypeOf(written.result).toEqualTypeOf<boolean>();
    await client.watchEvents({ abi: ABI, eventName: "Moved" }, ({ eventName, args }) => {
      expectTypeOf(eventName).toEqualTypeOf<"Moved">();
      expectTypeOf(args.amount).toEqualTypeOf<bigint>();
    });
    // @ts-expect-error the constructor has an argument
    await client.deploy({ abi: ABI, bytecode: "0x" });
    // @ts-expect-error the amount is a bigint
    await client.write({ abi: ABI, address: CONTRACT, functionName: "transfer", args: [CONTRACT, "1"] });
    // @ts-expect-error there is no such function
    await client.read({ abi: ABI, address: CONTRACT, functionName: "totals" });
    // @ts-expect-error a function that changes nothing needs no transaction
    await client.write({ abi: ABI, address: CONTRACT, functionName: "total" });
    const unknown = [] as Abi;
    expectTypeOf(await client.read({ abi: unknown, address: CONTRACT, functionName: "any" })).toEqualTypeOf<unknown>();
  };
  expect(check).toBeTypeOf("function");
});
