/** The votes of the committee: recording, counting, and what the table of votes holds besides. */
import type { ByteString } from "../../primitives/index.js";
import { ascii } from "../../primitives/index.js";
import { V2_7_0 } from "../../protocol/index.js";
import type { Table } from "../../state/index.js";
import { Condition, Row, SYS_TABLE_ACCESS } from "../../state/index.js";
import { decimal } from "../abi/index.js";
import type { PrecompiledContext } from "./contract.js";
import { failGenerically, orFail, rowAt } from "./failures.js";
import { ACCESS, systemTable } from "./permissions.js";
import { executedNumber } from "./results.js";

/** Columns of the table of votes. */
export const VOTE = {
  Value: ascii("value"),
  Origin: ascii("origin"),
  BlockLimit: ascii("block_limit"),
} as const;

/** Key of the share of weights that a motion must exceed. */
export const THRESHOLD_KEY = ascii("auth_threshold");
/** Key of votes about that share. */
export const THRESHOLD_VOTES_KEY = ascii("update_auth_threshold");

const TABLE_NAME = ascii("_sys_committee_votes_");
const TABLE_KEY = ascii("key");
const TABLE_COLUMNS = ascii("value,origin,block_limit");
const THRESHOLD_AT_FIRST = ascii("0.500000");
/** A vote counts for this many blocks. */
const VOTE_BLOCKS = 10000;

/** Key of the weight of a member. */
export function weightKey(member: ByteString): ByteString {
  return `${member}_weight` as ByteString;
}

/** Key of votes about the weight of a member. */
export function weightVotesKey(member: ByteString): ByteString {
  return `${member}_update_weight` as ByteString;
}

/** The table of votes, made with the threshold by the first call that needs it. */
export function votesTable(context: PrecompiledContext): Table {
  const open = (): Table | undefined => context.tables.openTable(TABLE_NAME);
  const present = open();
  if (present !== undefined) return present;
  context.tables.createTable(TABLE_NAME, TABLE_KEY, TABLE_COLUMNS);
  const table = orFail(open(), "the table was just created");
  table.insert(THRESHOLD_KEY, new Row([[VOTE.Value, THRESHOLD_AT_FIRST]]));
  return table;
}

/** What a member votes for. */
export interface Motion {
  /** Key of the votes. */
  readonly key: ByteString;
  readonly value: ByteString;
  /** Who votes. */
  readonly origin: ByteString;
}

/** Adds or renews a vote, removes expired ones of its key, and counts. True when the motion is carried. */
export function vote(context: PrecompiledContext, motion: Motion): boolean {
  record(context, motion);
  return isCarried(context, motion);
}

function record(context: PrecompiledContext, { key, value, origin }: Motion): void {
  const table = votesTable(context);
  const row = new Row([
    [VOTE.Value, value],
    [VOTE.Origin, origin],
    [VOTE.BlockLimit, decimal(context.blockNumber + VOTE_BLOCKS)],
  ]);
  const own = new Condition().eq(VOTE.Origin, origin);
  if (table.select(key, own).length === 0) table.insert(key, row);
  else table.update(key, row.cells, own);
  table.remove(key, new Condition().le(VOTE.BlockLimit, decimal(context.blockNumber)));
}

function isCarried(context: PrecompiledContext, { key, value }: Motion): boolean {
  const table = votesTable(context);
  const executed = decimal(executedNumber(context));
  const members = systemTable(context, SYS_TABLE_ACCESS).select(
    SYS_TABLE_ACCESS,
    new Condition().le(ACCESS.EnableNumber, executed),
  );
  if (members.length === 0) return true;
  const weights = new Map<ByteString, number>();
  let total = 0;
  for (const row of members) {
    const member = row.get(ACCESS.Address);
    const weight = numberIn(rowAt(table.select(weightKey(member)), 0));
    weights.set(member, weight);
    total += weight;
  }
  const counted = new Condition().eq(VOTE.Value, value).ge(VOTE.BlockLimit, executed);
  let votes = 0;
  for (const row of table.select(key, counted)) votes += weights.get(row.get(VOTE.Origin)) ?? 0;
  return votes / total > threshold(table);
}

/** The share that a motion must exceed. */
export function threshold(table: Table): number {
  const [row] = table.select(THRESHOLD_KEY);
  return row === undefined ? 0.5 : numberIn(row);
}

/** The value of a row as a floating-point number, in which shares are computed. */
function numberIn(row: Row): number {
  const text = row.get(VOTE.Value);
  const value = Number(text);
  return text === "" || Number.isNaN(value) ? failGenerically("the row holds no number") : value;
}

/** Removes the votes that carried a motion; votes of the same key for another value stay. */
export function dropVotes(context: PrecompiledContext, { key, value }: Motion): void {
  // Before 2.7.0 votes about the threshold were looked for under a key that nobody uses, so that they stayed.
  const isMisnamed = key === THRESHOLD_VOTES_KEY && context.version < V2_7_0;
  votesTable(context).remove(isMisnamed ? weightKey(key) : key, new Condition().eq(VOTE.Value, value));
}
