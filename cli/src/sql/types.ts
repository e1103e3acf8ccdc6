/** Statements of the SQL-like language of tables. */
import type { Failure } from "@tsbcos/core/primitives";
import type { Comparison, TableRow } from "@tsbcos/sdk";

/** One comparison of a `where` clause. */
export interface Term {
  readonly column: string;
  readonly comparison: Comparison;
  readonly value: string;
}

/** A statement that was understood; whether it fits the table is found out when it runs. */
export type Statement =
  | { readonly type: "create"; readonly table: string; readonly columns: readonly string[]; readonly key: string }
  | {
      readonly type: "insert";
      readonly table: string;
      /** Undefined when the values stand in the order of the table. */
      readonly columns: readonly string[] | undefined;
      readonly values: readonly string[];
    }
  | {
      readonly type: "select";
      readonly table: string;
      /** Undefined for `*`. */
      readonly columns: readonly string[] | undefined;
      readonly where: readonly Term[];
      readonly limit: { readonly offset: number; readonly count: number } | undefined;
    }
  | {
      readonly type: "update";
      readonly table: string;
      readonly changes: TableRow;
      readonly where: readonly Term[];
      readonly limit: { readonly offset: number; readonly count: number } | undefined;
    }
  | {
      readonly type: "delete";
      readonly table: string;
      readonly where: readonly Term[];
      readonly limit: { readonly offset: number; readonly count: number } | undefined;
    }
  | { readonly type: "desc"; readonly table: string };

/** Why a statement did nothing. */
export interface SqlFailure extends Failure {
  /** `unparsable`: not understood; `bad-statement`: understood, and against the rules or the table; `failed`: the chain refused. */
  readonly code: "unparsable" | "bad-statement" | "failed";
  /** What to print, of several lines. */
  readonly message: string;
}

/** What a statement did. */
export interface SqlOutcome {
  /** In the words of the console, of one or more lines. */
  readonly text: string;
  /** The same for programs: rows, `{ code }` of writes, or what a table is made of. */
  readonly value: readonly TableRow[] | Readonly<Record<string, unknown>>;
}
