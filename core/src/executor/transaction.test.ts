import { describe, expect, it } from "vitest";
import { sha256, smSuite, standardSuite } from "../crypto/index.js";
import { assemble } from "../evm/testdata/assembler.js";
import type { Address } from "../primitives/index.js";
import {
  ZERO_ADDRESS,
  ZERO_HASH,
  ascii,
  bigIntToBytes,
  bytesToBigInt,
  bytesToHex,
  concatBytes,
} from "../primitives/index.js";
import {
  TransactionStatus,
  V2_0_0,
  V2_2_0,
  V2_4_0,
  V2_5_0,
  V2_6_0,
  V2_9_0,
  contractAddress,
  revertReason,
} from "../protocol/index.js";
import { SYS_TABLES, SYS_TABLE_ACCESS } from "../state/index.js";
import { encodeValues, selectorOf, string } from "./abi/index.js";
import { ALICE, BOB, TestChain, deploying } from "./testdata/test-chain.js";
import { intrinsicGas } from "./transaction.js";

const LIMIT = 300_000_000n;
const NOWHERE = "99".repeat(20) as Address;
const STORE_ONE = assemble("1 0 sstore");

describe("base gas", () => {
  it("counts zero and other bytes, and what kind of transaction it is", () => {
    expect(intrinsicGas(Uint8Array.of(0, 0, 1), false)).toBe(21000n + 2n * 4n + 68n);
    expect(intrinsicGas(Uint8Array.of(), true)).toBe(53000n);
  });

  it("above the limit of the chain ends the transaction with everything used", () => {
    const chain = new TestChain();
    chain.configure("tx_gas_limit", "100000");
    const receipt = chain.send({ to: NOWHERE, data: new Uint8Array(2000).fill(1) });
    expect([receipt.status, receipt.gasUsed]).toEqual([TransactionStatus.OutOfGasIntrinsic, 100_000n]);
  });

  it("is 20000 with free storage, though the ordinary one must fit the limit too", () => {
    const chain = new TestChain({ freeStorage: true });
    const data = new Uint8Array(2000).fill(1);
    const contract = chain.deploy(assemble("stop"));
    expect(chain.send({ to: contract, data }).gasUsed).toBe(20000n);
    chain.configure("tx_gas_limit", "100000");
    expect(chain.send({ to: contract, data }).status).toBe(TransactionStatus.OutOfGasIntrinsic);
  });
});

