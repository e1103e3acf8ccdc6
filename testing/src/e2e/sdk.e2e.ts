import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { connect, createAccount, parseAbi, SYSTEM_TABLES, type Client } from "@tsbcos/sdk";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestChain, until, type ChainNode } from "../harness/index.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const COMMAND = join(ROOT, "cli", "dist", "main.js");
const run = promisify(execFile);

let chain: TestChain;
let folder: string;
const clients: Client[] = [];

beforeAll(async () => {
  chain = await TestChain.build();
  await chain.start();
  folder = mkdtempSync(join(tmpdir(), "tsbcos-sdk-"));
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await chain.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const channelOf = (node: ChainNode): string => `127.0.0.1:${node.channelPort}`;

async function channelClient(...nodes: readonly ChainNode[]): Promise<Client> {
  const client = await connect({ nodes: nodes.map(channelOf), tls: chain.sdkFolder });
  clients.push(client);
  return client;
}

const sealers = (): string[] => chain.nodes.map((node) => node.nodeId);

const TOKEN = JSON.parse(readFileSync(join(ROOT, "examples", "contracts", "Token.json"), "utf8")) as {
  bytecode: string;
};
const ABI = parseAbi([
  "constructor(uint256 supply)",
  "function balanceOf(address owner) view returns (uint256)",
  "function transfer(address to, uint256 amount) returns (bool)",
  "event Transfer(address indexed from, address indexed to, uint256 amount)",
]);

/** The programs in a page of the documentation, as one module. */
function programOf(page: string): string {
  const text = readFileSync(join(ROOT, "docs", "reference", page), "utf8");
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? "");
  // Imports stand where they are explained; a module wants them anywhere.
  return blocks.join("\n");
}

/** What the program is to print, from the comments behind its lines. */
const expectedOf = (program: string): string[] => [...program.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text ?? "");

/** A folder in which the paths and ports of a page are those of the chain under test. */
function stageFor(name: string): string {
  const stage = join(folder, name);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(join(stage, "node_modules", "@tsbcos"), { recursive: true });
  mkdirSync(join(stage, "chain"));
  mkdirSync(join(stage, "examples", "contracts"), { recursive: true });
  symlinkSync(join(ROOT, "sdk"), join(stage, "node_modules", "@tsbcos", "sdk"));
  symlinkSync(join(chain.directory, "127.0.0.1"), join(stage, "chain", "127.0.0.1"));
  copyFileSync(join(ROOT, "examples", "contracts", "Token.json"), join(stage, "examples", "contracts", "Token.json"));
  return stage;
}

function withPorts(program: string): string {
  let text = program.replaceAll("http://127.0.0.1:8545", chain.node(0).url);
  text = text.replaceAll("port: 20200", `port: ${chain.node(0).channelPort}`);
  for (const node of chain.nodes) text = text.replaceAll(`127.0.0.1:${20200 + node.index}`, channelOf(node));
  return text;
}

/** What the compiler has against a program. */
function complaintsOf(file: string): string[] {
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules", "@types")],
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

// First of all: the page says which block is which.
describe("the programs of the documentation", () => {
  test.each(["sdk.md", "accounts.md", "channel.md", "amop.md"])(
    "%s compiles, runs, and prints what it says",
    async (page) => {
      const stage = stageFor(page);
      const program = withPorts(programOf(page));
      const file = join(stage, "program.mts");
      writeFileSync(file, program);
      expect(complaintsOf(file)).toEqual([]);
      const { outputText } = ts.transpileModule(program, {
        compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
      });
      writeFileSync(join(stage, "program.mjs"), outputText);
      const { stdout } = await run(process.execPath, ["program.mjs"], { cwd: stage, timeout: 300_000 });
      expect(stdout.trim().split("\n")).toEqual(expectedOf(program));
    },
  );

  test("the examples run", async () => {
    const hello = await run(process.execPath, ["examples/hello.mjs", String(chain.node(0).rpcPort), "Hi"], {
      cwd: ROOT,
    });
    expect(hello.stdout.match(/^node\d {6}Hi$/gm)).toHaveLength(4);
    const words = ["examples/channel.mjs", String(chain.node(0).channelPort), chain.sdkFolder];
    const channel = await run(process.execPath, words, { cwd: ROOT, timeout: 300_000 });
    expect(channel.stdout).toMatch(/event .*one\n.*event .*two\n.*event .*three\nanswer {5}Hello to you too\n/);
  });

  test("accounts are made and shown by the command", async () => {
    const made = await run(process.execPath, [COMMAND, "account", "new", "--p12", "--out", join(folder, "keys")], {
      env: { ...process.env, TSBCOS_PASSWORD: "secret" },
    });
    const address = /0x[0-9a-f]{40}/.exec(made.stdout)?.[0] ?? "";
    const file = join(folder, "keys", `${address}.p12`);
    expect(existsSync(file)).toBe(true);
    const shown = await run(process.execPath, [COMMAND, "account", "show", file], {
      env: { ...process.env, TSBCOS_PASSWORD: "secret" },
    });
    expect(shown.stdout).toContain(address);
    const asking = run(process.execPath, [COMMAND, "account", "show", file], { env: { PATH: process.env["PATH"] } });
    asking.child.stdin?.end();
    await expect(asking).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--password-file") as string,
    });
  });
});

