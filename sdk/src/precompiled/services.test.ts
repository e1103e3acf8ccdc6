import { readFileSync } from "node:fs";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { hexToBytes } from "@tsbcos/core/primitives";
import { encodeAbiParameters, parseAbiParameters } from "viem";
import { describe, expect, test } from "vitest";
import { revertReason } from "../contracts/failure.js";
import type { Client } from "../client.js";
import { connectOver } from "../client.js";
import { toHex, type Hex } from "../hex.js";
import { FakeNode, fakeReceipt } from "../testdata/fake-node.js";
import { codeOfOutput, PRECOMPILED_TEXTS, precompiledText } from "./codes.js";
import { SYSTEM_TABLES } from "./permissions.js";

const ACCOUNT: Hex = `0x${"0a".repeat(20)}`;
const NODE_ID = "0b".repeat(64);

/** The output of one word. */
const word = (value: number | bigint): Hex => encodeAbiParameters([{ type: "int256" }], [BigInt(value)]);
const text = (value: string): Hex => encodeAbiParameters([{ type: "string" }], [value]);

/** A client whose transactions and calls give `output`, and what was called last. */
async function clientWith(
  output: Hex,
  suiteName: CryptoSuite["name"] = "standard",
): Promise<{ readonly client: Client; readonly last: () => { readonly to: string; readonly data: string } }> {
  let called = { to: "", data: "" };
  const node = new FakeNode(
    {
      getTransactionReceipt: () => fakeReceipt({ output }),
      getSystemConfigByKey: ([, key]) => `value of ${String(key)}`,
      call: ([, call]) => {
        called = call as typeof called;
        return { currentBlockNumber: "0x1", output, status: "0x0" };
      },
    },
    suiteName,
  );
  const last = (): typeof called => {
    const transaction = node.sent.at(-1);
    return transaction === undefined ? called : { to: `0x${String(transaction.to)}`, data: toHex(transaction.data) };
  };
  return { client: await connectOver(node), last };
}

type Use = (client: Client) => Promise<unknown>;

