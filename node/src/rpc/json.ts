/** JSON as the 2.x node writes and reads it: compact with sorted keys on the way out, lenient on the way in. */

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

/**
 * Compact JSON text with object keys in ascending byte order, without a final newline.
 * Existing scripts cut values out of answers by counting quotes, so the order and the compactness are part of the protocol.
 */
export function writeJson(value: Json): string {
  if (typeof value === "string") return writeString(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(writeJson).join(",")}]`;
  const entries = Object.entries(value as Readonly<Record<string, Json>>);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${writeString(key)}:${writeJson(member)}`).join(",")}}`;
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
