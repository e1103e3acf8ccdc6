/** What a statement means. */
import { err, ok, type Result } from "@tsbcos/core/primitives";
import type { Comparison } from "@tsbcos/sdk";
import { tokenise, type SyntaxFailure, type Token } from "./tokens.js";
import type { SqlFailure, Statement, Term } from "./types.js";

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ["=", "eq"],
  ["!=", "ne"],
  ["<>", "ne"],
  [">", "gt"],
  [">=", "ge"],
  ["<", "lt"],
  ["<=", "le"],
]);

/** The most that chains read as offset or count. */
const LIMIT_MAX = 2 ** 31 - 1;

/** Understands one statement, with or without `;` behind it. */
export function parseStatement(text: string): Result<Statement, SqlFailure> {
  const tokens = tokenise(text);
  if (!tokens.ok) return unparsable(text, tokens.error);
  try {
    return ok(new Parser(tokens.value).statement());
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return unparsable(text, error.failure);
  }
}

class Misfit extends Error {
  readonly failure: SyntaxFailure;

  constructor(failure: SyntaxFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

type Of<T extends Statement["type"]> = Extract<Statement, { type: T }>;
type Limit = Of<"select">["limit"];

/** One method a rule of the grammar; what does not fit is thrown to {@link parseStatement}. */
class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  statement(): Statement {
    const statement = this.#body();
    this.#takeSign(";");
    if (this.#peek().type !== "end") this.#fail("the end of the statement");
    return statement;
  }

  #body(): Statement {
    if (this.#takeWord("create")) return this.#create();
    if (this.#takeWord("insert")) return this.#insert();
    if (this.#takeWord("select")) return this.#select();
    if (this.#takeWord("update")) return this.#update();
    if (this.#takeWord("delete")) return this.#delete();
    if (this.#takeWord("desc")) return { type: "desc", table: this.#name("the name of a table") };
    return this.#fail("create, insert, select, update, delete or desc");
  }

  #create(): Of<"create"> {
    this.#word("table");
    const table = this.#name("the name of the table");
    const columns: string[] = [];
    const keys: { readonly key: string; readonly at: number }[] = [];
    this.#sign("(");
    do {
      const { at } = this.#peek();
      if (this.#isKeyClause()) {
        this.#sign("(");
        keys.push({ key: this.#name("the primary key"), at });
        this.#sign(")");
        continue;
      }
      const column = this.#name("the name of a column");
      columns.push(column);
      this.#name("the type of the column, such as varchar");
      if (this.#takeSign("(")) {
        this.#number();
        this.#sign(")");
      }
      if (this.#takeWord("primary")) {
        this.#word("key");
        keys.push({ key: column, at });
      }
    } while (this.#takeSign(","));
    this.#sign(")");
    const [first, second] = keys;
    if (first === undefined) return this.#refuse("a table needs a primary key: primary key(column)");
    if (second !== undefined) return this.#refuse("a table has one primary key", second.at);
    if (!columns.includes(first.key)) return this.#refuse(`the primary key ${first.key} is no column`, first.at);
    return { type: "create", table, columns, key: first.key };
  }

  /** `primary key` in front of a bracket; a column may be called primary. */
  #isKeyClause(): boolean {
    const [primary, key, bracket] = [this.#peek(), this.#peek(1), this.#peek(2)];
    const isClause =
      isWord(primary, "primary") && isWord(key, "key") && bracket.type === "sign" && bracket.value === "(";
    if (isClause) this.#next += 2;
    return isClause;
  }

  #insert(): Of<"insert"> {
    this.#word("into");
    const table = this.#name("the name of the table");
    const columns = this.#peek().value === "(" && this.#peek().type === "sign" ? this.#columnsInBrackets() : undefined;
    this.#word("values");
    const { at } = this.#peek();
    this.#sign("(");
    const values = this.#list(() => this.#value());
    this.#sign(")");
    if (columns !== undefined && columns.length !== values.length) {
      this.#refuse(`${columns.length} columns want as many values, not ${values.length}`, at);
    }
    return { type: "insert", table, columns, values };
  }

  #columnsInBrackets(): string[] {
    this.#sign("(");
    const columns = this.#columns();
    this.#sign(")");
    return columns;
  }

  /** Names of columns, each once. */
  #columns(): string[] {
    const seen = new Set<string>();
    return this.#list(() => {
      const { at } = this.#peek();
      const column = this.#name("the name of a column");
      if (seen.has(column)) this.#refuse(`the column ${column} is named twice`, at);
      seen.add(column);
      return column;
    });
  }

  #select(): Of<"select"> {
    const columns = this.#takeSign("*") ? undefined : this.#columns();
    this.#word("from");
    const table = this.#name("the name of the table");
    return { type: "select", table, columns, where: this.#where(), limit: this.#limit() };
  }

  #update(): Of<"update"> {
    const table = this.#name("the name of the table");
    this.#word("set");
    const seen = new Set<string>();
    const changes = this.#list((): [string, string] => {
      const { at } = this.#peek();
      const column = this.#name("the name of a column");
      if (seen.has(column)) this.#refuse(`the column ${column} is set twice`, at);
      seen.add(column);
      this.#sign("=");
      return [column, this.#value()];
    });
    return { type: "update", table, changes: Object.fromEntries(changes), where: this.#where(), limit: this.#limit() };
  }

  #delete(): Of<"delete"> {
    this.#word("from");
    const table = this.#name("the name of the table");
    return { type: "delete", table, where: this.#where(), limit: this.#limit() };
  }

  /** Rows are found by the primary key, so that a `where` is never missing. */
  #where(): readonly Term[] {
    if (!this.#takeWord("where")) this.#fail("where, as rows are found by their primary key: where key = ...");
    const terms: Term[] = [];
    do terms.push(this.#term());
    while (this.#takeWord("and"));
    if (isWord(this.#peek(), "or")) this.#refuse("conditions can be joined by and, not by or");
    return terms;
  }

  #term(): Term {
    const column = this.#name("the name of a column");
    const sign = this.#peek();
    const comparison = sign.type === "sign" ? COMPARISONS.get(sign.value) : undefined;
    if (comparison === undefined) return this.#fail("=, !=, >, >=, < or <=");
    this.#next++;
    return { column, comparison, value: this.#value() };
  }

  #limit(): Limit {
    if (!this.#takeWord("limit")) return undefined;
    const first = this.#number();
    return this.#takeSign(",") ? { offset: first, count: this.#number() } : { offset: 0, count: first };
  }

  #list<T>(read: () => T): T[] {
    const items = [read()];
    while (this.#takeSign(",")) items.push(read());
    return items;
  }

  #peek(ahead = 0): Token {
    return (this.#tokens[this.#next + ahead] ?? this.#tokens.at(-1)) as Token;
  }

  #takeWord(word: string): boolean {
    if (!isWord(this.#peek(), word)) return false;
    this.#next++;
    return true;
  }

  #takeSign(sign: string): boolean {
    const { type, value } = this.#peek();
    if (type !== "sign" || value !== sign) return false;
    this.#next++;
    return true;
  }

  #word(word: string): void {
    if (!this.#takeWord(word)) this.#fail(word);
  }

  #sign(sign: string): void {
    if (!this.#takeSign(sign)) this.#fail(sign);
  }

  #name(what: string): string {
    const { type, value } = this.#peek();
    if ((type !== "word" && type !== "name") || value === "") return this.#fail(what);
    this.#next++;
    return value;
  }

  #value(): string {
    const { type, value } = this.#peek();
    if (type !== "word" && type !== "text") return this.#fail("a value");
    this.#next++;
    return value;
  }

  #number(): number {
    const { type, value } = this.#peek();
    if (type !== "word" || !/^\d{1,10}$/.test(value) || Number(value) > LIMIT_MAX) {
      return this.#fail(`a whole number up to ${LIMIT_MAX}`);
    }
    this.#next++;
    return Number(value);
  }

  #fail(expected: string): never {
    const { type, value } = this.#peek();
    const found = type === "end" ? "the end" : JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    return this.#refuse(`expected ${expected}, found ${found}`);
  }

  #refuse(message: string, at = this.#peek().at): never {
    throw new Misfit({ code: "syntax", at, message });
  }
}

function isWord({ type, value }: Token, word: string): boolean {
  return type === "word" && value.toLowerCase() === word;
}

/** How much of a statement is shown on either side of where it went wrong. */
const CONTEXT = 60;

function unparsable(text: string, { at, message }: SyntaxFailure): Result<never, SqlFailure> {
  const start = Math.max(0, at - CONTEXT);
  // Control characters would move the caret, or worse.
  const plain = (part: string): string => part.replace(/\s/g, " ").replace(/\p{C}/gu, "·");
  const lead = `${start > 0 ? "…" : ""}${plain(text.slice(start, at))}`;
  const rest = `${plain(text.slice(at, at + CONTEXT))}${at + CONTEXT < text.length ? "…" : ""}`;
  return err({
    code: "unparsable",
    message: [
      "Could not parse SQL statement.",
      lead + rest,
      `${" ".repeat(lead.length)}^`,
      `Position ${at + 1}: ${message}.`,
    ].join("\n"),
  });
}
