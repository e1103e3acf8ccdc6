/** Contracts compiled in place and statements like SQL, on a real chain; the examples of their pages. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAccount, type Client } from "@tsbcos/sdk";
import { createCompiler } from "tsbcos/solidity";
import { runStatement } from "tsbcos/sql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestChain } from "../harness/index.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const page = (name: string): string => readFileSync(join(ROOT, "docs", "reference", name), "utf8");

let chain: TestChain;
let client: Client;
let folder: string;
beforeAll(async () => {
  chain = await TestChain.build();
  await chain.start();
  client = await chain.node(0).client();
  folder = mkdtempSync(join(tmpdir(), "tsbcos-solidity-e2e-"));
});
afterAll(async () => {
  await chain.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Deploys a contract compiled by each line, changes it, lets it refuse, and reads it back from every node. */
async function tryEveryLine(chain: TestChain, hash: "standard" | "sm"): Promise<void> {
  const writer = await chain.node(0).client();
  const compiler = createCompiler({ hash, contractsFolder: folder });
  for (const version of ["0.4.26", "0.5.17", "0.6.10", "0.8.37"]) {
    const name = `Hello${version.replaceAll(".", "")}`;
    const text = `pragma solidity ^${version}; contract ${name} { string public name = "old"; event Set(string name);
      function set(string memory to) public { require(bytes(to).length > 0, "no name"); name = to; emit Set(to); } }`;
    writeFileSync(join(folder, `${name}.sol`), text);
    const compiled = await compiler.contract(name);
    if (!compiled.ok) throw new Error(compiled.error.message);
    const { abi, bytecode } = compiled.value;
    const { address } = await writer.deploy({ abi, bytecode } as never);
    const written = await writer.write({ abi, address, functionName: "set", args: ["new"] } as never);
    expect(written.events).toMatchObject([{ eventName: "Set", args: { name: "new" } }]);
    const refused = writer.write({ abi, address, functionName: "set", args: [""] } as never);
    await expect(refused).rejects.toMatchObject({ reason: "no name" });
    await chain.reached(written.receipt.blockNumber);
    for (const node of chain.nodes) {
      const reader = await node.client();
      expect(await reader.read({ abi, address, functionName: "name" } as never)).toBe("new");
    }
  }
  await compiler.close();
}

describe("solidity.md", () => {
  test("its contract compiles, and writes a table", async () => {
    const [, source = ""] = /^```solidity\n([\s\S]*?)^```$/m.exec(page("solidity.md")) ?? [];
    writeFileSync(join(folder, "Fruits.sol"), source);
    const compiler = createCompiler({ hash: "standard", contractsFolder: folder });
    const compiled = await compiler.contract("Fruits");
    await compiler.close();
    if (!compiled.ok) throw new Error(compiled.error.message);
    const { abi, bytecode } = compiled.value;
    const { address } = await client.deploy({ abi, bytecode } as never);
    const written = await client.write({ abi, address, functionName: "add", args: ["apple", 3n] } as never);
    expect(written.result).toBe(1n);
    expect(await client.tables.select("t_fruits", "apple")).toEqual([{ name: "apple", price: "3" }]);
  });

  test("contracts of every line are deployed, changed and read back from every node", async () => {
    await tryEveryLine(chain, "standard");
  });
});

describe("sql.md", () => {
  test("its statements print what the page says", async () => {
    const blocks = [...page("sql.md").matchAll(/^```sql\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? "");
    const pairs = blocks.flatMap((block) => block.split(/^> /m).slice(1));
    expect(pairs.length).toBeGreaterThan(12);
    for (const pair of pairs) {
      const [statement = "", ...printed] = pair.trimEnd().split("\n");
      const ran = await runStatement(client.tables, statement);
      expect([statement, ran.ok ? ran.value.text : ran.error.message]).toEqual([statement, printed.join("\n")]);
    }
  });

  test("hazards of values: quotes, languages, line breaks, names of objects, long texts", async () => {
    const run = async (text: string): Promise<unknown> => {
      const ran = await runStatement(client.tables, text);
      return ran.ok ? ran.value.value : ran.error.message;
    };
    await run("create table t_hazards(k varchar, v varchar, `limit` varchar, primary key(k))");
    const values = [
      `it's "quoted" \\ and \`back\``,
      "水果 яблоко 🍎 \u202e",
      "line\nbreak\ttab\u0001",
      '{"eq":"x"}',
      "constructor",
      "",
      " ",
      "-- ; drop table",
      "0x00",
      "钱".repeat(20_000),
    ];
    for (const [index, value] of values.entries()) {
      const quoted = `'${value.replaceAll("'", "''")}'`;
      expect(await run(`insert into t_hazards values (k${index}, ${quoted}, ${index})`)).toEqual({ code: 1 });
      expect(await run(`select v from t_hazards where k = k${index} and v = ${quoted}`)).toEqual([{ v: value }]);
      expect(await run(`select v from t_hazards where k = k${index} and v != ${quoted}`)).toEqual([]);
    }
    // A column called limit, beside a limit.
    for (const limit of [7, 8, 8]) await run(`insert into t_hazards values (many, x, ${limit})`);
    expect(await run("select `limit` from t_hazards where k = many and `limit` = 8 limit 5")).toHaveLength(2);
    expect(await run("select `limit` from t_hazards where k = many and `limit` >= 7 limit 1,1")).toEqual([
      { limit: "8" },
    ]);
    expect(await run("select v from t_hazards where k = 'constructor'")).toEqual([]);
  });

  test("a table of another account's is not written", async () => {
    await runStatement(client.tables, "create table t_mine(k varchar, v varchar, primary key(k))");
    await client.permissions.grant("t_mine", client.account.address);
    const stranger = client.as(createAccount());
    expect(await runStatement(stranger.tables, "insert into t_mine values (a, b)")).toMatchObject({
      error: { code: "failed", message: "call insert failed!\n* code: -50000\n* message: Permission denied" },
    });
  });
});

describe("an SM chain", () => {
  let sm: TestChain;
  beforeAll(async () => {
    sm = await TestChain.build(["-g"]);
    await sm.start();
  });
  afterAll(() => sm.dispose());

  test("runs contracts of every line, found by SM3", async () => {
    await tryEveryLine(sm, "sm");
  });

  test("runs the contract of the page, which uses a contract built into the nodes, and statements", async () => {
    const [, source = ""] = /^```solidity\n([\s\S]*?)^```$/m.exec(page("solidity.md")) ?? [];
    writeFileSync(join(folder, "Fruits.sol"), source);
    const compiler = createCompiler({ hash: "sm", contractsFolder: folder });
    const compiled = await compiler.contract("Fruits");
    await compiler.close();
    if (!compiled.ok) throw new Error(compiled.error.message);
    const { abi, bytecode } = compiled.value;
    const seller = await sm.node(1).client();
    const { address } = await seller.deploy({ abi, bytecode } as never);
    expect((await seller.write({ abi, address, functionName: "add", args: ["apple", 3n] } as never)).result).toBe(1n);
    const ran = await runStatement(seller.tables, "select * from t_fruits where name = apple");
    expect(ran).toMatchObject({ value: { text: "{name=apple, price=3}\n1 row in set." } });
  });
});
