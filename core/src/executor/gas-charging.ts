/**
 * Paying for transactions with charged gas, from 2.9.0 on and off by default: docs/protocol/execution.md, section 6.
 */
import { ascii, isHex } from "../primitives/index.js";
import type { Address, ByteString } from "../primitives/index.js";
import { SYS_TABLE_ACCESS } from "../state/index.js";
import type { CommittedRows } from "../state/index.js";
import type { AccountState } from "./account.js";
import { committedSystemConfig } from "./system-config.js";

const GOVERNANCE = `${"0".repeat(36)}1008` as Address;

/** What of a transaction counts for its payment. */
export interface ChargedTransaction {
  readonly sender: Address;
  readonly to: Address | undefined;
  /** False for read-only calls, which nobody pays. */
  readonly isSigned: boolean;
}

/** Gas of a transaction that has ended. */
export interface Settlement {
  readonly txGasLimit: bigint;
  /** Gas that the transaction costs before anything is executed. */
  readonly base: bigint;
  /** Gas left by the execution. */
  readonly gas: bigint;
  /** Gas given back for cleared storage and destroyed contracts. */
  readonly refunded: bigint;
}

function addressIn(text: ByteString): Address | undefined {
  const digits = /^0[xX]/.test(text) ? text.slice(2) : text;
  return digits.length === 40 && isHex(digits) ? (digits.toLowerCase() as Address) : undefined;
}

/** Accounts that never pay: those who may charge others, and the committee, as of the parent block. */
export function freeAccounts(rows: CommittedRows, parentNumber: number): ReadonlySet<Address> {
  const free = new Set<Address>();
  for (const text of (committedSystemConfig(rows, "charger_list", parentNumber) ?? "").split(",")) {
    const address = addressIn(text as ByteString);
    if (address !== undefined) free.add(address);
  }
  for (const row of rows.rows(SYS_TABLE_ACCESS, SYS_TABLE_ACCESS)) {
    const enabledAt = Number(row.cells.get(ascii("enable_num")) ?? ascii("0"));
    const address = addressIn(row.cells.get(ascii("address")) ?? ascii(""));
    if (row.status === 0 && enabledAt <= parentNumber && address !== undefined) free.add(address);
  }
  return free;
}

/** Checks and collects payments during one block. */
export interface GasCharging {
  /** True when the sender has not enough charged gas to start with. */
  isTooPoor(tx: ChargedTransaction, required: bigint): boolean;
  /** Collects the payment; returns the gas that counts as left. */
  settle(tx: ChargedTransaction, settlement: Settlement): bigint;
}

/** Chains that do not charge: the refund is simply added. */
export const NO_CHARGING: GasCharging = {
  isTooPoor: () => false,
  settle: (_, { gas, refunded }) => BigInt.asUintN(256, gas + refunded),
};

/** Charging switched on. */
export class AccountCharging implements GasCharging {
  readonly #accounts: AccountState;
  readonly #free: ReadonlySet<Address>;

  constructor(accounts: AccountState, free: ReadonlySet<Address>) {
    this.#accounts = accounts;
    this.#free = free;
  }

  isTooPoor(tx: ChargedTransaction, required: bigint): boolean {
    if (!tx.isSigned || this.#isFree(tx)) return false;
    const { known, remain } = this.#accounts.chargedGas(tx.sender);
    return !known || remain < required;
  }

  settle(tx: ChargedTransaction, { txGasLimit, base, gas, refunded }: Settlement): bigint {
    if (this.#isFree(tx)) return txGasLimit;
    if (!tx.isSigned) return gas;
    const { known, remain } = this.#accounts.chargedGas(tx.sender);
    if (!known || remain === 0n) return gas;
    // An execution that left nothing pays the base alone.
    let left = gas === 0n ? BigInt.asUintN(256, txGasLimit - base) : BigInt.asUintN(256, gas + refunded);
    if (left > txGasLimit) left = txGasLimit;
    const used = txGasLimit - left;
    this.#accounts.writeRemainGas(tx.sender, remain > used ? remain - used : 0n);
    return remain < used ? txGasLimit - remain : left;
  }

  #isFree(tx: ChargedTransaction): boolean {
    return tx.to === GOVERNANCE || this.#free.has(tx.sender);
  }
}