describe("services, on a real chain", () => {
  test("tables, names, rights, governance and life cycle do what they say", async () => {
    const client = await channelClient(...chain.nodes);
    const { address } = await client.deploy({ abi: ABI, bytecode: TOKEN.bytecode, args: [5n] });

    await client.tables.create({ name: "t_sdk", key: "name", fields: ["a", "b"] });
    expect(await client.tables.describe("t_sdk")).toEqual({ name: "t_sdk", key: "name", fields: ["a", "b"] });
    expect(await client.tables.describe("t_nothing")).toBeUndefined();
    for (const a of ["1", "2", "3"]) await client.tables.insert("t_sdk", "x", { a, b: `text ${a}` });
    expect(await client.tables.select("t_sdk", "x", { where: { a: { ge: 2 } }, limit: { count: 1 } })).toEqual([
      { name: "x", a: "2", b: "text 2" },
    ]);
    expect(await client.tables.update("t_sdk", "x", { b: "new" }, { where: { a: { ne: "1" } } })).toMatchObject({
      code: 2,
    });
    expect(await client.tables.remove("t_sdk", "x", { where: { b: { eq: "new" } } })).toMatchObject({ code: 2 });
    await expect(client.tables.select("t_nothing", "x")).rejects.toMatchObject({ returnCode: -50100 });
    await expect(client.tables.create({ name: "t_sdk", key: "k", fields: ["f"] })).rejects.toMatchObject({
      returnCode: -50001,
    });

    await client.keyValues.create({ name: "t_kv", key: "id", fields: ["value"] });
    expect(await client.keyValues.get("t_kv", "k")).toBeUndefined();
    await client.keyValues.set("t_kv", "k", { value: "1" });
    await client.keyValues.set("t_kv", "k", { value: "2" });
    expect(await client.keyValues.get("t_kv", "k")).toMatchObject({ value: "2" });

    await client.cns.register({ name: "token", version: "1.0", address, abi: ABI });
    await client.cns.register({ name: "token", version: "2.0", address, abi: ABI });
    expect((await client.cns.find("token")).map(({ version }) => version)).toEqual(["1.0", "2.0"]);
    expect(await client.cns.resolve("token", "1.0")).toBe(address);
    expect(await client.cns.resolve("nothing")).toBeUndefined();
    await expect(client.cns.register({ name: "token", version: "1.0", address, abi: ABI })).rejects.toMatchObject({
      returnCode: -51200,
    });

    await client.permissions.grant("t_sdk", client.account.address);
    expect(await client.permissions.list("t_sdk")).toMatchObject([{ address: client.account.address }]);
    const stranger = client.as(createAccount());
    await expect(stranger.tables.insert("t_sdk", "y", { a: "1" })).rejects.toMatchObject({ returnCode: -50000 });
    await client.permissions.revoke("t_sdk", client.account.address);
    expect(await client.permissions.list(SYSTEM_TABLES.config)).toEqual([]);

    await client.lifeCycle.freeze(address);
    expect(await client.lifeCycle.status(address)).toContain("frozen");
    expect(await client.lifeCycle.managers(address)).toEqual([client.account.address]);
    await expect(client.read({ abi: ABI, address, functionName: "balanceOf", args: [address] })).rejects.toMatchObject({
      status: 30,
    });
    await client.lifeCycle.unfreeze(address);

    await client.governance.grantCommitteeMember(client.account.address);
    expect(await client.governance.committeeMembers()).toMatchObject([{ address: client.account.address }]);
    expect(await client.governance.weight(client.account.address)).toBe(1n);
    expect(await client.governance.threshold()).toBe(50);
    await stranger.deploy({ abi: ABI, bytecode: TOKEN.bytecode, args: [1n] });
    await client.governance.freezeAccount(stranger.account.address);
    await expect(stranger.cns.register({ name: "n", version: "1", address, abi: [] })).rejects.toMatchObject({
      status: 31,
    });
    await client.governance.unfreezeAccount(stranger.account.address);

    await client.gas.grantCharger(client.account.address);
    await until(
      "the charger counts",
      async () => (await client.gas.charge(stranger.account.address, 7)).remaining > 0n,
    );
    expect(await client.gas.remaining(stranger.account.address)).toBeGreaterThan(0n);

    const observer = chain.node(3).nodeId;
    await client.consensus.addObserver(observer);
    expect(await client.rpc.getObserverList()).toEqual([observer]);
    await client.consensus.addSealer(observer);
    expect(await client.rpc.getSealerList()).toHaveLength(4);
  });

  test("a transaction is proven to the sealers of the chain, over either transport", async () => {
    const pushed = await channelClient(chain.node(1));
    const asked = await connect({ nodes: chain.nodes.map(({ url }) => url) });
    for (const client of [pushed, asked]) {
      const { receipt } = await client.deploy({ abi: ABI, bytecode: TOKEN.bytecode, args: [1n] });
      await chain.reached(receipt.blockNumber);
      const proven = await client.prove(receipt.transactionHash, sealers());
      expect(proven?.receipt.contractAddress).toBe(receipt.contractAddress);
      await expect(
        client.prove(receipt.transactionHash, sealers().slice(0, 1).concat("ab".repeat(64))),
      ).rejects.toMatchObject({
        failure: "signatures-too-few",
      });
    }
  });
});

