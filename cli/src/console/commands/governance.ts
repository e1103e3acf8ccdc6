/** The committee, its votes, operators, and frozen accounts. */
import { CodedError } from "@tsbcos/core/primitives";
import type { GovernanceService, PrecompiledOutcome } from "@tsbcos/sdk";
import { codeAnswer, textAnswer } from "../answers.js";
import type { Command } from "../command.js";
import { UsageError } from "../failures.js";
import { rightsAnswer } from "./permissions.js";

const family = "governance";
const account = { name: "accountAddress", kind: "account" } as const;
const EXAMPLE = "0x0102030405060708090a0b0c0d0e0f1011121314";
const WEIGHT_MAX = 2 ** 31 - 1;

/** A command that changes something about one account. */
function change(
  name: string,
  about: string,
  run: (governance: GovernanceService, account: string) => Promise<PrecompiledOutcome>,
): Command {
  return {
    name,
    family,
    about,
    arguments: [account],
    examples: [`${name} ${EXAMPLE}`],
    run: async ({ client }, [who = ""]) => codeAnswer(await run(client.governance, who)),
  };
}

/** Commands on the committee and on accounts. */
export const GOVERNANCE_COMMANDS: readonly Command[] = [
  {
    name: "listCommitteeMembers",
    family,
    about: "Show the members of the committee",
    arguments: [],
    examples: ["listCommitteeMembers"],
    run: async ({ client }) => rightsAnswer(await client.governance.committeeMembers()),
  },
  change("grantCommitteeMember", "Vote for a new member; the first one needs no votes", (governance, who) =>
    governance.grantCommitteeMember(who),
  ),
  change("revokeCommitteeMember", "Vote for a member to leave", (governance, who) =>
    governance.revokeCommitteeMember(who),
  ),
  {
    name: "queryCommitteeMemberWeight",
    family,
    about: "Show how much a member's vote weighs",
    arguments: [account],
    examples: [`queryCommitteeMemberWeight ${EXAMPLE}`],
    run: async ({ client }, [who = ""]) => {
      const weight = await client.governance.weight(who);
      if (weight === undefined) {
        throw new CodedError(
          "no-member",
          `queryCommitteeMemberWeight failed: ${who} is no member of the committee. listCommitteeMembers shows who is.`,
        );
      }
      return textAnswer({ account: who, weight: Number(weight) }, `Account: ${who} Weight: ${weight}`);
    },
  },
  {
    name: "updateCommitteeMemberWeight",
    family,
    about: "Vote for another weight of a member",
    arguments: [account, { name: "weight", kind: "number", about: "a whole number, at least 1" }],
    examples: [`updateCommitteeMemberWeight ${EXAMPLE} 2`],
    run: async ({ client }, [who = "", weight = ""]) => {
      if (Number(weight) < 1 || Number(weight) > WEIGHT_MAX) {
        throw new UsageError(`A weight is a whole number from 1 to ${WEIGHT_MAX}, not "${weight}".`);
      }
      return codeAnswer(await client.governance.updateWeight(who, Number(weight)));
    },
  },
  {
    name: "queryThreshold",
    family,
    about: "Show how much of the votes' weight a motion needs",
    arguments: [],
    examples: ["queryThreshold"],
    run: async ({ client }) => {
      const threshold = await client.governance.threshold();
      return textAnswer(threshold, `Effective threshold : ${threshold}%`);
    },
  },
  {
    name: "updateThreshold",
    family,
    about: "Vote for another threshold",
    arguments: [
      { name: "threshold", kind: "number", about: "percent, 0 to 99: more than that must vote for a motion" },
    ],
    examples: ["updateThreshold 60"],
    run: async ({ client }, [threshold = ""]) => {
      if (Number(threshold) > 99)
        throw new UsageError(`A threshold is a whole number from 0 to 99, not "${threshold}".`);
      return codeAnswer(await client.governance.updateThreshold(Number(threshold)));
    },
  },
  {
    name: "queryVotesOfMember",
    family,
    about: "Show the open votes about an account",
    arguments: [account],
    examples: [`queryVotesOfMember ${EXAMPLE}`],
    run: async ({ client }, [who = ""]) => {
      const votes = await client.governance.votesOfMember(who);
      return textAnswer(votes, `queried account: ${who}`, `votes:${JSON.stringify(votes)}`);
    },
  },
  {
    name: "queryVotesOfThreshold",
    family,
    about: "Show the open votes about the threshold",
    arguments: [],
    examples: ["queryVotesOfThreshold"],
    run: async ({ client }) => {
      const votes = await client.governance.votesOfThreshold();
      return textAnswer(votes, `The votes of the updateThreshold operation : ${JSON.stringify(votes)}`);
    },
  },
  change("grantOperator", "Let an account deploy contracts, create tables and name contracts", (governance, who) =>
    governance.grantOperator(who),
  ),
  change("revokeOperator", "No longer let an account do what operators do", (governance, who) =>
    governance.revokeOperator(who),
  ),
  {
    name: "listOperators",
    family,
    about: "Show the operators",
    arguments: [],
    examples: ["listOperators"],
    run: async ({ client }) => rightsAnswer(await client.governance.operators()),
  },
  change("freezeAccount", "Keep an account from sending transactions", (governance, who) =>
    governance.freezeAccount(who),
  ),
  change("unfreezeAccount", "Let a frozen account send transactions again", (governance, who) =>
    governance.unfreezeAccount(who),
  ),
  {
    name: "getAccountStatus",
    family,
    about: "Show whether an account is frozen",
    arguments: [account],
    examples: [`getAccountStatus ${EXAMPLE}`],
    run: async ({ client }, [who = ""]) => {
      const status = await client.governance.accountStatus(who);
      return textAnswer(status, status);
    },
  },
];