describe("calls", () => {
  it("to nowhere fail with a reason from 2.3.0 on, and cost the base", () => {
    const receipt = new TestChain().send({ to: NOWHERE });
    expect([receipt.status, receipt.gasUsed]).toEqual([TransactionStatus.CallAddressError, 21000n]);
    expect(revertReason(receipt.output)).toBe(`Error address:${NOWHERE}`);
    const old = new TestChain({ version: V2_2_0 }).send({ to: NOWHERE });
    expect([old.status, old.output.length]).toEqual([TransactionStatus.CallAddressError, 0]);
  });

  it("use the chain's own selector for reasons", () => {
    const receipt = new TestChain({ suite: smSuite }).send({ to: NOWHERE });
    expect(bytesToHex(receipt.output.subarray(0, 4))).toBe("c703cb12");
  });

  it.each([
    ["0 jump", TransactionStatus.BadJumpDestination, LIMIT],
    ["invalid", TransactionStatus.BadInstruction, LIMIT],
    ["add", TransactionStatus.StackUnderflow, LIMIT],
    [`${"1 ".repeat(1025)}`, TransactionStatus.OutOfStack, LIMIT],
    ["1 0 0 returndatacopy", TransactionStatus.Unknown, LIMIT],
    [`1 ${2n ** 64n} mstore`, TransactionStatus.OutOfGas, 21000n],
    ["0 0 revert", TransactionStatus.RevertInstruction, 21006n],
    ["stop", TransactionStatus.None, 21000n],
  ])("that end with `%s` have status %i and cost %i", (source, status, gasUsed) => {
    const chain = new TestChain();
    const receipt = chain.send({ to: chain.deploy(assemble(source)) });
    expect([receipt.status, receipt.gasUsed]).toEqual([status, gasUsed]);
  });

  it("B28: run with less calldata than a selector, to contracts and to the node's own", () => {
    const chain = new TestChain();
    const contract = chain.deploy(assemble("calldatasize 0 mstore 32 0 return"));
    for (const data of [[], [1], [1, 2, 3]]) {
      const receipt = chain.send({ to: contract, data: Uint8Array.from(data) });
      expect(bytesToBigInt(receipt.output)).toBe(BigInt(data.length));
      for (const own of ["1000", "1001", "1006", "1008", "5002", "5006"]) {
        const address = own.padStart(40, "0") as Address;
        expect(chain.send({ to: address, data: Uint8Array.from(data) }).status, own).toBe(TransactionStatus.None);
      }
    }
  });

  it("show the value and move nothing", () => {
    const chain = new TestChain();
    const contract = chain.deploy(assemble("callvalue 0 mstore 32 0 return"));
    const receipt = chain.send({ to: contract, value: 2n ** 200n });
    expect([receipt.status, bytesToBigInt(receipt.output)]).toEqual([TransactionStatus.None, 2n ** 200n]);
    expect(chain.cell(contract, "balance")).toBe("0");
  });

  it("B11: show every node the same zeros for what has no meaning here", () => {
    const chain = new TestChain();
    for (const source of ["coinbase", "difficulty", "gaslimit", "chainid"]) {
      const contract = chain.deploy(assemble(`${source} 0 mstore 32 0 return`));
      expect(bytesToBigInt(chain.send({ to: contract }).output), source).toBe(0n);
    }
  });

  it("that fail are told no more than what stands before a zero byte that they sent", () => {
    const factory = "1010".padStart(40, "0") as Address;
    const createTable = bigIntToBytes(BigInt(selectorOf(standardSuite, ascii("createTable(string,string,string)"))), 4);
    const names = encodeValues(string(ascii("t")), string(ascii("id")), string(ascii("a b\0c")));
    const receipt = new TestChain().send({ to: factory, data: concatBytes(createTable, names) });
    expect(receipt.status).toBe(TransactionStatus.PrecompiledError);
    expect(revertReason(receipt.output)).toBe("invalid field:a b");
  });

  it("give back all gas of an inner call that runs out of it", () => {
    const chain = new TestChain();
    const callee = chain.deploy(assemble(`1 ${2n ** 64n} mstore`));
    const caller = chain.deploy(assemble(`0 0 0 0 0 0x${callee} 50000 call`));
    expect(chain.send({ to: caller }).gasUsed).toBe(21000n + 700n + 21n);
  });
});

describe("frozen accounts and contracts", () => {
  const frozen = (chain: TestChain, address: Address) =>
    chain.write([{ table: ascii(`c_${address}`), key: "frozen", cells: { value: "true" } }]);

  it("refuse a transaction and a creation of the account", () => {
    const chain = new TestChain();
    const contract = chain.deploy(assemble("stop"), BOB);
    chain.deploy(assemble("stop"));
    frozen(chain, ALICE);
    const call = chain.send({ to: contract });
    expect([call.status, call.gasUsed]).toEqual([TransactionStatus.AccountFrozen, 21000n]);
    expect(revertReason(call.output)).toBe(`Frozen account:0x${ALICE}`);
    const creation = chain.send({ data: deploying(STORE_ONE) });
    expect([creation.status, creation.gasUsed]).toEqual([TransactionStatus.AccountFrozen, LIMIT]);
  });

  it("refuse calls of the contract, inner ones too", () => {
    const chain = new TestChain();
    const contract = chain.deploy(assemble("stop"));
    const caller = chain.deploy(assemble(`0 0 0 0 0 0x${contract} 50000 call 0 mstore 32 0 return`));
    expect(bytesToBigInt(chain.send({ to: caller }).output)).toBe(1n);
    frozen(chain, contract);
    const receipt = chain.send({ to: contract });
    expect(receipt.status).toBe(TransactionStatus.ContractFrozen);
    expect(revertReason(receipt.output)).toBe(`Frozen contract:${contract}`);
    expect(bytesToBigInt(chain.send({ to: caller }).output)).toBe(0n);
  });
});

