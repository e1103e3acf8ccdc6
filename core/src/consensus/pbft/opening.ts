/** The place where a kind of PBFT says which proposals must begin with a transaction of their leader. */
import type { PbftMessage, VerifiedTransaction } from "../../protocol/index.js";
import type { VerifiedProposal } from "./proposal.js";

/** First transactions that leaders make themselves. */
export interface Opening {
  /** Whether our proposal for the height being decided begins with such a transaction. */
  isDue(): boolean;
  /** Makes the transaction. */
  make(): VerifiedTransaction;
  /** Whether a proposal begins as it must, as far as we know that it must. */
  isFine(prepare: PbftMessage, proposal: VerifiedProposal): boolean;
  /** Whether the transaction is such a one, which no pool has admitted, and may stand in the next block. */
  isIncludable(transaction: VerifiedTransaction): boolean;
}
