/** Names of tables and fields as contracts may declare them: `docs/protocol/precompiled.md`, section "Table names". */
import type { Address, ByteString } from "../../primitives/index.js";
import type { SupportedVersion } from "../../protocol/index.js";
import { V2_2_0, V2_9_0 } from "../../protocol/index.js";
import { SYS_CNS, SYS_CONFIG, SYS_CONSENSUS, SYS_TABLES, SYS_TABLE_ACCESS } from "../../state/index.js";
import type { PrecompiledContext } from "./contract.js";
import { fail, failInStorage } from "./failures.js";

/** Longest name of a table with its prefix, from 2.2.0 on. */
export const TABLE_NAME_BYTES_MAX = 50;
/** Longest name of a table with its prefix below 2.2.0, and the number that later versions went on to print. */
export const LEGACY_TABLE_NAME_BYTES_MAX = 64;
/** Longest key of a row. */
export const KEY_BYTES_MAX = 255;
/** Longest value of a field. */
export const VALUE_BYTES_MAX = 16 * 1024 * 1024 - 1;

const FIELD_NAME_BYTES_MAX = 64;
const FIELD_NAMES_BYTES_MAX = 1024;
const SPECIAL_CHARACTERS = "{$, _, @}";

const SYSTEM_TABLES: ReadonlySet<ByteString> = new Set([
  SYS_TABLE_ACCESS,
  SYS_CONSENSUS,
  SYS_TABLES,
  SYS_CNS,
  SYS_CONFIG,
]);

/** Name under which a table of users is stored. */
export function userTableName(version: SupportedVersion, name: ByteString): ByteString {
  return `${version < V2_2_0 ? "_user_" : "u_"}${name}` as ByteString;
}

/** {@link userTableName}, but a system table keeps its name. */
export function systemOrUserTableName(version: SupportedVersion, name: ByteString): ByteString {
  return SYSTEM_TABLES.has(name) ? name : userTableName(version, name);
}

/** Name of an account table as contracts write it on every version, also where accounts are stored under another. */
export function contractTableName(contract: Address): ByteString {
  return `c_${contract}` as ByteString;
}

/** A table as a contract declares it. */
export interface TableDeclaration {
  readonly name: ByteString;
  readonly keyField: ByteString;
  /** Separated by commas. */
  readonly valueFields: ByteString;
}

/** How a declaration is refused: the two table factories differ in texts and in versions on which they are seen. */
interface Refusals {
  readonly tableName: (name: ByteString) => never;
  readonly reservedField: (field: ByteString) => never;
  readonly fieldCharacter: (field: ByteString) => never;
  readonly duplicate: (field: ByteString) => never;
  readonly fieldTooLong: () => never;
  readonly fieldsTooLong: () => never;
  readonly nameTooLong: (bytesMax: number) => never;
}

const FIELD_TOO_LONG = `table field name length overflow ${FIELD_NAME_BYTES_MAX}`;
const FIELDS_TOO_LONG = `total table field name length overflow ${FIELD_NAMES_BYTES_MAX}`;

/** Refusals of the table factory: failures of the storage layer. */
export const STORAGE_REFUSALS: Refusals = {
  tableName: (name) =>
    failInStorage(
      "table-name-invalid",
      `Invalid table name "${name}", the table name must be letters or numbers, ` +
        `and only supports "${SPECIAL_CHARACTERS}" as special character set`,
    ),
  reservedField: (field) =>
    failInStorage(
      "field-name-invalid",
      `Invalid field "${field}", the size of the field must be larger than 0 and the field can't start with "_"`,
    ),
  fieldCharacter: (field) =>
    failInStorage(
      "field-name-invalid",
      `Invalid field "${field}", the field name must be letters or numbers, ` +
        `and only supports "${SPECIAL_CHARACTERS}" as special character set`,
    ),
  duplicate: (field) => failInStorage("field-duplicate", `duplicate field:${field}`),
  fieldTooLong: () => failInStorage("field-name-too-long", FIELD_TOO_LONG),
  fieldsTooLong: () => failInStorage("field-names-too-long", FIELDS_TOO_LONG),
  nameTooLong: (bytesMax) => failInStorage("table-name-too-long", `tableName length overflow ${bytesMax}`),
};

/** Refusals of the key-value table factory: failures of the contract itself, with its own spelling. */
export const CONTRACT_REFUSALS: Refusals = {
  tableName: (name) => fail(`invalid tablename:${name}`),
  reservedField: (field) => fail(`invalid field:${field}`),
  fieldCharacter: (field) => fail(`invalid field:${field}`),
  duplicate: (field) => fail(`dumplicate field:${field}`),
  fieldTooLong: () => fail(FIELD_TOO_LONG),
  fieldsTooLong: () => fail(FIELDS_TOO_LONG),
  nameTooLong: (bytesMax) => fail(`tableName length overflow ${bytesMax}`),
};

/**
 * Checks a declaration in the order of the chain and gives it as it is to be stored.
 *
 * @param declared name without prefix, fields as given
 */
export function checkDeclaration(
  context: PrecompiledContext,
  declared: TableDeclaration,
  refuse: Refusals,
): TableDeclaration {
  const keyField = trim(declared.keyField);
  const valueFields = declared.valueFields.split(",").map((field) => trim(field as ByteString));
  for (const field of [keyField, ...valueFields]) if (field.length > FIELD_NAME_BYTES_MAX) refuse.fieldTooLong();
  if (context.version >= V2_2_0) checkNames(declared.name, keyField, valueFields, refuse);
  const joined = valueFields.join(",") as ByteString;
  if (joined.length > FIELD_NAMES_BYTES_MAX) refuse.fieldsTooLong();
  const name = userTableName(context.version, declared.name);
  if (name.length > (context.version >= V2_2_0 ? TABLE_NAME_BYTES_MAX : LEGACY_TABLE_NAME_BYTES_MAX)) {
    refuse.nameTooLong(context.version >= V2_9_0 ? TABLE_NAME_BYTES_MAX : LEGACY_TABLE_NAME_BYTES_MAX);
  }
  return { name, keyField, valueFields: joined };
}

function checkNames(
  name: ByteString,
  keyField: ByteString,
  valueFields: readonly ByteString[],
  refuse: Refusals,
): void {
  if (!hasNameCharacters(name)) refuse.tableName(name);
  checkField(keyField, refuse);
  const seen = new Set([keyField]);
  for (const field of valueFields) {
    if (seen.has(field)) refuse.duplicate(field);
    seen.add(field);
    checkField(field, refuse);
  }
}

function checkField(field: ByteString, refuse: Refusals): void {
  if (field.length === 0 || field.startsWith("_")) refuse.reservedField(field);
  if (!hasNameCharacters(field)) refuse.fieldCharacter(field);
}

function hasNameCharacters(name: ByteString): boolean {
  return /^[A-Za-z0-9$_@]*$/.test(name);
}

const WHITE_SPACE = " \t\n\v\f\r";

/** Without the white space of C at both ends. A loop, because a pattern for the end would try every blank before it. */
function trim(text: ByteString): ByteString {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE_SPACE.includes(text.charAt(start))) start++;
  while (end > start && WHITE_SPACE.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end) as ByteString;
}
