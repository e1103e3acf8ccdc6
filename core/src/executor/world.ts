/**
 * Calls and creations on the tables of a chain: what happens before code runs, instead of it, and after it.
 *
 * The order of tests and writes is the protocol, residues of failures included: docs/protocol/execution.md, sections
 * 3 and 4.
 */
import { Frame, Halt, prepareCode, toBigInt } from "../evm/index.js";
import type { Environment, Message, Outcome, World } from "../evm/index.js";
import { EMPTY_BYTES, InvariantError, ZERO_ADDRESS, ascii, assert, hexToBytes } from "../primitives/index.js";
import type { Address } from "../primitives/index.js";
import { TransactionStatus, contractAddress, create2Address } from "../protocol/index.js";
import { SYS_TABLES, StorageError } from "../state/index.js";
import { encodeError } from "./abi/index.js";
import type { BlockContext } from "./block-context.js";
import type { TemporaryObject } from "./precompiled/contract.js";
import { PrecompiledError } from "./precompiled/contract.js";
import { findPrecompiled } from "./precompiled/registry.js";

/** Gas for each byte of code that a creation leaves. */
const CODE_BYTE_GAS = 200n;

const GENERIC_FAILURE = "PrecompiledError";

/** How a message ended, as the receipt of a transaction shows it. */
export interface ChainOutcome extends Outcome {
  readonly status: number;
}

/** A creation that carries a value its creator does not own. Nothing is undone; docs/protocol/execution.md, section 4. */
export class UnpaidCreation extends Error {
  override readonly name = "UnpaidCreation";
  readonly address: Address;

  constructor(address: Address) {
    super("a creation carries a value that its creator does not own");
    this.address = address;
  }
}

/** Statuses of the faults that burn all gas of a frame. */
const STATUS_OF_FAULT: Readonly<Partial<Record<Halt, number>>> = {
  [Halt.BadInstruction]: TransactionStatus.BadInstruction,
  [Halt.BadJump]: TransactionStatus.BadJumpDestination,
  [Halt.StackOverflow]: TransactionStatus.OutOfStack,
  [Halt.StackUnderflow]: TransactionStatus.StackUnderflow,
  [Halt.MemoryAccess]: TransactionStatus.Unknown,
  [Halt.StaticViolation]: TransactionStatus.Unknown,
};

/** The world of one transaction. */
export class ChainWorld implements World<ChainOutcome> {
  readonly environment: Environment;
  readonly #block: BlockContext;
  /** Undo marks of the frames that wait or run, by depth. */
  readonly #savepoints: number[] = [];

  constructor(block: BlockContext, transaction: { origin: Address; gasPrice: bigint }) {
    const { header } = block;
    this.#block = block;
    this.environment = {
      origin: transaction.origin,
      gasPrice: transaction.gasPrice,
      number: BigInt(header.number),
      timestamp: BigInt(header.timestamp),
      gasLimit: header.gasLimit,
      // Nobody earns, and nothing is mined: the same zero on every node.
      coinbase: ZERO_ADDRESS,
      difficulty: 0n,
      chainId: 0n,
    };
  }

  hash(data: Uint8Array): Uint8Array {
    return this.#block.suite.hash(data);
  }

  balance(address: Address): bigint {
    return this.#block.accounts.balance(address);
  }

  accountExists(address: Address): boolean {
    return this.#block.accounts.isNotEmpty(address);
  }

  codeSize(address: Address): number {
    return this.#precompiled(address) === undefined ? this.#block.accounts.codeSize(address) : 1;
  }

  code(address: Address): Uint8Array {
    return this.#block.accounts.code(address);
  }

  codeHash(address: Address): Uint8Array | undefined {
    return this.#block.accounts.codeHash(address);
  }

  blockHash(number: number): Uint8Array | undefined {
    const hash = this.#block.engine.options.blockHashAt(number);
    return hash === undefined ? undefined : hexToBytes(hash);
  }

  selfDestruct(): void {
    // The frame remembers the contract, and no balance moves.
  }

  enter(message: Message): Frame | ChainOutcome {
    return message.kind === "create" || message.kind === "create2" ? this.#create(message) : this.#call(message);
  }

  leave(frame: Frame): ChainOutcome {
    const isCreation = frame.message.kind === "create" || frame.message.kind === "create2";
    const outcome = this.#outcomeOf(frame);
    if (outcome.status !== TransactionStatus.None) this.#undo(frame.message);
    if (!isCreation) return outcome;
    if (frame.halt === Halt.WriteRefused) return outcome;
    return this.#deposit(frame, outcome);
  }

