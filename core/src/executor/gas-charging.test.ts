import { describe, expect, it } from "vitest";
import { assemble } from "../evm/testdata/assembler.js";
import type { Address } from "../primitives/index.js";
import { ascii, bytesToBigInt, concatBytes, hexToBytes } from "../primitives/index.js";
import { TransactionStatus } from "../protocol/index.js";
import { SYS_TABLE_ACCESS } from "../state/index.js";
import { ALICE, BOB, TestChain, deploying } from "./testdata/test-chain.js";

const LIMIT = 300_000_000n;
const GOVERNANCE = "1008".padStart(40, "0") as Address;
const CHARGING = "1009".padStart(40, "0") as Address;

/** A chain that charges, on which ALICE has `remain` gas, with a contract of Bob's, who pays nothing. */
function charging(remain: bigint | undefined, code = "stop"): { chain: TestChain; contract: Address } {
  const chain = new TestChain();
  const contract = chain.deploy(assemble(code), BOB);
  chain.configure("charger_list", `${BOB},`);
  if (remain !== undefined) {
    chain.deploy(assemble("stop"), ALICE);
    give(chain, ALICE, remain);
  }
  chain.chargeGas();
  return { chain, contract };
}

function give(chain: TestChain, address: Address, remain: bigint): void {
  chain.write([{ table: ascii(`c_${address}`), key: "remain_gas", cells: { value: String(remain) } }]);
}

describe("who pays", () => {
  it("is the sender, with what the transaction used", () => {
    const { chain, contract } = charging(50_000n);
    const receipt = chain.send({ to: contract });
    expect([receipt.status, receipt.gasUsed, receipt.remainGas]).toEqual([TransactionStatus.None, 21000n, 29000n]);
    expect(chain.cell(ALICE, "remain_gas")).toBe("29000");
  });

  it("is nobody for those who may charge, the committee, and calls of the governance", () => {
    const { chain, contract } = charging(50_000n);
    expect(chain.send({ to: contract, from: BOB }).gasUsed).toBe(0n);
    expect(chain.send({ to: GOVERNANCE }).gasUsed).toBe(0n);
    chain.write([
      { table: SYS_TABLE_ACCESS, key: SYS_TABLE_ACCESS, cells: { address: `0x${ALICE}`, enable_num: "0" } },
      { table: SYS_TABLE_ACCESS, key: SYS_TABLE_ACCESS, cells: { address: "no address", enable_num: "0" } },
    ]);
    expect(chain.send({ to: contract }).gasUsed).toBe(0n);
    expect(chain.cell(ALICE, "remain_gas")).toBe("50000");
  });

  it("is nobody for a read-only call", () => {
    const { chain, contract } = charging(undefined);
    expect(chain.call(contract).status).toBe(TransactionStatus.None);
  });
});

describe("accounts that are too poor", () => {
  it.each<[bigint | undefined, string]>([
    [undefined, "no table"],
    [20_999n, "one short"],
  ])("are refused and pay nothing: %s (%s)", (remain) => {
    const { chain, contract } = charging(remain, "1 0 sstore");
    const receipt = chain.send({ to: contract });
    expect([receipt.status, receipt.gasUsed]).toEqual([TransactionStatus.NotEnoughRemainGas, 0n]);
    expect(receipt.output.length).toBe(0);
    expect(chain.cell(contract, "0")).toBeUndefined();
    expect(chain.cell(ALICE, "remain_gas")).toBe(remain?.toString());
  });

  it("may start with just the base", () => {
    const { chain, contract } = charging(21_000n);
    const receipt = chain.send({ to: contract });
    expect([receipt.status, receipt.remainGas]).toEqual([TransactionStatus.None, 0n]);
  });

  it("keep what a transaction did that costs more than they have, and pay what they have", () => {
    const { chain, contract } = charging(30_000n, "1 0 sstore");
    const receipt = chain.send({ to: contract });
    expect([receipt.status, receipt.gasUsed, receipt.remainGas]).toEqual([TransactionStatus.None, 30_000n, 0n]);
    expect(chain.cell(contract, "0")).toBe("1");
  });
});

