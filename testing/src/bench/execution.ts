/** `npm run bench -- execution`: what one thread executes in a second of processor time, without signatures, network
 * and disk, beside @ethereumjs/evm. */
import { MerkleStateManager } from "@ethereumjs/statemanager";
import type { Address as OracleAddress } from "@ethereumjs/util";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { assert, bytesToHex, concatBytes, hexToBytes } from "@tsbcos/core/primitives";
import type { Address } from "@tsbcos/core/primitives";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { createOracleMachine, oracleAddress } from "../fuzz/oracle.js";
import type { OracleMachine } from "../fuzz/oracle.js";
import { DAG_TRANSFER, encodeCall } from "../harness/index.js";
import { COMPUTE_LOOP, HASH_LOOP } from "./loops.js";
import { MemoryChain, SENDER } from "./memory-chain.js";
import { artifact } from "./workloads.js";

const BLOCK_TRANSACTIONS = 1000;
const BLOCKS = 40;
const WARM_UP_BLOCKS = 10;
const ORACLE_TRANSACTIONS = 4000;
const ORACLE_WARM_UP = 1000;
const USERS = 1000;
const LOOP_TURNS = 400_000;
const LOOP_REPEATS = 5;
const ORACLE_LOOP_TURNS = 20_000;

/**
 * Milliseconds of processor time so far. Unlike the clock it does not run while other programs have the processor; helpers
 * of the JavaScript engine, such as garbage collection, count.
 */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** One line of the result. */
export interface ExecutionRow {
  readonly name: string;
  readonly unit: "transactions/s" | "Mgas/s";
  readonly ours: number;
  /** With the block's changes taken over into the state in memory. */
  readonly oursWithCommit?: number;
  /** @ethereumjs/evm, which computes no roots. */
  readonly oracle?: number;
}

interface Contract {
  readonly name: string;
  /** Undefined for a contract that is built into the node. */
  readonly creation: Uint8Array | undefined;
  /** Sent once before the clock starts. */
  readonly setUp?: Uint8Array;
  readonly call: (index: number) => Uint8Array;
}

const CONTRACTS: readonly Contract[] = [
  {
    name: "HelloWorld.set",
    creation: hexToBytes(artifact("HelloWorld").bytecode),
    call: (index) => encodeCall("4ed3885e", `text ${index}`),
  },
  {
    name: "Token.transfer",
    creation: concatBytes(hexToBytes(artifact("Token").bytecode), new Uint8Array(20), new Uint8Array(12).fill(1)),
    call: (index) => encodeCall("a9059cbb", 0x10000 + (index % USERS), 1),
  },
  {
    name: "DagTransfer",
    creation: undefined,
    setUp: encodeCall("e555f3d9", "bank", 1_000_000_000),
    call: (index) => encodeCall("0b37617b", "bank", `user ${index % USERS}`, 1),
  },
];

function measureContract(contract: Contract, suite: CryptoSuite): Pick<ExecutionRow, "ours" | "oursWithCommit"> {
  const chain = new MemoryChain(suite);
  const to = contract.creation === undefined ? (DAG_TRANSFER as Address) : chain.deploy(contract.creation);
  if (contract.setUp !== undefined) chain.commit(chain.execute([chain.transaction({ to, data: contract.setUp })]));
  let [executing, committing, index] = [0, 0, 0];
  // Made before the clock starts, garbage included: in a node other threads decode them.
  const blocks = Array.from({ length: WARM_UP_BLOCKS + BLOCKS }, () =>
    Array.from({ length: BLOCK_TRANSACTIONS }, () => chain.transaction({ to, data: contract.call(index++) })),
  );
  for (const [number, transactions] of blocks.entries()) {
    const started = cpuMs();
    const executed = chain.execute(transactions);
    const done = cpuMs();
    chain.commit(executed);
    if (number >= WARM_UP_BLOCKS) {
      executing += done - started;
      committing += cpuMs() - done;
    }
    assert(
      executed.receipts.every(({ status }) => status === 0),
      `every call of ${contract.name} succeeds`,
    );
  }
  const transactions = BLOCKS * BLOCK_TRANSACTIONS;
  return {
    ours: transactions / (executing / 1000),
    oursWithCommit: transactions / ((executing + committing) / 1000),
  };
}

type Oracle = OracleMachine<MerkleStateManager>;

