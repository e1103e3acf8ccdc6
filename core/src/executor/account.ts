/**
 * Accounts as rows of their tables: nonce, balance, code, life cycle, remaining gas.
 *
 * Every write here is one that the state hash shows, so the order and number of writes is part of the protocol, also
 * where a write changes nothing: docs/protocol/execution.md, section 5.
 */
import type { CryptoSuite } from "../crypto/index.js";
import { emptyHashOf } from "../crypto/index.js";
import {
  EMPTY_BYTES,
  EMPTY_BYTE_STRING,
  ZERO_ADDRESS,
  ascii,
  bytesToByteString,
  bytesToHex,
  byteStringToBytes,
  hexToBytes,
} from "../primitives/index.js";
import type { Address, ByteString } from "../primitives/index.js";
import { Row } from "../state/index.js";
import type { BlockTables, Table } from "../state/index.js";
import type { AccountAccess } from "./precompiled/contract.js";
import type { ExecutorRules } from "./rules.js";

const KEY = ascii("key");
const VALUE = ascii("value");
const BALANCE = ascii("balance");
const CODE_HASH = ascii("codeHash");
const CODE = ascii("code");
const NONCE = ascii("nonce");
const ALIVE = ascii("alive");
const AUTHORITY = ascii("authority");
const FROZEN = ascii("frozen");
const REMAIN_GAS = ascii("remain_gas");
const TRUE = ascii("true");
const FALSE = ascii("false");
const ZERO = ascii("0");

const ZERO_CODE_HASH = new Uint8Array(32);

/** Remaining charged gas of an account. */
export interface ChargedGas {
  /** False when there is neither a table nor a remembered value: such an account cannot pay anything. */
  readonly known: boolean;
  readonly remain: bigint;
}

/** All accounts of one block. */
export class AccountState implements AccountAccess {
  readonly #tables: BlockTables;
  readonly #rules: ExecutorRules;
  readonly #emptyHash: ByteString;
  readonly #suite: CryptoSuite;
  /** Tables found so far: an open table stays open until the block is done. */
  readonly #opened = new Map<Address, Table>();
  /** Remaining gas by account, from its first read or write in the block on; undoing a transaction does not touch it. */
  readonly #remembered = new Map<Address, bigint>();

  constructor(options: { tables: BlockTables; rules: ExecutorRules; suite: CryptoSuite }) {
    this.#tables = options.tables;
    this.#rules = options.rules;
    this.#suite = options.suite;
    const emptyHash = emptyHashOf(options.suite);
    this.#emptyHash = options.rules.rawCode ? bytesToByteString(hexToBytes(emptyHash)) : ascii(emptyHash);
  }

