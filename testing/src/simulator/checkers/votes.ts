/** What an honest node may never put its name to, watched on everything it sends. */
import type { Hash } from "@tsbcos/core/primitives";
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

/** A frame that leaves a node. */
export interface SentFrame {
  readonly node: number;
  /** Which life of the process: counts restarts. */
  readonly incarnation: number;
  /** Position of the node in the sealer list that it votes in. */
  readonly ownIndex: number;
  readonly moduleId: number;
  readonly packetType: number;
  readonly body: Uint8Array;
  /** What the node's disk holds at this moment. */
  readonly backedUpPrepare: Uint8Array | undefined;
}

const NAMES = { [PbftPacketId.Prepare]: "prepare", [PbftPacketId.Sign]: "sign", [PbftPacketId.Commit]: "commit" };

/** Watches PBFT votes. */
export class VoteChecker {
  /** First hash voted for, by node, life, kind, height and view. */
  readonly #voted = new Map<string, Hash>();
  /** What a node has sent a commit vote for, by node and height: it holds across restarts. */
  readonly #locked = new Map<string, Hash>();

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
    if (packetId === PbftPacketId.ViewChange || message.value.index !== frame.ownIndex) return;
    this.#checkOneVoteAView(frame, packetId, message.value);
    if (packetId !== PbftPacketId.Prepare) this.#checkLock(frame, packetId, message.value);
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
    check(locked === blockHash, `${what}, and had sent a commit for ${locked}`);
    if (packetId === PbftPacketId.Sign) return;
    this.#locked.set(key, blockHash);
    const backup = frame.backedUpPrepare === undefined ? undefined : decodeBackedUpPrepare(frame.backedUpPrepare);
    const backedUp = backup?.ok === true ? backup.value.height : undefined;
    check(backedUp === height, `${what}, and its disk holds a backup of height ${backedUp ?? "none"}`);
  }
}
