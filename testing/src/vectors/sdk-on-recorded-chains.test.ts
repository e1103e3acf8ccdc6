import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { connect, parseAbi, SYSTEM_TABLES, type ChainLog, type Client } from "@tsbcos/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadChain } from "./load.js";
import { serviceOf } from "./rpc-node.js";

const HELLO = parseAbi(["function get() view returns (string)", "event NameChanged(string name)"]);

/** The client library against the end of a real chain, replayed behind the real JSON-RPC service, by HTTP. */
describe.each(["standard", "sm"] as const)("the recorded chain %s", (name) => {
  const chain = loadChain(name);
  const accounts = chain.accounts();
  let server: Server;
  let client: Client;

  beforeAll(async () => {
    const { service } = serviceOf(name, await loadNativeSuites(), { sessions: [], told: [] });
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      request.on("end", () => void service.handle(body).then((answer) => response.end(answer)));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    client = await connect({ nodes: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  }, 120_000);
  afterAll(() => {
    server.close();
  });

  test("is recognised, and an account of its kind is made", () => {
    expect(client.chain.suite.name).toBe(name);
    expect(client.account.suite.name).toBe(name);
    expect(client.chain.chainId).toBe(1n);
  });

  test("contracts built into the nodes understand us: tables, names, rights, governance, life cycle", async () => {
    const address = (person: string): string => accounts[person]?.address ?? "";
    expect(await client.tables.describe("t_demo")).toEqual({
      name: "t_demo",
      key: "name",
      fields: ["item_id", "item_name"],
    });
    expect(await client.tables.select("t_demo", "fruit", { where: { item_id: { le: 3 } } })).toEqual([
      { name: "fruit", item_id: "1", item_name: "orange" },
    ]);
    await expect(client.tables.select("t_nothing", "k")).rejects.toMatchObject({ returnCode: -50100 });
    expect(await client.governance.threshold()).toBeGreaterThan(0);
    const members = (await client.governance.committeeMembers()).map((member) => member.address);
    expect(members).toContain(address("alice"));
    expect(await client.governance.weight(members[0] ?? "")).toBeGreaterThan(0n);
    expect(await client.governance.weight(client.account.address)).toBeUndefined();
    expect((await client.permissions.list(SYSTEM_TABLES.config)).map((one) => one.address)).toEqual(members);
    expect(await client.governance.accountStatus(client.account.address)).toBe("The address is nonexistent.");
    const hello = chain.receipts()[0]?.contractAddress ?? "";
    expect(await client.lifeCycle.status(hello)).toBe("The contract is available.");
    expect(await client.lifeCycle.managers(hello)).toContain(address("alice"));
    expect(await client.gas.chargers()).toEqual([]);
    await expect(client.gas.remaining(client.account.address)).rejects.toMatchObject({ returnCode: -52008 });
    expect((await client.cns.find("hello")).map(({ version }) => version)).toEqual(["1.0", "2.0", "v".repeat(50)]);
    expect(await client.cns.resolve("hello", "1.0")).toBe(address("bob"));
    expect(await client.cns.resolve("hello", "2.0")).toBe(address("carol"));
    expect(await client.cns.resolve("hello")).toBe(address("bob"));
  });

  test("contracts that were compiled for Keccak-256 are called so, on either chain", async () => {
    const address = chain.receipts()[0]?.contractAddress ?? "";
    const value = await client.read({ abi: HELLO, address, functionName: "get", selectors: "standard" });
    expect(typeof value).toBe("string");
    const logs: ChainLog[] = [];
    const subscription = await client.watchLogs(
      { addresses: [address], fromBlock: 1, toBlock: chain.blocks().length - 1 },
      (log) => void logs.push(log),
    );
    await subscription.done;
    const recorded = chain
      .receipts()
      .flatMap((receipt) =>
        receipt.logs
          .filter((log) => log.address === address)
          .map(({ data, topics }) => ({ data, topics, transactionHash: receipt.transactionHash })),
      );
    expect(logs).toMatchObject(recorded);
    expect(recorded.length).toBeGreaterThan(0);
  });

  test("every recorded receipt is read, and transactions are proven", async () => {
    const sealers = [...chain.text("group.1.genesis").matchAll(/node\.\d+\s*=\s*([0-9a-f]{128})/g)].map(
      ([, id]) => id ?? "",
    );
    const receipts = chain.receipts();
    for (const recorded of receipts.filter((_, index) => index % 20 === 0)) {
      const receipt = await client.getReceipt(recorded.transactionHash);
      expect(receipt).toMatchObject({ status: Number(recorded.status), blockNumber: Number(recorded.blockNumber) });
      expect(receipt?.raw).toEqual(recorded);
    }
    const [first] = receipts;
    const proven = await client.prove(first?.transactionHash ?? "", sealers);
    expect(proven?.transaction.hash).toBe(first?.transactionHash);
    expect(await client.prove(`0x${"00".repeat(32)}`, sealers)).toBeUndefined();
    expect(await client.getReceipt(`0x${"00".repeat(32)}`)).toBeUndefined();
  });
});
