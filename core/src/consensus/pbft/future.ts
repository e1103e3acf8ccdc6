/** Messages that come too early: bounded for each peer that sends them, so that nobody can crowd out another. */
import {
  PBFT_CACHED_MESSAGES_PER_SEALER_MAX,
  PBFT_FUTURE_HEIGHTS_MAX,
  PBFT_FUTURE_PREPARES_MAX,
} from "../../primitives/index.js";
import type { NodeId } from "../../primitives/index.js";
import type { PbftMessage, PbftPacketId } from "../../protocol/index.js";
import type { Proposal } from "./proposal.js";

/** A prepare for a later height or view. */
export interface FuturePrepare {
  readonly message: PbftMessage;
  /** Set when the prepare came as hashes and its transactions are at hand. */
  readonly proposal: Proposal | undefined;
  /** Peer whose session brought it. */
  readonly from: NodeId;
}

/** A height and a view. */
export interface Round {
  readonly height: number;
  readonly view: number;
}

function isLater(a: Round, b: Round): boolean {
  return a.height > b.height || (a.height === b.height && a.view > b.view);
}

/** Early prepares: the latest one of each peer, and those nearest to their turn when there are too many. */
export class FuturePrepares {
  readonly #byPeer = new Map<NodeId, FuturePrepare>();

  /** Keeps the prepare; false when there is no room for it. */
  add(prepare: FuturePrepare): boolean {
    const held = this.#byPeer.get(prepare.from);
    if (held !== undefined && !isLater(prepare.message, held.message)) return false;
    this.#byPeer.set(prepare.from, prepare);
    if (this.#byPeer.size <= PBFT_FUTURE_PREPARES_MAX) return true;
    let farthest = prepare;
    for (const other of this.#byPeer.values()) if (isLater(other.message, farthest.message)) farthest = other;
    this.#byPeer.delete(farthest.from);
    return farthest !== prepare;
  }

  /** Takes out one prepare whose turn has come. */
  takeDue(round: Round): FuturePrepare | undefined {
    for (const [peer, prepare] of this.#byPeer) {
      const { height, view } = prepare.message;
      if (height !== round.height || view !== round.view) continue;
      this.#byPeer.delete(peer);
      return prepare;
    }
    return undefined;
  }

  /** Forgets the prepares whose turn is over. */
  dropBefore(round: Round): void {
    for (const [peer, { message }] of this.#byPeer) if (isLater(round, message)) this.#byPeer.delete(peer);
  }

  /** Prepares held. */
  get size(): number {
    return this.#byPeer.size;
  }
}

/** The two phases that are voted on. */
export type VotePacketId = typeof PbftPacketId.Sign | typeof PbftPacketId.Commit;

/** A sign or commit for a later height: not checked, because its sealers may be others. */
export interface FutureVote {
  readonly packetId: VotePacketId;
  readonly message: PbftMessage;
  readonly from: NodeId;
}

/** Early votes, the latest of each peer. */
export class FutureVotes {
  readonly #byPeer = new Map<NodeId, FutureVote[]>();

  /** Keeps a vote for a height above `height`; false when it is too far above. */
  add(vote: FutureVote, height: number): boolean {
    if (vote.message.height > height + PBFT_FUTURE_HEIGHTS_MAX) return false;
    const held = this.#byPeer.get(vote.from) ?? [];
    if (held.length >= PBFT_CACHED_MESSAGES_PER_SEALER_MAX) held.shift();
    held.push(vote);
    this.#byPeer.set(vote.from, held);
    return true;
  }

  /** Takes out the votes for `height` and forgets those below it. */
  takeDue(height: number): readonly FutureVote[] {
    const due: FutureVote[] = [];
    for (const [peer, votes] of this.#byPeer) {
      const later = votes.filter((vote) => vote.message.height > height);
      due.push(...votes.filter((vote) => vote.message.height === height));
      if (later.length === 0) this.#byPeer.delete(peer);
      else this.#byPeer.set(peer, later);
    }
    return due;
  }

  /** Votes held. */
  get size(): number {
    let size = 0;
    for (const votes of this.#byPeer.values()) size += votes.length;
    return size;
  }
}
