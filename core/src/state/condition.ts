/** Conditions of select, update and remove: docs/protocol/state.md#conditions. */
import type { ByteString } from "../primitives/index.js";
import type { Row, ReadonlyRow } from "./row.js";
import { isHashedColumn } from "./rules.js";
import type { StateRules } from "./rules.js";

/** Bound text that means "no bound", as the C++ node has it: a contract that names it gets no bound. */
const UNLIMITED = "_VALUE_UNLIMITED_" as ByteString;

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const INT64_DIGITS_MAX = 19;
const INT32_MAX = 2 ** 31 - 1;

interface Bound {
  inclusive: boolean;
  text: ByteString;
}

interface Range {
  left: Bound;
  right: Bound;
}

/**
 * Ranges a column, all of which a row must fit, and a limit. An operator overwrites the side or sides of the column
 * that it names. Selecting adds "key column equals key" to the condition it is given and leaves it there.
 */
export class Condition {
  readonly #ranges = new Map<ByteString, Range>();
  #offset = -1;
  #count = -1;

  /** Column equals value, as text. */
  eq(column: ByteString, value: ByteString): this {
    return this.#set(column, { inclusive: true, text: value }, { inclusive: true, text: value });
  }

  /** Column differs from value, as text; never true below supported_version 2.3.0. */
  ne(column: ByteString, value: ByteString): this {
    return this.#set(column, { inclusive: false, text: value }, { inclusive: false, text: value });
  }

  /** Column is greater than value, both read as 64-bit integers. */
  gt(column: ByteString, value: ByteString): this {
    return this.#set(column, { inclusive: false, text: value }, undefined);
  }

  /** Column is greater than or equal to value, both read as 64-bit integers. */
  ge(column: ByteString, value: ByteString): this {
    return this.#set(column, { inclusive: true, text: value }, undefined);
  }

  /** Column is less than value, both read as 64-bit integers. */
  lt(column: ByteString, value: ByteString): this {
    return this.#set(column, undefined, { inclusive: false, text: value });
  }

  /** Column is less than or equal to value, both read as 64-bit integers. */
  le(column: ByteString, value: ByteString): this {
    return this.#set(column, undefined, { inclusive: true, text: value });
  }

  /** Keeps `count` rows from `offset` on; each is cut to 32 bits, and a negative one means no limit. */
  limit(offset: number | bigint, count: number | bigint): this {
    this.#offset = toInt32(offset);
    this.#count = toInt32(count);
    return this;
  }

  /** True when the row is there and fits every range. */
  matches(row: ReadonlyRow, rules: StateRules): boolean {
    if (row.status === 1 || (row as Partial<Row>).deleted === true) return false;
    for (const [column, range] of this.#ranges) {
      if (!isHashedColumn(column)) continue;
      const value = row.cells.get(column);
      if (value === undefined || !fits(value, range, rules)) return false;
    }
    return true;
  }

  /** The rows that the limit lets through. */
  slice<T>(rows: T[], rules: StateRules): T[] {
    if (this.#offset < 0 || this.#count < 0) return rows;
    const sum = this.#offset + this.#count;
    const end = rules.clampsLimit ? Math.min(INT32_MAX, sum) : sum | 0;
    return end <= this.#offset ? [] : rows.slice(this.#offset, end);
  }

  #set(column: ByteString, left: Bound | undefined, right: Bound | undefined): this {
    const range = this.#ranges.get(column);
    if (range === undefined) {
      const unlimited = (): Bound => ({ inclusive: false, text: UNLIMITED });
      this.#ranges.set(column, { left: left ?? unlimited(), right: right ?? unlimited() });
      return this;
    }
    if (left !== undefined) range.left = left;
    if (right !== undefined) range.right = right;
    return this;
  }
}

function fits(value: ByteString, { left, right }: Range, rules: StateRules): boolean {
  if (left.text === right.text) {
    if (left.inclusive && right.inclusive) return value === left.text;
    if (!left.inclusive && !right.inclusive && rules.comparesInequality) return value !== left.text;
  }
  // A bound that is no number makes the row not fit; so does a value, once a bound asks for its number.
  if (left.text !== UNLIMITED && !isOrdered(left.text, value, left.inclusive)) return false;
  return right.text === UNLIMITED || isOrdered(value, right.text, right.inclusive, true);
}

/** True when low < high (or <=), as numbers; an empty row value counts as 0, an empty bound is no number. */
function isOrdered(low: ByteString, high: ByteString, inclusive: boolean, lowIsValue = false): boolean {
  const lowNumber = lowIsValue && low.length === 0 ? 0n : parseInt64(low);
  const highNumber = !lowIsValue && high.length === 0 ? 0n : parseInt64(high);
  if (lowNumber === undefined || highNumber === undefined) return false;
  return inclusive ? lowNumber <= highNumber : lowNumber < highNumber;
}

function parseInt64(text: ByteString): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  // Cells may hold millions of digits, which would take seconds to convert and are out of range anyway.
  const digits = text.replace(/^[+-]?0*/, "");
  if (digits.length > INT64_DIGITS_MAX) return undefined;
  const value = text.startsWith("-") ? -BigInt(digits) : BigInt(digits);
  return value < INT64_MIN || value > INT64_MAX ? undefined : value;
}

function toInt32(value: number | bigint): number {
  return Number(BigInt.asIntN(32, BigInt(value)));
}
