/** Block and transaction of a test as the interpreter takes them. */
import type { Environment } from "@tsbcos/core/evm";
import type { Address } from "@tsbcos/core/primitives";
import { addressOf, numberOf } from "./fixtures.js";
import type { EnvironmentFixture } from "./fixtures.js";

/** The environment of a test. */
export function environmentOf(
  block: EnvironmentFixture,
  transaction: { readonly origin: Address; readonly gasPrice: bigint },
): Environment {
  return {
    ...transaction,
    coinbase: addressOf(block.currentCoinbase),
    number: numberOf(block.currentNumber),
    timestamp: numberOf(block.currentTimestamp),
    difficulty: numberOf(block.currentDifficulty),
    gasLimit: numberOf(block.currentGasLimit),
    chainId: 1n,
  };
}
