/**
 * JSON text as the 2.x node writes it: object keys in ascending byte order, in a compact form for answers and in an
 * indented one for pushed receipts. Existing scripts and SDKs rely on both. And JSON text as it reads it: leniently.
 */

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const CONTROL = /[\u0000-\u001f"\\]/;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
};

/** Spaces of one level of the indented form. */
const INDENT = "   ";
/** Characters of a line in the indented form; arrays that would be longer are broken. */
const LINE_MAX = 74;

/**
 * Compact JSON text with object keys in ascending byte order, without a final newline.
 * Scripts cut values out of answers by counting quotes, so the order and the compactness are part of the protocol.
 */
export function writeJson(value: Json): string {
  if (typeof value === "string") return writeString(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  return `{${sortedEntries(value)
    .map(([key, member]) => `${writeString(key)}:${writeJson(member)}`)
    .join(",")}}`;
}

/**
 * Indented JSON text with object keys in ascending byte order and a final newline: the form of receipts that are
 * pushed to clients.
 *
 * @see docs/protocol/channel.md#receipts
 */
export function writeIndentedJson(value: Json): string {
  return `${indented(value, "")}\n`;
}

/**
 * Reads JSON text: comments are allowed, and anything after the first value is ignored.
 *
 * @returns the value, or undefined when the text is not JSON
 */
export function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Not strict JSON: comments or trailing text may still be cut away.
  }
  const first = firstValue(text);
  if (first === undefined) return undefined;
  try {
    return JSON.parse(first) as Json;
  } catch {
    return undefined;
  }
}

function indented(value: Json, indent: string): string {
  if (typeof value !== "object" || value === null) return writeJson(value);
  const inner = indent + INDENT;
  if (isArray(value)) {
    const line = arrayLine(value);
    if (line !== undefined) return line;
    return `[\n${value.map((element) => inner + indented(element, inner)).join(",\n")}\n${indent}]`;
  }
  const members = sortedEntries(value).map(
    ([key, member]) => `${inner}${writeString(key)} : ${indented(member, inner)}`,
  );
  return members.length === 0 ? "{}" : `{\n${members.join(",\n")}\n${indent}}`;
}

/** The array on one line, as far as it is short and holds nothing that has parts itself. */
function arrayLine(array: readonly Json[]): string | undefined {
  if (array.length === 0) return "[]";
  const hasParts = array.some((element) => typeof element === "object" && element !== null && sizeOf(element) > 0);
  if (hasParts || array.length * 3 >= LINE_MAX) return undefined;
  const texts = array.map((element) => indented(element, ""));
  const length = texts.reduce((sum, text) => sum + text.length, 4 + (array.length - 1) * 2);
  return length < LINE_MAX ? `[ ${texts.join(", ")} ]` : undefined;
}

function sizeOf(value: readonly Json[] | { readonly [key: string]: Json }): number {
  return isArray(value) ? value.length : Object.keys(value).length;
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function sortedEntries(value: { readonly [key: string]: Json }): [string, Json][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

function writeString(text: string): string {
  if (!CONTROL.test(text)) return `"${text}"`;
  let escaped = "";
  for (const character of text) {
    const short = SHORT_ESCAPES[character];
    if (short !== undefined) escaped += short;
    else if (character < " ") escaped += `\\u00${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
    else escaped += character;
  }
  return `"${escaped}"`;
}

/** End of the string literal that starts at `start`: the index after its closing quote, or -1. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  return -1;
}

/** End of the comment that starts at `start`, or `start` when there is none. */
function endOfComment(text: string, start: number): number {
  if (text.startsWith("//", start)) {
    const end = text.indexOf("\n", start);
    return end < 0 ? text.length : end;
  }
  if (!text.startsWith("/*", start)) return start;
  const end = text.indexOf("*/", start + 2);
  return end < 0 ? text.length : end + 2;
}

/** The first JSON value of `text` without comments and without what follows it; undefined when there is no complete one. */
function firstValue(text: string): string | undefined {
  let value = "";
  let depth = 0;
  for (let i = 0; i < text.length;) {
    const afterComment = endOfComment(text, i);
    if (afterComment > i) {
      value += " ";
      i = afterComment;
      continue;
    }
    const character = text.charAt(i);
    let end = i + 1;
    if (character === '"') {
      end = endOfString(text, i);
      if (end < 0) return undefined;
    } else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    value += text.slice(i, end);
    i = end;
    // A string, an object or an array is complete here; numbers and words never make a valid request anyway.
    if (depth <= 0 && (character === '"' || character === "}" || character === "]")) return value;
  }
  return value;
}
