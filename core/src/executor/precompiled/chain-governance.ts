/** Contract 0x1008: the committee, its votes, operators, and frozen accounts. */
import type { Address, ByteString } from "../../primitives/index.js";
import { ascii } from "../../primitives/index.js";
import { V2_5_0, V2_7_0 } from "../../protocol/index.js";
import {
  Condition,
  NO_PERMISSION,
  Row,
  SYS_CNS,
  SYS_CONFIG,
  SYS_CONSENSUS,
  SYS_TABLES,
  SYS_TABLE_ACCESS,
} from "../../state/index.js";
import type { WriteOptions } from "../../state/index.js";
import { bool, decimal, encodeValues, int, parseInt32, string } from "../abi/index.js";
import { accountStatus, writeFrozen } from "./account-status.js";
import type { Status } from "./account-status.js";
import type { Motion } from "./committee-votes.js";
import {
  THRESHOLD_KEY,
  THRESHOLD_VOTES_KEY,
  VOTE,
  dropVotes,
  threshold,
  vote,
  votesTable,
  weightKey,
  weightVotesKey,
} from "./committee-votes.js";
import { FixedContract } from "./contract-class.js";
import type { PrecompiledContext } from "./contract.js";
import type { Invocation, Method } from "./dispatch.js";
import { fail, orFail, rowAt } from "./failures.js";
import type { JsonOutput } from "./json-writer.js";
import { writeFastJson } from "./json-writer.js";
import { permissionRow } from "./permission.js";
import { ACCESS, hasPermission, isCommitteeMember, prefixed, systemTable } from "./permissions.js";
import { ResultCode } from "./result-codes.js";
import { encodeCode } from "./results.js";
import { contractTableName } from "./table-names.js";

const GRANT = ascii("grant");
const REVOKE = ascii("revoke");
const WEIGHT_AT_FIRST = ascii("1");

/** Tables that members of the committee may write, besides the list of members itself. */
const MEMBER_TABLES = [SYS_CONFIG, SYS_CONSENSUS];

type GovernanceFunction = (invocation: Invocation) => number;

/** A function whose result is a code or count. */
function coded(run: GovernanceFunction): Method {
  return (invocation) => encodeCode(invocation.context.version, run(invocation));
}

/** Adds a permission unless it is there; 1, or −50000. */
function grant(context: PrecompiledContext, table: ByteString, user: ByteString, options: WriteOptions): number {
  if (hasPermission(context, table, user)) return 1;
  return systemTable(context, SYS_TABLE_ACCESS).insert(table, permissionRow(context, table, user), options);
}

function revoke(context: PrecompiledContext, table: ByteString, user: ByteString, options: WriteOptions): number {
  return systemTable(context, SYS_TABLE_ACCESS).remove(table, new Condition().eq(ACCESS.Address, user), options);
}

/** Writes what makes a member: permissions, the first as `options` say, and weight 1. Returns the result of the first. */
function addMember({ context, call }: Invocation, member: ByteString, options: WriteOptions): number {
  const checked = { origin: call.origin };
  const access = systemTable(context, SYS_TABLE_ACCESS);
  const count = access.insert(SYS_TABLE_ACCESS, permissionRow(context, SYS_TABLE_ACCESS, member), options);
  for (const table of MEMBER_TABLES) grant(context, table, member, checked);
  const weight = new Row([
    [VOTE.Value, WEIGHT_AT_FIRST],
    [VOTE.Origin, prefixed(call.origin)],
  ]);
  votesTable(context).insert(weightKey(member), weight);
  return count;
}

function grantCommitteeMember(invocation: Invocation): number {
  const { args, call, context } = invocation;
  const member = prefixed(args.address());
  const isOperator = [SYS_TABLES, SYS_CNS].some((table) => hasPermission(context, table, member));
  if (isOperator) return ResultCode.OperatorCannotBeMember;
  const isFirst = systemTable(context, SYS_TABLE_ACCESS).select(SYS_TABLE_ACCESS).length === 0;
  if (isFirst) return addMember(invocation, member, { origin: call.origin });
  if (isCommitteeMember(context, member)) return ResultCode.MemberExists;
  return decide(invocation, { key: member, value: GRANT }, () => addMember(invocation, member, {}));
}

function revokeCommitteeMember(invocation: Invocation): number {
  const { args, call, context } = invocation;
  const member = prefixed(args.address());
  if (!isCommitteeMember(context, member)) return ResultCode.MemberMissing;
  return decide(invocation, { key: member, value: REVOKE }, () => {
    const condition = new Condition().eq(ACCESS.TableName, SYS_TABLE_ACCESS).eq(ACCESS.Address, member);
    const count = systemTable(context, SYS_TABLE_ACCESS).remove(SYS_TABLE_ACCESS, condition);
    for (const table of MEMBER_TABLES) revoke(context, table, member, { origin: call.origin });
    votesTable(context).remove(weightKey(member));
    return count;
  });
}