/** Every function of every service: what it calls, by Keccak-256 and by SM3. */
const WRITES: readonly (readonly [name: string, use: Use, address: number, keccak: string, sm3: string])[] = [
  ["config.set", (c) => c.config.set("tx_count_limit", 5), 0x1000, "bd291aef", "0749b518"],
  [
    "tables.create",
    (c) => c.tables.create({ name: "t", key: "k", fields: ["a", "b"] }),
    0x1001,
    "56004b6a",
    "c92a7801",
  ],
  ["tables.insert", (c) => c.tables.insert("t", "k", { a: "1" }), 0x1002, "a216464b", "b8eaa08d"],
  ["tables.update", (c) => c.tables.update("t", "k", { a: "1" }), 0x1002, "2dca76c1", "10bd675b"],
  ["tables.remove", (c) => c.tables.remove("t", "k"), 0x1002, "a72a1e65", "81b81824"],
  [
    "keyValues.create",
    (c) => c.keyValues.create({ name: "t", key: "k", fields: ["a"] }),
    0x1010,
    "56004b6a",
    "c92a7801",
  ],
  ["keyValues.set", (c) => c.keyValues.set("t", "k", { a: "1" }), 0x1002, "2dca76c1", "10bd675b"],
  ["consensus.addSealer", (c) => c.consensus.addSealer(NODE_ID), 0x1003, "89152d1f", "df434acc"],
  ["consensus.addObserver", (c) => c.consensus.addObserver(NODE_ID), 0x1003, "2800efc0", "25e85d16"],
  ["consensus.remove", (c) => c.consensus.remove(NODE_ID), 0x1003, "80599e4b", "86b733f9"],
  [
    "cns.register",
    (c) => c.cns.register({ name: "n", version: "1", address: ACCOUNT, abi: [] }),
    0x1004,
    "a216464b",
    "b8eaa08d",
  ],
  ["permissions.grant", (c) => c.permissions.grant("t", ACCOUNT), 0x1005, "06e63ff8", "ce0a9fb9"],
  ["permissions.revoke", (c) => c.permissions.revoke("t", ACCOUNT), 0x1005, "44590a7e", "85d23afc"],
  ["permissions.grantWrite", (c) => c.permissions.grantWrite(ACCOUNT, ACCOUNT), 0x1005, "96ec37c4", "d010d23c"],
  ["permissions.revokeWrite", (c) => c.permissions.revokeWrite(ACCOUNT, ACCOUNT), 0x1005, "99c26010", "df12fe78"],
  ["lifeCycle.freeze", (c) => c.lifeCycle.freeze(ACCOUNT), 0x1007, "8d1fdf2f", "f12c66df"],
  ["lifeCycle.unfreeze", (c) => c.lifeCycle.unfreeze(ACCOUNT), 0x1007, "45c8b1a6", "61cb24c3"],
  ["lifeCycle.grantManager", (c) => c.lifeCycle.grantManager(ACCOUNT, ACCOUNT), 0x1007, "a721fb43", "27c46414"],
  ["lifeCycle.revokeManager", (c) => c.lifeCycle.revokeManager(ACCOUNT, ACCOUNT), 0x1007, "3a67288f", "00c77684"],
  [
    "governance.grantCommitteeMember",
    (c) => c.governance.grantCommitteeMember(ACCOUNT),
    0x1008,
    "6f8f521f",
    "cbff0346",
  ],
  [
    "governance.revokeCommitteeMember",
    (c) => c.governance.revokeCommitteeMember(ACCOUNT),
    0x1008,
    "cafb4d1b",
    "681362f3",
  ],
  ["governance.updateWeight", (c) => c.governance.updateWeight(ACCOUNT, 2), 0x1008, "246c3376", "95e96f8f"],
  ["governance.updateThreshold", (c) => c.governance.updateThreshold(60), 0x1008, "97b00861", "931af204"],
  ["governance.grantOperator", (c) => c.governance.grantOperator(ACCOUNT), 0x1008, "e348da13", "d1db6540"],
  ["governance.revokeOperator", (c) => c.governance.revokeOperator(ACCOUNT), 0x1008, "fad8b32a", "c9ab2069"],
  ["governance.freezeAccount", (c) => c.governance.freezeAccount(ACCOUNT), 0x1008, "f26c159f", "563e46a5"],
  ["governance.unfreezeAccount", (c) => c.governance.unfreezeAccount(ACCOUNT), 0x1008, "788649ea", "2312386d"],
  ["gas.grantCharger", (c) => c.gas.grantCharger(ACCOUNT), 0x1009, "caf39c51", "3009a33c"],
  ["gas.revokeCharger", (c) => c.gas.revokeCharger(ACCOUNT), 0x1009, "867bde5d", "ec597503"],
];

const ENTRY = '[{"abi":"[]","address":"0x0A0a0a0a0a0a0A0a0a0a0a0A0A0a0a0a0a0a0A0a","name":"n","version":"1"}]\n';
const GRANTS = '[{"address":"0x0a","enable_num":"3"}]\n';
const pair = (code: number, value: bigint): Hex =>
  encodeAbiParameters(parseAbiParameters("int256, uint256"), [BigInt(code), value]);

