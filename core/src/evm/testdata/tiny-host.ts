/** A host in memory for tests: accounts with code and balance, storage by slot, nothing that fails by itself. */
import { keccak256 } from "../../crypto/index.js";
import type { Address } from "../../primitives/index.js";
import { EMPTY_BYTES, ZERO_ADDRESS, hexToBytes } from "../../primitives/index.js";
import { runMessage } from "../call-stack.js";
import type { Completed, World } from "../call-stack.js";
import { prepareCode } from "../code.js";
import { Frame, FramePool } from "../frame.js";
import type { ContractStorage, Environment } from "../host.js";
import { Halt } from "../message.js";
import type { Message, Outcome } from "../message.js";
import { StoreChange, fiscoRules } from "../rules.js";
import type { EvmRules } from "../rules.js";
import { toBigInt, setBigInt } from "../words.js";

/** The contract that tests call. */
export const CONTRACT = "c0".repeat(20) as Address;
/** The one who calls it. */
export const CALLER = "ca".repeat(20) as Address;
/** Where the first creation of a test goes; later ones count upwards. */
export const CREATED = `${"0".repeat(36)}c001` as Address;

/** The rules of a chain of supported_version 2.9.0. */
export const RULES = fiscoRules({ revision: "istanbul", freeStorage: false, chargesNewAccount: false });

/** Outcome with the way the outermost frame ended. */
export interface TinyOutcome extends Outcome {
  readonly halt: Halt;
}

/** See the file. */
export class TinyHost implements World<TinyOutcome> {
  readonly environment: Environment = {
    origin: CALLER,
    gasPrice: 7n,
    coinbase: ZERO_ADDRESS,
    number: 300n,
    timestamp: 1_700_000_000_123n,
    difficulty: 0n,
    gasLimit: 0n,
    chainId: 0n,
  };
  readonly rules: EvmRules;
  readonly codes = new Map<Address, Uint8Array>();
  readonly balances = new Map<Address, bigint>();
  /** Slots by contract and number. */
  readonly slots = new Map<string, bigint>();
  /** Contracts that may not write. */
  readonly refused = new Set<Address>();
  readonly #frames = new FramePool();
  #created = 0;

  constructor(rules: EvmRules = RULES) {
    this.rules = rules;
  }

  hash(data: Uint8Array): Uint8Array {
    return keccak256(data);
  }

  balance(address: Address): bigint {
    return this.balances.get(address) ?? 0n;
  }

  accountExists(address: Address): boolean {
    return this.codes.has(address) || this.balances.has(address);
  }

  codeSize(address: Address): number {
    return this.code(address).length;
  }

  code(address: Address): Uint8Array {
    return this.codes.get(address) ?? EMPTY_BYTES;
  }

  codeHash(address: Address): Uint8Array | undefined {
    return this.accountExists(address) ? this.hash(this.code(address)) : undefined;
  }

  blockHash(number: number): Uint8Array {
    return new Uint8Array(32).fill(number & 255);
  }

  selfDestruct(): void {
    // Balances do not move here.
  }

  enter(message: Message): Frame | TinyOutcome {
    const isCreation = message.kind === "create" || message.kind === "create2";
    const created = (0xc001 + this.#created).toString(16).padStart(40, "0") as Address;
    if (isCreation) this.#created++;
    const code = isCreation ? message.input : this.code(message.codeAddress);
    return new Frame({
      message,
      recipient: isCreation ? created : message.recipient,
      rules: this.rules,
      code: prepareCode(code, this.rules),
      storage: this.#storageOf(message.recipient),
      pool: this.#frames,
    });
  }

  leave(frame: Frame): TinyOutcome {
    const { halt, output, message } = frame;
    const isCreation = message.kind === "create" || message.kind === "create2";
    const gas = halt === Halt.Success || halt === Halt.Revert ? frame.gasLeft() : 0n;
    if (halt !== Halt.Success) return { success: false, gas, output, halt };
    if (!isCreation) return { success: true, gas, output, halt };
    this.codes.set(frame.recipient, output);
    return { success: true, gas, output: EMPTY_BYTES, created: frame.recipient, halt };
  }

  /** Calls {@link CONTRACT}, whose code is `code`. */
  call(
    code: Uint8Array | string,
    options: { gas?: bigint; data?: string; value?: bigint; isStatic?: boolean } = {},
  ): Completed<TinyOutcome> {
    this.codes.set(CONTRACT, typeof code === "string" ? hexToBytes(code) : code);
    const value = new Uint32Array(8);
    setBigInt(value, 0, options.value ?? 0n);
    return runMessage(this, {
      kind: "call",
      depth: 0,
      isStatic: options.isStatic ?? false,
      gas: options.gas ?? 1_000_000n,
      sender: CALLER,
      recipient: CONTRACT,
      codeAddress: CONTRACT,
      input: hexToBytes(options.data ?? ""),
      value,
    });
  }

  #storageOf(address: Address): ContractStorage {
    const nameOf = (words: Uint32Array, at: number) => `${address} ${toBigInt(words, at)}`;
    return {
      load: (words, at) => setBigInt(words, at, this.slots.get(nameOf(words, at)) ?? 0n),
      store: (words, slot, valueAt) => {
        if (this.refused.has(address)) return StoreChange.Refused;
        const current = this.slots.get(nameOf(words, slot)) ?? 0n;
        const value = toBigInt(words, valueAt);
        if (current === value) return StoreChange.Unchanged;
        this.slots.set(nameOf(words, slot), value);
        if (current === 0n) return StoreChange.Added;
        return value === 0n ? StoreChange.Deleted : StoreChange.Modified;
      },
    };
  }
}