async function deployOnOracle(oracle: Oracle, creation: Uint8Array): Promise<OracleAddress> {
  const { createdAddress, execResult } = await oracle.evm.runCall({
    caller: oracleAddress(SENDER),
    data: creation,
    gasLimit: 1n << 40n,
  });
  assert(execResult.exceptionError === undefined && createdAddress !== undefined, "the oracle creates the contract");
  await oracle.evm.journal.cleanup();
  return createdAddress;
}

/** Calls a contract on the oracle as a transaction does; gives the gas used. */
async function callOnOracle(oracle: Oracle, to: OracleAddress, data: Uint8Array): Promise<bigint> {
  const { execResult } = await oracle.evm.runCall({ caller: oracleAddress(SENDER), to, data, gasLimit: 1n << 40n });
  assert(execResult.exceptionError === undefined, "the oracle's call succeeds");
  await oracle.evm.journal.cleanup();
  return execResult.executionGasUsed;
}

async function measureOracle(creation: Uint8Array, call: Contract["call"], suite: CryptoSuite): Promise<number> {
  const oracle = await createOracleMachine(suite, (common) => new MerkleStateManager({ common }));
  const to = await deployOnOracle(oracle, creation);
  let started = 0;
  for (let index = 0; index < ORACLE_WARM_UP + ORACLE_TRANSACTIONS; index++) {
    if (index === ORACLE_WARM_UP) started = cpuMs();
    await callOnOracle(oracle, to, call(index));
  }
  return ORACLE_TRANSACTIONS / ((cpuMs() - started) / 1000);
}

const turns = (count: number): Uint8Array => hexToBytes(count.toString(16).padStart(64, "0"));

/** Runs a loop on both sides, and makes sure that both come to the same result. */
async function measureLoop(name: string, creation: Uint8Array, suite: CryptoSuite): Promise<ExecutionRow> {
  const chain = new MemoryChain(suite);
  const to = chain.deploy(creation);
  const runOurs = (count: number): { readonly gas: bigint; readonly output: string } => {
    const [receipt] = chain.execute([chain.transaction({ to, data: turns(count) })]).receipts;
    assert(receipt?.status === 0, "the loop ends well");
    return { gas: receipt.gasUsed, output: bytesToHex(receipt.output) };
  };
  const oracle = await createOracleMachine(suite, (common) => new MerkleStateManager({ common }));
  const at = await deployOnOracle(oracle, creation);
  const answer = await oracle.evm.runCall({ to: at, data: turns(1000), gasLimit: 1n << 40n });
  assert(runOurs(1000).output === bytesToHex(answer.execResult.returnValue), `both compute the same in ${name}`);

  runOurs(LOOP_TURNS);
  let started = cpuMs();
  let gas = 0n;
  for (let repeat = 0; repeat < LOOP_REPEATS; repeat++) gas += runOurs(LOOP_TURNS).gas;
  const ours = Number(gas) / (cpuMs() - started) / 1000;

  await callOnOracle(oracle, at, turns(ORACLE_LOOP_TURNS));
  started = cpuMs();
  gas = 0n;
  for (let repeat = 0; repeat < LOOP_REPEATS; repeat++) gas += await callOnOracle(oracle, at, turns(ORACLE_LOOP_TURNS));
  return { name, unit: "Mgas/s", ours, oracle: Number(gas) / (cpuMs() - started) / 1000 };
}

/** Measures execution. */
export async function measureExecution(): Promise<ExecutionRow[]> {
  const suite = (await loadNativeSuites()).standard;
  const rows: ExecutionRow[] = [];
  for (const contract of CONTRACTS) {
    const { name, creation, call } = contract;
    const oracle = creation === undefined ? {} : { oracle: await measureOracle(creation, call, suite) };
    rows.push({ name, unit: "transactions/s", ...measureContract(contract, suite), ...oracle });
  }
  rows.push(await measureLoop("compute loop", COMPUTE_LOOP, suite));
  rows.push(await measureLoop("hash loop, 64 bytes each", HASH_LOOP, suite));
  return rows;
}

/** The rows as a table for people, header first. */
export function executionTable(rows: readonly ExecutionRow[]): string[][] {
  const whole = (value: number | undefined): string =>
    value === undefined ? "-" : Math.round(value).toLocaleString("en");
  return [
    ["execution, one thread", "unit", "tsbcos", "with commit", "@ethereumjs/evm", "ratio"],
    ...rows.map(({ name, unit, ours, oursWithCommit, oracle }) => {
      const ratio = oracle === undefined ? "-" : `${(ours / oracle).toFixed(1)}x`;
      return [name, unit, whole(ours), whole(oursWithCommit), whole(oracle), ratio];
    }),
  ];
}
