/** Cuts a statement into words, quoted texts and signs. */
import { err, ok, type Failure, type Result } from "@tsbcos/core/primitives";

/** A piece of a statement. */
export interface Token {
  /** `word` is bare text: a keyword, a name or a value; `text` was quoted; `name` stood in backquotes; `end` is behind the last. */
  readonly type: "word" | "text" | "name" | "sign" | "end";
  /** Without quotes. */
  readonly value: string;
  /** Where it begins, in UTF-16 units from 0. */
  readonly at: number;
}

/** Why and where a statement cannot be understood. */
export interface SyntaxFailure extends Failure {
  readonly code: "syntax";
  readonly at: number;
  /** A sentence. */
  readonly message: string;
}

const SIGN = /!=|<>|>=|<=|[=<>(),;*]/y;
/** Bare text may hold anything that means nothing else. */
const WORD = /[^\s'"`=<>!(),;*]+/y;
const SPACE = /\s+/y;

/** The pieces, `end` last. */
export function tokenise(text: string): Result<readonly Token[], SyntaxFailure> {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const quote = text[at] ?? "";
    if (quote === "'" || quote === '"' || quote === "`") {
      const end = endOfQuoted(text, at);
      if (end === undefined) return err({ code: "syntax", at, message: `the quote ${quote} is not closed` });
      const value = text.slice(at + 1, end).replaceAll(quote + quote, quote);
      tokens.push({ type: quote === "`" ? "name" : "text", value, at });
      at = end + 1;
      continue;
    }
    const sign = match(SIGN);
    const value = sign ?? match(WORD);
    if (value === undefined) return err({ code: "syntax", at, message: `${quote} means nothing here` });
    tokens.push({ type: sign === undefined ? "word" : "sign", value, at });
    at += value.length;
  }
  return ok([...tokens, { type: "end", value: "", at: text.length }]);
}

/** Where the closing quote stands; a quote written twice stands for itself. */
function endOfQuoted(text: string, start: number): number | undefined {
  const quote = text[start] ?? "";
  for (let at = text.indexOf(quote, start + 1); at >= 0; at = text.indexOf(quote, at + 2)) {
    if (text[at + 1] !== quote) return at;
  }
  return undefined;
}