describe("what is paid", () => {
  it("for an execution that burned everything is the base", () => {
    const { chain, contract } = charging(10n ** 9n, "invalid");
    const receipt = chain.send({ to: contract });
    expect([receipt.status, receipt.gasUsed]).toEqual([TransactionStatus.BadInstruction, 21000n]);
  });

  it("for a revert is what it used", () => {
    const { chain, contract } = charging(10n ** 9n, "0 0 revert");
    expect(chain.send({ to: contract }).gasUsed).toBe(21006n);
  });

  it("is less the refund, and never less than nothing", () => {
    const { chain, contract } = charging(
      10n ** 9n,
      "0 0 sstore 0 1 sstore 0 2 sstore 0 3 sstore 0 4 sstore 0 5 sstore",
    );
    const set = (...slots: readonly number[]) =>
      chain.write(slots.map((slot) => ({ table: ascii(`c_${contract}`), key: String(slot), cells: { value: "7" } })));
    set(0);
    expect(chain.send({ to: contract }).gasUsed).toBe(21000n + 36n + 5000n + 5n * 800n - 15000n);
    const other = charging(10n ** 9n, "0 0 sstore 0 1 sstore 0 2 sstore 0 3 sstore 0 4 sstore 0 5 sstore");
    other.chain.write(
      [0, 1, 2, 3, 4, 5].map((slot) => ({
        table: ascii(`c_${other.contract}`),
        key: String(slot),
        cells: { value: "7" },
      })),
    );
    const receipt = other.chain.send({ to: other.contract });
    expect([receipt.gasUsed, receipt.remainGas]).toEqual([0n, 10n ** 9n]);
  });

  it("for too little gas limit is nothing, though the row is written", () => {
    const { chain, contract } = charging(50_000_000n);
    chain.configure("tx_gas_limit", "100000");
    const receipt = chain.send({ to: contract, data: new Uint8Array(5000).fill(1) });
    // Nothing is left of the gas, so the base counts, which is above the limit: the whole limit counts as left.
    expect([receipt.status, receipt.gasUsed]).toEqual([TransactionStatus.OutOfGasIntrinsic, 0n]);
    expect(chain.cell(ALICE, "remain_gas")).toBe("50000000");
  });

  it("for a creation with a value is the base", () => {
    const { chain } = charging(10n ** 9n);
    const data = deploying(assemble("stop"));
    const receipt = chain.send({ data, value: 1n });
    expect(receipt.status).toBe(TransactionStatus.None);
    expect(receipt.gasUsed).toBeGreaterThan(53000n);
    expect(chain.cell(ALICE, "remain_gas")).toBe(String(10n ** 9n - receipt.gasUsed));
  });

  it("adds up over the transactions of a block", () => {
    const { chain, contract } = charging(50_000n);
    const receipts = chain.block({ to: contract }, { to: contract }, { to: contract });
    expect(receipts.map(({ status }) => status)).toEqual([
      TransactionStatus.None,
      TransactionStatus.None,
      TransactionStatus.NotEnoughRemainGas,
    ]);
    expect(receipts.map(({ remainGas }) => remainGas)).toEqual([29_000n, 8_000n, 8_000n]);
  });
});

it("remembers a charge for the rest of the block even when it is undone", () => {
  const { chain } = charging(50_000n);
  // charge(address,uint256) of 1000 for ALICE, sent on by a contract that then reverts.
  const charge = concatBytes(hexToBytes("a3ffa9cd"), new Uint8Array(12), hexToBytes(ALICE), new Uint8Array(32));
  charge[charge.length - 2] = 1000 >> 8;
  charge[charge.length - 1] = 1000 & 255;
  const forwarder = chain.deploy(
    assemble(`calldatasize 0 0 calldatacopy 0 0 calldatasize 0 0 0x${CHARGING} gas call 0 0 revert`),
    BOB,
  );
  const [undone, after] = chain.block({ to: forwarder, data: charge, from: BOB }, { to: forwarder });
  expect(undone?.status).toBe(TransactionStatus.RevertInstruction);
  expect(after?.remainGas).toBe(51_000n - (after?.gasUsed ?? 0n));
  expect(chain.cell(ALICE, "remain_gas")).toBe(String(after?.remainGas));
});

it("shows what remains also while nothing is charged", () => {
  const chain = new TestChain();
  give(chain, ALICE, 77n);
  const contract = chain.deploy(assemble("gas 0 mstore 32 0 return"), BOB);
  const receipt = chain.send({ to: contract });
  expect(receipt.remainGas).toBe(77n);
  expect(bytesToBigInt(receipt.output)).toBe(LIMIT - 21000n - 2n);
});
