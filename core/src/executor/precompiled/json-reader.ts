/**
 * JSON in arguments, read with the tolerance of the JSON library of 2.x: comments, any scalar as the whole document,
 * text behind the value, and a few habits that chains have seen and that are named where they are.
 *
 * @see docs/protocol/precompiled.md#json
 */
import type { ByteString } from "../../primitives/index.js";
import { EMPTY_BYTE_STRING, utf8ToByteString } from "../../primitives/index.js";
import { numberText } from "./json-number.js";

/** A value as far as contracts look at it: scalars are their text, and nobody looks into lists. */
export type JsonNode =
  | { readonly type: "null" }
  | { readonly type: "scalar"; readonly text: ByteString }
  | { readonly type: "list" }
  | { readonly type: "object"; readonly members: ReadonlyMap<ByteString, JsonNode> };

/** Outcome of reading a document. `too-deep` is not a syntax error: the C++ library throws where it returns false else. */
export type JsonOutcome =
  | { readonly type: "value"; readonly value: JsonNode }
  | { readonly type: "syntax-error" }
  | { readonly type: "too-deep" };

/** Values may be nested this deep, the outermost counting as 1. Part of the protocol. */
const JSON_DEPTH_MAX = 1000;

const END = "\0";
const NULL: JsonNode = { type: "null" };

/** Reads the first value of `text`; what follows it is not looked at. */
export function readJson(text: ByteString): JsonOutcome {
  try {
    return { type: "value", value: new Reader(text).value(1) };
  } catch (error) {
    if (error instanceof JsonFailure) return { type: error.reason };
    throw error;
  }
}

class JsonFailure extends Error {
  readonly reason: "syntax-error" | "too-deep";

  constructor(reason: "syntax-error" | "too-deep") {
    super(reason);
    this.reason = reason;
  }
}

type Token =
  | { readonly type: "punctuation"; readonly text: string }
  | { readonly type: "value"; readonly value: JsonNode }
  | { readonly type: "string"; readonly inner: string }
  | { readonly type: "comment" };

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(depth: number): JsonNode {
    if (depth > JSON_DEPTH_MAX) throw new JsonFailure("too-deep");
    const token = this.tokenBehindComments();
    if (token.type === "value") return token.value;
    if (token.type === "string") return { type: "scalar", text: unescape(token.inner) };
    if (token.type === "punctuation" && token.text === "{") return this.object(depth);
    if (token.type === "punctuation" && token.text === "[") return this.list(depth);
    throw syntaxError();
  }

  private object(depth: number): JsonNode {
    const members = new Map<ByteString, JsonNode>();
    let name = EMPTY_BYTE_STRING;
    for (;;) {
      const token = this.tokenBehindComments();
      // A comma before the brace is let through when the name before it was empty, because that is how emptiness is told.
      if (isPunctuation(token, "}") && name === EMPTY_BYTE_STRING) return { type: "object", members };
      if (token.type !== "string") throw syntaxError();
      name = unescape(token.inner);
      if (!isPunctuation(this.token(), ":")) throw syntaxError();
      members.set(name, this.value(depth + 1));
      const separator = this.token();
      if (isPunctuation(separator, "}")) return { type: "object", members };
      if (separator.type === "comment") {
        // Behind a comment any token passes for the comma.
        if (isPunctuation(this.tokenBehindComments(true), "}")) return { type: "object", members };
      } else if (!isPunctuation(separator, ",")) {
        throw syntaxError();
      }
    }
  }

  private list(depth: number): JsonNode {
    this.skipSpaces();
    if (this.text[this.at] === "]") {
      this.at++;
      return { type: "list" };
    }
    for (;;) {
      this.value(depth + 1);
      const token = this.tokenBehindComments();
      if (isPunctuation(token, "]")) return { type: "list" };
      if (!isPunctuation(token, ",")) throw syntaxError();
    }
  }

  private tokenBehindComments(lenient = false): Token {
    let token = this.token(lenient);
    while (token.type === "comment") token = this.token(lenient);
    return token;
  }

  /** @param lenient take what is no token as an unknown one-character punctuation, to be skipped by the caller */
  private token(lenient = false): Token {
    this.skipSpaces();
    const start = this.at;
    const character = this.text[start] ?? END;
    this.at++;
    switch (character) {
      case "{":
      case "}":
      case "[":
      case "]":
      case ",":
      case ":":
        return { type: "punctuation", text: character };
      case '"':
        return this.string(lenient);
      case "/":
        return this.comment(lenient);
      case "t":
        return this.literal("rue", { type: "scalar", text: "true" as ByteString }, lenient);
      case "f":
        return this.literal("alse", { type: "scalar", text: "false" as ByteString }, lenient);
      case "n":
        return this.literal("ull", NULL, lenient);
      default:
        return /[0-9-]/.test(character) ? this.number(start, lenient) : this.noToken(lenient);
    }
  }

  private number(start: number, lenient: boolean): Token {
    const pattern = /[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]*)?/y;
    pattern.lastIndex = this.at;
    this.at += (pattern.exec(this.text) as RegExpExecArray)[0].length;
    // A token that is skipped is not converted, so that it cannot fail.
    if (lenient) return { type: "punctuation", text: "number" };
    const text = numberText(this.text.slice(start, this.at));
    if (text === undefined) throw syntaxError();
    return { type: "value", value: { type: "scalar", text } };
  }

  private string(lenient: boolean): Token {
    const start = this.at;
    while (this.at < this.text.length) {
      const character = this.text[this.at++];
      if (character === "\\") this.at = Math.min(this.at + 1, this.text.length);
      else if (character === '"') return { type: "string", inner: this.text.slice(start, this.at - 1) };
    }
    return this.noToken(lenient);
  }

  private comment(lenient: boolean): Token {
    const kind = this.text[this.at++];
    if (kind === "*") {
      const end = this.text.indexOf("*/", this.at);
      this.at = end < 0 ? this.text.length : end + 2;
      return end < 0 ? this.noToken(lenient) : { type: "comment" };
    }
    if (kind !== "/") return this.noToken(lenient);
    const line = /[^\r\n]*(?:\r\n|\r|\n)?/y;
    line.lastIndex = this.at;
    this.at += (line.exec(this.text) as RegExpExecArray)[0].length;
    return { type: "comment" };
  }

  private literal(rest: string, value: JsonNode, lenient: boolean): Token {
    if (!this.text.startsWith(rest, this.at)) return this.noToken(lenient);
    this.at += rest.length;
    return { type: "value", value };
  }

  private noToken(lenient: boolean): Token {
    if (lenient) return { type: "punctuation", text: "unknown" };
    throw syntaxError();
  }

  private skipSpaces(): void {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? END)) this.at++;
  }
}