/** Every question: what it calls, what is answered, and what comes of it. */
const READS: readonly (readonly [string, Use, number, string, string, Hex, unknown])[] = [
  [
    "tables.select",
    (c) => c.tables.select("t", "k"),
    0x1002,
    "983c6c4f",
    "7388111f",
    text('[\n   {\n      "a" : "1"\n   }\n]\n'),
    [{ a: "1" }],
  ],
  [
    "tables.describe",
    (c) => c.tables.describe("t"),
    0x1002,
    "5d0d6d54",
    "b885d5ac",
    encodeAbiParameters(parseAbiParameters("string, string"), ["k", "a,b"]),
    { name: "t", key: "k", fields: ["a", "b"] },
  ],
  ["keyValues.get", (c) => c.keyValues.get("t", "k"), 0x1002, "983c6c4f", "7388111f", text("[]\n"), undefined],
  ["cns.find", (c) => c.cns.find("n"), 0x1004, "819a3d62", "078af4af", text(ENTRY), JSON.parse(ENTRY)],
  ["cns.find with a version", (c) => c.cns.find("n", "1"), 0x1004, "897f0251", "ec72a422", text("[]\n"), []],
  ["cns.resolve", (c) => c.cns.resolve("n"), 0x1004, "819a3d62", "078af4af", text(ENTRY), ACCOUNT],
  [
    "permissions.list",
    (c) => c.permissions.list(SYSTEM_TABLES.config),
    0x1005,
    "20586031",
    "bbec3f91",
    text(GRANTS),
    JSON.parse(GRANTS),
  ],
  [
    "permissions.listWriters",
    (c) => c.permissions.listWriters(ACCOUNT),
    0x1005,
    "54ad6352",
    "67547e08",
    text("[]\n"),
    [],
  ],
  [
    "lifeCycle.status",
    (c) => c.lifeCycle.status(ACCOUNT),
    0x1007,
    "30ccebb5",
    "bca14431",
    encodeAbiParameters(parseAbiParameters("int256, string"), [0n, "fine"]),
    "fine",
  ],
  [
    "lifeCycle.managers",
    (c) => c.lifeCycle.managers(ACCOUNT),
    0x1007,
    "c5252d0e",
    "dc7d16f9",
    encodeAbiParameters(parseAbiParameters("int256, address[]"), [0n, [ACCOUNT]]),
    [ACCOUNT],
  ],
  [
    "governance.committeeMembers",
    (c) => c.governance.committeeMembers(),
    0x1008,
    "885a3a72",
    "77cb0994",
    text(GRANTS),
    JSON.parse(GRANTS),
  ],
  [
    "governance.weight",
    (c) => c.governance.weight(ACCOUNT),
    0x1008,
    "6c147119",
    "c784c982",
    encodeAbiParameters(parseAbiParameters("bool, int256"), [true, 2n]),
    2n,
  ],
  [
    "governance.weight of a stranger",
    (c) => c.governance.weight(ACCOUNT),
    0x1008,
    "6c147119",
    "c784c982",
    encodeAbiParameters(parseAbiParameters("bool, int256"), [false, -1n]),
    undefined,
  ],
  ["governance.threshold", (c) => c.governance.threshold(), 0x1008, "281af27d", "35365efb", word(50), 50],
  [
    "governance.votesOfMember",
    (c) => c.governance.votesOfMember(ACCOUNT),
    0x1008,
    "284f6e88",
    "1cfb254d",
    text("null\n"),
    {},
  ],
  [
    "governance.votesOfThreshold",
    (c) => c.governance.votesOfThreshold(),
    0x1008,
    "791a2742",
    "2e8c25f5",
    text('{"0.6":[]}'),
    { "0.6": [] },
  ],
  ["governance.operators", (c) => c.governance.operators(), 0x1008, "039a93ca", "b90059a3", text("[]\n"), []],
  [
    "governance.accountStatus",
    (c) => c.governance.accountStatus(ACCOUNT),
    0x1008,
    "fd4fa05a",
    "a41e61cc",
    text("fine"),
    "fine",
  ],
  ["gas.remaining", (c) => c.gas.remaining(ACCOUNT), 0x1009, "f001f6a3", "00ba8f9b", pair(0, 77n), 77n],
  [
    "gas.chargers",
    (c) => c.gas.chargers(),
    0x1009,
    "a9f2b9a8",
    "a06cc6ae",
    encodeAbiParameters(parseAbiParameters("address[]"), [[ACCOUNT]]),
    [ACCOUNT],
  ],
];

const addressOf = (short: number): string => `0x${short.toString(16).padStart(40, "0")}`;

describe.each(["standard", "sm"] as const)("on a chain with the suite %s", (suiteName) => {
  test.each(WRITES)("%s sends what the contract understands", async (_name, use, address, keccak, sm3) => {
    const { client, last } = await clientWith(word(1), suiteName);
    expect(await use(client)).toMatchObject({ code: 1, receipt: { status: 0 } });
    expect(last().to).toBe(addressOf(address));
    expect(last().data.slice(2, 10)).toBe(suiteName === "sm" ? sm3 : keccak);
  });

  test.each(READS)(
    "%s asks what the contract understands, and reads the answer",
    async (_name, use, address, keccak, sm3, output, value) => {
      const { client, last } = await clientWith(output, suiteName);
      expect(await use(client)).toEqual(value);
      expect(last().to).toBe(addressOf(address));
      expect(last().data.slice(2, 10)).toBe(suiteName === "sm" ? sm3 : keccak);
    },
  );

  test("charging gas gives what remains", async () => {
    const { client, last } = await clientWith(pair(0, 105n), suiteName);
    expect(await client.gas.charge(ACCOUNT, 100)).toMatchObject({ code: 0, remaining: 105n });
    expect(last().data.slice(2, 10)).toBe(suiteName === "sm" ? "c74b68d9" : "a3ffa9cd");
    expect(await client.gas.deduct(ACCOUNT, 100)).toMatchObject({ code: 0, remaining: 105n });
    expect(last().data.slice(2, 10)).toBe(suiteName === "sm" ? "790162d7" : "47055321");
  });
});

