/** Everything that lives as long as the execution of one block, or of one read-only call. */
import type { CryptoSuite } from "../crypto/index.js";
import type { FramePool } from "../evm/index.js";
import type { CodeCache } from "../evm/index.js";
import type { Address, Hash } from "../primitives/index.js";
import type { BlockHeader } from "../protocol/index.js";
import { BlockTables, stateRulesOf } from "../state/index.js";
import { AccountState } from "./account.js";
import { TableStorage } from "./contract-storage.js";
import type { EthereumContract } from "./ethereum/index.js";
import type { GasCharging } from "./gas-charging.js";
import { AccountCharging, NO_CHARGING, freeAccounts } from "./gas-charging.js";
import type { PrecompiledContext } from "./precompiled/contract.js";
import type { ExecutorRules } from "./rules.js";
import { committedSystemConfig } from "./system-config.js";
import { BlockObjects } from "./temporary-objects.js";
import type { ExecutorOptions } from "./types.js";

/** Gas limit of transactions while the chain has not set one. */
const DEFAULT_TX_GAS_LIMIT = 300_000_000n;

/** What an executor keeps from block to block. */
export interface Engine {
  readonly options: ExecutorOptions;
  readonly rules: ExecutorRules;
  readonly codes: CodeCache;
  readonly ethereum: ReadonlyMap<Address, EthereumContract>;
  readonly frames: FramePool;
}

/** State and environment of one block under execution. */
export class BlockContext {
  readonly engine: Engine;
  readonly header: BlockHeader;
  readonly tables: BlockTables;
  readonly accounts: AccountState;
  readonly precompiled: PrecompiledContext;
  readonly charging: GasCharging;
  /** Gas each transaction may use. */
  readonly txGasLimit: bigint;
  readonly #undone = { value: 0 };
  readonly #storages = new Map<Address, TableStorage>();

  /**
   * @param block.header the header that environment instructions show
   * @param block.parentNumber the block whose state is the committed one
   */
  constructor(
    engine: Engine,
    block: { header: BlockHeader; parentNumber: number; parentHash: Hash; chargeGas: boolean },
  ) {
    const { options, rules } = engine;
    this.engine = engine;
    this.header = block.header;
    this.tables = new BlockTables({
      rows: options.rows,
      rules: stateRulesOf(options.version, options.suite),
      parentNumber: block.parentNumber,
      checkAuthority: true,
    });
    this.accounts = new AccountState({ tables: this.tables, rules, suite: options.suite });
    this.precompiled = {
      tables: this.tables,
      committedRows: options.rows,
      suite: options.suite,
      version: options.version,
      chainId: options.chainId,
      groupId: options.groupId,
      blockNumber: block.parentNumber,
      parentHash: block.parentHash,
      freeStorage: rules.freeStorage,
      account: this.accounts,
      temporary: new BlockObjects(),
    };
    this.charging = block.chargeGas
      ? new AccountCharging(this.accounts, freeAccounts(options.rows, block.parentNumber))
      : NO_CHARGING;
    const limit = committedSystemConfig(options.rows, "tx_gas_limit", block.parentNumber);
    this.txGasLimit = limit === undefined || limit === "" ? DEFAULT_TX_GAS_LIMIT : BigInt(limit);
  }

  get suite(): CryptoSuite {
    return this.engine.options.suite;
  }

  /** Storage of a contract; `origin` is the sender of the running transaction, who must be allowed to write. */
  storageOf(address: Address, origin: Address): TableStorage {
    let storage = this.#storages.get(address);
    if (storage === undefined) {
      const open = () => this.accounts.table(address);
      storage = new TableStorage({ open, undone: this.#undone, origin });
      this.#storages.set(address, storage);
    }
    storage.origin = origin;
    return storage;
  }

  /** Undoes the tables down to a savepoint; one that an earlier, deeper undoing has passed already undoes nothing. */
  rollbackTo(savepoint: number): void {
    if (savepoint >= this.tables.savepoint()) return;
    this.tables.rollbackTo(savepoint);
    this.#undone.value++;
  }
}
