/** Ethereum's state tests under the rules of Istanbul: one transaction, compared by the root of the state after it. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { FramePool, ethereumRules, runMessage, setBigInt } from "@tsbcos/core/evm";
import type { EvmLog } from "@tsbcos/core/evm";
import { ZERO_ADDRESS } from "@tsbcos/core/primitives";
import type { Address } from "@tsbcos/core/primitives";
import { Accounts } from "./accounts.js";
import { environmentOf } from "./environment.js";
import { EthereumWorld, textOf } from "./ethereum-world.js";
import { addressOf, bytesOf, numberOf } from "./fixtures.js";
import type { PostFixture, StateTest } from "./fixtures.js";
import type { Verdict } from "./verdict.js";
import { firstDifference, logsHash, verdictOf } from "./verdict.js";

const RULES = ethereumRules("istanbul");
const DESTROYED_REFUND = 24000;

/** Tests that take minutes each, with the reason. */
const SLOW: Readonly<Record<string, string>> = {
  CALLBlake2f_MaxRounds: "2^32 rounds of BLAKE2b take a quarter of an hour; --all runs them",
};

interface LegacyTransaction {
  readonly sender: Address;
  readonly to: Address | undefined;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
  readonly gasPrice: bigint;
  readonly nonce: bigint;
  readonly value: bigint;
}

function intrinsicGas(tx: LegacyTransaction): bigint {
  let gas = tx.to === undefined ? 53000 : 21000;
  for (const byte of tx.data) gas += byte === 0 ? 4 : 16;
  return BigInt(gas);
}

/** Why the transaction may not be in a block, undefined when it may. */
function refusalOf(tx: LegacyTransaction, accounts: Accounts, blockGasLimit: bigint): string | undefined {
  const sender = accounts.find(tx.sender);
  if (tx.value >= 2n ** 256n) return "the value does not fit a word";
  if ((sender?.nonce ?? 0n) !== tx.nonce) return "the nonce is not the next one";
  if ((sender?.code.length ?? 0) > 0) return "the sender is a contract";
  if ((sender?.balance ?? 0n) < tx.gasLimit * tx.gasPrice + tx.value) return "the sender is too poor";
  if (tx.gasLimit < intrinsicGas(tx)) return "the gas limit is below the intrinsic gas";
  return tx.gasLimit > blockGasLimit ? "the gas limit is above that of the block" : undefined;
}

/** Executes a transaction that is valid; returns its logs. */
function execute(world: EthereumWorld, tx: LegacyTransaction): readonly EvmLog[] {
  const { accounts, environment } = world;
  accounts.addBalance(tx.sender, -tx.gasLimit * tx.gasPrice);
  if (tx.to !== undefined) accounts.raiseNonce(tx.sender);
  const value = new Uint32Array(8);
  setBigInt(value, 0, tx.value);
  const target = tx.to ?? ZERO_ADDRESS;
  const { outcome, frame } = runMessage(world, {
    kind: tx.to === undefined ? "create" : "call",
    depth: 0,
    isStatic: false,
    gas: tx.gasLimit - intrinsicGas(tx),
    sender: tx.sender,
    recipient: target,
    codeAddress: target,
    input: tx.data,
    value,
  });
  const used = tx.gasLimit - outcome.gas;
  const refund = BigInt((frame?.refund ?? 0) + DESTROYED_REFUND * (frame?.destroyed?.size ?? 0));
  const left = outcome.gas + (refund < used / 2n ? refund : used / 2n);
  accounts.addBalance(tx.sender, left * tx.gasPrice);
  accounts.addBalance(environment.coinbase, (tx.gasLimit - left) * tx.gasPrice);
  for (const destroyed of frame?.destroyed ?? []) accounts.remove(destroyed);
  accounts.removeEmpty();
  return frame?.logs ?? [];
}

function runCase(test: StateTest, post: PostFixture, suite: CryptoSuite, frames: FramePool): Verdict {
  const { transaction, env } = test;
  const { data, gas, value } = post.indexes;
  const name = `${test.name} [data ${data}, gas ${gas}, value ${value}]`;
  if (transaction.gasPrice === undefined || post.expectException === "TR_TypeNotSupported") {
    return { type: "skipped", reason: "typed transactions came after Istanbul" };
  }
  const tx: LegacyTransaction = {
    sender: addressOf(transaction.sender),
    to: transaction.to === "" ? undefined : addressOf(transaction.to),
    data: bytesOf(transaction.data[data] ?? "0x"),
    gasLimit: numberOf(transaction.gasLimit[gas] ?? "0x"),
    gasPrice: numberOf(transaction.gasPrice),
    nonce: numberOf(transaction.nonce),
    value: numberOf(transaction.value[value] ?? "0x"),
  };
  const accounts = new Accounts(test.pre);
  const environment = environmentOf(env, { origin: tx.sender, gasPrice: tx.gasPrice });
  const world = new EthereumWorld({ accounts, environment, rules: RULES, suite, frames });
  const refusal = refusalOf(tx, accounts, environment.gasLimit);
  const isRefused = refusal !== undefined;
  if (isRefused !== (post.expectException !== undefined)) {
    const expected = post.expectException ?? "nothing against it";
    return verdictOf(name, `the transaction is refused: ${refusal ?? "no"}; expected ${expected}`);
  }
  const logs = isRefused ? [] : execute(world, tx);
  const hash = (bytes: Uint8Array) => suite.hash(bytes);
  const difference = firstDifference({
    "hash of logs": [logsHash(logs, hash), post.logs],
    "root of the state": [textOf(accounts.root(hash)), post.hash],
  });
  return verdictOf(name, difference);
}

/**
 * Runs every variant of one test.
 *
 * @param all also those that take minutes
 */
export function runStateTest(test: StateTest, suite: CryptoSuite, all: boolean): Verdict[] {
  const slow = SLOW[test.name];
  if (slow !== undefined && !all) return test.post.Istanbul.map(() => ({ type: "skipped", reason: slow }));
  const frames = new FramePool();
  return test.post.Istanbul.map((post) => runCase(test, post, suite, frames));
}
