/** Passing on the messages of others to sealers that their authors cannot reach. See docs/protocol/pbft.md#p6-forwarding. */
import type { NodeId } from "../../primitives/index.js";
import { PbftPacketId, PbftPacketType, encodePbftMessage, encodePbftPacket } from "../../protocol/index.js";
import type { PbftMessage } from "../../protocol/index.js";
import { forwardNodes, initialTtl } from "./broadcast.js";
import { messageKey } from "./messages.js";
import { isEmptyProposal } from "./proposal.js";
import type { Envelope, PbftState } from "./state.js";

/** Messages of blocks this far below the head are passed on: somebody may be just behind. */
const FORWARD_BEHIND_BLOCKS = 10;

/** Passes on a message that was handled well, where its envelope asks for it. */
export function forward(state: PbftState, packetId: PbftPacketId, message: PbftMessage, envelope: Envelope): void {
  if (message.height + FORWARD_BEHIND_BLOCKS <= state.head.header.number) return;
  if (state.environment.options.enableTtlOptimization) forwardToNamed(state, packetId, message, envelope);
  else forwardByTtl(state, packetId, message, envelope);
}

function forwardToNamed(state: PbftState, packetId: PbftPacketId, message: PbftMessage, envelope: Envelope): void {
  const { forwardNodes: named } = envelope;
  if (named === undefined || named.length === 0) return;
  const peers = state.environment.peers();
  const { nodeId } = state.environment;
  const remaining = named.filter((node) => !peers.has(node) && node !== nodeId);
  const reached = named.filter((node) => peers.has(node));
  pass(state, packetId, message, { to: reached, ttl: 1, remaining });
}

function forwardByTtl(state: PbftState, packetId: PbftPacketId, message: PbftMessage, envelope: Envelope): void {
  if (envelope.ttl <= 1) return;
  const peers = state.environment.peers();
  const author = state.members.sealers[message.index];
  const to = state.members.working.filter((node) => peers.has(node) && node !== envelope.from && node !== author);
  // Whoever wrote the packet chose its ttl; beyond what the option allows it is not believed.
  pass(state, packetId, message, { to, ttl: Math.min(envelope.ttl, initialTtl(state)) - 1, remaining: [] });
}

interface Passing {
  readonly to: readonly NodeId[];
  readonly ttl: number;
  readonly remaining: readonly NodeId[];
}

function pass(state: PbftState, packetId: PbftPacketId, message: PbftMessage, passing: Passing): void {
  const key = messageKey(message);
  const to = passing.to.filter((node) => state.filter.mark(packetId, key, node));
  if (to.length === 0) return;
  state.trace("debug", "message-passed-on", { packetId, of: message.height, index: message.index });
  const body = encodePbftPacket({
    packetId,
    ttl: passing.ttl,
    emptyBlock: packetId === PbftPacketId.Prepare && isKnownAsEmpty(state, message),
    message: encodePbftMessage(message),
    forwardNodes: forwardNodes(state, passing.remaining),
  });
  state.emit({ type: "send", to, packetType: PbftPacketType.Message, body });
}

/**
 * Whether the flag of empty blocks is true: a C++ node that is bound to a block goes by it. Those that pass on an empty
 * block leave it out, and whoever is bound then takes it for a block against the one it is bound to.
 */
function isKnownAsEmpty({ accepted }: PbftState, message: PbftMessage): boolean {
  return accepted?.message === message && isEmptyProposal(accepted.proposal);
}
