/** Calls and creations as Ethereum's Istanbul defines them, around the interpreter of the core. */
import { Frame, FramePool, Halt, prepareCode, toBigInt } from "@tsbcos/core/evm";
import type { Environment, EvmRules, Message, Outcome, World } from "@tsbcos/core/evm";
import { ethereumContracts } from "@tsbcos/core/executor";
import type { EthereumContract } from "@tsbcos/core/executor";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { bytesToBigInt, bytesToHex, concatBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import type { Address } from "@tsbcos/core/primitives";
import { V2_9_0, contractAddress, create2Address } from "@tsbcos/core/protocol";
import type { Accounts } from "./accounts.js";

const CODE_BYTES_MAX = 0x6000;
const CODE_BYTE_GAS = 200n;
const NO_BYTES = new Uint8Array(0);

/** Address 1 as Ethereum has it: unlike chains of 2.x it also recovers signatures with a high s. */
function recoverAnySignature(suite: CryptoSuite, own: EthereumContract): EthereumContract {
  return {
    ...own,
    run(input) {
      const padded = concatBytes(input, new Uint8Array(128)).subarray(0, 128);
      const v = bytesToBigInt(padded.subarray(32, 64));
      if (v !== 27n && v !== 28n) return NO_BYTES;
      const signature = concatBytes(padded.subarray(64, 128), Uint8Array.of(Number(v) - 27));
      const key = suite.recover(padded.subarray(0, 32), signature);
      return key === undefined ? NO_BYTES : concatBytes(new Uint8Array(12), suite.hash(key).subarray(12));
    },
  };
}

/** State and environment of one test. */
export class EthereumWorld implements World {
  readonly environment: Environment;
  readonly accounts: Accounts;
  readonly #suite: CryptoSuite;
  readonly #rules: EvmRules;
  readonly #contracts: ReadonlyMap<Address, EthereumContract>;
  readonly #frames: FramePool;
  readonly #savepoints: number[] = [];

  constructor(options: {
    accounts: Accounts;
    environment: Environment;
    rules: EvmRules;
    suite: CryptoSuite;
    frames?: FramePool;
  }) {
    this.accounts = options.accounts;
    this.environment = options.environment;
    this.#rules = options.rules;
    this.#suite = options.suite;
    this.#frames = options.frames ?? new FramePool();
    const contracts = new Map(ethereumContracts(options.suite, V2_9_0));
    for (const [address, contract] of contracts) {
      if (BigInt(`0x${address}`) === 1n) contracts.set(address, recoverAnySignature(options.suite, contract));
    }
    this.#contracts = contracts;
  }

  hash(data: Uint8Array): Uint8Array {
    return this.#suite.hash(data);
  }

  balance(address: Address): bigint {
    return this.accounts.balance(address);
  }

  accountExists(address: Address): boolean {
    return this.accounts.isAlive(address);
  }

  codeSize(address: Address): number {
    return this.code(address).length;
  }

  code(address: Address): Uint8Array {
    return this.accounts.find(address)?.code ?? NO_BYTES;
  }

  codeHash(address: Address): Uint8Array | undefined {
    return this.accounts.isAlive(address) ? this.hash(this.code(address)) : undefined;
  }

  /** The tests name blocks by the hash of their decimal number. */
  blockHash(number: number): Uint8Array {
    return this.hash(utf8ToBytes(String(number)));
  }

  selfDestruct(contract: Address, beneficiary: Address): void {
    this.accounts.addBalance(beneficiary, this.balance(contract));
    // What a contract leaves to itself is gone.
    this.accounts.addBalance(contract, -this.balance(contract));
  }

  enter(message: Message): Frame | Outcome {
    this.#savepoints[message.depth] = this.accounts.savepoint();
    return message.kind === "create" || message.kind === "create2" ? this.#create(message) : this.#call(message);
  }

  leave(frame: Frame): Outcome {
    const isCreation = frame.message.kind === "create" || frame.message.kind === "create2";
    if (frame.halt === Halt.Success) {
      if (!isCreation) return { success: true, gas: frame.gasLeft(), output: frame.output };
      return this.#deposit(frame);
    }
    this.#undo(frame.message);
    if (frame.halt === Halt.Revert) return { success: false, gas: frame.gasLeft(), output: frame.output };
    return FAILED;
  }

  #call(message: Message): Frame | Outcome {
    const { accounts } = this;
    const contract = this.#contracts.get(message.codeAddress);
    if (message.kind === "call") {
      const value = toBigInt(message.value, 0);
      const isMissing = accounts.find(message.recipient) === undefined;
      if (isMissing && contract === undefined && value === 0n) {
        return { success: true, gas: message.gas, output: NO_BYTES };
      }
      accounts.addBalance(message.sender, -value);
      accounts.addBalance(message.recipient, value);
    }
    if (contract !== undefined) return this.#runContract(message, contract);
    const code = this.code(message.codeAddress);
    if (code.length === 0) return { success: true, gas: message.gas, output: NO_BYTES };
    return this.frame(message, message.recipient, code);
  }

  #runContract(message: Message, contract: EthereumContract): Outcome {
    const cost = contract.gas(message.input);
    const output = cost > message.gas ? undefined : contract.run(message.input);
    if (output !== undefined) return { success: true, gas: message.gas - cost, output };
    this.#undo(message);
    return FAILED;
  }

  #create(message: Message): Frame | Outcome {
    const { accounts } = this;
    const { sender, input, salt } = message;
    const nonce = accounts.find(sender)?.nonce ?? 0n;
    if (nonce >= 2n ** 64n - 1n) return { success: false, gas: message.gas, output: NO_BYTES };
    const address =
      salt === undefined
        ? contractAddress(this.#suite, sender, nonce)
        : create2Address(this.#suite, sender, salt, input);
    accounts.raiseNonce(sender);
    this.#savepoints[message.depth] = accounts.savepoint();
    const present = accounts.find(address);
    // Storage counts too: the tests are filled with EIP-7610 applied to every revision.
    const isUsed = present !== undefined && (present.nonce > 0n || present.code.length > 0 || present.storage.size > 0);
    if (isUsed) return FAILED;
    const value = toBigInt(message.value, 0);
    accounts.clearStorage(address);
    accounts.raiseNonce(address);
    accounts.addBalance(sender, -value);
    accounts.addBalance(address, value);
    return this.frame(message, address, input);
  }

  /** A frame that runs `code`. */
  frame(message: Message, recipient: Address, code: Uint8Array): Frame {
    return new Frame({
      message,
      recipient,
      rules: this.#rules,
      code: prepareCode(code, this.#rules),
      storage: this.accounts.storageOf(recipient),
      pool: this.#frames,
    });
  }

  #deposit(frame: Frame): Outcome {
    const cost = CODE_BYTE_GAS * BigInt(frame.output.length);
    if (frame.output.length > CODE_BYTES_MAX || cost > frame.gasLeft()) {
      this.#undo(frame.message);
      return FAILED;
    }
    this.accounts.setCode(frame.recipient, frame.output);
    return { success: true, gas: frame.gasLeft() - cost, output: NO_BYTES, created: frame.recipient };
  }

  #undo(message: Message): void {
    this.accounts.rollbackTo(this.#savepoints[message.depth] ?? 0);
  }
}

const FAILED: Outcome = { success: false, gas: 0n, output: NO_BYTES };

/** `0x` text of bytes, as the tests write them. */
export function textOf(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}