describe("B18: while nodes come and go", () => {
  test("transactions go on, and a subscription gets each event once", async () => {
    const client = await channelClient(chain.node(2), chain.node(3));
    const watcher = await channelClient(chain.node(2), chain.node(3));
    const { address } = await client.deploy({ abi: ABI, bytecode: TOKEN.bytecode, args: [1_000n] });
    const seen: bigint[] = [];
    const subscription = await watcher.watchEvents(
      { abi: ABI, address, eventName: "Transfer" },
      ({ args }) => void seen.push(args.amount),
    );
    const sent: bigint[] = [];
    const send = async (count: number): Promise<void> => {
      for (let turn = 0; turn < count; turn++) {
        const amount = BigInt(sent.length + 1);
        await client.write({ abi: ABI, address, functionName: "transfer", args: [client.account.address, amount] });
        sent.push(amount);
      }
    };
    await send(3);
    await chain.node(2).end("SIGKILL");
    await send(3);
    chain.node(2).start();
    await chain.connected(chain.node(2));
    await chain.node(3).end("SIGTERM");
    await send(3);
    chain.node(3).start();
    await chain.connected(chain.node(3));
    await send(2);
    await until("all events have come", () => seen.length >= sent.length);
    expect(seen).toEqual(sent);
    await subscription.stop();
  });
});