function updateCommitteeMemberWeight(invocation: Invocation): number {
  const { args, context } = invocation;
  const member = prefixed(args.address());
  const weight = args.int();
  if (context.version >= V2_7_0 && weight <= 0n) {
    const said = `updateCommitteeMemberWeight failed for invalid weight "${weight}"`;
    fail(`${said}, the weight must be greater than 0`);
  }
  if (!isCommitteeMember(context, member)) return ResultCode.MemberMissing;
  const value = decimal(weight);
  if (holds(context, weightKey(member), value)) return ResultCode.ValueAlreadySet;
  const motion = { key: weightVotesKey(member), value };
  return decide(invocation, motion, () => overwrite(invocation, weightKey(member), value));
}

function updateThreshold(invocation: Invocation): number {
  const { args, context } = invocation;
  const percent = args.int();
  if (percent < 0n || percent > 99n) return ResultCode.ThresholdInvalid;
  const value = ascii((Number(percent) / 100).toFixed(6));
  if (holds(context, THRESHOLD_KEY, value)) return ResultCode.ValueAlreadySet;
  return decide(invocation, { key: THRESHOLD_VOTES_KEY, value }, () => overwrite(invocation, THRESHOLD_KEY, value));
}

function holds(context: PrecompiledContext, key: ByteString, value: ByteString): boolean {
  return votesTable(context).select(key, new Condition().eq(VOTE.Value, value)).length > 0;
}

function overwrite({ context, call }: Invocation, key: ByteString, value: ByteString): number {
  const row = new Row([
    [VOTE.Value, value],
    [VOTE.Origin, prefixed(call.origin)],
  ]);
  return votesTable(context).update(key, row.cells);
}

/** Votes, and applies what was voted for when that carries it. 0 when more votes are needed. */
function decide({ call, context }: Invocation, about: Omit<Motion, "origin">, apply: () => number): number {
  const origin = prefixed(call.origin);
  if (!isCommitteeMember(context, origin)) return ResultCode.NotFromCommittee;
  const motion = { ...about, origin };
  if (!vote(context, motion)) return ResultCode.Success;
  const count = apply();
  dropVotes(context, motion);
  return count;
}

function isOperator(context: PrecompiledContext, account: ByteString): boolean {
  return hasPermission(context, SYS_TABLES, account) && hasPermission(context, SYS_CNS, account);
}

function grantOperator({ args, call, context }: Invocation): number {
  const user = prefixed(args.address());
  if (!isCommitteeMember(context, prefixed(call.origin))) return ResultCode.NotFromCommittee;
  if (isCommitteeMember(context, user)) return ResultCode.MemberCannotBeOperator;
  if (isOperator(context, user)) return ResultCode.OperatorExists;
  let result: number = ResultCode.Success;
  for (const table of [SYS_TABLES, SYS_CNS]) {
    result = grant(context, table, user, { origin: call.origin });
    if (result === NO_PERMISSION) {
      fail(`Permission denied. ${prefixed(call.origin)} can't grantOperator operator ${user}`);
    }
  }
  return result;
}

function revokeOperator({ args, call, context }: Invocation): number {
  const user = prefixed(args.address());
  if (!isCommitteeMember(context, prefixed(call.origin))) return ResultCode.NotFromCommittee;
  if (!hasPermission(context, SYS_TABLES, user)) return ResultCode.OperatorMissing;
  const result = revoke(context, SYS_TABLES, user, { origin: call.origin });
  revoke(context, SYS_CNS, user, { origin: call.origin });
  return result;
}

function listPermissions(
  context: PrecompiledContext,
  table: ByteString,
  keep: (user: ByteString) => boolean,
): Uint8Array {
  const rows = systemTable(context, SYS_TABLE_ACCESS).select(table);
  const list = rows
    .filter((row) => keep(row.get(ACCESS.Address)))
    .map((row) => ({ address: row.get(ACCESS.Address), enable_num: row.get(ACCESS.EnableNumber) }));
  return encodeValues(string(writeFastJson(list)));
}

function queryThreshold({ context }: Invocation): Uint8Array {
  const table = votesTable(context);
  rowAt(table.select(THRESHOLD_KEY), 0);
  // The product of two binary fractions, cut: 0.29 shows as 28, and so it has to.
  return encodeValues(int(Math.trunc(threshold(table) * 100)));
}

