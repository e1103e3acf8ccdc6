/** What a 2.9.1 node proposes as a leader. */
import type { Hash, Instant } from "../../../primitives/index.js";
import { encodeHashProposal, headerHash } from "../../../protocol/index.js";
import type { BlockHeader, VerifiedTransaction } from "../../../protocol/index.js";
import type { ChainHead } from "../../../ledger/index.js";
import type { ConsensusEnvironment } from "../../interface.js";
import { NO_SEALER, proposalHeader } from "../../sealer/index.js";

const MIN_BLOCK_MS = 500;
const EMPTY_BLOCK_MS = 1000;

/** The block that is being put together: one, and not anew because the view has changed. */
export class ModelSealing {
  /** It was proposed. */
  isSealed = false;
  #number = 0;

  /** Begins a block of that number. */
  startAnew(number: number): void {
    this.isSealed = false;
    this.#number = number;
  }

  /** When it is due, for a leader; infinity when it is of another height, or was proposed. */
  dueAtMs({ header, settings }: ChainHead, waiting: number, sinceMs: number): number {
    if (this.isSealed || this.#number !== header.number + 1) return Number.POSITIVE_INFINITY;
    if (waiting >= settings.txCountLimit) return Number.NEGATIVE_INFINITY;
    return sinceMs + (waiting > 0 ? MIN_BLOCK_MS : EMPTY_BLOCK_MS);
  }
}

/** A proposal, and its form by hashes. */
export interface ModelProposal {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly raws: readonly Uint8Array[];
  readonly form: Uint8Array;
}

/** The proposal of these transactions to follow `head`; an empty one names no sealer. */
export function proposalOf(
  { rules, nodeId }: ConsensusEnvironment,
  head: ChainHead,
  transactions: readonly VerifiedTransaction[],
  { wallMs: clockMs }: Instant,
): ModelProposal {
  const { suite, version } = rules;
  const { sealers: sealerList } = head;
  const sealer = transactions.length === 0 ? NO_SEALER : BigInt(sealerList.indexOf(nodeId));
  const header = proposalHeader({ head, sealerList, transactions, sealer, clockMs, version, suite });
  const hash = headerHash(header, suite);
  const form = encodeHashProposal({ header, hash, transactionHashes: transactions.map((tx) => tx.hash) });
  return { header, hash, raws: transactions.map(({ raw }) => raw), form };
}