describe("permissions", () => {
  const grant = (chain: TestChain, table: string, address: Address) =>
    chain.write([{ table: SYS_TABLE_ACCESS, key: table, cells: { address: `0x${address}`, enable_num: "0" } }]);

  it("to deploy: refuse others with everything used", () => {
    const chain = new TestChain();
    grant(chain, SYS_TABLES, BOB);
    const receipt = chain.send({ data: deploying(STORE_ONE) });
    expect([receipt.status, receipt.gasUsed]).toEqual([TransactionStatus.PermissionDenied, LIMIT]);
    expect(receipt.contractAddress).toBe(ZERO_ADDRESS);
    expect(chain.send({ data: deploying(STORE_ONE), from: BOB }).status).toBe(TransactionStatus.None);
  });

  it("to deploy, within a call: undo the whole transaction so far, which goes on", () => {
    const chain = new TestChain();
    const factory = chain.deploy(assemble("1 0 sstore 0 0 0 create 0 mstore 2 1 sstore 32 0 return"));
    grant(chain, SYS_TABLES, BOB);
    const receipt = chain.send({ to: factory });
    expect([receipt.status, bytesToBigInt(receipt.output)]).toEqual([TransactionStatus.None, 0n]);
    expect([chain.cell(factory, "0"), chain.cell(factory, "1")]).toEqual([undefined, "2"]);
  });

  it.each([
    [V2_9_0, TransactionStatus.PermissionDenied, 21000n],
    [V2_5_0, TransactionStatus.RevertInstruction, LIMIT],
  ])("to write storage: refuse the origin, supported_version %i", (version, status, gasUsed) => {
    const chain = new TestChain({ version });
    const contract = chain.deploy(STORE_ONE);
    grant(chain, `c_${contract}`, BOB);
    const receipt = chain.send({ to: contract });
    expect([receipt.status, receipt.gasUsed]).toEqual([status, gasUsed]);
    expect(chain.cell(contract, "0")).toBeUndefined();
    expect(chain.send({ to: contract, from: BOB }).status).toBe(TransactionStatus.None);
    expect(chain.send({ to: contract }).status).toBe(status);
  });
});

