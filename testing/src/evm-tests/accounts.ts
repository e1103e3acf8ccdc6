/** Accounts of Ethereum as its tests see them: balances, nonces, storage by word, and a journal that undoes. */
import type { ContractStorage } from "@tsbcos/core/evm";
import { StoreChange, isZero, setBigInt, toBigInt } from "@tsbcos/core/evm";
import type { Address } from "@tsbcos/core/primitives";
import { hexToBytes } from "@tsbcos/core/primitives";
import { encodeRlpBytes } from "@tsbcos/core/protocol";
import { addressOf, bytesOf, numberOf } from "./fixtures.js";
import type { StateFixture } from "./fixtures.js";
import type { Hasher } from "./state-trie.js";
import { secureTrieRoot, trieList, trieNumber } from "./state-trie.js";

/** The one address whose touch survives a revert, because main net once did so. */
const RIPEMD = "0000000000000000000000000000000000000003" as Address;

/** One account. Storage holds no zeros. */
export interface Account {
  nonce: bigint;
  balance: bigint;
  code: Uint8Array;
  storage: Map<bigint, bigint>;
}

/** All accounts, with undo. */
export class Accounts {
  readonly #accounts = new Map<Address, Account>();
  readonly #touched = new Set<Address>();
  readonly #journal: (() => void)[] = [];
  /** Values of slots before the transaction, as far as they were written. */
  readonly #originals = new Map<string, bigint>();

  constructor(state: StateFixture) {
    for (const [address, fixture] of Object.entries(state)) {
      const storage = new Map<bigint, bigint>();
      for (const [slot, value] of Object.entries(fixture.storage)) {
        if (numberOf(value) !== 0n) storage.set(numberOf(slot), numberOf(value));
      }
      this.#accounts.set(addressOf(address), {
        nonce: numberOf(fixture.nonce),
        balance: numberOf(fixture.balance),
        code: bytesOf(fixture.code),
        storage,
      });
    }
  }

  find(address: Address): Account | undefined {
    return this.#accounts.get(address);
  }

  /** True when the account exists and is not empty. */
  isAlive(address: Address): boolean {
    const account = this.find(address);
    return account !== undefined && (account.nonce > 0n || account.balance > 0n || account.code.length > 0);
  }

  balance(address: Address): bigint {
    return this.find(address)?.balance ?? 0n;
  }

  savepoint(): number {
    return this.#journal.length;
  }

  rollbackTo(savepoint: number): void {
    while (this.#journal.length > savepoint) this.#journal.pop()?.();
  }

  /** The account, created when it does not exist, and marked as touched. */
  touch(address: Address): Account {
    if (!this.#touched.has(address)) {
      this.#touched.add(address);
      if (address !== RIPEMD) this.#journal.push(() => this.#touched.delete(address));
    }
    let account = this.find(address);
    if (account === undefined) {
      account = { nonce: 0n, balance: 0n, code: new Uint8Array(0), storage: new Map() };
      this.#accounts.set(address, account);
      this.#journal.push(() => this.#accounts.delete(address));
    }
    return account;
  }

  addBalance(address: Address, amount: bigint): void {
    const account = this.touch(address);
    const before = account.balance;
    account.balance += amount;
    this.#journal.push(() => (account.balance = before));
  }

  raiseNonce(address: Address): void {
    const account = this.touch(address);
    account.nonce += 1n;
    this.#journal.push(() => (account.nonce -= 1n));
  }

  setCode(address: Address, code: Uint8Array): void {
    const account = this.touch(address);
    const before = account.code;
    account.code = code;
    this.#journal.push(() => (account.code = before));
  }

  /** A new contract starts without storage, whatever stood at its address. */
  clearStorage(address: Address): void {
    const account = this.touch(address);
    const before = account.storage;
    account.storage = new Map();
    this.#journal.push(() => (account.storage = before));
  }

  remove(address: Address): void {
    this.#accounts.delete(address);
  }

  /** Drops touched accounts that are empty, as every transaction ends. */
  removeEmpty(): void {
    for (const address of this.#touched) if (!this.isAlive(address)) this.remove(address);
  }

  storageOf(address: Address): ContractStorage {
    return {
      load: (words, at) => {
        setBigInt(words, at, this.find(address)?.storage.get(toBigInt(words, at)) ?? 0n);
      },
      store: (words, slotAt, valueAt) => this.#store(address, toBigInt(words, slotAt), words, valueAt),
    };
  }

  #store(address: Address, slot: bigint, words: Uint32Array, valueAt: number): StoreChange {
    const { storage } = this.touch(address);
    const current = storage.get(slot) ?? 0n;
    const name = `${address}${slot}`;
    const original = this.#originals.get(name) ?? current;
    const value = isZero(words, valueAt) ? 0n : toBigInt(words, valueAt);
    if (value === current) return StoreChange.Unchanged;
    this.#originals.set(name, original);
    write(storage, slot, value);
    this.#journal.push(() => write(storage, slot, current));
    return changeOf(original, current, value);
  }

  /** Root of the state trie. */
  root(hash: Hasher): Uint8Array {
    const entries = [...this.#accounts].map(([address, account]) => {
      const slots = [...account.storage].map(([slot, value]) => [wordOf(slot), trieNumber(value)] as const);
      const encoded = trieList(
        trieNumber(account.nonce),
        trieNumber(account.balance),
        encodeRlpBytes(secureTrieRoot(slots, hash)),
        encodeRlpBytes(hash(account.code)),
      );
      return [hexToBytes(address), encoded] as const;
    });
    return secureTrieRoot(entries, hash);
  }
}

function write(storage: Map<bigint, bigint>, slot: bigint, value: bigint): void {
  if (value === 0n) storage.delete(slot);
  else storage.set(slot, value);
}

function changeOf(original: bigint, current: bigint, value: bigint): StoreChange {
  if (original === current) {
    if (original === 0n) return StoreChange.Added;
    return value === 0n ? StoreChange.Deleted : StoreChange.Modified;
  }
  if (value === original) {
    if (original === 0n) return StoreChange.RestoredToZero;
    return current === 0n ? StoreChange.RestoredFromZero : StoreChange.Restored;
  }
  if (original === 0n) return StoreChange.Again;
  if (current === 0n) return StoreChange.AgainFromZero;
  return value === 0n ? StoreChange.AgainToZero : StoreChange.Again;
}

function wordOf(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, "0"));
}
