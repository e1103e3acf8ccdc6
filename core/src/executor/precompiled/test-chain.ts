/** A chain in memory for the tests of contracts: blocks, calls, savepoints; no transactions, no EVM. */
import type { Address, ByteString, Hash } from "../../primitives/index.js";
import { ZERO_HASH, address, ascii, bytesToBigInt, bytesToHex, concatBytes } from "../../primitives/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import { standardSuite } from "../../crypto/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_9_0 } from "../../protocol/index.js";
import { BlockTables, CommittedRows, MemoryStore, Row, stateRulesOf } from "../../state/index.js";
import type { AbiValue } from "../abi/index.js";
import { ArgumentReader, encodeValues, selectorOf } from "../abi/index.js";
import { AccountState } from "../account.js";
import { executorRulesOf } from "../rules.js";
import { BlockObjects } from "../temporary-objects.js";
import type { PrecompiledContext, PrecompiledResult } from "./contract.js";
import { orFail } from "./failures.js";
import { findPrecompiled } from "./registry.js";

/** Who calls what; missing parts are taken from the chain's defaults. */
export interface TestCall {
  readonly origin?: Address;
  readonly caller?: Address;
}

/** An address with a small number. */
export function addressOfNumber(number: number): Address {
  return address(number.toString(16).padStart(40, "0"));
}

/** Origin of calls that name none. */
export const ALICE = address("a".repeat(40));
/** Somebody else. */
export const BOB = address("b".repeat(40));

/** One chain, at the block after the last finished one. */
export class TestChain {
  readonly suite: CryptoSuite;
  readonly version: SupportedVersion;
  parentHash: Hash = ZERO_HASH;
  context: PrecompiledContext;
  private readonly freeStorage: boolean;
  private readonly store = new MemoryStore();
  private readonly rows = new CommittedRows(this.store);
  private parentNumber: number;

  constructor(
    options: {
      readonly version?: SupportedVersion;
      readonly suite?: CryptoSuite;
      readonly freeStorage?: boolean;
      readonly parentNumber?: number;
    } = {},
  ) {
    this.suite = options.suite ?? standardSuite;
    this.version = options.version ?? V2_9_0;
    this.freeStorage = options.freeStorage ?? false;
    this.parentNumber = options.parentNumber ?? 7;
    this.context = this.newContext();
  }

  /** Finishes the block and starts the next one, or one further on. */
  nextBlock(parentNumber = this.parentNumber + 1): void {
    const prepared = this.rows.prepare(this.context.tables.commit());
    this.store.write(prepared.writes);
    this.rows.apply(prepared);
    this.parentNumber = parentNumber;
    this.context = this.newContext();
  }

  /** Calls a contract by the text of a function's signature. */
  call(
    target: Address | number,
    signature: string,
    values: readonly AbiValue[] = [],
    from: TestCall = {},
  ): PrecompiledResult {
    const selector = new Uint8Array(4);
    new DataView(selector.buffer).setUint32(0, selectorOf(this.suite, ascii(signature)));
    return this.send(target, concatBytes(selector, encodeValues(...values)), from);
  }

  /** Calls a contract with any calldata. */
  send(target: Address | number, input: Uint8Array, from: TestCall = {}): PrecompiledResult {
    const self = typeof target === "number" ? addressOfNumber(target) : target;
    const contract = orFail(findPrecompiled(this.context, self), "no contract at the address");
    const origin = from.origin ?? ALICE;
    return contract.call(this.context, { input, origin, caller: from.caller ?? origin, self });
  }

  /** First result word as a signed number. */
  number(target: Address | number, signature: string, values: readonly AbiValue[] = [], from: TestCall = {}): bigint {
    return BigInt.asIntN(256, bytesToBigInt(this.call(target, signature, values, from).output.subarray(0, 32)));
  }

  /** First result word as an address. */
  address(target: Address | number, signature: string, values: readonly AbiValue[] = [], from: TestCall = {}): Address {
    return bytesToHex(this.call(target, signature, values, from).output.subarray(12, 32)) as Address;
  }

  /** The only result, a text. */
  text(target: Address | number, signature: string, values: readonly AbiValue[] = [], from: TestCall = {}): ByteString {
    return new ArgumentReader(this.call(target, signature, values, from).output).string();
  }

  /** Rows of a table under a key, as plain objects. */
  rowsOf(table: string, key: string): Record<string, string>[] {
    const rows = this.context.tables.openTable(ascii(table))?.select(ascii(key)) ?? [];
    return rows.map((row) => Object.fromEntries(row.cells));
  }

  /** Puts a row into a table that exists, without permission check. */
  put(table: string, key: string, cells: Readonly<Record<string, string>>): void {
    const row = new Row(Object.entries(cells) as [ByteString, ByteString][]);
    orFail(this.context.tables.openTable(ascii(table)), "no such table").insert(ascii(key), row);
  }

  /** An account with a nonce and no code, or with code. */
  createAccount(account: Address, code?: Uint8Array): void {
    const accounts = this.context.account as AccountState;
    accounts.resetNonce(account);
    if (code !== undefined) accounts.setCode(account, code);
  }

  private newContext(): PrecompiledContext {
    const stateRules = stateRulesOf(this.version, this.suite);
    const tables = new BlockTables({
      rows: this.rows,
      rules: stateRules,
      parentNumber: this.parentNumber,
      checkAuthority: true,
    });
    const rules = executorRulesOf(this.version, this.freeStorage);
    return {
      tables,
      committedRows: this.rows,
      suite: this.suite,
      version: this.version,
      chainId: 1n,
      groupId: 1,
      blockNumber: this.parentNumber,
      parentHash: this.parentHash,
      freeStorage: this.freeStorage,
      account: new AccountState({ tables, rules, suite: this.suite }),
      temporary: new BlockObjects(),
    };
  }
}
