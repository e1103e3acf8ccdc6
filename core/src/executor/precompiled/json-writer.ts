/**
 * JSON in results, byte for byte as the chain writes it: keys in byte order, raw bytes above 0x7f.
 *
 * Values are texts, objects of texts, or lists: no contract returns numbers in JSON.
 */
import type { ByteString } from "../../primitives/index.js";
import { compareByteStrings } from "../../primitives/index.js";

/** A value to be written. */
export type JsonOutput = ByteString | null | readonly JsonOutput[] | { readonly [key: string]: JsonOutput };

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** Compact form on one line, with a line feed at the end. */
export function writeFastJson(value: JsonOutput): ByteString {
  return `${compact(value)}\n` as ByteString;
}

function compact(value: JsonOutput): string {
  if (value === null) return "null";
  if (typeof value === "string") return quoted(value);
  if (isList(value)) return `[${value.map(compact).join(",")}]`;
  return `{${sortedEntries(value)
    .map(([key, item]) => `${quoted(key)}:${compact(item)}`)
    .join(",")}}`;
}

/**
 * A list of rows in the indented form: three blanks a level, a line a column, a line feed at the end.
 *
 * @param rows columns with their values; none may be empty
 */
export function writeStyledRows(rows: readonly ReadonlyMap<ByteString, ByteString>[]): ByteString {
  if (rows.length === 0) return "[]\n" as ByteString;
  const texts = rows.map((row) => {
    const columns = [...row].sort(([a], [b]) => compareByteStrings(a, b));
    const lines = columns.map(([name, value]) => `      ${quoted(untilZero(name))} : ${quoted(value)}`);
    return `   {\n${lines.join(",\n")}\n   }`;
  });
  return `[\n${texts.join(",\n")}\n]\n` as ByteString;
}

/** Keys of this form are written up to their first zero byte. */
function untilZero(name: ByteString): ByteString {
  const end = name.indexOf("\0");
  return end < 0 ? name : (name.slice(0, end) as ByteString);
}

function isList(value: JsonOutput): value is readonly JsonOutput[] {
  return Array.isArray(value);
}

function sortedEntries(value: { readonly [key: string]: JsonOutput }): [ByteString, JsonOutput][] {
  const entries = Object.entries(value) as [ByteString, JsonOutput][];
  return entries.sort(([a], [b]) => compareByteStrings(a, b));
}

function quoted(text: ByteString): string {
  const escaped = text.replace(/["\\\u0000-\u001f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return SHORT_ESCAPES[character] ?? `\\u${code}`;
  });
  return `"${escaped}"`;
}