function syntaxError(): JsonFailure {
  return new JsonFailure("syntax-error");
}

function isPunctuation(token: Token, text: string): boolean {
  return token.type === "punctuation" && token.text === text;
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "/": "/",
  "\\": "\\",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** The bytes meant by the inner text of a string; control characters and any other raw byte stand for themselves. */
function unescape(inner: string): ByteString {
  let text = "";
  for (let at = 0; at < inner.length;) {
    const character = inner.charAt(at++);
    if (character !== "\\") {
      text += character;
      continue;
    }
    const escape = inner.charAt(at++);
    if (escape === "u") {
      const { code, next } = codePointAt(inner, at);
      text += utf8Of(code);
      at = next;
    } else {
      text += SIMPLE_ESCAPES[escape] ?? raiseSyntaxError();
    }
  }
  return text as ByteString;
}

/** Whatever `\uXXXX` follows the first half of a pair counts as the second half. */
function codePointAt(inner: string, at: number): { readonly code: number; readonly next: number } {
  const first = hexadecimalAt(inner, at);
  if (first < 0xd800 || first > 0xdbff) return { code: first, next: at + 4 };
  if (inner.slice(at + 4, at + 6) !== "\\u") throw syntaxError();
  const second = hexadecimalAt(inner, at + 6);
  return { code: 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff), next: at + 10 };
}

function hexadecimalAt(inner: string, at: number): number {
  const digits = inner.slice(at, at + 4);
  if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw syntaxError();
  return parseInt(digits, 16);
}

/** UTF-8 of a code point. A lone second half is encoded like any other, which strict UTF-8 would not do. */
function utf8Of(code: number): string {
  if (code < 0xdc00 || code > 0xdfff) return utf8ToByteString(String.fromCodePoint(code));
  return String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
}

function raiseSyntaxError(): never {
  throw syntaxError();
}