  tableName(address: Address): ByteString {
    return ascii(this.#rules.shortAccountTables ? `c_${address}` : `_contract_data_${address}_`);
  }

  table(address: Address): Table | undefined {
    const opened = this.#opened.get(address);
    if (opened !== undefined) return opened;
    const table = this.#tables.openTable(this.tableName(address));
    if (table !== undefined) this.#opened.set(address, table);
    return table;
  }

  exists(address: Address): boolean {
    return this.table(address) !== undefined;
  }

  hasCode(address: Address): boolean {
    const hash = this.#text(address, CODE_HASH);
    return hash !== undefined && hash !== this.#emptyHash;
  }

  isFrozen(address: Address): boolean {
    return this.#text(address, FROZEN) === TRUE;
  }

  /** Stored form of the code hash: what names the code in a cache. */
  codeName(address: Address): string {
    return this.#text(address, CODE_HASH) ?? this.#emptyHash;
  }

  code(address: Address): Uint8Array {
    const code = this.#text(address, CODE) ?? EMPTY_BYTE_STRING;
    if (code.length === 0) return EMPTY_BYTES;
    return this.#rules.rawCode ? byteStringToBytes(code) : hexToBytes(code);
  }

  codeSize(address: Address): number {
    const length = this.#text(address, CODE)?.length ?? 0;
    return this.#rules.rawCode ? length : length / 2;
  }

  /** Code hash as EXTCODEHASH shows it; undefined for an account that is missing or empty. */
  codeHash(address: Address): Uint8Array | undefined {
    if (!this.isNotEmpty(address)) return undefined;
    const hash = this.#text(address, CODE_HASH) ?? this.#emptyHash;
    if (!this.#rules.rawCode) return hexToBytes(hash);
    return this.#rules.zeroCodeHashes ? ZERO_CODE_HASH : byteStringToBytes(hash);
  }

  /** True when the account has a table, and a balance, code or a nonce. */
  isNotEmpty(address: Address): boolean {
    if (!this.exists(address)) return false;
    if (this.#rules.zeroCodeHashes && this.#text(address, CODE_HASH) !== undefined) return true;
    return this.balance(address) > 0n || this.hasCode(address) || this.nonce(address) !== 0n;
  }

  balance(address: Address): bigint {
    return BigInt(this.#text(address, BALANCE) ?? ZERO);
  }

  nonce(address: Address): bigint {
    return BigInt(this.#text(address, NONCE) ?? ZERO);
  }

  /** Raises the nonce by one; a missing account is created with nonce 1. A table without rows stays without. */
  raiseNonce(address: Address): void {
    if (!this.exists(address)) return this.#create(address, 1n);
    const nonce = this.#text(address, NONCE);
    if (nonce !== undefined) this.#set(address, NONCE, ascii(String(BigInt(nonce) + 1n)));
  }

  /** Sets the nonce to 0; a missing account is created with it. */
  resetNonce(address: Address): void {
    if (this.exists(address)) this.#set(address, NONCE, ZERO);
    else this.#create(address, 0n);
  }

  /** Writes the balance as it is: what paying nothing leaves in the table. */
  touchBalance(address: Address): void {
    const balance = this.#text(address, BALANCE);
    if (balance !== undefined) this.#set(address, BALANCE, balance);
  }

  /** Records who may freeze a new contract: the origin, and everybody who may freeze the contract that created it. */
  recordManagers(contract: Address, creator: Address, origin: Address): void {
    const table = this.table(contract);
    if (table === undefined) return;
    this.#addManager(table, ascii(origin));
    if (origin === creator) return;
    for (const row of this.table(creator)?.select(AUTHORITY) ?? []) {
      if (row.get(VALUE) !== ascii(origin)) this.#addManager(table, row.get(VALUE));
    }
  }

  setCode(address: Address, code: Uint8Array): void {
    const hash = this.#suite.hash(code);
    const raw = this.#rules.rawCode;
    this.#set(address, CODE, raw ? bytesToByteString(code) : ascii(bytesToHex(code)));
    this.#set(address, CODE_HASH, raw ? bytesToByteString(hash) : ascii(bytesToHex(hash)));
  }

  /** What self-destruction leaves: an empty account whose storage is still there. */
  kill(address: Address): void {
    this.#set(address, NONCE, ZERO);
    this.#set(address, BALANCE, ZERO);
    this.#set(address, CODE, EMPTY_BYTE_STRING);
    this.#set(address, CODE_HASH, this.#emptyHash);
    this.#set(address, ALIVE, FALSE);
  }

  remainGas(address: Address): bigint {
    return this.chargedGas(address).remain;
  }

  /** Remaining charged gas, and whether the account has any. */
  chargedGas(address: Address): ChargedGas {
    const remembered = this.#remembered.get(address);
    if (remembered !== undefined) return { known: true, remain: remembered };
    if (!this.exists(address)) return { known: false, remain: 0n };
    const text = this.#text(address, REMAIN_GAS);
    if (text === undefined) return { known: true, remain: 0n };
    const remain = BigInt(text);
    this.#remembered.set(address, remain);
    return { known: true, remain };
  }

  writeRemainGas(address: Address, remain: bigint): void {
    this.#remembered.set(address, remain);
    if (!this.exists(address)) this.#create(address, 0n);
    const table = this.table(address);
    if (table === undefined) return;
    const text = ascii(String(remain));
    if (table.peek(REMAIN_GAS) === undefined) table.insert(REMAIN_GAS, new Row([[VALUE, text]]));
    else table.update(REMAIN_GAS, new Map([[VALUE, text]]));
  }

  #text(address: Address, key: ByteString): ByteString | undefined {
    const row = this.table(address)?.peek(key);
    return row === undefined ? undefined : (row.cells.get(VALUE) ?? EMPTY_BYTE_STRING);
  }

  #set(address: Address, key: ByteString, value: ByteString): void {
    this.table(address)?.update(key, new Map([[VALUE, value]]));
  }

  #addManager(table: Table, manager: ByteString): void {
    // Checked against the zero address, as the C++ node does: it shows only in a contract that was destroyed, given a
    // writer list, and created again.
    table.insert(AUTHORITY, new Row([[VALUE, manager]]), { origin: ZERO_ADDRESS });
  }

  #create(address: Address, nonce: bigint): void {
    if (this.#tables.createTable(this.tableName(address), KEY, VALUE) !== "created") return;
    const table = this.table(address);
    table?.insert(BALANCE, new Row([[VALUE, ZERO]]));
    table?.insert(CODE_HASH, new Row([[VALUE, this.#emptyHash]]));
    table?.insert(CODE, new Row([[VALUE, EMPTY_BYTE_STRING]]));
    table?.insert(NONCE, new Row([[VALUE, ascii(String(nonce))]]));
    table?.insert(ALIVE, new Row([[VALUE, TRUE]]));
  }
}
