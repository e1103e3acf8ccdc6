/** A call in a small world of Ethereum, how it ends, and our interpreter's way to find out. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { FramePool, Halt, ethereumRules, runMessage, setBigInt } from "@tsbcos/core/evm";
import type { Environment, EvmRules } from "@tsbcos/core/evm";
import type { Address } from "@tsbcos/core/primitives";
import { bytesToHex } from "@tsbcos/core/primitives";
import { Accounts } from "../evm-tests/accounts.js";
import { EthereumWorld } from "../evm-tests/ethereum-world.js";
import type { StateFixture } from "../evm-tests/fixtures.js";

/** What is called, where. */
export interface Scene {
  readonly accounts: StateFixture;
  readonly environment: Environment;
  readonly call: {
    readonly sender: Address;
    readonly target: Address;
    readonly gas: bigint;
    readonly value: bigint;
    readonly data: Uint8Array;
  };
}

/** How a call ended, all as text or numbers that can be compared. */
export interface Ending {
  readonly end: "success" | "revert" | "failure";
  readonly gasLeft: bigint;
  /** Gas to be given back at the end of the transaction; 0 unless the call succeeded. */
  readonly refund: bigint;
  readonly output: string;
  /** Address, topics, data of each. */
  readonly logs: string;
  /** Root over all accounts. */
  readonly root: string;
}

const DESTROYED_REFUND = 24000;

/** Runs scenes on our interpreter, under plain Istanbul rules unless told otherwise. */
export class Stage {
  readonly #suite: CryptoSuite;
  readonly #rules: EvmRules;
  readonly #frames = new FramePool();

  constructor(suite: CryptoSuite, rules: EvmRules = ethereumRules("istanbul")) {
    this.#suite = suite;
    this.#rules = rules;
  }

  /** Runs the call. */
  run({ accounts: state, environment, call }: Scene): Ending {
    const accounts = new Accounts(state);
    const world = new EthereumWorld({
      accounts,
      environment,
      rules: this.#rules,
      suite: this.#suite,
      frames: this.#frames,
    });
    const value = new Uint32Array(8);
    setBigInt(value, 0, call.value);
    const { outcome, frame } = runMessage(world, {
      kind: "call",
      depth: 0,
      isStatic: false,
      gas: call.gas,
      sender: call.sender,
      recipient: call.target,
      codeAddress: call.target,
      input: call.data,
      value,
    });
    if (outcome.success) for (const destroyed of frame?.destroyed ?? []) accounts.remove(destroyed);
    accounts.removeEmpty();
    const refund = (frame?.refund ?? 0) + DESTROYED_REFUND * (frame?.destroyed?.size ?? 0);
    const logs = outcome.success ? (frame?.logs ?? []) : [];
    return {
      end: outcome.success ? "success" : frame?.halt === Halt.Revert ? "revert" : "failure",
      gasLeft: outcome.gas,
      refund: outcome.success ? BigInt(refund) : 0n,
      output: bytesToHex(outcome.output),
      logs: logs.map((log) => [log.address, ...log.topics, bytesToHex(log.data)].join(" ")).join("\n"),
      root: this.rootOf(accounts),
    };
  }

  /** Root over all accounts. */
  rootOf(accounts: Accounts): string {
    return bytesToHex(accounts.root((data) => this.#suite.hash(data)));
  }
}
