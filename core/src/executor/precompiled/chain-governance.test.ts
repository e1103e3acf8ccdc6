import { describe, expect, it } from "vitest";
import type { Address } from "../../primitives/index.js";
import { bytesToBigInt } from "../../primitives/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_6_0, V2_9_0 } from "../../protocol/index.js";
import { addressValue, int } from "../abi/index.js";
import { TestChain, addressOfNumber } from "./test-chain.js";

const GOVERNANCE = 0x1008;
const [A, B, C, D] = [0xa, 0xb, 0xc, 0xd].map(addressOfNumber) as [Address, Address, Address, Address];

function run(chain: TestChain, method: string, target: Address, origin: Address): bigint {
  return chain.number(GOVERNANCE, `${method}(address)`, [addressValue(target)], { origin });
}

function setWeight(chain: TestChain, member: Address, weight: bigint | number, origin: Address): bigint {
  const values = [addressValue(member), int(weight)];
  return chain.number(GOVERNANCE, "updateCommitteeMemberWeight(address,int256)", values, { origin });
}

function setThreshold(chain: TestChain, percent: number, origin: Address): bigint {
  return chain.number(GOVERNANCE, "updateThreshold(int256)", [int(percent)], { origin });
}

const threshold = (chain: TestChain): bigint => chain.number(GOVERNANCE, "queryThreshold()");

/** A chain whose committee is A, B and C with weight 1 each. */
function chainWithCommittee(version: SupportedVersion = V2_9_0): TestChain {
  const chain = new TestChain({ version, parentNumber: 7 });
  run(chain, "grantCommitteeMember", A, A);
  chain.nextBlock();
  run(chain, "grantCommitteeMember", B, A);
  chain.nextBlock();
  for (const origin of [A, B]) run(chain, "grantCommitteeMember", C, origin);
  chain.nextBlock();
  return chain;
}

function members(chain: TestChain): string[] {
  const list = JSON.parse(chain.text(GOVERNANCE, "listCommitteeMembers()")) as { address: string }[];
  return list.map(({ address }) => address);
}

