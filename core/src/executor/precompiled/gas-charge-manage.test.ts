import { describe, expect, it } from "vitest";
import type { Address } from "../../primitives/index.js";
import { bytesToBigInt, bytesToHex } from "../../primitives/index.js";
import { addressValue, int } from "../abi/index.js";
import { ALICE, BOB, TestChain, addressOfNumber } from "./test-chain.js";

const CHARGE = 0x1009;
const ACCOUNT = addressOfNumber(0xacc);
const CONTRACT = addressOfNumber(0xc0de);
const FROZEN = addressOfNumber(0xf0);
const MAX = (1n << 256n) - 1n;

/** A chain where ALICE is the committee and BOB a charger. */
function chainWithCharger(): TestChain {
  const chain = new TestChain({ parentNumber: 7 });
  chain.put("_sys_table_access_", "_sys_table_access_", { address: `0x${ALICE}`, enable_num: "1" });
  chain.createAccount(ACCOUNT);
  chain.createAccount(CONTRACT, new Uint8Array([0]));
  chain.createAccount(FROZEN);
  chain.put(`c_${FROZEN}`, "frozen", { value: "true" });
  chain.number(CHARGE, "grantCharger(address)", [addressValue(BOB)]);
  chain.nextBlock();
  return chain;
}

function change(
  chain: TestChain,
  method: string,
  account: Address,
  amount: bigint | number,
  origin = BOB,
): [bigint, bigint] {
  const { output } = chain.call(CHARGE, `${method}(address,uint256)`, [addressValue(account), int(amount)], { origin });
  return [BigInt.asIntN(256, bytesToBigInt(output.subarray(0, 32))), bytesToBigInt(output.subarray(32))];
}

function remain(chain: TestChain, account: Address): [bigint, bigint] {
  const { output } = chain.call(CHARGE, "queryRemainGas(address)", [addressValue(account)]);
  return [BigInt.asIntN(256, bytesToBigInt(output.subarray(0, 32))), bytesToBigInt(output.subarray(32))];
}

const name = (chain: TestChain, method: string, account: Address, origin = ALICE): bigint =>
  chain.number(CHARGE, `${method}(address)`, [addressValue(account)], { origin });

describe("charged gas", () => {
  it("is given, taken and shown", () => {
    const chain = chainWithCharger();
    expect(remain(chain, ACCOUNT)).toEqual([0n, 0n]);
    expect(change(chain, "charge", ACCOUNT, 100)).toEqual([0n, 100n]);
    expect(change(chain, "charge", ACCOUNT, 5)).toEqual([0n, 105n]);
    expect(change(chain, "deduct", ACCOUNT, 106)).toEqual([-53003n, 0n]);
    expect(change(chain, "deduct", ACCOUNT, 105)).toEqual([0n, 0n]);
    expect(chain.rowsOf(`c_${ACCOUNT}`, "remain_gas")).toEqual([{ key: "remain_gas", value: "0" }]);
  });

  it("is refused in the order of the checks", () => {
    const chain = chainWithCharger();
    expect(change(chain, "charge", CONTRACT, 0, ALICE)).toEqual([-53001n, 0n]);
    expect(change(chain, "charge", CONTRACT, 1, ALICE)).toEqual([-52009n, 0n]);
    expect(change(chain, "charge", FROZEN, 1, ALICE)).toEqual([-52011n, 0n]);
    expect(change(chain, "charge", ACCOUNT, 1, ALICE)).toEqual([-53000n, 0n]);
    change(chain, "charge", ACCOUNT, MAX);
    expect(change(chain, "charge", ACCOUNT, 1)).toEqual([-53002n, 0n]);
    expect(remain(chain, ACCOUNT)).toEqual([0n, MAX]);
  });

  it("makes the account that it is given to, and asks others to be accounts", () => {
    const chain = chainWithCharger();
    const nobody = addressOfNumber(0xdead);
    expect(remain(chain, nobody)).toEqual([-52008n, 0n]);
    expect(remain(chain, CONTRACT)).toEqual([-52009n, 0n]);
    expect(remain(chain, FROZEN)).toEqual([-52011n, 0n]);
    expect(change(chain, "charge", nobody, 7)).toEqual([0n, 7n]);
    expect(remain(chain, nobody)).toEqual([0n, 7n]);
    expect(chain.rowsOf(`c_${nobody}`, "nonce")).toEqual([{ key: "nonce", value: "0" }]);
  });

  it("goes on counting when the transaction is undone", () => {
    const chain = chainWithCharger();
    const before = chain.context.tables.savepoint();
    change(chain, "charge", ACCOUNT, 100);
    chain.context.tables.rollbackTo(before);
    expect(remain(chain, ACCOUNT)).toEqual([0n, 100n]);
    expect(chain.rowsOf(`c_${ACCOUNT}`, "remain_gas")).toEqual([]);
  });
});

describe("chargers", () => {
  it("are named by the committee", () => {
    const chain = chainWithCharger();
    expect(name(chain, "grantCharger", ACCOUNT, BOB)).toBe(-53004n);
    expect(name(chain, "grantCharger", CONTRACT, BOB)).toBe(-52009n);
    expect(name(chain, "grantCharger", BOB)).toBe(-53006n);
    expect(name(chain, "revokeCharger", BOB, BOB)).toBe(-53005n);
    expect(name(chain, "revokeCharger", ACCOUNT)).toBe(-53007n);
    expect(name(chain, "revokeCharger", BOB)).toBe(0n);
    expect(chain.number(CHARGE, "nonsense()")).toBe(-53008n);
  });

  it("count from the next block on, and two changes of one block do not see each other", () => {
    const chain = chainWithCharger();
    expect(name(chain, "grantCharger", ACCOUNT)).toBe(0n);
    expect(change(chain, "charge", FROZEN, 1, ACCOUNT)[0]).toBe(-52011n);
    expect(change(chain, "charge", ALICE, 1, ACCOUNT)[0]).toBe(-53000n);
    expect(name(chain, "grantCharger", addressOfNumber(1))).toBe(0n);
    chain.nextBlock();
    expect(chain.rowsOf("_sys_config_", "charger_list")[0]?.["value"]).toBe(`${addressOfNumber(1)},${BOB},`);
    const listed = bytesToHex(chain.call(CHARGE, "listChargers()").output).match(/.{64}/g);
    expect(listed?.slice(2)).toEqual([addressOfNumber(1).padStart(64, "0"), BOB.padStart(64, "0")]);
  });

  it("may be nobody", () => {
    expect(bytesToHex(new TestChain().call(CHARGE, "listChargers()").output)).toBe(
      "20".padStart(64, "0") + "0".repeat(64),
    );
  });
});
