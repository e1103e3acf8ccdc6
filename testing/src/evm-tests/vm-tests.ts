/** Ethereum's classic VM tests: one call of given code. They keep the gas rules of the first main net. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { Halt, ethereumRules, runMessage, setBigInt } from "@tsbcos/core/evm";
import type { EvmRules, Frame, Message, Outcome } from "@tsbcos/core/evm";
import { bytesToHex } from "@tsbcos/core/primitives";
import { Accounts } from "./accounts.js";
import { environmentOf } from "./environment.js";
import { EthereumWorld, textOf } from "./ethereum-world.js";
import { addressOf, bytesOf, numberOf } from "./fixtures.js";
import type { VmTest } from "./fixtures.js";
import type { Verdict } from "./verdict.js";
import { firstDifference, logsHash, verdictOf } from "./verdict.js";

/** Costs that later revisions have raised, by opcode. */
const FRONTIER_GAS: Readonly<Record<number, number>> = {
  0x31: 20,
  0x3b: 20,
  0x3c: 20,
  0x54: 50,
  0xf1: 40,
  0xf2: 40,
  0xff: 0,
};

/** Opcodes that later revisions have added: shifts, return data, EXTCODEHASH, DELEGATECALL, CREATE2, STATICCALL, REVERT. */
const LATER_OPCODES = [0x1b, 0x1c, 0x1d, 0x3d, 0x3e, 0x3f, 0xf4, 0xf5, 0xfa, 0xfd];

function frontierRules(): EvmRules {
  const rules = ethereumRules("constantinople");
  const staticGas = rules.staticGas.slice();
  for (const [opcode, gas] of Object.entries(FRONTIER_GAS)) staticGas[Number(opcode)] = gas;
  for (const opcode of LATER_OPCODES) staticGas[opcode] = -1;
  // Only the current value of a slot counts: whether it was written before in the call makes no difference.
  const storeGas = [5000, 20000, 5000, 5000, 5000, 20000, 5000, 5000, 5000, 20000];
  const storeRefund = [0, 0, 0, 15000, 0, 0, 15000, 15000, 0, 0];
  return {
    ...rules,
    name: "ethereum frontier",
    staticGas,
    expByteGas: 10,
    storeGas,
    storeRefund,
    selfDestructNewAccountGas: 0,
  };
}

const RULES = frontierRules();

/** The world of a VM test: the outermost call runs the code of the test, and moves no value. */
class VmWorld extends EthereumWorld {
  readonly #code: Uint8Array;

  constructor(options: ConstructorParameters<typeof EthereumWorld>[0], code: Uint8Array) {
    super(options);
    this.#code = code;
  }

  override enter(message: Message): Frame | Outcome {
    return message.depth === 0 ? this.frame(message, message.recipient, this.#code) : super.enter(message);
  }
}

/** Runs one test. */
export function runVmTest(test: VmTest, suite: CryptoSuite): Verdict {
  const { exec } = test;
  const accounts = new Accounts(test.pre);
  const environment = environmentOf(test.env, { origin: addressOf(exec.origin), gasPrice: numberOf(exec.gasPrice) });
  const world = new VmWorld({ accounts, environment, rules: RULES, suite }, bytesOf(exec.code));
  const value = new Uint32Array(8);
  setBigInt(value, 0, numberOf(exec.value));
  const address = addressOf(exec.address);
  const { outcome, frame } = runMessage(world, {
    kind: "call",
    depth: 0,
    isStatic: false,
    gas: numberOf(exec.gas),
    sender: addressOf(exec.caller),
    recipient: address,
    codeAddress: address,
    input: bytesOf(exec.data),
    value,
  });
  if (test.post === undefined) {
    return verdictOf(test.name, outcome.success ? "the call succeeds, expected a failure" : undefined);
  }
  for (const destroyed of frame?.destroyed ?? []) accounts.remove(destroyed);
  const hash = (data: Uint8Array) => suite.hash(data);
  const difference = firstDifference({
    "how the call ended": [frame?.halt, Halt.Success],
    "gas left": [outcome.gas, numberOf(test.gas ?? "0x")],
    output: [textOf(outcome.output), test.out ?? "0x"],
    "hash of logs": [logsHash(frame?.logs ?? [], hash), test.logs],
    "root of the state": [bytesToHex(accounts.root(hash)), bytesToHex(new Accounts(test.post).root(hash))],
  });
  return verdictOf(test.name, difference);
}
