/** What a Raft node may never say, watched on everything it sends. */
import { standardSuite } from "@tsbcos/core/crypto";
import { ZERO_HASH } from "@tsbcos/core/primitives";
import type { Hash } from "@tsbcos/core/primitives";
import { decodeBlock, decodeRaftMessage, decodeRaftVows, ModuleId, RaftVoteFlag } from "@tsbcos/core/protocol";
import type {
  BlockHeader,
  RaftHeartbeat,
  RaftHeartbeatResponse,
  RaftVoteRequest,
  RaftVoteResponse,
} from "@tsbcos/core/protocol";
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

/** A block that a leader has offered. */
interface Offer {
  readonly node: number;
  readonly hash: Hash;
}

/** Watches votes, offers and acknowledgements. */
export class RaftChecker {
  /** Who got the vote, by voter and term: it holds across restarts. */
  readonly #votes = new Map<string, number>();
  /** The vow that each node's disk was last seen with. */
  readonly #vows = new Map<number, { readonly bytes: Uint8Array; readonly term: number; readonly vote: string }>();
  /** Highest block that a candidate has named, by candidate and term. */
  readonly #requests = new Map<string, number>();
  /** What was offered, by term and height. */
  readonly #offers = new Map<string, Offer>();
  /** Latest term in which a node has offered a block, by node and body of the block. */
  readonly #offeredIn = new Map<string, number>();
  /** Latest term under which a node has said that it holds the block with that body, by node. */
  readonly #holders = new Map<string, Map<number, number>>();
  /** Bodies of blocks that were decided. */
  readonly #decided = new Set<string>();

  /**
   * Looks at one frame.
   *
   * @returns true when a leader offers a block in it
   * @throws SimulationFailure when the node breaks its word
   */
  sent(frame: SentRaftFrame): boolean {
    if (frame.moduleId !== ModuleId.Raft) return false;
    if (frame.backedUp !== undefined) this.#checkVow(frame.node, frame.backedUp);
    const message = decodeRaftMessage(frame.body);
    check(message.ok, `n${frame.node} sent a Raft message that cannot be read`);
    if (message.value.type === "vote-request") this.#noteRequest(frame.node, message.value);
    if (message.value.type === "vote-response") this.#checkVote(frame, message.value);
    if (message.value.type === "heartbeat") this.#checkOffer(frame, message.value);
    if (message.value.type === "heartbeat-response") this.#checkAcknowledgement(frame, message.value);
    return message.value.type === "heartbeat" && message.value.uncommittedBlock.length > 0;
  }

  /**
   * A node is about to store a block. The first who does has decided it as leader; the others may have it from him.
   *
   * @throws SimulationFailure when it was held by no majority under one leader
   */
  storing(node: number, header: BlockHeader): void {
    const body = bodyOf(header);
    if (this.#decided.has(body)) return;
    this.#decided.add(body);
    const sealers = header.sealerList.length;
    const needed = sealers - Math.floor((sealers - 1) / 2);
    const term = this.#offeredIn.get(`${node}/${body}`);
    const what = `n${node} stores block ${header.number}`;
    check(term !== undefined || needed === 1, `${what}, which it has not offered`);
    // Whoever has it from a later leader elects nobody with an older block either.
    const holders = [...(this.#holders.get(body) ?? [])].filter(([, latest]) => latest >= (term ?? 0));
    const all = new Set([node, ...holders.map(([holder]) => holder)]);
    check(
      all.size >= needed,
      `${what} as leader of term ${term ?? 0}, of which (${[...all].join(", ")}) hold it, and ${needed} are needed`,
    );
  }

  /** What a disk says of the node's last vote never goes back to an earlier term. */
  #checkVow(node: number, bytes: Uint8Array): void {
    const before = this.#vows.get(node);
    if (before?.bytes === bytes) return;
    const vows = decodeRaftVows(bytes);
    check(vows.ok, `n${node} has promises on its disk that cannot be read`);
    const { votedTerm: term, votedFor } = vows.value;
    const vote = `${votedFor ?? "nobody"}`.slice(0, 8);
    if (before !== undefined) {
      const what = `the disk of n${node} has its vote of term ${term} for ${vote}`;
      check(term >= before.term, `${what}, and had one of term ${before.term} for ${before.vote}`);
    }
    this.#vows.set(node, { bytes, term, vote });
  }

  #noteRequest(node: number, { term, lastBlockNumber }: RaftVoteRequest): void {
    const key = `${node}/${term}`;
    this.#requests.set(key, Math.max(lastBlockNumber, this.#requests.get(key) ?? 0));
  }

  /** One vote a term, and only for a candidate that will bring the block which the voter has acknowledged. */
  #checkVote({ node, to, backedUp }: SentRaftFrame, { voteFlag, term }: RaftVoteResponse): void {
    if (voteFlag !== RaftVoteFlag.Granted) return;
    const key = `${node}/${term}`;
    const [candidate = -1] = to;
    const before = this.#votes.get(key) ?? candidate;
    check(before === candidate, `n${node} votes for n${candidate} in term ${term}, and had voted for n${before}`);
    this.#votes.set(key, candidate);
    const held = backedUp === undefined ? undefined : heldBlock(backedUp);
    // A disk may be further than the node that waits for it: what was offered in that term or later came after the vote.
    if (held === undefined || held.term >= term) return;
    const brings = this.#requests.get(`${candidate}/${term}`) ?? 0;
    const what = `n${node} votes for n${candidate} in term ${term}, which has blocks up to ${brings}`;
    check(brings >= held.number, `${what}, and holds block ${held.number} itself`);
  }