  #call(message: Message): Frame | ChainOutcome {
    const { accounts, engine } = this.#block;
    const { rules } = engine;
    const { codeAddress } = message;
    this.#savepoints[message.depth] = this.#block.tables.savepoint();
    const { origin } = this.environment;
    if (rules.freezesAccounts && message.depth === 0 && accounts.isFrozen(origin)) {
      return this.#refuse(message, TransactionStatus.AccountFrozen, `Frozen account:0x${origin}`);
    }
    const ethereum = engine.ethereum.get(codeAddress);
    if (ethereum !== undefined) return this.#callEthereum(message, ethereum);
    const precompiled = this.#precompiled(codeAddress);
    if (precompiled !== undefined) return this.#callPrecompiled(message, precompiled);
    if (accounts.isFrozen(codeAddress)) {
      return this.#refuse(message, TransactionStatus.ContractFrozen, `Frozen contract:${codeAddress}`);
    }
    if (!accounts.hasCode(codeAddress)) {
      if (rules.explainsFailures) {
        return this.#refuse(message, TransactionStatus.CallAddressError, `Error address:${codeAddress}`);
      }
      return failed(TransactionStatus.CallAddressError, message.gas);
    }
    return this.#frame(
      message,
      message.recipient,
      engine.codes.get(accounts.codeName(codeAddress), () => accounts.code(codeAddress)),
    );
  }

  #frame(message: Message, recipient: Address, code: Frame["code"]): Frame {
    return new Frame({
      message,
      recipient,
      rules: this.#block.engine.rules.evm,
      code,
      storage: this.#block.storageOf(recipient, this.environment.origin),
      pool: this.#block.engine.frames,
    });
  }

  #precompiled(address: Address): TemporaryObject | undefined {
    return findPrecompiled(this.#block.precompiled, address);
  }

  #callEthereum(
    message: Message,
    contract: { gas(input: Uint8Array): bigint; run(input: Uint8Array): Uint8Array | undefined },
  ): ChainOutcome {
    const { rules } = this.#block.engine;
    const cost = rules.chargesEthereum ? contract.gas(message.input) : 0n;
    if (message.gas < cost) return failed(TransactionStatus.OutOfGasBase, message.gas);
    const output = contract.run(message.input);
    if (output === undefined && rules.failsEthereum) return failed(TransactionStatus.RevertInstruction, 0n);
    return succeeded(message.gas - cost, output ?? EMPTY_BYTES);
  }

  #callPrecompiled(message: Message, contract: TemporaryObject): ChainOutcome {
    const { rules } = this.#block.engine;
    try {
      const { output, gasCost } = contract.call(this.#block.precompiled, {
        input: message.input,
        origin: this.environment.origin,
        caller: message.sender,
        self: message.codeAddress,
      });
      const cost = rules.chargesPrecompiled ? gasCost : 0n;
      if (message.gas < cost) {
        const text = "OutOfGas when executing precompiled Contract, gasUsed: ";
        throw new PrecompiledError(`${text}${cost}, leftGas:${message.gas}`);
      }
      return succeeded(message.gas - cost, output);
    } catch (error) {
      return this.#refusePrecompiled(message, error);
    }
  }

  /** Broken invariants end the process; whatever else a contract throws fails the call, the same on every node. */
  #refusePrecompiled(message: Message, error: unknown): ChainOutcome {
    if (error instanceof InvariantError) throw error;
    const { rules } = this.#block.engine;
    if (error instanceof PrecompiledError && error.message !== GENERIC_FAILURE) {
      return this.#refuse(message, TransactionStatus.PrecompiledError, error.message);
    }
    const isExplained = error instanceof StorageError && rules.explainsStorage;
    if (isExplained) return this.#refuse(message, TransactionStatus.PrecompiledError, error.message);
    if (rules.explainsFailures) return this.#refuse(message, TransactionStatus.PrecompiledError, GENERIC_FAILURE);
    this.#undo(message);
    return failed(TransactionStatus.PrecompiledError, message.gas);
  }

  #create(message: Message): Frame | ChainOutcome {
    const { accounts, engine, suite, tables } = this.#block;
    const { origin } = this.environment;
    const { sender, input } = message;
    const nonce = accounts.nonce(sender);
    const address =
      message.salt === undefined
        ? contractAddress(suite, sender, nonce)
        : create2Address(suite, sender, message.salt, input);
    const directory = tables.openTable(SYS_TABLES);
    assert(directory !== undefined, "system tables always exist");
    if (!directory.mayWrite(origin)) return this.#refuseCreation(TransactionStatus.PermissionDenied, EMPTY_BYTES);
    if (engine.rules.freezesAccounts && accounts.isFrozen(origin)) {
      const output = encodeError(suite, ascii(`Frozen account:0x${origin}`));
      return this.#refuseCreation(TransactionStatus.AccountFrozen, output);
    }
    accounts.raiseNonce(sender);
    this.#savepoints[message.depth] = tables.savepoint();
    if (accounts.hasCode(address) || accounts.nonce(address) > 0n) {
      return failed(TransactionStatus.AddressAlreadyUsed, 0n);
    }
    // Values are only seen at top level: within a call the interpreter has found that they cannot be paid.
    if (toBigInt(message.value, 0) > accounts.balance(sender)) throw new UnpaidCreation(address);
    accounts.touchBalance(sender);
    accounts.resetNonce(address);
    if (engine.rules.recordsManagers) accounts.recordManagers(address, sender, origin);
    if (input.length === 0) return { ...succeeded(message.gas, EMPTY_BYTES), created: address };
    return this.#frame(message, address, prepareCode(input, engine.rules.evm));
  }

  /** A creation that is refused before its own savepoint is set undoes the whole transaction so far. */
  #refuseCreation(status: number, output: Uint8Array): ChainOutcome {
    this.#block.rollbackTo(0);
    return { ...failed(status, 0n), output };
  }

  #outcomeOf(frame: Frame): ChainOutcome {
    const { message, output, halt } = frame;
    switch (halt) {
      case Halt.Success:
        return succeeded(frame.gasLeft(), output);
      case Halt.Revert:
        return { ...failed(TransactionStatus.RevertInstruction, frame.gasLeft()), output };
      case Halt.OutOfGas:
        // Whoever runs out of gas gets back all that was given.
        return failed(TransactionStatus.OutOfGas, message.gas);
      case Halt.WriteRefused:
        return this.#block.engine.rules.reportsRefusedWrites
          ? failed(TransactionStatus.PermissionDenied, message.gas)
          : failed(TransactionStatus.RevertInstruction, 0n);
      default: {
        const status = STATUS_OF_FAULT[halt];
        assert(status !== undefined, "a frame is left when it has halted");
        return failed(status, 0n);
      }
    }
  }

  /**
   * Pays for the code and writes it. This happens whatever the outcome was: revert data is paid like code, and is
   * written into whatever rows the rolled-back account still has, which are usually none.
   */
  #deposit(frame: Frame, outcome: ChainOutcome): ChainOutcome {
    const { accounts, engine } = this.#block;
    const { rules } = engine;
    const cost = CODE_BYTE_GAS * BigInt(outcome.output.length);
    const isSuccess = outcome.status === TransactionStatus.None;
    const output = isSuccess ? EMPTY_BYTES : outcome.output;
    if (outcome.output.length > rules.codeBytesMax || cost > outcome.gas) {
      this.#undo(frame.message);
      return { ...failed(TransactionStatus.OutOfGas, outcome.gas), output };
    }
    accounts.setCode(frame.recipient, outcome.output);
    const gas = rules.freeStorage ? outcome.gas : outcome.gas - cost;
    return { ...outcome, gas, output, created: isSuccess ? frame.recipient : undefined };
  }

  #refuse(message: Message, status: number, text: string): ChainOutcome {
    this.#undo(message);
    // 2.9.1 reads its failure texts as strings of C, and some quote their caller: what follows a zero byte is not told.
    const [told = ""] = text.split("\0", 1);
    return { ...failed(status, message.gas), output: encodeError(this.#block.suite, ascii(told)) };
  }

  #undo(message: Message): void {
    this.#block.rollbackTo(this.#savepoints[message.depth] ?? 0);
  }
}

function succeeded(gas: bigint, output: Uint8Array): ChainOutcome {
  return { success: true, status: TransactionStatus.None, gas, output };
}

function failed(status: number, gas: bigint): ChainOutcome {
  return { success: false, status, gas, output: EMPTY_BYTES };
}
