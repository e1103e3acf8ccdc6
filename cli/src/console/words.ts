/** Lines taken apart into words, the way people type parameters of contracts. */
import { err, ok, type Failure, type Result } from "@tsbcos/core/primitives";

const CLOSING: Readonly<Record<string, string>> = { "[": "]", "{": "}", "(": ")" };

/** Why a line has no words. */
export interface LineFailure extends Failure {
  readonly code: "open-quote" | "open-bracket";
  readonly message: string;
}

/**
 * Words are separated by blanks. Quotes and brackets keep what they enclose together: `"two words"`, `[1, 2]`,
 * `{"name": "x"}`. Quotes stay in the words, so that `"1"` can be told from `1`.
 */
export function splitWords(line: string): Result<readonly string[], LineFailure> {
  const words: string[] = [];
  const open: string[] = [];
  let quote = "";
  let word = "";
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (quote !== "") {
      if (char === "\\") word += char + line.charAt(++at);
      else word += char;
      if (char === quote) quote = "";
      continue;
    }
    if (/\s/.test(char) && open.length === 0) {
      if (word !== "") words.push(word);
      word = "";
      continue;
    }
    // An apostrophe inside a word is a letter of it.
    if (char === '"' || (char === "'" && (word === "" || open.length > 0))) quote = char;
    else if (char in CLOSING) open.push(CLOSING[char] ?? "");
    else if (char === open.at(-1)) open.pop();
    word += char;
  }
  if (quote !== "") return err({ code: "open-quote", message: `A ${quote} is opened and never closed.` });
  if (open.length > 0) return err({ code: "open-bracket", message: `A "${open.at(-1)}" is missing.` });
  if (word !== "") words.push(word);
  return ok(words);
}

/** A word without the quotes around it, `\"` and `\\` inside them resolved. */
export function unquote(word: string): string {
  const quote = word.charAt(0);
  if (word.length < 2 || (quote !== '"' && quote !== "'") || !word.endsWith(quote)) return word;
  return word.slice(1, -1).replace(/\\(["'\\])/g, "$1");
}

/** Whether a word stands in quotes. */
export function isQuoted(word: string): boolean {
  return unquote(word) !== word;
}

/** What stands between the commas of a list, brackets and quotes kept together. */
export function splitList(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let part = "";
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote !== "") {
      if (char === "\\") part += char + text.charAt(++at);
      else part += char;
      if (char === quote) quote = "";
      continue;
    }
    if (char === "," && depth === 0) {
      parts.push(part.trim());
      part = "";
      continue;
    }
    if (char === '"' || (char === "'" && part.trim() === "")) quote = char;
    else if ("[{(".includes(char)) depth++;
    else if ("]})".includes(char)) depth--;
    part += char;
  }
  if (part.trim() !== "" || parts.length > 0) parts.push(part.trim());
  return parts;
}

/** The fewest letters to insert, remove or replace that make one word of the other. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (previous[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    previous = next;
  }
  return previous[b.length] ?? 0;
}