  /** One block a term and height: there is one leader, and it does not change its mind. */
  #checkOffer({ node }: SentRaftFrame, heartbeat: RaftHeartbeat): void {
    const { term, uncommittedBlockNumber, uncommittedBlock } = heartbeat;
    if (uncommittedBlock.length === 0) return;
    const { hash, body } = readOffer(uncommittedBlock);
    const key = `${term}/${uncommittedBlockNumber}`;
    const before = this.#offers.get(key) ?? { node, hash };
    const what = `n${node} offers ${hash} in term ${term}, and n${before.node} had offered ${before.hash} there`;
    check(before.hash === hash, what);
    this.#offers.set(key, before);
    this.#offeredIn.set(`${node}/${body}`, term);
  }

  /** Whoever says that it holds a block still does after a crash. */
  #checkAcknowledgement({ node, backedUp }: SentRaftFrame, response: RaftHeartbeatResponse): void {
    const { uncommittedBlockHash: held } = response;
    if (held === ZERO_HASH) return;
    const kept = backedUp === undefined ? undefined : heldBlock(backedUp);
    check(kept?.hash === held, `n${node} says that it holds ${held}, and its disk holds ${kept?.hash ?? "nothing"}`);
    const holders = this.#holders.get(kept.body) ?? new Map<number, number>();
    this.#holders.set(kept.body, holders.set(node, Math.max(kept.term, holders.get(node) ?? 0)));
  }
}

/** The parts of a proposal that are read here. */
interface Proposal {
  readonly hash: Hash;
  readonly number: number;
  readonly body: string;
}

/** The block among the promises on a disk, and the term of the leader who offered it last. */
function heldBlock(backedUp: Uint8Array): (Proposal & { readonly term: number }) | undefined {
  const vows = decodeRaftVows(backedUp);
  if (!vows.ok || vows.value.block.length === 0) return undefined;
  return { ...readOffer(vows.value.block), term: vows.value.blockTerm };
}

/** The hash of a proposal is that of all chains with Keccak, whatever their signatures are. */
function readOffer(block: Uint8Array): Proposal {
  const decoded = decodeBlock(block, standardSuite);
  check(decoded.ok, "a block that is offered can be read");
  const { hash, header } = decoded.value;
  return { hash, number: header.number, body: bodyOf(header) };
}

/** What a block is recognised by before and after its execution, which changes its hash. */
function bodyOf({ number, parentHash, transactionsRoot, timestamp, sealer }: BlockHeader): string {
  return `${number}/${parentHash}/${transactionsRoot}/${timestamp}/${sealer}`;
}
