/** The place where a kind of PBFT says how proposals come to the sealers, when they are not simply sent to all of them. */
import type { NodeId } from "../../primitives/index.js";
import type { PbftMessage } from "../../protocol/index.js";

/** A frame as it came. */
export interface ReceivedFrame {
  /** Peer whose session brought it. */
  readonly from: NodeId;
  readonly packetType: number;
  readonly body: Uint8Array;
}

/** A way for proposals from the leader to all who work. */
export interface Spreading {
  /** Steady time at which {@link proceed} has something to do; infinity when there is nothing. */
  readonly wakeAtMs: number;
  /** Sends a proposal of ours on its way. */
  send(prepare: PbftMessage, packetType: number, emptyBlock: boolean): void;
  /** A frame brought a prepare, which nobody has looked at yet: others may be waiting for it. */
  passOn(frame: ReceivedFrame, prepare: PbftMessage): void;
  /** The prepare is the one we work on. */
  accepted(prepare: PbftMessage): void;
  /**
   * Whom to ask for transactions that the prepare lacks.
   *
   * @param sinceMs steady time at which it came
   * @returns undefined while it is better to wait, until {@link sourceKnownAtMs} at the latest
   */
  sourceOf(prepare: PbftMessage, sinceMs: number): NodeId | undefined;
  /** Steady time from which {@link sourceOf} has an answer for a prepare that came at `sinceMs`. */
  sourceKnownAtMs(sinceMs: number): number;
  /** Handles a frame; false when its packet type has no meaning here. */
  receive(frame: ReceivedFrame): boolean;
  /** Does what is due. */
  proceed(): void;
}
