/** What an honest node may never put its name to, watched on everything it sends. */
import type { Hash, NodeId } from "@tsbcos/core/primitives";
import {
  decodeBackedUpPrepare,
  decodePbftMessage,
  decodePbftPacket,
  ModuleId,
  PbftPacketId,
  PbftPacketType,
} from "@tsbcos/core/protocol";
import type { PbftMessage } from "@tsbcos/core/protocol";
import { check } from "../failure.js";
import type { Deciders } from "./deciders.js";

/** A frame that leaves a node. */
export interface SentFrame {
  readonly node: number;
  readonly nodeId: NodeId;
  /** Which life of the process: counts restarts. */
  readonly incarnation: number;
  /** Height that the node decides. */
  readonly deciding: number;
  /** Position of the node in the sealer list that it votes in. */
  readonly ownIndex: number;
  readonly moduleId: number;
  readonly packetType: number;
  readonly body: Uint8Array;
  /** What the node's disk holds at this moment. */
  readonly backedUpPrepare: Uint8Array | undefined;
}

const NAMES = { [PbftPacketId.Prepare]: "prepare", [PbftPacketId.Sign]: "sign", [PbftPacketId.Commit]: "commit" };

/** What the votes are judged by. */
export interface VoteRules {
  /** Who decides a height; undefined while nobody has the block before. */
  readonly decidersAt: (height: number) => Deciders | undefined;
  /** Sealers that may have said anything to anybody. */
  readonly liars: number;
}

/** Watches PBFT votes. */
export class VoteChecker {
  readonly #rules: VoteRules;
  /** First hash voted for, by node, life, kind, height and view. */
  readonly #voted = new Map<string, Hash>();
  /** What a node has sent a commit vote for, by node and height: it holds across restarts. */
  readonly #locked = new Map<string, Hash>();
  /** Who has sent a commit vote, by height, then by view and hash. */
  readonly #committed = new Map<number, Map<string, { readonly hash: Hash; readonly by: Set<number> }>>();
  /** Who has asked for a view, by height and view. */
  readonly #asked = new Map<string, Set<number>>();

  constructor(rules: VoteRules) {
    this.#rules = rules;
  }

  /**
   * Looks at one frame.
   *
   * @throws SimulationFailure when the node breaks its word
   */
  sent(frame: SentFrame): void {
    if (frame.moduleId !== ModuleId.Pbft) return;
    if (frame.packetType !== PbftPacketType.Message && frame.packetType !== PbftPacketType.HashPrepare) return;
    const packet = decodePbftPacket(frame.body);
    check(packet.ok, `n${frame.node} sent a PBFT packet that cannot be read`);
    const { packetId } = packet.value;
    const message = decodePbftMessage(packet.value.message, packetId);
    check(message.ok, `n${frame.node} sent a PBFT message that cannot be read`);
    if (message.value.index !== frame.ownIndex || isOfAnotherList(frame, packetId, message.value)) return;
    if (packetId === PbftPacketId.ViewChange) return this.#noteViewChange(frame.node, message.value);
    this.#checkView(frame, packetId, message.value);
    this.#checkOneVoteAView(frame, packetId, message.value);
    if (packetId !== PbftPacketId.Prepare) this.#checkLock(frame, packetId, message.value);
  }

  /** View changes name the head, votes the height after it. */
  #noteViewChange(node: number, { height, view }: PbftMessage): void {
    const key = `${height + 1}/${view}`;
    const asked = this.#asked.get(key) ?? new Set();
    this.#asked.set(key, asked.add(node));
  }

  /** A view begins when enough have asked for it, and has one leader. */
  #checkView(frame: SentFrame, packetId: keyof typeof NAMES, { height, view }: PbftMessage): void {
    const what = `n${frame.node} sent a ${NAMES[packetId]} at height ${height}, view ${view}`;
    const deciders = this.#rules.decidersAt(height);
    check(deciders !== undefined, `${what}, and nobody has block ${height - 1}`);
    if (packetId === PbftPacketId.Prepare) {
      check(deciders.leaderOf(view) === frame.nodeId, `${what}, where it does not lead`);
    }
    if (view === 0) return;
    const asked = new Set(this.#asked.get(`${height}/${view}`)).add(frame.node);
    const text = [...asked].join(", ");
    const needed = deciders.needed - this.#rules.liars;
    check(asked.size >= needed, `${what}, for which only (${text}) have asked, and ${needed} honest ones are needed`);
  }

  #checkOneVoteAView(frame: SentFrame, packetId: keyof typeof NAMES, message: PbftMessage): void {
    const { height, view, blockHash } = message;
    const key = `${frame.node}.${frame.incarnation}/${packetId}/${height}/${view}`;
    const before = this.#voted.get(key) ?? blockHash;
    const what = `n${frame.node} sent a ${NAMES[packetId]} for ${blockHash} at height ${height}, view ${view}`;
    check(before === blockHash, `${what}, and had sent one for ${before} there`);
    this.#voted.set(key, blockHash);
  }

  #checkLock(
    frame: SentFrame,
    packetId: typeof PbftPacketId.Sign | typeof PbftPacketId.Commit,
    message: PbftMessage,
  ): void {
    const { height, blockHash } = message;
    const key = `${frame.node}/${height}`;
    const locked = this.#locked.get(key) ?? blockHash;
    const what = `n${frame.node} sent a ${NAMES[packetId]} for ${blockHash} at height ${height}`;
    const isFree = locked === blockHash || this.#isOtherDecided(height, locked);
    check(isFree, `${what}, and had sent a commit for ${locked}`);
    if (packetId === PbftPacketId.Sign) return;
    this.#noteCommit(frame.node, message);
    this.#locked.set(key, blockHash);
    const backup = frame.backedUpPrepare === undefined ? undefined : decodeBackedUpPrepare(frame.backedUpPrepare);
    const backedUp = backup?.ok === true ? backup.value.height : undefined;
    check(backedUp === height, `${what}, and its disk holds a backup of height ${backedUp ?? "none"}`);
  }

  #noteCommit(node: number, { height, view, blockHash }: PbftMessage): void {
    const ballots = this.#committed.get(height) ?? new Map<string, { hash: Hash; by: Set<number> }>();
    this.#committed.set(height, ballots);
    const key = `${view}/${blockHash}`;
    const ballot = ballots.get(key) ?? { hash: blockHash, by: new Set() };
    ballots.set(key, ballot);
    ballot.by.add(node);
  }

  /** Enough honest nodes have committed another block, so that with the liars it is a quorum: nobody is bound to this one any more. */
  #isOtherDecided(height: number, blockHash: Hash): boolean {
    const needed = (this.#rules.decidersAt(height)?.needed ?? Number.POSITIVE_INFINITY) - this.#rules.liars;
    const ballots = [...(this.#committed.get(height)?.values() ?? [])];
    return ballots.some((ballot) => ballot.hash !== blockHash && ballot.by.size >= needed);
  }
}

/** A message that is passed on may be of a height with other sealers, where our position is somebody else's. */
function isOfAnotherList({ deciding }: SentFrame, packetId: PbftPacketId, { height }: PbftMessage): boolean {
  if (packetId === PbftPacketId.ViewChange) return height + 1 !== deciding;
  // Our own commit may leave late.
  return packetId === PbftPacketId.Commit ? height > deciding : height !== deciding;
}
