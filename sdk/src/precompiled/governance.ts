/** The committee that governs a chain, its votes, and the accounts it watches over. */
import { parseAbi } from "viem";
import { parseAddress } from "../hex.js";
import { PrecompiledContract, type Caller, type PrecompiledOutcome } from "./contract.js";
import type { Permission } from "./permissions.js";

const ABI = parseAbi([
  "function grantCommitteeMember(address user) returns (int256)",
  "function revokeCommitteeMember(address user) returns (int256)",
  "function listCommitteeMembers() view returns (string)",
  "function updateCommitteeMemberWeight(address user, int256 weight) returns (int256)",
  "function queryCommitteeMemberWeight(address user) view returns (bool, int256)",
  "function updateThreshold(int256 threshold) returns (int256)",
  "function queryThreshold() view returns (int256)",
  "function queryVotesOfMember(address member) view returns (string)",
  "function queryVotesOfThreshold() view returns (string)",
  "function grantOperator(address user) returns (int256)",
  "function revokeOperator(address user) returns (int256)",
  "function listOperators() view returns (string)",
  "function freezeAccount(address account) returns (int256)",
  "function unfreezeAccount(address account) returns (int256)",
  "function getAccountStatus(address account) view returns (string)",
]);

/** A vote that is open. */
export interface Vote {
  readonly voter: string;
  /** Last block for which it counts, decimal. */
  readonly block_limit: string;
  /** Of votes on weights: the weight. */
  readonly target?: string;
}

/** Votes by what they are for: a value, or `grant`, `revoke`, `update_weight`. */
export type Votes = Readonly<Record<string, readonly Vote[]>>;

/** The committee. Where members vote, code 0 means that the vote is noted, and 1 that the motion is carried. */
export class GovernanceService {
  readonly #contract: PrecompiledContract<typeof ABI>;

  constructor(caller: Caller) {
    this.#contract = new PrecompiledContract(caller, 0x1008, ABI);
  }

  /** Votes for a new member; the first member is granted by whoever asks. */
  async grantCommitteeMember(account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("grantCommitteeMember", [parseAddress(account)]);
  }

  /** Votes against a member. */
  async revokeCommitteeMember(account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("revokeCommitteeMember", [parseAddress(account)]);
  }

  /** The members. */
  async committeeMembers(): Promise<readonly Permission[]> {
    return JSON.parse(await this.#contract.read("listCommitteeMembers", [])) as readonly Permission[];
  }

  /** Votes for another weight of a member's votes. */
  async updateWeight(account: string, weight: bigint | number): Promise<PrecompiledOutcome> {
    return this.#contract.write("updateCommitteeMemberWeight", [parseAddress(account), BigInt(weight)]);
  }

  /** Weight of a member's votes; undefined when the account is no member. */
  async weight(account: string): Promise<bigint | undefined> {
    const [isMember, weight] = await this.#contract.read("queryCommitteeMemberWeight", [parseAddress(account)]);
    return isMember ? weight : undefined;
  }

  /** Votes for another threshold, 0 to 99 percent: more than that must vote for a motion. */
  async updateThreshold(percent: number): Promise<PrecompiledOutcome> {
    return this.#contract.write("updateThreshold", [BigInt(percent)]);
  }

  /** The threshold in percent. */
  async threshold(): Promise<number> {
    return Number(await this.#contract.read("queryThreshold", []));
  }

  /** Votes about a member, or about an account that may become one. */
  async votesOfMember(account: string): Promise<Votes> {
    return votesIn(await this.#contract.read("queryVotesOfMember", [parseAddress(account)]));
  }

  /** Votes about the threshold. */
  async votesOfThreshold(): Promise<Votes> {
    return votesIn(await this.#contract.read("queryVotesOfThreshold", []));
  }

  /** Lets an account deploy contracts, create tables and name contracts. */
  async grantOperator(account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("grantOperator", [parseAddress(account)]);
  }

  /** Takes that back. */
  async revokeOperator(account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("revokeOperator", [parseAddress(account)]);
  }

  /** The operators. */
  async operators(): Promise<readonly Permission[]> {
    return JSON.parse(await this.#contract.read("listOperators", [])) as readonly Permission[];
  }

  /** Keeps an account from sending transactions. */
  async freezeAccount(account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("freezeAccount", [parseAddress(account)]);
  }

  /** Takes that back. */
  async unfreezeAccount(account: string): Promise<PrecompiledOutcome> {
    return this.#contract.write("unfreezeAccount", [parseAddress(account)]);
  }

  /** State of an account, in the node's words. */
  async accountStatus(account: string): Promise<string> {
    return this.#contract.read("getAccountStatus", [parseAddress(account)]);
  }
}

/** No votes are printed as `null`. */
const votesIn = (text: string): Votes => (JSON.parse(text) as Votes | null) ?? {};
