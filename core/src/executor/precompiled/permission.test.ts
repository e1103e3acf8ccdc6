import { describe, expect, it } from "vitest";
import { ascii, bytesToBigInt, concatBytes } from "../../primitives/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_2_0, V2_3_0, V2_4_0, V2_5_0, V2_9_0 } from "../../protocol/index.js";
import { addressValue, encodeValues, string } from "../abi/index.js";
import { ALICE, BOB, TestChain, addressOfNumber } from "./test-chain.js";

const PERMISSION = 0x1005;
const texts = (...values: string[]) => values.map((value) => string(ascii(value)));
const CONTRACT = addressOfNumber(0xc0de);
const USER = addressOfNumber(0x5e7);

const insert = (chain: TestChain, table: string, user: string): bigint =>
  chain.number(PERMISSION, "insert(string,string)", texts(table, user));
const remove = (chain: TestChain, table: string, user: string): bigint =>
  chain.number(PERMISSION, "remove(string,string)", texts(table, user));
const grantWrite = (chain: TestChain, user = USER, origin = ALICE): bigint =>
  chain.number(PERMISSION, "grantWrite(address,address)", [addressValue(CONTRACT), addressValue(user)], { origin });
const revokeWrite = (chain: TestChain, user = USER, origin = ALICE): bigint =>
  chain.number(PERMISSION, "revokeWrite(address,address)", [addressValue(CONTRACT), addressValue(user)], { origin });

function addMember(chain: TestChain, member: string): void {
  for (const table of ["_sys_table_access_", "_sys_config_", "_sys_consensus_"]) {
    chain.put("_sys_table_access_", table, { address: `0x${member}`, enable_num: "1" });
  }
}

describe("table permissions", () => {
  it("are given, listed and taken by text", () => {
    const chain = new TestChain({ parentNumber: 7 });
    expect(insert(chain, "t", `0xAB${"0".repeat(38)}`)).toBe(1n);
    expect(insert(chain, "t", `0xab${"0".repeat(38)}`)).toBe(-51000n);
    expect(insert(chain, "t", `ab${"0".repeat(38)}`)).toBe(1n);
    expect(chain.text(PERMISSION, "queryByName(string)", texts("t"))).toBe(
      `[{"address":"0xab${"0".repeat(38)}","enable_num":"8","table_name":"u_t"},` +
        `{"address":"ab${"0".repeat(38)}","enable_num":"8","table_name":"u_t"}]\n`,
    );
    expect(remove(chain, "t", `0xAB${"0".repeat(38)}`)).toBe(1n);
    expect(remove(chain, "t", `0xab${"0".repeat(38)}`)).toBe(-51001n);
    expect(chain.text(PERMISSION, "queryByName(string)", texts("none"))).toBe("[]\n");
  });

  it("keep the letters of an address before 2.5.0", () => {
    const chain = new TestChain({ version: V2_4_0 });
    insert(chain, "t", `0xAB${"0".repeat(38)}`);
    expect(chain.rowsOf("_sys_table_access_", "u_t")[0]?.["address"]).toBe(`0xAB${"0".repeat(38)}`);
  });

  it("refuse names that are too long and text that is no address", () => {
    const chain = new TestChain();
    expect(insert(chain, "t".repeat(62), "12")).toBe(1n);
    expect(insert(chain, "t".repeat(63), "12")).toBe(-51002n);
    expect(insert(chain, "t".repeat(63), "xy")).toBe(-51002n);
    expect(insert(chain, "t", "xy")).toBe(-50102n);
  });

  it("leave the committee to governance", () => {
    const chain = new TestChain();
    addMember(chain, BOB);
    chain.nextBlock();
    expect(insert(chain, "_sys_table_access_", "xy")).toBe(-51004n);
    expect(remove(chain, "_sys_table_access_", `0x${BOB}`)).toBe(-51004n);
    expect(insert(chain, "_sys_tables_", `0x${BOB}`)).toBe(-52005n);
    expect(insert(chain, "_sys_cns_", `0x${BOB}`)).toBe(-52005n);
    expect(remove(chain, "_sys_config_", `0x${BOB}`)).toBe(-50000n);
    expect(remove(chain, "_sys_consensus_", `0x${BOB}`)).toBe(-50000n);
    expect(insert(chain, "t", `0x${BOB}`)).toBe(-50000n);
    const origin = { origin: BOB };
    expect(chain.number(PERMISSION, "insert(string,string)", texts("t", `0x${BOB}`), origin)).toBe(1n);
  });

  it.each<[SupportedVersion, bigint]>([
    [V2_4_0, -50000n],
    [V2_5_0, -52004n],
    [V2_9_0, -52005n],
  ])("answer by version (%i) for a member as operator", (version, code) => {
    const chain = new TestChain({ version });
    addMember(chain, BOB);
    chain.nextBlock();
    expect(insert(chain, "_sys_tables_", `0x${BOB}`)).toBe(code);
  });
});

describe("write permissions of contracts", () => {
  function chainWithContract(version = V2_9_0): TestChain {
    const chain = new TestChain({ version, parentNumber: 7 });
    chain.createAccount(CONTRACT, new Uint8Array([0]));
    chain.put(`c_${CONTRACT}`, "authority", { value: ALICE });
    return chain;
  }

  it("are given and taken by managers of the contract", () => {
    const chain = chainWithContract();
    expect(grantWrite(chain, USER, BOB)).toBe(-50000n);
    expect(grantWrite(chain)).toBe(1n);
    expect(grantWrite(chain)).toBe(-51000n);
    expect(chain.text(PERMISSION, "queryPermission(address)", [addressValue(CONTRACT)])).toBe(
      `[{"address":"0x${USER}","enable_num":"8","table_name":"c_${CONTRACT}"}]\n`,
    );
    expect(revokeWrite(chain, BOB)).toBe(-51001n);
    expect(revokeWrite(chain, USER, BOB)).toBe(-50000n);
    expect(revokeWrite(chain)).toBe(1n);
    expect(revokeWrite(chain)).toBe(-51001n);
  });

  it("need a contract table", () => {
    expect(grantWrite(new TestChain())).toBe(-51003n);
  });

  it("are anybody's business before 2.5.0 and unknown before 2.3.0", () => {
    expect(grantWrite(chainWithContract(V2_4_0), USER, BOB)).toBe(1n);
    expect(new TestChain({ version: V2_2_0 }).call(PERMISSION, "queryPermission(address)").output).toHaveLength(0);
    expect(new TestChain({ version: V2_3_0 }).text(PERMISSION, "queryPermission(address)")).toBe("[]\n");
  });

  it("are granted by four zero bytes below 2.3.0, when grantWrite has no selector yet", () => {
    const values = encodeValues(addressValue(CONTRACT), addressValue(USER));
    const send = (chain: TestChain): Uint8Array =>
      chain.send(PERMISSION, concatBytes(new Uint8Array(4), values)).output;
    const early = chainWithContract(V2_2_0);
    expect(BigInt.asIntN(256, bytesToBigInt(send(early)))).toBe(1n);
    expect(BigInt.asIntN(256, bytesToBigInt(send(early)))).toBe(-51000n);
    expect(send(chainWithContract(V2_3_0))).toHaveLength(0);
  });

  it("do not ask for the writer list of the table of permissions", () => {
    const chain = chainWithContract();
    addMember(chain, BOB);
    chain.nextBlock();
    expect(grantWrite(chain)).toBe(1n);
    expect(revokeWrite(chain)).toBe(1n);
  });
});
