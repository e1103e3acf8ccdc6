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
  /** Those who take part at this height, ascending: what the header lists. In PBFT, all sealers. */
  readonly working: readonly NodeId[];
  /** Public keys in the order of the sealers; undefined for those who do not take part, so that nothing of theirs holds. */
  readonly keys: readonly (Uint8Array | undefined)[];
  /** Our position; {@link NOT_A_SEALER} when we are none. */
  readonly ownIndex: NodeIndex;
  /** We take part. */
  readonly takesPart: boolean;
  /** Working sealers that may fail: `floor((n − 1) / 3)`. */
  readonly faulty: number;
  /** Distinct working sealers that decide: `n − faulty`. */
  readonly quorum: number;
  /** Position of the sealer that leads `view` at this height. */
  leaderOf(view: number): NodeIndex;
}

/** Distinct sealers that decide, by the number of those who take part. */
export type QuorumRule = (workingCount: number) => number;

/** Finds the membership of the block after `head`, from where a node stands. What distinguishes the kinds of PBFT. */
export type MembershipRule = (head: ChainHead, nodeId: NodeId, quorum?: QuorumRule) => Membership;

/** Sealers that may fail among `sealerCount`, at least 0. */
export function faultyOf(sealerCount: number): number {
  return Math.max(0, Math.floor((sealerCount - 1) / 3));
}

/** Distinct sealers whose votes decide among `sealerCount`. */
export function quorumOf(sealerCount: number): number {
  return sealerCount - faultyOf(sealerCount);
}

/** What a {@link MembershipRule} has to find out. */
export interface MembershipParts {
  readonly head: ChainHead;
  readonly nodeId: NodeId;
  /** Positions of the sealers that take part, the leader of view 0 at height 0 first. */
  readonly turns: readonly number[];
  /** Another quorum than the protocol's: a planted bug. */
  readonly quorum?: QuorumRule | undefined;
}

/** The membership in which the sealers at `turns` take part and lead in that order. */
export function membershipIn({ head, nodeId, turns, quorum = quorumOf }: MembershipParts): Membership {
  const { sealers, header } = head;
  const indexOf = new Map(sealers.map((sealer, index) => [sealer, index as NodeIndex]));
  const atWork = new Set(turns);
  return {
    sealers,
    indexOf,
    working: sealers.filter((_, index) => atWork.has(index)),
    keys: sealers.map((sealer, index) => (atWork.has(index) ? hexToBytes(sealer) : undefined)),
    ownIndex: indexOf.get(nodeId) ?? NOT_A_SEALER,
    takesPart: atWork.has(indexOf.get(nodeId) ?? NOT_A_SEALER),
    faulty: faultyOf(turns.length),
    quorum: quorum(turns.length),
    leaderOf: (view) => turns[(view + header.number) % turns.length] as NodeIndex,
  };
}

/** PBFT: all sealers take part, and lead in the order of their ids. */
export const allSealers: MembershipRule = (head, nodeId, quorum) => {
  return membershipIn({ head, nodeId, turns: [...head.sealers.keys()], quorum });
};
