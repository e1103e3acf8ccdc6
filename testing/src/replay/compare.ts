/** Comparison of what was executed with what was recorded, field by field; the first difference counts. */
import { bytesToHex } from "@tsbcos/core/primitives";
import type { ByteString } from "@tsbcos/core/primitives";
import type { BlockHeader, Receipt, VerifiedTransaction } from "@tsbcos/core/protocol";
import { headerFromJson, receiptFromJson, statusMessage } from "@tsbcos/core/protocol";
import type { TableHash } from "@tsbcos/core/state";
import { plain } from "../vectors/index.js";
import type { RecordedTable, RpcHeader, RpcReceipt } from "../vectors/index.js";

/** One field that is not as recorded. */
export interface FieldDifference {
  readonly field: string;
  readonly recorded: string;
  readonly computed: string;
}

/** The first place in the tables of a block that is not as recorded. */
export interface TableDifference {
  readonly table: string;
  /** Offset of the first byte that differs; undefined when the table is missing on one side. */
  readonly byte: number | undefined;
  /** What stands there, as text with escapes, a few bytes before it included. */
  readonly recorded: string;
  readonly computed: string;
}

/** The first header field that differs, in the order in which the hash covers them. */
export function compareHeaders(recorded: RpcHeader, computed: BlockHeader): FieldDifference | undefined {
  return compareRecords(headerFromJson(recorded), computed);
}

/** What a receipt is compared with besides itself. */
export interface ReceiptPlace {
  readonly blockHash: string;
  readonly blockNumber: number;
  readonly index: number;
  readonly transaction: VerifiedTransaction;
}

/** The first receipt field that differs; the state root comes last, being only a consequence. */
export function compareReceipts(
  recorded: RpcReceipt,
  computed: Receipt,
  place: ReceiptPlace,
): FieldDifference | undefined {
  const { stateRoot: recordedRoot, ...recordedRest } = receiptFromJson(recorded);
  const { stateRoot, ...rest } = computed;
  return (
    compareRecords(recordedRest, rest) ??
    compareRecords(
      {
        stateRoot: recordedRoot,
        statusMsg: recorded.statusMsg,
        blockHash: plain(recorded.blockHash),
        blockNumber: Number(recorded.blockNumber),
        transactionIndex: Number(recorded.transactionIndex),
        from: plain(recorded.from),
        to: plain(recorded.to),
        input: plain(recorded.input),
      },
      {
        stateRoot,
        statusMsg: statusMessage(computed.status),
        blockHash: place.blockHash,
        blockNumber: place.blockNumber,
        transactionIndex: place.index,
        from: place.transaction.sender,
        to: place.transaction.to ?? "0".repeat(40),
        input: bytesToHex(place.transaction.data),
      },
    )
  );
}

/** Compares the fields of two flat records, in the order of the first. */
function compareRecords<T extends object>(recorded: T, computed: NoInfer<T>): FieldDifference | undefined {
  for (const field of Object.keys(recorded) as (keyof T & string)[]) {
    const expected = printed(recorded[field]);
    const actual = printed(computed[field]);
    if (expected !== actual) return { field, recorded: expected, computed: actual };
  }
  return undefined;
}

function printed(value: unknown): string {
  if (value instanceof Uint8Array) return `0x${bytesToHex(value)}`;
  if (Array.isArray(value)) return `[${value.map(printed).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([name, field]) => `${name}: ${printed(field)}`);
    return `{${fields.join(", ")}}`;
  }
  return String(value);
}

/** The first table, in order of names, that did not enter the state hash with the recorded bytes. */
export function compareTables(
  recorded: readonly RecordedTable[],
  computed: readonly TableHash[],
): TableDifference | undefined {
  const names = [...new Set([...recorded.map(({ table }) => table), ...computed.map(({ name }) => name as string)])];
  for (const table of names.sort()) {
    const expected = recorded.find((one) => one.table === table);
    const actual = computed.find((one) => one.name === (table as ByteString));
    if (expected === undefined || actual === undefined) {
      const side = (there: boolean): string => (there ? "enters the state hash" : "does not enter the state hash");
      const sides = { recorded: side(expected !== undefined), computed: side(actual !== undefined) };
      return { table, byte: undefined, ...sides };
    }
    const difference = compareBytes(Buffer.from(expected.bytes, "hex"), actual.bytes);
    if (difference !== undefined) return { table, ...difference };
  }
  return undefined;
}

const EXCERPT_BYTES_BEFORE = 40;
const EXCERPT_BYTES_AFTER = 60;

function compareBytes(recorded: Uint8Array, computed: Uint8Array): Omit<TableDifference, "table"> | undefined {
  const length = Math.max(recorded.length, computed.length);
  for (let byte = 0; byte < length; byte++) {
    if (recorded[byte] !== computed[byte]) {
      return { byte, recorded: excerpt(recorded, byte), computed: excerpt(computed, byte) };
    }
  }
  return undefined;
}

function excerpt(bytes: Uint8Array, at: number): string {
  const start = Math.max(0, at - EXCERPT_BYTES_BEFORE);
  const text = [...bytes.subarray(start, at + EXCERPT_BYTES_AFTER)].map((byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `${text.slice(0, at - start).join("")}»${text.slice(at - start).join("")}`;
}
