/** Statements like SQL, run on the tables of a chain. */
export type { SqlFailure, Statement, Term } from "./types.js";