describe("creations", () => {
  it("write the account of the creator, the contract, and who manages it", () => {
    const chain = new TestChain();
    const contract = chain.deploy(STORE_ONE);
    expect(contract).toBe(contractAddress(standardSuite, ALICE, 0n));
    expect([chain.cell(ALICE, "nonce"), chain.cell(ALICE, "balance")]).toEqual(["1", "0"]);
    expect([chain.cell(contract, "nonce"), chain.cell(contract, "authority")]).toEqual(["0", ALICE]);
    expect(chain.deploy(STORE_ONE)).toBe(contractAddress(standardSuite, ALICE, 1n));
  });

  it("with a value end well, with an address and nothing at it", () => {
    const chain = new TestChain();
    const receipt = chain.send({ data: deploying(STORE_ONE), value: 1n });
    expect(receipt.status).toBe(TransactionStatus.None);
    expect(receipt.gasUsed).toBe(intrinsicGas(deploying(STORE_ONE), true));
    expect(receipt.contractAddress).toBe(contractAddress(standardSuite, ALICE, 0n));
    expect([chain.cell(ALICE, "nonce"), chain.cell(receipt.contractAddress, "code")]).toEqual(["1", undefined]);
  });

  it("without init code make an account without code", () => {
    const chain = new TestChain();
    const receipt = chain.send({});
    expect([receipt.status, receipt.gasUsed]).toEqual([TransactionStatus.None, 53000n]);
    expect(chain.cell(receipt.contractAddress, "code")).toBe("");
  });

  it("raise the nonce also when they fail", () => {
    const chain = new TestChain();
    const receipt = chain.send({ data: assemble("invalid") });
    expect([receipt.status, receipt.gasUsed]).toEqual([TransactionStatus.BadInstruction, LIMIT]);
    expect([chain.cell(ALICE, "nonce"), chain.cell(contractAddress(standardSuite, ALICE, 0n), "nonce")]).toEqual([
      "1",
      undefined,
    ]);
  });

  it("at an address in use fail with everything used", () => {
    const chain = new TestChain();
    const taken = contractAddress(standardSuite, ALICE, 0n);
    chain.write([{ table: ascii(`c_${taken}`), key: "nonce", cells: { value: "1" } }]);
    const receipt = chain.send({ data: deploying(STORE_ONE) });
    expect([receipt.status, receipt.gasUsed]).toEqual([TransactionStatus.AddressAlreadyUsed, LIMIT]);
  });

  it("that cannot pay for their code are out of gas and keep what is left", () => {
    const chain = new TestChain();
    chain.configure("tx_gas_limit", "100000");
    const data = deploying(new Uint8Array(240));
    const receipt = chain.send({ data });
    expect(receipt.status).toBe(TransactionStatus.OutOfGas);
    const spent = receipt.gasUsed - intrinsicGas(data, true);
    expect(spent).toBeGreaterThan(0n);
    expect(spent).toBeLessThan(200n);
    expect(receipt.contractAddress).toBe(ZERO_ADDRESS);
  });

  it.each([
    [V2_0_0, 0x6000],
    [V2_9_0, 0x40000],
  ])("may leave as much code as supported_version %i allows", (version, bytesMax) => {
    const chain = new TestChain({ version });
    const returning = (size: number) => assemble(`${size} 0 return`);
    expect(chain.send({ data: returning(bytesMax) }).status).toBe(TransactionStatus.None);
    expect(chain.send({ data: returning(bytesMax + 1) }).status).toBe(TransactionStatus.OutOfGas);
  });

  it("pay for the data of a revert as for code", () => {
    const chain = new TestChain();
    const data = assemble("32 0 revert");
    const receipt = chain.send({ data });
    expect([receipt.status, receipt.output.length]).toEqual([TransactionStatus.RevertInstruction, 32]);
    expect(receipt.gasUsed).toBe(intrinsicGas(data, true) + 9n + 200n * 32n);
  });

  it("let the managers of a factory manage what it makes", () => {
    const chain = new TestChain();
    const factory = chain.deploy(assemble("0 0 0 create 0 mstore 32 0 return"));
    const receipt = chain.send({ to: factory, from: BOB });
    const child = bytesToHex(receipt.output).slice(24) as Address;
    const managers = chain
      .tables()
      .openTable(ascii(`c_${child}`))
      ?.select(ascii("authority"));
    expect(managers?.map((row) => row.get(ascii("value")))).toEqual([ALICE, BOB]);
  });
});

describe("self-destruction", () => {
  it("empties the account after the transaction and leaves the storage", () => {
    const chain = new TestChain();
    const contract = chain.deploy(assemble("1 0 sstore 0 selfdestruct"));
    expect(chain.send({ to: contract }).status).toBe(TransactionStatus.None);
    const cells = ["code", "alive", "nonce", "0"].map((key) => chain.cell(contract, key));
    expect(cells).toEqual(["", "false", "0", "1"]);
    expect(chain.send({ to: contract }).status).toBe(TransactionStatus.CallAddressError);
  });

  it("is forgotten when the frame fails", () => {
    const chain = new TestChain();
    const contract = chain.deploy(assemble("0 selfdestruct"));
    const caller = chain.deploy(assemble(`0 0 0 0 0 0x${contract} 50000 call invalid`));
    expect(chain.send({ to: caller }).status).toBe(TransactionStatus.BadInstruction);
    expect(chain.cell(contract, "alive")).toBe("true");
  });
});

