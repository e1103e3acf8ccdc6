/** A chain of blocks in memory for tests of the executor, without ledger and consensus. */
import { standardSuite } from "../../crypto/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import type { Address, ByteString, Hash, Height } from "../../primitives/index.js";
import { EMPTY_BYTES, ZERO_HASH, ascii, assert } from "../../primitives/index.js";
import type { BlockHeader, Receipt, SupportedVersion, VerifiedTransaction } from "../../protocol/index.js";
import { V2_9_0 } from "../../protocol/index.js";
import type { StateChanges } from "../../state/index.js";
import { BlockTables, CommittedRows, MemoryStore, Row, SYS_CONFIG, stateRulesOf } from "../../state/index.js";
import { BlockExecutor } from "../block-executor.js";
import type { BlockResult, CallResult } from "../types.js";

/** Sender of the transactions of a test. */
export const ALICE = "a1".repeat(20) as Address;
/** Another one. */
export const BOB = "b0".repeat(20) as Address;

/** What a test says of a transaction; the rest is the same in all. */
export interface TestTransaction {
  readonly to?: Address | undefined;
  readonly data?: Uint8Array;
  readonly from?: Address;
  readonly value?: bigint;
  readonly gas?: bigint;
}

/** Init code that leaves `code` as the code of the contract. */
export function deploying(code: Uint8Array): Uint8Array {
  // PUSH2 length, DUP1, PUSH1 12, PUSH1 0, CODECOPY, PUSH1 0, RETURN, STOP, then the code.
  const head = [0x61, code.length >> 8, code.length & 255, 0x80, 0x60, 13, 0x60, 0, 0x39, 0x60, 0, 0xf3, 0];
  return Uint8Array.of(...head, ...code);
}

/** See the file. */
export class TestChain {
  readonly rows: CommittedRows;
  readonly executor: BlockExecutor;
  readonly version: SupportedVersion;
  readonly suite: CryptoSuite;
  readonly #store = new MemoryStore();
  #number = 0;
  #chargeGas = false;

  constructor(options: { version?: SupportedVersion; suite?: CryptoSuite; freeStorage?: boolean } = {}) {
    this.version = options.version ?? V2_9_0;
    this.suite = options.suite ?? standardSuite;
    this.rows = new CommittedRows(this.#store);
    this.executor = new BlockExecutor({
      rows: this.rows,
      suite: this.suite,
      version: this.version,
      chainId: 1n,
      groupId: 1,
      freeStorage: options.freeStorage ?? false,
      blockHashAt: (number) => number.toString(16).padStart(64, "0") as Hash,
    });
  }

  /** Lets the following blocks charge gas. */
  chargeGas(): void {
    this.#chargeGas = true;
  }

  /** Writes rows as if a block had done so. */
  write(rows: readonly { table: ByteString; key: string; cells: Readonly<Record<string, string>> }[]): void {
    const tables = this.tables();
    for (const { table, key, cells } of rows) {
      const opened = tables.openTable(table) ?? this.#created(tables, table);
      const row = new Row(Object.entries(cells).map(([column, value]) => [ascii(column), ascii(value)] as const));
      opened.insert(ascii(key), row);
    }
    this.#commit(tables.commit());
  }

  /** Sets a configuration item, in force from the next block on. */
  configure(key: string, value: string): void {
    this.write([{ table: SYS_CONFIG, key, cells: { value, enable_num: "0" } }]);
  }

  /** Fresh tables on the committed state. */
  tables(): BlockTables {
    const rules = stateRulesOf(this.version, this.suite);
    return new BlockTables({ rows: this.rows, rules, parentNumber: this.#number, checkAuthority: true });
  }

  /** A value of an account or a storage slot in the committed state. */
  cell(address: Address, key: string): string | undefined {
    return this.tables()
      .openTable(ascii(`c_${address}`))
      ?.peek(ascii(key))
      ?.cells.get(ascii("value"));
  }

  /** Header of the next block, as proposed. */
  header(): BlockHeader {
    return {
      parentHash: ZERO_HASH,
      stateRoot: ZERO_HASH,
      transactionsRoot: ZERO_HASH,
      receiptsRoot: ZERO_HASH,
      dbHash: ZERO_HASH,
      logBloom: new Uint8Array(256),
      number: (this.#number + 1) as Height,
      gasLimit: 0n,
      gasUsed: 0n,
      timestamp: 1_700_000_000_000 + this.#number,
      extraData: [],
      sealer: 0n,
      sealerList: [],
    };
  }

  /** Executes a block without committing it. */
  execute(...transactions: readonly TestTransaction[]): BlockResult {
    const result = this.executor.execute({
      header: this.header(),
      transactions: transactions.map(transaction),
      chargeGas: this.#chargeGas,
    });
    assert(result.ok, "nothing is expected of the block, so it has a result");
    return result.value;
  }

  /** Executes and commits a block; its receipts. */
  block(...transactions: readonly TestTransaction[]): readonly Receipt[] {
    const result = this.execute(...transactions);
    this.#commit(result.changes);
    return result.receipts;
  }

  /** Executes and commits a block of one transaction; its receipt. */
  send(tx: TestTransaction): Receipt {
    const [receipt] = this.block(tx);
    assert(receipt !== undefined, "each transaction has a receipt");
    return receipt;
  }

  /** Deploys a contract with this code; its address. */
  deploy(code: Uint8Array, from = ALICE): Address {
    const receipt = this.send({ data: deploying(code), from });
    assert(receipt.status === 0, "test contracts deploy");
    return receipt.contractAddress;
  }

  /** A read-only call on the latest block. */
  call(to: Address, data: Uint8Array = EMPTY_BYTES, from = ALICE): CallResult {
    const head = { header: { ...this.header(), number: this.#number as Height }, hash: ZERO_HASH };
    return this.executor.call({ from, to, data, head, chargeGas: this.#chargeGas });
  }

  #created(tables: BlockTables, name: ByteString) {
    tables.createTable(name, ascii("key"), ascii("value"));
    const table = tables.openTable(name);
    assert(table !== undefined, "a created table is open");
    return table;
  }

  #commit(changes: StateChanges): void {
    const prepared = this.rows.prepare(changes);
    this.#store.write(prepared.writes);
    this.rows.apply(prepared);
    this.#number++;
  }
}

function transaction(tx: TestTransaction): VerifiedTransaction {
  return {
    nonce: 1n,
    gasPrice: 1n,
    gas: tx.gas ?? 10n ** 9n,
    blockLimit: 500n,
    to: tx.to,
    value: tx.value ?? 0n,
    data: tx.data ?? EMPTY_BYTES,
    chainId: 1n,
    groupId: 1n,
    extraData: EMPTY_BYTES,
    signature: new Uint8Array(65),
    raw: EMPTY_BYTES,
    isCanonical: true,
    hash: ZERO_HASH,
    sender: tx.from ?? ALICE,
  };
}
