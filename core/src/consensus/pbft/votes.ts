/** Signs or commits of the height being decided. Each was verified before it came here, so counting is counting. */
import { PBFT_CACHED_MESSAGES_PER_SEALER_MAX } from "../../primitives/index.js";
import type { Hash, NodeIndex } from "../../primitives/index.js";
import type { PbftMessage } from "../../protocol/index.js";

/** What a vote is for: a block in one round. */
export interface Ballot {
  readonly view: number;
  readonly hash: Hash;
}

/** What {@link VoteBox.add} found. */
export type VoteAdded = "added" | "duplicate" | "equivocation";

/**
 * Verified votes of one phase, at most one for each sealer and ballot: a quorum is a number of distinct sealers.
 *
 * A sealer that votes for two blocks in one view is found out; both votes count for their own block, because which
 * came first differs from node to node.
 */
export class VoteBox {
  readonly #ballots = new Map<string, Map<NodeIndex, PbftMessage>>();
  /** Ballots of each sealer, oldest first. */
  readonly #ballotsOf = new Map<NodeIndex, Ballot[]>();

  /** Adds a verified vote; the oldest ballot of its author makes room when the author has voted too often. */
  add(vote: PbftMessage): VoteAdded {
    const ballot: Ballot = { view: vote.view, hash: vote.blockHash };
    const index = vote.index as NodeIndex;
    const box = this.#ballots.get(keyOf(ballot));
    if (box?.has(index) === true) return "duplicate";
    const own = this.#ballotsOf.get(index) ?? [];
    const equivocates = own.some((other) => other.view === vote.view);
    if (own.length >= PBFT_CACHED_MESSAGES_PER_SEALER_MAX) this.#remove(own.shift() as Ballot, index);
    own.push(ballot);
    this.#ballotsOf.set(index, own);
    if (box === undefined) this.#ballots.set(keyOf(ballot), new Map([[index, vote]]));
    else box.set(index, vote);
    return equivocates ? "equivocation" : "added";
  }

  /** True when that sealer's vote for the ballot is here. */
  has(ballot: Ballot, index: number): boolean {
    return this.#ballots.get(keyOf(ballot))?.has(index as NodeIndex) ?? false;
  }

  /** Distinct sealers that voted for the ballot. */
  count(ballot: Ballot): number {
    return this.#ballots.get(keyOf(ballot))?.size ?? 0;
  }

  /** The votes for the ballot, in the order in which they came. */
  votes(ballot: Ballot): readonly PbftMessage[] {
    return [...(this.#ballots.get(keyOf(ballot))?.values() ?? [])];
  }

  /** What at least so many distinct sealers voted for. */
  ballotsWith(sealers: number): readonly Ballot[] {
    const boxes = [...this.#ballots.values()].filter((box) => box.size >= sealers);
    return boxes.flatMap((box) => [...box.values()].slice(0, 1).map(({ view, blockHash: hash }) => ({ view, hash })));
  }

  /** All votes: for invariants. */
  all(): readonly PbftMessage[] {
    return [...this.#ballots.values()].flatMap((box) => [...box.values()]);
  }

  /** Forgets the votes of rounds that are over. */
  dropViewsBelow(view: number): void {
    for (const [index, own] of this.#ballotsOf) {
      for (const ballot of own) if (ballot.view < view) this.#remove(ballot, index);
      this.#ballotsOf.set(
        index,
        own.filter((ballot) => ballot.view >= view),
      );
    }
  }

  /** Forgets everything: the height is decided. */
  clear(): void {
    this.#ballots.clear();
    this.#ballotsOf.clear();
  }

  #remove(ballot: Ballot, index: NodeIndex): void {
    const key = keyOf(ballot);
    const box = this.#ballots.get(key);
    box?.delete(index);
    if (box?.size === 0) this.#ballots.delete(key);
  }
}

function keyOf(ballot: Ballot): string {
  return `${ballot.view}:${ballot.hash}`;
}
