import { describe, expect, it } from "vitest";
import type { Address } from "../../primitives/index.js";
import { bytesToHex } from "../../primitives/index.js";
import { V2_4_0, V2_6_0, V2_9_0 } from "../../protocol/index.js";
import { StorageError } from "../../state/index.js";
import { ArgumentReader, addressValue } from "../abi/index.js";
import { ALICE, BOB, TestChain, addressOfNumber } from "./test-chain.js";

const LIFE = 0x1007;
const CONTRACT = addressOfNumber(0xc0de);
const ACCOUNT = addressOfNumber(0xacc);

function chainWithContract(version = V2_9_0): TestChain {
  const chain = new TestChain({ version });
  chain.createAccount(CONTRACT, new Uint8Array([0]));
  chain.createAccount(ACCOUNT);
  chain.put(`c_${CONTRACT}`, "authority", { value: ALICE });
  return chain;
}

function run(chain: TestChain, method: string, target: Address, user?: Address, origin = ALICE): bigint {
  const signature = user === undefined ? `${method}(address)` : `${method}(address,address)`;
  const values = user === undefined ? [addressValue(target)] : [addressValue(target), addressValue(user)];
  return chain.number(LIFE, signature, values, { origin });
}

function status(chain: TestChain, target: Address): string {
  const reader = new ArgumentReader(chain.call(LIFE, "getStatus(address)", [addressValue(target)]).output);
  expect(reader.uint()).toBe(0n);
  return reader.string();
}

describe("contract states", () => {
  it("change between available and frozen", () => {
    const chain = chainWithContract();
    expect(status(chain, CONTRACT)).toBe("The contract is available.");
    expect(run(chain, "unfreeze", CONTRACT)).toBe(-51901n);
    expect(run(chain, "freeze", CONTRACT)).toBe(1n);
    expect(run(chain, "freeze", CONTRACT)).toBe(-51900n);
    expect(status(chain, CONTRACT)).toBe(
      "The contract has been frozen. You can invoke this contract after unfreezing it.",
    );
    expect(run(chain, "unfreeze", CONTRACT)).toBe(1n);
    expect(run(chain, "freeze", CONTRACT)).toBe(1n);
    expect(chain.rowsOf(`c_${CONTRACT}`, "frozen")).toEqual([{ key: "frozen", value: "true" }]);
  });

  it("are those of contracts", () => {
    const chain = chainWithContract();
    for (const method of ["freeze", "unfreeze"]) {
      expect(run(chain, method, BOB)).toBe(-51904n);
      expect(run(chain, method, ACCOUNT)).toBe(-51903n);
    }
    expect(run(chain, "grantManager", ACCOUNT, BOB)).toBe(-51903n);
    expect(status(chain, BOB)).toBe("The address is nonexistent.");
    expect(status(chain, ACCOUNT)).toBe("This is not a contract address.");
  });

  it("are changed by managers and, from 2.5.0 on, by the committee", () => {
    for (const [version, code] of [
      [V2_4_0, -51905n],
      [V2_9_0, 1n],
    ] as const) {
      const chain = chainWithContract(version);
      expect(run(chain, "freeze", CONTRACT, undefined, BOB)).toBe(-51905n);
      chain.put("_sys_table_access_", "_sys_table_access_", { address: `0x${BOB}`, enable_num: "1" });
      expect(run(chain, "freeze", CONTRACT, undefined, BOB)).toBe(code);
    }
  });

  it("fail to be read where the creation of the contract was undone", () => {
    const chain = new TestChain();
    const before = chain.context.tables.savepoint();
    chain.createAccount(CONTRACT, new Uint8Array([0]));
    chain.context.tables.rollbackTo(before);
    expect(() => run(chain, "freeze", CONTRACT)).toThrow(StorageError);
    expect(() => run(chain, "freeze", CONTRACT)).toThrow("Entries no exists: 0");
  });
});

describe("managers", () => {
  const list = (chain: TestChain, target: Address): string =>
    bytesToHex(chain.call(LIFE, "listManager(address)", [addressValue(target)]).output);

  it("appoint and dismiss each other, but not the last", () => {
    const chain = chainWithContract();
    expect(run(chain, "grantManager", CONTRACT, BOB, BOB)).toBe(-51905n);
    expect(run(chain, "grantManager", CONTRACT, BOB)).toBe(1n);
    expect(run(chain, "grantManager", CONTRACT, BOB)).toBe(-51902n);
    expect(list(chain, CONTRACT).match(/.{64}/g)).toEqual([
      "0".repeat(64),
      "40".padStart(64, "0"),
      "2".padStart(64, "0"),
      ALICE.padStart(64, "0"),
      BOB.padStart(64, "0"),
    ]);
    expect(run(chain, "revokeManager", CONTRACT, ACCOUNT)).toBe(-51906n);
    expect(run(chain, "revokeManager", CONTRACT, ALICE, BOB)).toBe(1n);
    expect(run(chain, "revokeManager", CONTRACT, ALICE, BOB)).toBe(-51907n);
  });

  it("are listed for contracts alone", () => {
    const chain = chainWithContract();
    const code = (target: Address): bigint => run(chain, "listManager", target);
    expect([code(BOB), code(ACCOUNT)]).toEqual([-51904n, -51903n]);
    expect(list(chain, BOB)).toHaveLength(3 * 64);
  });

  it("cannot be dismissed before 2.7.0", () => {
    const values = [addressValue(CONTRACT), addressValue(ALICE)];
    const { output } = chainWithContract(V2_6_0).call(LIFE, "revokeManager(address,address)", values);
    expect(output).toHaveLength(0);
  });
});
