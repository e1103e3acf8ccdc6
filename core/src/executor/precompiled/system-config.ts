/** Contract 0x1000: changes the configuration that all nodes of the chain share. */
import type { ByteString } from "../../primitives/index.js";
import { ascii } from "../../primitives/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_6_0, V2_9_0 } from "../../protocol/index.js";
import type { ReadonlyRow, WriteOptions } from "../../state/index.js";
import { Row, SYS_CONFIG } from "../../state/index.js";
import { decimal, parseInt64 } from "../abi/index.js";
import { toLowerAscii } from "./address-text.js";
import { FixedContract } from "./contract-class.js";
import type { PrecompiledContext } from "./contract.js";
import type { Invocation } from "./dispatch.js";
import { orFail } from "./failures.js";
import { systemTable } from "./permissions.js";
import { ResultCode } from "./result-codes.js";
import { encodeCode, executedNumber } from "./results.js";

const KEY = ascii("key");
const VALUE = ascii("value");
const ENABLE_NUMBER = ascii("enable_num");

/** Largest time-out in seconds: its milliseconds fit into 32 bits. */
const TIMEOUT_SECONDS_LIMIT = 4294967n;

/** Numbers that an item accepts, by version; an item without entry is refused. */
const NUMBER_RULES: ReadonlyMap<string, (value: bigint, version: SupportedVersion) => boolean> = new Map([
  ["tx_count_limit", (value) => value >= 1n],
  ["tx_gas_limit", (value) => value >= 100000n],
  ["rpbft_epoch_sealer_num", (value) => value >= 1n],
  ["rpbft_epoch_block_num", (value, version) => value >= (version < V2_6_0 ? 1n : 2n)],
  ["consensus_timeout", (value, version) => version >= V2_6_0 && value >= 3n && value < TIMEOUT_SECONDS_LIMIT],
] satisfies [string, (value: bigint, version: SupportedVersion) => boolean][]);

function isAccepted(key: ByteString, value: ByteString, version: SupportedVersion): boolean {
  if (key === "enable_charge_mgr") return version >= V2_9_0 && (value === "on" || value === "off");
  const number = parseInt64(value);
  return number !== undefined && (NUMBER_RULES.get(key)?.(number, version) ?? false);
}

/**
 * Writes an item so that it counts from the next block on.
 *
 * @param options `origin` to check the permission of the configuration table
 * @returns number of rows, or −50000
 */
export function writeConfig(
  context: PrecompiledContext,
  item: { readonly key: ByteString; readonly value: ByteString },
  options: WriteOptions = {},
): number {
  const table = systemTable(context, SYS_CONFIG);
  const row = new Row([
    [KEY, item.key],
    [VALUE, item.value],
    [ENABLE_NUMBER, decimal(executedNumber(context))],
  ]);
  if (table.select(item.key).length === 0) return table.insert(item.key, row, options);
  return table.update(item.key, row.cells, undefined, options);
}

/** An item as it counts for the block being executed. */
export interface ConfigItem {
  /** Empty when there is no row, or when the row was written too late to count. */
  readonly value: ByteString;
  /** Block from which on it counts; −1 without value. */
  readonly enabledAt: bigint;
}

const NO_ITEM: ConfigItem = { value: ascii(""), enabledAt: -1n };

/** The item in the rows of its key, which may come from the block's own table or from the committed state. */
export function configIn(rows: readonly ReadonlyRow[], context: PrecompiledContext): ConfigItem {
  const present = rows.filter((row) => row.status === 0);
  const [row] = present;
  if (row === undefined || present.length !== 1) return NO_ITEM;
  const enabledAt = orFail(parseInt64(row.cells.get(ENABLE_NUMBER) ?? ascii("")), "a configuration row has no height");
  return enabledAt <= context.blockNumber ? { value: row.cells.get(VALUE) ?? ascii(""), enabledAt } : NO_ITEM;
}

/** The committed item, which changes of this block do not touch. */
export function committedConfig(context: PrecompiledContext, key: ByteString): ConfigItem {
  return configIn(context.committedRows.rows(SYS_CONFIG, key), context);
}

function setValueByKey({ args, call, context }: Invocation): Uint8Array {
  const key = toLowerAscii(args.string());
  const value = args.string();
  const code = isAccepted(key, value, context.version)
    ? writeConfig(context, { key, value }, { origin: call.origin })
    : ResultCode.ConfigValueInvalid;
  return encodeCode(context.version, code);
}

/** The configuration contract. */
export const systemConfig = new FixedContract(
  { number: 0x1000 },
  {
    chargesInput: false,
    methods: { "setValueByKey(string,string)": setValueByKey },
    unknown: ({ context }) => encodeCode(context.version, ResultCode.Success),
  },
);