function queryCommitteeMemberWeight({ args, context }: Invocation): Uint8Array {
  const [row] = votesTable(context).select(weightKey(prefixed(args.address())));
  if (row === undefined) return encodeValues(bool(false), int(ResultCode.MemberMissing));
  const weight = orFail(parseInt32(row.get(VOTE.Value)), "the weight does not fit into 32 bits");
  return encodeValues(bool(true), int(weight));
}

/** Votes as JSON, expired ones included: lists by what was voted for, null when there are none. */
function describeVotes(votes: readonly { readonly heading: ByteString; readonly vote: JsonOutput }[]): Uint8Array {
  const lists = new Map<ByteString, JsonOutput[]>();
  for (const { heading, vote: item } of votes) {
    const list = lists.get(heading);
    if (list === undefined) lists.set(heading, [item]);
    else list.push(item);
  }
  return encodeValues(string(writeFastJson(lists.size === 0 ? null : Object.fromEntries(lists))));
}

function votesUnder(
  context: PrecompiledContext,
  key: ByteString,
): { heading: ByteString; vote: Record<string, ByteString> }[] {
  return votesTable(context)
    .select(key)
    .map((row) => ({
      heading: row.get(VOTE.Value),
      vote: { voter: row.get(VOTE.Origin), block_limit: row.get(VOTE.BlockLimit) },
    }));
}

function queryVotesOfMember({ args, context }: Invocation): Uint8Array {
  const member = prefixed(args.address());
  const membership = votesUnder(context, member);
  const weight = votesUnder(context, weightVotesKey(member)).map(({ heading, vote: item }) => ({
    heading: ascii("update_weight"),
    vote: { ...item, target: heading },
  }));
  return describeVotes([...membership, ...weight]);
}

const ACCOUNT_STATUS_TEXTS: Readonly<Record<Status, ByteString>> = {
  available: ascii("The account is available."),
  frozen: ascii("The account has been frozen. You can use this account after unfreezing it."),
  nonexistent: ascii("The address is nonexistent."),
  other: ascii("This is not a account address."),
};

/** What may forbid freezing and unfreezing alike; undefined when nothing does. */
function refusal(context: PrecompiledContext, status: Status, origin: Address): number | undefined {
  if (status === "nonexistent") return ResultCode.AccountMissing;
  if (status === "other") return ResultCode.AccountInvalid;
  return isCommitteeMember(context, prefixed(origin)) ? undefined : ResultCode.NoPermission;
}

function setFrozen({ args, call, context }: Invocation, frozen: boolean): number {
  const account = args.address();
  const tableName = contractTableName(account);
  const status = accountStatus(context, tableName);
  const refused = refusal(context, status, call.origin);
  if (refused !== undefined) return refused;
  if (frozen && isCommitteeMember(context, prefixed(account))) return ResultCode.NoPermission;
  if (frozen && status === "frozen") return ResultCode.AccountFrozen;
  if (!frozen && status === "available") return ResultCode.AccountAvailable;
  return writeFrozen(orFail(context.tables.openTable(tableName), "the account has a table"), frozen);
}

function getAccountStatus({ args, context }: Invocation): Uint8Array {
  const status = accountStatus(context, contractTableName(args.address()));
  return encodeValues(string(ACCOUNT_STATUS_TEXTS[status]));
}

/** The contract of governance. */
export const chainGovernance = new FixedContract(
  { number: 0x1008, since: V2_5_0 },
  {
    chargesInput: false,
    methods: {
      "grantCommitteeMember(address)": coded(grantCommitteeMember),
      "revokeCommitteeMember(address)": coded(revokeCommitteeMember),
      "listCommitteeMembers()": ({ context }) => listPermissions(context, SYS_TABLE_ACCESS, () => true),
      "updateCommitteeMemberWeight(address,int256)": coded(updateCommitteeMemberWeight),
      "queryCommitteeMemberWeight(address)": queryCommitteeMemberWeight,
      "updateThreshold(int256)": coded(updateThreshold),
      "queryThreshold()": queryThreshold,
      "queryVotesOfMember(address)": queryVotesOfMember,
      "queryVotesOfThreshold()": ({ context }) => describeVotes(votesUnder(context, THRESHOLD_VOTES_KEY)),
      "grantOperator(address)": coded(grantOperator),
      "revokeOperator(address)": coded(revokeOperator),
      "listOperators()": ({ context }) => listPermissions(context, SYS_TABLES, (user) => isOperator(context, user)),
      "freezeAccount(address)": coded((invocation) => setFrozen(invocation, true)),
      "unfreezeAccount(address)": coded((invocation) => setFrozen(invocation, false)),
      "getAccountStatus(address)": getAccountStatus,
    },
  },
);