describe("refunds", () => {
  const clearing = assemble("0 0 sstore");

  it("are bounded by half of what the transaction's own gas exceeds the gas left by", () => {
    const chain = new TestChain();
    const used = (gas: bigint) => {
      const contract = chain.deploy(clearing);
      chain.write([{ table: ascii(`c_${contract}`), key: "0", cells: { value: "7" } }]);
      return chain.send({ to: contract, gas }).gasUsed;
    };
    const cost = 21000n + 6n + 5000n;
    expect(used(10n ** 9n)).toBe(cost - 15000n);
    expect(used(LIMIT - cost + 200n)).toBe(cost - 100n);
    // Below the gas left the difference wraps around, and the bound with it.
    expect(used(0n)).toBe(cost - 15000n);
  });

  it("may exceed what was used, which then wraps around", () => {
    const chain = new TestChain();
    const contract = chain.deploy(assemble("0 0 sstore 0 1 sstore 0 2 sstore 0 3 sstore 0 4 sstore 0 5 sstore"));
    chain.write(
      ["0", "1", "2", "3", "4", "5"].map((key) => ({ table: ascii(`c_${contract}`), key, cells: { value: "7" } })),
    );
    const cost = 21000n + 6n * 5006n;
    expect(chain.send({ to: contract }).gasUsed).toBe(BigInt.asUintN(256, cost - 6n * 15000n));
  });
});

describe("B30: tx_gas_limit at its bounds", () => {
  it("counts exactly where numbers cannot", () => {
    const chain = new TestChain();
    const limit = 2n ** 63n - 1n;
    chain.configure("tx_gas_limit", String(limit));
    const contract = chain.deploy(assemble("gas 0 mstore 32 0 return"));
    const receipt = chain.send({ to: contract });
    expect(bytesToBigInt(receipt.output)).toBe(limit - 21000n - 2n);
    expect(receipt.gasUsed).toBe(21000n + 2n + 3n + 3n + 3n + 3n + 3n);
    expect(chain.send({ to: chain.deploy(assemble("invalid")) }).gasUsed).toBe(limit);
  });

  it("at its least still lets a transaction through", () => {
    const chain = new TestChain();
    const contract = chain.deploy(STORE_ONE);
    chain.configure("tx_gas_limit", "100000");
    expect(chain.send({ to: contract }).status).toBe(TransactionStatus.None);
  });
});

describe("blocks", () => {
  const counting = assemble("0 sload 1 add dup1 0 sstore 0 mstore 32 0 return");

  it.each([
    ["up to 2.4.0", V2_4_0, 1],
    ["not from 2.5.0 on", V2_5_0, 0],
  ])("begin with the declared conflicts of the contracts they call open, and that shows %s", (_when, version, more) => {
    const chain = new TestChain({ version });
    const contract = chain.deploy(assemble("stop"));
    const own = "1000".padStart(40, "0") as Address;
    const opened = (): number => {
      const { stateRoot } = chain.execute({ to: contract }, { to: own, data: new Uint8Array(4) }).header;
      // Nothing is written, so all there is to hash are 32 zero bytes for each table.
      const roots = Array.from({ length: 10 }, (_, count) => bytesToHex(sha256(new Uint8Array(32 * count))));
      return version < V2_5_0 ? roots.indexOf(stateRoot) : Number(stateRoot !== ZERO_HASH);
    };
    const before = opened();
    expect(before).toBeGreaterThanOrEqual(0);
    for (const address of [contract, own, NOWHERE]) {
      chain.write([{ table: ascii(`cp_${address}`), key: "parallel", cells: { value: "1" } }]);
    }
    expect(opened()).toBe(before + more);
  });

  it("B10: give the same result each time, whatever ran in between", () => {
    const chain = new TestChain();
    const contract = chain.deploy(counting);
    const block = [{ to: contract }, { data: deploying(counting) }, { to: contract, from: BOB }, { to: NOWHERE }];
    const first = chain.execute(...block);
    chain.execute({ to: contract });
    const second = chain.execute(...block);
    expect(second.hash).toBe(first.hash);
    expect(second.receipts).toEqual(first.receipts);
    expect(new TestChain().execute(...block).hash).not.toBe(first.hash);
  });

  it("B9: a read-only call leaves no trace, whatever it wrote, created or destroyed", () => {
    const chain = new TestChain();
    const contract = chain.deploy(counting);
    const factory = chain.deploy(assemble("1 0 sstore 0 0 0 create pop 0 selfdestruct"));
    const untouched = chain.execute({ to: contract }, { to: factory });
    expect(bytesToBigInt(chain.call(contract).output)).toBe(1n);
    expect(bytesToBigInt(chain.call(contract).output)).toBe(1n);
    expect(chain.call(factory).status).toBe(TransactionStatus.None);
    const after = chain.execute({ to: contract }, { to: factory });
    expect(after.hash).toBe(untouched.hash);
    expect(after.changes).toEqual(untouched.changes);
  });

  it("see the writes of their earlier transactions and not those that were undone", () => {
    const chain = new TestChain();
    const contract = chain.deploy(counting);
    const failing = chain.deploy(
      concatBytes(assemble(`0 0 0 0 0 0x${contract} 90000 call pop`), assemble("0 0 revert")),
    );
    const receipts = chain.block({ to: contract }, { to: failing }, { to: contract });
    expect(receipts.map(({ output }) => bytesToBigInt(output))).toEqual([1n, 0n, 2n]);
  });

  it("refuse to hash to anything but what others have executed", () => {
    const chain = new TestChain();
    const header = chain.header();
    const executed = chain.executor.execute({ header, transactions: [], chargeGas: false });
    const hash = executed.ok ? executed.value.hash : ZERO_ADDRESS;
    const expecting = (expectedHash: typeof hash) =>
      chain.executor.execute({ header, transactions: [], chargeGas: false, expectedHash: expectedHash as never });
    expect(expecting(hash).ok).toBe(true);
    expect(expecting("1".repeat(64) as never)).toMatchObject({ ok: false, error: { code: "block-hash-mismatch" } });
  });

  it("sum gas up before 2.9.0", () => {
    const used = (version: typeof V2_9_0) =>
      new TestChain({ version }).block({ to: NOWHERE }, { to: NOWHERE }).map(({ gasUsed }) => gasUsed);
    expect(used(V2_9_0)).toEqual([21000n, 21000n]);
    expect(used(V2_6_0)).toEqual([21000n, 42000n]);
  });

  it("of one transaction carry its bloom, others none", () => {
    const chain = new TestChain();
    const contract = chain.deploy(assemble("5 0 0 log1"));
    const [logged, silent] = chain.block({ to: contract }, { to: NOWHERE });
    expect(logged?.bloom.some((byte) => byte !== 0)).toBe(true);
    expect(silent?.bloom.every((byte) => byte === 0)).toBe(true);
  });
});

