/** Statements like SQL, run on the tables of a chain. */
export { parseStatement } from "./parser.js";
export { runStatement, type Tables } from "./run.js";
export type { SqlFailure, SqlOutcome, Statement, Term } from "./types.js";
