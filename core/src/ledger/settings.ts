/** Node lists and system configuration in force at a height. See docs/protocol/ledger.md#members-at-a-height. */
import type { Address, NodeId } from "../primitives/index.js";
import { ascii, isHex } from "../primitives/index.js";
import type { SupportedVersion } from "../protocol/index.js";
import { V2_6_0, V2_9_0 } from "../protocol/index.js";
import type { CommittedRows, FrozenRow } from "../state/index.js";
import { SYS_CONFIG, SYS_CONSENSUS, SYS_TABLE_ACCESS } from "../state/index.js";
import type { ChainSettings, GenesisConfig } from "./chain.js";
import { NODES_KEY } from "./genesis.js";

/** Time-out of a round on chains that do not hold it in their configuration. */
const FIXED_CONSENSUS_TIMEOUT_MS = 3000;

/** One item of the system configuration. */
export interface ConfigItem {
  readonly value: string;
  /** Block that set it; 0 for the genesis. */
  readonly enabledAt: number;
}

/** Members of a group, each list ascending. */
export interface NodeLists {
  /** All sealers, working or not. */
  readonly sealers: readonly NodeId[];
  readonly workingSealers: readonly NodeId[];
  readonly observers: readonly NodeId[];
}

/**
 * The item of a key, as committed, if it is in force at `height`. Only the latest value is kept: one that is not in
 * force yet hides its predecessor.
 */
export function configItem(rows: CommittedRows, key: string, height: number): ConfigItem | undefined {
  const row = rows.first(SYS_CONFIG, ascii(key));
  if (row === undefined) return undefined;
  const enabledAt = enabledAtOf(row);
  return enabledAt <= height ? { value: cell(row, "value"), enabledAt } : undefined;
}

/** Sealers and observers in force at `height`. */
export function nodeLists(rows: CommittedRows, height: number): NodeLists {
  const byType = (type: string): NodeId[] =>
    rows
      .rows(SYS_CONSENSUS, NODES_KEY)
      .filter((row) => row.status === 0 && cell(row, "type") === type && enabledAtOf(row) <= height)
      .map((row) => cell(row, "node_id").toLowerCase() as NodeId)
      .sort();
  const workingSealers = byType("wSealer");
  const sealers = [...workingSealers, ...byType("sealer")].sort();
  return { sealers, workingSealers, observers: byType("observer") };
}

/** What holds for the block after the committed block `height`. */
export function settingsAfter(
  rows: CommittedRows,
  height: number,
  genesis: GenesisConfig,
  version: SupportedVersion,
): ChainSettings {
  const item = (key: string): ConfigItem | undefined => configItem(rows, key, height + 1);
  const epochSealers = item("rpbft_epoch_sealer_num");
  const epochBlocks = item("rpbft_epoch_block_num");
  const timeoutSeconds = Number(item("consensus_timeout")?.value ?? genesis.consensusTimeoutSeconds);
  const chargeGas = version >= V2_9_0 && item("enable_charge_mgr")?.value === "on";
  return {
    txCountLimit: Number(item("tx_count_limit")?.value ?? genesis.maxTransactions),
    txGasLimit: BigInt(item("tx_gas_limit")?.value ?? genesis.gasLimit),
    consensusTimeoutMs: version >= V2_6_0 ? timeoutSeconds * 1000 : FIXED_CONSENSUS_TIMEOUT_MS,
    epochSealerCount: Number(epochSealers?.value ?? genesis.epochSealerCount),
    epochSealerEnabledAt: epochSealers?.enabledAt ?? 0,
    epochBlockCount: Number(epochBlocks?.value ?? genesis.epochBlockCount),
    epochBlockEnabledAt: epochBlocks?.enabledAt ?? 0,
    notifyRotate: (item("notify_rotate")?.value ?? "0") !== "0",
    chargeGas,
    freeAccounts: chargeGas ? freeAccounts(rows, height, item("charger_list")?.value ?? "") : NO_ACCOUNTS,
  };
}

const NO_ACCOUNTS: ReadonlySet<Address> = new Set();

/** Chargers, and members of the committee: its list stands under the name of its own table. */
function freeAccounts(rows: CommittedRows, height: number, chargers: string): ReadonlySet<Address> {
  const accounts = new Set<Address>();
  for (const text of chargers.split(",")) addAccount(accounts, text);
  for (const row of rows.rows(SYS_TABLE_ACCESS, SYS_TABLE_ACCESS)) {
    if (row.status === 0 && enabledAtOf(row) <= height) addAccount(accounts, cell(row, "address"));
  }
  return accounts;
}

/** Adds an address text, with or without 0x; whatever is no address is passed over. */
function addAccount(accounts: Set<Address>, text: string): void {
  const digits = text.trim().replace(/^0x/i, "");
  if (digits.length === 40 && isHex(digits)) accounts.add(digits.toLowerCase() as Address);
}

function cell(row: FrozenRow, column: string): string {
  return row.cells.get(ascii(column)) ?? "";
}

function enabledAtOf(row: FrozenRow): number {
  const number = Number.parseInt(cell(row, "enable_num"), 10);
  // A row that does not say since when it holds has never come into force.
  return Number.isNaN(number) ? Number.MAX_SAFE_INTEGER : number;
}
