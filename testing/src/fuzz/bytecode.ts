/** Random bytecode on our interpreter and on the oracle: both must come to the same end. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import type { Environment } from "@tsbcos/core/evm";
import type { Address, Random } from "@tsbcos/core/primitives";
import { bytesToHex } from "@tsbcos/core/primitives";
import type { AccountFixture } from "../evm-tests/fixtures.js";
import { askOracle } from "./oracle.js";
import { randomProgram } from "./program.js";
import { Stage } from "./scene.js";
import type { Ending, Scene } from "./scene.js";
import { FuzzFailure, pick } from "./target.js";
import type { Target } from "./target.js";

const numbered = (number: number): Address => number.toString(16).padStart(40, "0") as Address;
const SENDER = "a".repeat(40) as Address;
const CONTRACTS = [0x1001, 0x1002, 0x1003].map(numbered);
const PRECOMPILED = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(numbered);
const PEOPLE = [SENDER, numbered(0xbeef)];
const NOBODY = numbered(0xdead);
/** Contracts stand in the list more than once: calls shall mostly meet code. */
const ADDRESSES = [...CONTRACTS, ...CONTRACTS, ...CONTRACTS, ...PRECOMPILED, ...PEOPLE, NOBODY];

function account(random: Random, code: Uint8Array): AccountFixture {
  const slots = [0, 1, 2, 3].filter(() => random.chance(0.3));
  return {
    balance: `0x${random.below(1000).toString(16)}`,
    nonce: "0x1",
    code: `0x${bytesToHex(code)}`,
    storage: Object.fromEntries(slots.map((slot) => [`0x0${slot}`, `0x0${1 + random.below(9)}`])),
  };
}

const GAS_LIMITS = [20_000, 500_000, 1_000_000, 4_000_000];

/** A call of one of three contracts that may call each other. */
export function randomScene(random: Random): Scene {
  const accounts: Record<string, AccountFixture> = {};
  for (const person of PEOPLE) {
    accounts[`0x${person}`] = { balance: "0xffffffff", nonce: "0x5", code: "0x", storage: {} };
  }
  for (const contract of CONTRACTS) accounts[`0x${contract}`] = account(random, randomProgram(random, ADDRESSES));
  const environment: Environment = {
    origin: SENDER,
    gasPrice: BigInt(random.below(100)),
    coinbase: numbered(0xc0),
    number: BigInt(random.below(1000)),
    timestamp: BigInt(random.nextU32()),
    difficulty: BigInt(random.nextU32()),
    gasLimit: 10_000_000n,
    chainId: 1n,
  };
  const call = {
    sender: SENDER,
    target: pick(random, CONTRACTS),
    gas: BigInt(random.below(pick(random, GAS_LIMITS))),
    value: BigInt(random.chance(0.8) ? 0 : random.below(1000)),
    data: random.bytes(random.below(100)),
  };
  return { accounts, environment, call };
}

function differences(ours: Ending, oracle: Ending): string[] {
  return (Object.keys(ours) as (keyof Ending)[])
    .filter((field) => ours[field] !== oracle[field])
    .map((field) => `${field}: ours ${String(ours[field])}, oracle ${String(oracle[field])}`);
}

/** Random bytecode against the oracle. */
export function bytecodeTarget(suite: CryptoSuite): Target {
  const stage = new Stage(suite);
  return {
    name: "bytecode",
    description: "random programs on the interpreter and on @ethereumjs/evm, under Istanbul rules",
    async run(random) {
      const scene = randomScene(random);
      const { ending, instructions } = await askOracle(scene, suite, stage);
      const found = differences(stage.run(scene), ending);
      if (found.length > 0) throw new FuzzFailure(found.join("\n"));
      return { instructions, calls: 1, succeeded: ending.end === "success" ? 1 : 0 };
    },
  };
}