describe("committee", () => {
  it("begins with whoever asks first", () => {
    const chain = new TestChain({ parentNumber: 7 });
    expect(run(chain, "grantCommitteeMember", A, D)).toBe(1n);
    expect(chain.text(GOVERNANCE, "listCommitteeMembers()")).toBe(`[{"address":"0x${A}","enable_num":"8"}]\n`);
    for (const table of ["_sys_table_access_", "_sys_config_", "_sys_consensus_"]) {
      expect(chain.rowsOf("_sys_table_access_", table)).toEqual([
        { table_name: table, address: `0x${A}`, enable_num: "8" },
      ]);
    }
    expect(chain.rowsOf("_sys_committee_votes_", `0x${A}_weight`)).toEqual([
      { key: `0x${A}_weight`, value: "1", origin: `0x${D}` },
    ]);
    expect(chain.rowsOf("_sys_committee_votes_", "auth_threshold")).toEqual([
      { key: "auth_threshold", value: "0.500000" },
    ]);
    expect(run(chain, "grantCommitteeMember", B, D)).toBe(-52002n);
    expect(run(chain, "grantCommitteeMember", A, A)).toBe(-52000n);
  });

  it("grows and shrinks by more than the threshold of weights", () => {
    const chain = chainWithCommittee();
    expect(members(chain)).toEqual([`0x${A}`, `0x${B}`, `0x${C}`]);
    expect(run(chain, "revokeCommitteeMember", D, A)).toBe(-52001n);
    expect(run(chain, "revokeCommitteeMember", C, D)).toBe(-52002n);
    expect(run(chain, "revokeCommitteeMember", C, A)).toBe(0n);
    expect(run(chain, "revokeCommitteeMember", C, A)).toBe(0n);
    expect(members(chain)).toHaveLength(3);
    expect(run(chain, "revokeCommitteeMember", C, C)).toBe(1n);
    expect(members(chain)).toHaveLength(2);
    expect(chain.rowsOf("_sys_committee_votes_", `0x${C}_weight`)).toEqual([]);
    expect(chain.rowsOf("_sys_table_access_", "_sys_config_")).toHaveLength(2);
  });

  it("counts weights, and drops votes that carried", () => {
    const chain = chainWithCommittee();
    expect(setWeight(chain, A, 5, A)).toBe(0n);
    expect(setWeight(chain, A, 5, B)).toBe(1n);
    expect(chain.rowsOf("_sys_committee_votes_", `0x${A}_update_weight`)).toEqual([]);
    expect(setWeight(chain, A, 5, C)).toBe(-52012n);
    // 5 of 7 are more than half.
    expect(run(chain, "grantCommitteeMember", D, A)).toBe(1n);
    expect(setWeight(chain, addressOfNumber(0xe), 2, A)).toBe(-52001n);
    expect(setWeight(chain, B, 2, addressOfNumber(0xe))).toBe(-52002n);
  });

  it("keeps votes for another value", () => {
    const chain = chainWithCommittee();
    setThreshold(chain, 70, A);
    setThreshold(chain, 80, B);
    expect(setThreshold(chain, 80, C)).toBe(1n);
    expect(chain.rowsOf("_sys_committee_votes_", "update_auth_threshold").map((row) => row["value"])).toEqual([
      "0.700000",
    ]);
  });

  it("cuts the threshold that it shows, as binary fractions demand", () => {
    const chain = new TestChain();
    run(chain, "grantCommitteeMember", A, A);
    expect(threshold(chain)).toBe(50n);
    expect(setThreshold(chain, 29, A)).toBe(1n);
    expect(threshold(chain)).toBe(28n);
    expect(chain.rowsOf("_sys_committee_votes_", "auth_threshold")).toEqual([
      { key: "auth_threshold", value: "0.290000", origin: `0x${A}` },
    ]);
    expect(setThreshold(chain, 29, A)).toBe(-52012n);
    expect([setThreshold(chain, 100, A), setThreshold(chain, -1, A)]).toEqual([-52003n, -52003n]);
    expect(setThreshold(chain, 0, A)).toBe(1n);
  });

  it("lets votes expire after 10000 blocks", () => {
    const chain = chainWithCommittee();
    const voted = chain.context.blockNumber;
    run(chain, "revokeCommitteeMember", C, A);
    chain.nextBlock(voted + 10000);
    expect(run(chain, "revokeCommitteeMember", C, B)).toBe(0n);
    expect(chain.rowsOf("_sys_committee_votes_", `0x${C}`).map((row) => row["origin"])).toEqual([`0x${B}`]);
    const counted = chainWithCommittee();
    run(counted, "revokeCommitteeMember", C, A);
    counted.nextBlock(voted + 9999);
    expect(run(counted, "revokeCommitteeMember", C, B)).toBe(1n);
  });

  it("renews the vote of a member instead of counting it twice", () => {
    const chain = chainWithCommittee();
    const first = chain.context.blockNumber;
    run(chain, "revokeCommitteeMember", C, A);
    chain.nextBlock();
    expect(run(chain, "revokeCommitteeMember", C, A)).toBe(0n);
    expect(chain.rowsOf("_sys_committee_votes_", `0x${C}`)).toEqual([
      { key: `0x${C}`, value: "revoke", origin: `0x${A}`, block_limit: String(first + 1 + 10000) },
    ]);
  });

  it("shows its votes, and null when there are none", () => {
    const chain = chainWithCommittee();
    const votes = (): string => chain.text(GOVERNANCE, "queryVotesOfMember(address)", [addressValue(C)]);
    expect(votes()).toBe("null\n");
    expect(chain.text(GOVERNANCE, "queryVotesOfThreshold()")).toBe("null\n");
    const limit = chain.context.blockNumber + 10000;
    run(chain, "revokeCommitteeMember", C, A);
    setWeight(chain, C, 3, B);
    setThreshold(chain, 60, A);
    expect(votes()).toBe(
      `{"revoke":[{"block_limit":"${limit}","voter":"0x${A}"}],` +
        `"update_weight":[{"block_limit":"${limit}","target":"3","voter":"0x${B}"}]}\n`,
    );
    expect(chain.text(GOVERNANCE, "queryVotesOfThreshold()")).toBe(
      `{"0.600000":[{"block_limit":"${limit}","voter":"0x${A}"}]}\n`,
    );
  });

  it("refuses weights below 1 from 2.7.0 on", () => {
    expect(() => setWeight(new TestChain(), A, 0, A)).toThrow(
      'updateCommitteeMemberWeight failed for invalid weight "0", the weight must be greater than 0',
    );
    expect(() => setWeight(new TestChain(), A, -3, A)).toThrow('"-3"');
    expect(setWeight(chainWithCommittee(V2_6_0), A, -3, A)).toBe(0n);
  });

  it("forgot to drop votes about the threshold before 2.7.0", () => {
    const chain = chainWithCommittee(V2_6_0);
    setThreshold(chain, 70, A);
    expect(setThreshold(chain, 70, B)).toBe(1n);
    expect(chain.rowsOf("_sys_committee_votes_", "update_auth_threshold")).toHaveLength(2);
  });

  it("shows weights, of members alone", () => {
    const chain = chainWithCommittee();
    const weight = (member: Address): [bigint, bigint] => {
      const { output } = chain.call(GOVERNANCE, "queryCommitteeMemberWeight(address)", [addressValue(member)]);
      return [bytesToBigInt(output.subarray(0, 32)), BigInt.asIntN(256, bytesToBigInt(output.subarray(32)))];
    };
    expect([weight(A), weight(D)]).toEqual([
      [1n, 1n],
      [0n, -52001n],
    ]);
    for (const origin of [A, B]) setWeight(chain, A, 1n << 31n, origin);
    expect(() => weight(A)).toThrow("PrecompiledError");
  });
});

