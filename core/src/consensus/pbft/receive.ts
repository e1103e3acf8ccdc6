/** Frames on their way in: who may speak, what the frame is, and to whom it goes. See docs/protocol/pbft.md#p1-messages. */
import { NOT_A_SEALER, PBFT_VIEW_MAX, unreachable } from "../../primitives/index.js";
import type { NodeId } from "../../primitives/index.js";
import { PbftPacketId, PbftPacketType, decodePbftMessage, decodePbftPacket } from "../../protocol/index.js";
import type { PbftMessage, PbftPacket } from "../../protocol/index.js";
import { forward } from "./forwarding.js";
import { handleHashPrepare, handleMissedRequest, handleMissedResponse } from "./hash-prepare.js";
import { handlePrepare } from "./prepare.js";
import type { ReceivedFrame } from "./spreading.js";
import type { Envelope, PbftState } from "./state.js";
import { handleViewChange } from "./view-change.js";
import { handleVote } from "./vote.js";

/** Handles one frame. Only sealers speak with sealers; everything else is dropped before it is decoded. */
export function receive(state: PbftState, from: NodeId, packetType: number, body: Uint8Array): void {
  const { members, takesPart, spreading, environment } = state;
  if (members.ownIndex === NOT_A_SEALER || body.length === 0) return;
  if (from === environment.nodeId || !members.indexOf.has(from)) return;
  const frame = { from, packetType, body };
  if (takesPart && spreading?.receive(frame) === true) return;
  if (!environment.options.enablePrepareWithTransactionHashes) return receivePacket(state, frame);
  switch (packetType) {
    case PbftPacketType.HashPrepare:
      return receivePacket(state, frame, true);
    case PbftPacketType.MissedTransactionsRequest:
      return handleMissedRequest(state, from, body);
    case PbftPacketType.MissedTransactionsResponse:
      return handleMissedResponse(state, from, body);
    default:
      return receivePacket(state, frame);
  }
}

function receivePacket(state: PbftState, frame: ReceivedFrame, byHashes = false): void {
  const { from } = frame;
  const packet = decodePbftPacket(frame.body);
  if (!packet.ok) return state.trace("debug", "packet-malformed", { from });
  const packetId = byHashes ? PbftPacketId.Prepare : packet.value.packetId;
  const message = decodePbftMessage(packet.value.message, packetId);
  if (!message.ok || message.value.view > PBFT_VIEW_MAX) return state.trace("debug", "message-malformed", { from });
  if (!state.takesPart && !isForLater(state, packetId, message.value)) return;
  if (packetId === PbftPacketId.Prepare && state.takesPart) state.spreading?.passOn(frame, message.value);
  const envelope = envelopeOf(state, from, packet.value);
  if (byHashes) return handleHashPrepare(state, message.value, envelope);
  if (handle(state, packetId, message.value, from)) forward(state, packetId, message.value, envelope);
}

/**
 * A sealer that does not work may be called by a block that others have and it has not: what they say of the block
 * after that one is kept until then.
 */
function isForLater(state: PbftState, packetId: PbftPacketId, { height }: PbftMessage): boolean {
  return packetId !== PbftPacketId.ViewChange && height > state.height;
}

function envelopeOf(state: PbftState, from: NodeId, packet: PbftPacket): Envelope {
  // Whoever is no sealer has no business with our messages, and the list is as long as its sender likes.
  const named = packet.forwardNodes?.filter((node) => state.members.indexOf.has(node));
  return { from, ttl: packet.ttl, forwardNodes: named && [...new Set(named)] };
}

function handle(state: PbftState, packetId: PbftPacketId, message: PbftMessage, from: NodeId): boolean {
  switch (packetId) {
    case PbftPacketId.Prepare:
      return handlePrepare(state, { message, proposal: undefined, from });
    case PbftPacketId.Sign:
    case PbftPacketId.Commit:
      return handleVote(state, { packetId, message, from });
    case PbftPacketId.ViewChange:
      return handleViewChange(state, message, from);
    default:
      return unreachable(packetId);
  }
}
