/** Who decides a height: read from the head, because a change in block N holds from block N + 1 on. */
import { NOT_A_SEALER, hexToBytes } from "../../primitives/index.js";
import type { NodeId, NodeIndex } from "../../primitives/index.js";
import type { ChainHead } from "../../ledger/index.js";

/** The sealers of the height being decided. */
export interface Membership {
  /** All sealers, ascending: positions in this list are what messages and headers speak of. */
  readonly sealers: readonly NodeId[];
  /** Position of each sealer. */
  readonly indexOf: ReadonlyMap<NodeId, NodeIndex>;
  /** Public keys in the order of the sealers. */
  readonly keys: readonly Uint8Array[];
  /** Our position; {@link NOT_A_SEALER} when we are none. */
  readonly ownIndex: NodeIndex;
  /** Sealers that may fail: `floor((n − 1) / 3)`. */
  readonly faulty: number;
  /** Distinct sealers that decide: `n − faulty`. */
  readonly quorum: number;
}

/** Sealers that may fail among `sealerCount`, at least 0. */
export function faultyOf(sealerCount: number): number {
  return Math.max(0, Math.floor((sealerCount - 1) / 3));
}

/** Distinct sealers whose votes decide among `sealerCount`. */
export function quorumOf(sealerCount: number): number {
  return sealerCount - faultyOf(sealerCount);
}

/**
 * The sealers of the block after `head`.
 *
 * @param quorum another quorum than the protocol's: a planted bug
 */
export function membershipOf(
  head: ChainHead,
  nodeId: NodeId,
  quorum: (sealerCount: number) => number = quorumOf,
): Membership {
  const { sealers } = head;
  const indexOf = new Map(sealers.map((sealer, index) => [sealer, index as NodeIndex]));
  return {
    sealers,
    indexOf,
    keys: sealers.map(hexToBytes),
    ownIndex: indexOf.get(nodeId) ?? NOT_A_SEALER,
    faulty: faultyOf(sealers.length),
    quorum: quorum(sealers.length),
  };
}
