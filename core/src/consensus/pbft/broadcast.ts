/** Messages on their way out. See docs/protocol/pbft.md#p6-forwarding. */
import type { NodeId } from "../../primitives/index.js";
import { PbftPacketId, PbftPacketType, encodePbftMessage, encodePbftPacket } from "../../protocol/index.js";
import type { PbftMessage } from "../../protocol/index.js";
import { messageKey } from "./messages.js";
import type { PbftState } from "./state.js";

/** Hops of a message whose option is 0. */
const TTL_DEFAULT = 2;

/** Hops of a message that needs no forwarding by ttl. */
const TTL_DIRECT = 1;

/** How a message of ours travels. */
export interface Sending {
  /** P2P packet type; a plain message without it. */
  readonly packetType?: number;
  /** The prepare has no transactions. */
  readonly emptyBlock?: boolean;
}

/** Hops that a message of ours may make. */
export function initialTtl(state: PbftState): number {
  const { ttl } = state.environment.options;
  return ttl === 0 ? TTL_DEFAULT : ttl;
}

/** Sends a message of ours to every working sealer with a session, and names the sealers without one. */
export function broadcast(state: PbftState, packetId: PbftPacketId, message: PbftMessage, sending: Sending = {}): void {
  const { packetType = PbftPacketType.Message, emptyBlock = false } = sending;
  const peers = state.environment.peers();
  state.connectedNodes = peers.size;
  const key = messageKey(message);
  const { nodeId } = state.environment;
  const { sealers, working } = state.members;
  const to = working.filter((node) => node !== nodeId && peers.has(node) && state.filter.mark(packetId, key, node));
  if (to.length === 0) return;
  const body = encodePbftPacket({
    packetId,
    ttl: initialTtl(state),
    emptyBlock,
    message: encodePbftMessage(message),
    forwardNodes: forwardNodes(
      state,
      sealers.filter((sealer) => sealer !== nodeId && !peers.has(sealer)),
    ),
  });
  state.emit({ type: "send", to, packetType, body });
}

/** Sends a proposal of ours on the way that proposals take. */
export function sendPrepare(state: PbftState, message: PbftMessage, sending: Sending = {}): void {
  const { spreading } = state;
  if (spreading === undefined) return broadcast(state, PbftPacketId.Prepare, message, sending);
  state.connectedNodes = state.environment.peers().size;
  spreading.send(message, sending.packetType ?? PbftPacketType.Message, sending.emptyBlock ?? false);
}

/** Sends a message of ours to one node, even when it was sent there before: that node has forgotten it. */
export function sendTo(state: PbftState, node: NodeId, packetId: PbftPacketId, message: PbftMessage): void {
  const body = encodePbftPacket({
    packetId,
    ttl: TTL_DIRECT,
    emptyBlock: false,
    message: encodePbftMessage(message),
    forwardNodes: forwardNodes(state, []),
  });
  state.emit({ type: "send", to: [node], packetType: PbftPacketType.Message, body });
}

/** The list as it goes into a packet: none at all where messages are forwarded by ttl. */
export function forwardNodes(state: PbftState, nodes: readonly NodeId[]): readonly NodeId[] | undefined {
  return state.environment.options.enableTtlOptimization ? nodes : undefined;
}
