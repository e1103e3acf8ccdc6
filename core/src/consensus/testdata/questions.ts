/** What tests ask of a cluster and of the frames in it. */
import { decodePbftMessage, decodePbftPacket } from "../../protocol/index.js";
import type { PbftMessage, PbftPacketId } from "../../protocol/index.js";
import type { ClusterEvent, Frame, TestCluster } from "./cluster.js";

/** Height of each node. */
export function heights(cluster: TestCluster): number[] {
  return cluster.nodes.map(({ head }) => head.header.number);
}

/** Nodes that have traced the event, once for each time. */
export function traced(cluster: TestCluster, event: string): number[] {
  return cluster.traces.filter((trace) => trace.event.event === event).map(({ node }) => node);
}

/** Executions that were asked for. */
export function executions(events: readonly ClusterEvent[]): number {
  return events.filter((event) => event.type === "effect" && event.effect.type === "execute-block").length;
}

/** The message in a frame. */
export function messageOf(frame: Frame): PbftMessage {
  const packet = decodePbftPacket(frame.body);
  if (!packet.ok) throw new Error("not a packet");
  const message = decodePbftMessage(packet.value.message, packet.value.packetId);
  if (!message.ok) throw new Error("not a message");
  return message.value;
}

/** True when the body is a packet of that kind. */
export function isPacket(body: Uint8Array, packetId: PbftPacketId): boolean {
  const packet = decodePbftPacket(body);
  return packet.ok && packet.value.packetId === packetId;
}