describe("error codes", () => {
  test("become errors with their text", async () => {
    const { client } = await clientWith(word(-50000));
    await expect(client.config.set("tx_count_limit", 1)).rejects.toMatchObject({
      code: "precompiled-failed",
      returnCode: -50000,
      message: "Permission denied (code -50000)",
      receipt: { status: 0 },
    });
  });

  test.each([
    ["in place of rows", (c: Client) => c.tables.select("t", "k"), word(-50100), -50100],
    ["beside the gas", (c: Client) => c.gas.remaining(ACCOUNT), pair(-52008, 0n), -52008],
    [
      "beside a status",
      (c: Client) => c.lifeCycle.status(ACCOUNT),
      encodeAbiParameters(parseAbiParameters("int256, string"), [-51903n, ""]),
      -51903,
    ],
  ])("%s too", async (_what, use, output, returnCode) => {
    const { client } = await clientWith(output);
    await expect(use(client)).rejects.toMatchObject({
      returnCode,
      message: expect.stringContaining(PRECOMPILED_TEXTS.get(returnCode) ?? "?") as string,
    });
  });

  test("a contract that fails altogether gives its reason", async () => {
    const reason = `0x08c379a0${text("Permission denied. 0x0a can't grantOperator").slice(2)}`;
    const node = new FakeNode({ getTransactionReceipt: () => fakeReceipt({ status: "0x15", output: reason }) });
    await expect((await connectOver(node)).governance.grantOperator(ACCOUNT)).rejects.toMatchObject({
      code: "transaction-failed",
      status: 21,
      reason: revertReason(reason),
    });
  });

  test("every code that contracts of this project answer with has a text", () => {
    const file = new URL("../../../core/src/executor/precompiled/result-codes.ts", import.meta.url);
    const codes = [...readFileSync(file, "utf8").matchAll(/-5\d{4}\b/g)].map(([code]) => Number(code));
    expect(codes.length).toBeGreaterThan(30);
    // Those of the balances are told by nobody's SDK.
    const missing = codes.filter((code) => !PRECOMPILED_TEXTS.has(code) && !(code <= -51400 && code > -51500));
    expect(missing).toEqual([]);
  });

  test("counts are successes, and other negative numbers are unknown errors", () => {
    expect(precompiledText(3)).toBe("Success");
    expect(precompiledText(-1)).toBe("Unknown error");
    expect(codeOfOutput(word(-50100))).toBe(-50100);
    expect(codeOfOutput(toHex(hexToBytes("00".repeat(28) + "ffff3c4c")))).toBe(-50100);
  });
});

test("conditions are written as the contract reads them", async () => {
  const { client, last } = await clientWith(text("[]\n"));
  await client.tables.select("t", "k", {
    where: { id: { gt: 3, le: "9" }, name: { ne: "x" } },
    limit: { offset: 1, count: 2 },
  });
  const json = '{"id":{"gt":"3","le":"9"},"name":{"ne":"x"},"limit":{"limit":"1,2"}}';
  expect(last().data).toContain(toHex(new TextEncoder().encode(json)).slice(2));
});

test("a key that has no row yet is inserted", async () => {
  const outputs = [word(0), word(1)];
  const node = new FakeNode({ getTransactionReceipt: () => fakeReceipt({ output: outputs.shift() ?? word(9) }) });
  expect(await (await connectOver(node)).keyValues.set("t", "k", { a: "1" })).toMatchObject({ code: 1 });
  expect(node.sent.map(({ data }) => toHex(data).slice(2, 10))).toEqual(["2dca76c1", "a216464b"]);
});

test.each([
  ["a node id", (c: Client) => c.consensus.addSealer("0b")],
  ["an address", (c: Client) => c.permissions.grant("t", "0x1")],
])("%s of the wrong form is noticed before anything is sent", async (_what, use) => {
  const { client } = await clientWith(word(1));
  await expect(use(client)).rejects.toMatchObject({ code: "bad-hex" });
});

test("a value of the configuration is asked of the node", async () => {
  const { client } = await clientWith(word(1));
  expect(await client.config.get("tx_gas_limit")).toBe("value of tx_gas_limit");
});