describe("read-only calls", () => {
  it("from the zero address answer with nothing", () => {
    const chain = new TestChain();
    const contract = chain.deploy(assemble("32 0 return"));
    expect(chain.call(contract, undefined, ZERO_ADDRESS)).toEqual({
      status: 0,
      output: new Uint8Array(0),
      gasUsed: 0n,
    });
    expect(chain.call(contract).output.length).toBe(32);
  });

  it("see the latest block, gas price 1, and as much own gas as fits", () => {
    const chain = new TestChain();
    const contract = chain.deploy(assemble("number 0 mstore gasprice 32 mstore 64 0 return"));
    const { output } = chain.call(contract);
    expect([bytesToBigInt(output.subarray(0, 32)), bytesToBigInt(output.subarray(32))]).toEqual([1n, 1n]);
  });
});

describe("code hashes", () => {
  const asking = (address: Address) => assemble(`0x${address} extcodehash 0 mstore 32 0 return`);

  it.each([
    [V2_0_0, true],
    [V2_5_0, false],
    [V2_9_0, true],
  ])("are shown by supported_version %i: %s", (version, isShown) => {
    const chain = new TestChain({ version });
    const contract = chain.deploy(STORE_ONE);
    const shown = bytesToBigInt(chain.send({ to: chain.deploy(asking(contract)) }).output);
    expect(shown).toBe(isShown ? bytesToBigInt(standardSuite.hash(STORE_ONE)) : 0n);
    expect(bytesToBigInt(chain.send({ to: chain.deploy(asking(NOWHERE)) }).output)).toBe(0n);
  });

  it("count contracts of the node as one byte of code", () => {
    const chain = new TestChain();
    const size = (address: string) =>
      bytesToBigInt(chain.send({ to: chain.deploy(assemble(`${address} extcodesize 0 mstore 32 0 return`)) }).output);
    expect([size("0x1001"), size("0x5002"), size("0x1"), size("0x77")]).toEqual([1n, 1n, 0n, 0n]);
  });
});
