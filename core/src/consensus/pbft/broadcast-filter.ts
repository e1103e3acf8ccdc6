/** Remembers what was sent to whom, so that no message goes to a node twice. */
import { PBFT_BROADCAST_FILTER_KEYS_MAX } from "../../primitives/index.js";
import type { NodeId } from "../../primitives/index.js";
import type { PbftPacketId } from "../../protocol/index.js";

/** Bounded memory of sent messages, one part for each packet id. */
export class BroadcastFilter {
  readonly #sent = new Map<PbftPacketId, Map<string, Set<NodeId>>>();

  /** Marks the message as sent to the node; false when it was marked before. */
  mark(packetId: PbftPacketId, messageKey: string, nodeId: NodeId): boolean {
    let messages = this.#sent.get(packetId);
    if (messages === undefined) {
      messages = new Map();
      this.#sent.set(packetId, messages);
    }
    let nodes = messages.get(messageKey);
    if (nodes === undefined) {
      // A Map iterates in the order of insertion: the first key is the oldest message.
      if (messages.size >= PBFT_BROADCAST_FILTER_KEYS_MAX) messages.delete(messages.keys().next().value as string);
      nodes = new Set();
      messages.set(messageKey, nodes);
    }
    if (nodes.has(nodeId)) return false;
    nodes.add(nodeId);
    return true;
  }
}
