/** The header of a proposal: what the proposer fixes before anybody executes. See docs/protocol/pbft.md#p3-prepare. */
import type { CryptoSuite } from "../../crypto/index.js";
import { ZERO_HASH } from "../../primitives/index.js";
import type { Height, NodeId } from "../../primitives/index.js";
import { BLOOM_BYTES, transactionsRoot } from "../../protocol/index.js";
import type { BlockHeader, SupportedVersion, VerifiedTransaction } from "../../protocol/index.js";
import type { ChainHead } from "../../ledger/index.js";

/** The `sealer` of an empty proposal that travels as hashes: the C++ node clears its block before it encodes it. */
export const NO_SEALER = 2n ** 256n - 1n;

const ZERO_BLOOM = new Uint8Array(BLOOM_BYTES);

/** What {@link proposalHeader} is made of. */
export interface ProposalParts {
  readonly head: ChainHead;
  /** Those who decide, ascending: what the header lists. */
  readonly sealerList: readonly NodeId[];
  readonly transactions: readonly VerifiedTransaction[];
  /** Index of the proposer in the sorted list of all sealers, or {@link NO_SEALER}. */
  readonly sealer: bigint;
  /** Our clock, corrected by the median of the peers', in milliseconds. */
  readonly clockMs: number;
  readonly version: SupportedVersion;
  readonly suite: CryptoSuite;
}

/** Header of the block that is proposed to follow `head`. */
export function proposalHeader(parts: ProposalParts): BlockHeader {
  const parent = parts.head.header;
  return {
    parentHash: parts.head.hash,
    stateRoot: parent.stateRoot,
    transactionsRoot: transactionsRoot(parts.transactions, parts.version, parts.suite),
    receiptsRoot: ZERO_HASH,
    dbHash: ZERO_HASH,
    logBloom: ZERO_BLOOM,
    number: (parent.number + 1) as Height,
    gasLimit: parent.gasLimit,
    gasUsed: 0n,
    timestamp: Math.max(parent.timestamp + 1, Math.trunc(parts.clockMs)),
    extraData: [],
    sealer: parts.sealer,
    sealerList: parts.sealerList,
  };
}
