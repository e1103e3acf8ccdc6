/** What a Raft node may never say, watched on everything it sends. */
import { standardSuite } from "@tsbcos/core/crypto";
import { ZERO_HASH } from "@tsbcos/core/primitives";
import type { Hash } from "@tsbcos/core/primitives";
import { decodeBlock, decodeRaftMessage, decodeRaftVows, ModuleId, RaftVoteFlag } from "@tsbcos/core/protocol";
import type { RaftHeartbeat, RaftHeartbeatResponse, RaftVoteResponse } from "@tsbcos/core/protocol";
import { check } from "../failure.js";

/** A frame that leaves a node. */
export interface SentRaftFrame {
  readonly node: number;
  readonly to: readonly number[];
  readonly moduleId: number;
  readonly body: Uint8Array;
  /** What the node's disk holds at this moment. */
  readonly backedUp: Uint8Array | undefined;
}

/** Watches votes, offers and acknowledgements. */
export class RaftChecker {
  /** Who got the vote, by voter and term: it holds across restarts. */
  readonly #votes = new Map<string, number>();
  /** What was offered, by term and height. */
  readonly #offers = new Map<string, { readonly node: number; readonly hash: Hash }>();

  /**
   * Looks at one frame.
   *
   * @throws SimulationFailure when the node breaks its word
   */
  sent(frame: SentRaftFrame): void {
    if (frame.moduleId !== ModuleId.Raft) return;
    const message = decodeRaftMessage(frame.body);
    check(message.ok, `n${frame.node} sent a Raft message that cannot be read`);
    if (message.value.type === "vote-response") this.#checkVote(frame, message.value);
    if (message.value.type === "heartbeat") this.#checkOffer(frame, message.value);
    if (message.value.type === "heartbeat-response") this.#checkAcknowledgement(frame, message.value);
  }

  #checkVote({ node, to }: SentRaftFrame, { voteFlag, term }: RaftVoteResponse): void {
    if (voteFlag !== RaftVoteFlag.Granted) return;
    const key = `${node}/${term}`;
    const [candidate = -1] = to;
    const before = this.#votes.get(key) ?? candidate;
    check(before === candidate, `n${node} votes for n${candidate} in term ${term}, and had voted for n${before}`);
    this.#votes.set(key, candidate);
  }

  /** One block a term and height: there is one leader, and it does not change its mind. */
  #checkOffer({ node }: SentRaftFrame, heartbeat: RaftHeartbeat): void {
    const { term, uncommittedBlockNumber, uncommittedBlock } = heartbeat;
    if (uncommittedBlock.length === 0) return;
    const hash = hashOfOffer(uncommittedBlock);
    const key = `${term}/${uncommittedBlockNumber}`;
    const before = this.#offers.get(key) ?? { node, hash };
    const what = `n${node} offers ${hash} in term ${term}, and n${before.node} had offered ${before.hash} there`;
    check(before.hash === hash, what);
    this.#offers.set(key, before);
  }

  /** Whoever says that it holds a block still does after a crash. */
  #checkAcknowledgement({ node, backedUp }: SentRaftFrame, response: RaftHeartbeatResponse): void {
    const { uncommittedBlockHash: held } = response;
    if (held === ZERO_HASH) return;
    const vows = backedUp === undefined ? undefined : decodeRaftVows(backedUp);
    const kept = vows?.ok === true && vows.value.block.length > 0 ? hashOfOffer(vows.value.block) : "nothing";
    check(kept === held, `n${node} says that it holds ${held}, and its disk holds ${kept}`);
  }
}

/** The hash of a proposal is that of all chains with Keccak, whatever their signatures are. */
function hashOfOffer(block: Uint8Array): Hash {
  const decoded = decodeBlock(block, standardSuite);
  check(decoded.ok, "a block that is offered can be read");
  return decoded.value.hash;
}