describe("operators", () => {
  it("are made and unmade by members", () => {
    const chain = chainWithCommittee();
    expect(run(chain, "grantOperator", D, D)).toBe(-52002n);
    expect(run(chain, "grantOperator", B, A)).toBe(-52005n);
    expect(run(chain, "grantOperator", D, A)).toBe(1n);
    expect(run(chain, "grantOperator", D, A)).toBe(-52006n);
    expect(run(chain, "grantCommitteeMember", D, A)).toBe(-52004n);
    const enabled = chain.context.blockNumber + 1;
    expect(chain.text(GOVERNANCE, "listOperators()")).toBe(`[{"address":"0x${D}","enable_num":"${enabled}"}]\n`);
    expect(run(chain, "revokeOperator", D, D)).toBe(-52002n);
    expect(run(chain, "revokeOperator", D, A)).toBe(1n);
    expect(run(chain, "revokeOperator", D, A)).toBe(-52007n);
    expect(chain.rowsOf("_sys_table_access_", "_sys_cns_")).toEqual([]);
  });

  it("are listed when they have both permissions, and removed by the first", () => {
    const chain = chainWithCommittee();
    chain.put("_sys_table_access_", "_sys_tables_", { address: `0x${D}`, enable_num: "1" });
    expect(chain.text(GOVERNANCE, "listOperators()")).toBe("[]\n");
    expect(run(chain, "grantOperator", D, A)).toBe(1n);
    expect(chain.rowsOf("_sys_table_access_", "_sys_tables_")).toHaveLength(1);
    expect(chain.rowsOf("_sys_table_access_", "_sys_cns_")).toHaveLength(1);
  });

  it("cannot be made by a member whose permission does not count yet", () => {
    const chain = chainWithCommittee();
    for (const origin of [A, B]) run(chain, "grantCommitteeMember", D, origin);
    const message = `Permission denied. 0x${D} can't grantOperator operator 0x${addressOfNumber(1)}`;
    expect(() => run(chain, "grantOperator", addressOfNumber(1), D)).toThrow(message);
  });
});

describe("accounts", () => {
  const status = (chain: TestChain, target: Address): string =>
    chain.text(GOVERNANCE, "getAccountStatus(address)", [addressValue(target)]);

  it("are frozen and thawed by members", () => {
    const chain = chainWithCommittee();
    chain.createAccount(D);
    expect(run(chain, "freezeAccount", D, D)).toBe(-50000n);
    expect(run(chain, "unfreezeAccount", D, A)).toBe(-52010n);
    expect(run(chain, "freezeAccount", D, A)).toBe(1n);
    expect(run(chain, "freezeAccount", D, A)).toBe(-52011n);
    expect(status(chain, D)).toBe("The account has been frozen. You can use this account after unfreezing it.");
    expect(run(chain, "unfreezeAccount", D, A)).toBe(1n);
    expect(status(chain, D)).toBe("The account is available.");
  });

  it("must exist, have no code, and belong to no member", () => {
    const chain = chainWithCommittee();
    const contract = addressOfNumber(0xc0de);
    chain.createAccount(contract, new Uint8Array([0]));
    chain.createAccount(B);
    for (const method of ["freezeAccount", "unfreezeAccount"]) {
      expect(run(chain, method, D, D)).toBe(-52008n);
      expect(run(chain, method, contract, D)).toBe(-52009n);
    }
    expect(run(chain, "freezeAccount", B, A)).toBe(-50000n);
    expect(status(chain, D)).toBe("The address is nonexistent.");
    expect(status(chain, contract)).toBe("This is not a account address.");
  });
});
