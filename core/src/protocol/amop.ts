/** What AMOP adds to the frames of the SDK channel and of the peer-to-peer protocol. See docs/protocol/amop.md. */
import { isNodeId, ok } from "../primitives/index.js";
import type { NodeId, Result } from "../primitives/index.js";
import { jsonLine, jsonObjectIn } from "./channel-session.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";

/** Packet types of the peer-to-peer module AMOP; the body is a whole channel frame. */
export const AmopPacket = { Request: 0, Multicast: 1 } as const;

/** Results of AMOP answers. Clients add their own. */
export const AmopResult = {
  Success: 0,
  /** No node has the topic, or none of them answered. */
  NoPeer: 100,
  /** The node refuses: over its bandwidth limit, or too much is under way. */
  Refused: 103,
  /** At the node with the topic no client took the message, or none answered. */
  NoSubscriber: 104,
} as const;

const PRIVATE_PREFIX = "#!$TopicNeedVerify_";
const CHALLENGE_PREFIX = "#!$VerifyChannel_";
const PUBLISHER_PREFIX = "#!$PushChannel_";

/** The topic under which messages of a private topic travel. */
export function privateTopic(name: string): string {
  return PRIVATE_PREFIX + name;
}

/** True when messages of the topic go only to nodes that a publisher has verified. */
export function isPrivateTopic(topic: string): boolean {
  return topic.startsWith(PRIVATE_PREFIX);
}

/** The topic at which one subscriber of a private topic takes challenges; `unique` tells it from the others. */
export function challengeTopic(privateName: string, unique: string): string {
  return `${challengeTopicPrefix(privateName)}_${unique}`;
}

/** How all challenge topics of a private topic begin. */
export function challengeTopicPrefix(privateName: string): string {
  return CHALLENGE_PREFIX + privateName;
}

/** The topic that a publisher of a private topic subscribes to, to hear of subscribers. */
export function publisherTopic(privateName: string): string {
  return PUBLISHER_PREFIX + privateName;
}

/** A subscriber of a private topic, to be verified by a publisher. */
export interface VerifyRequest {
  /** The node where it is. */
  readonly nodeId: NodeId;
  /** The private topic, with its prefix. */
  readonly topic: string;
  /** Where it takes the challenge. */
  readonly topicForCert: string;
}

/** What a publisher found. */
export interface VerifyVerdict {
  readonly nodeId: NodeId;
  readonly topic: string;
  /** 0: the subscriber may have the messages. */
  readonly checkResult: number;
}

/** Data of the request to verify a subscriber. */
export function encodeVerifyRequest({ nodeId, topic, topicForCert }: VerifyRequest): Uint8Array {
  return jsonLine({ nodeId, topic, topicForCert });
}

/** Reads a request to verify a subscriber. */
export function decodeVerifyRequest(data: Uint8Array): Result<VerifyRequest, DecodeFailure> {
  const { nodeId, topic, topicForCert } = jsonObjectIn(data) ?? {};
  if (
    typeof nodeId !== "string" ||
    !isNodeId(nodeId) ||
    typeof topic !== "string" ||
    typeof topicForCert !== "string"
  ) {
    return malformed("verify-request");
  }
  return ok({ nodeId: nodeId.toLowerCase() as NodeId, topic, topicForCert });
}

/** Data of a publisher's verdict. */
export function encodeVerifyVerdict({ nodeId, topic, checkResult }: VerifyVerdict): Uint8Array {
  return jsonLine({ checkResult, nodeId, topic });
}

/** Reads a publisher's verdict. */
export function decodeVerifyVerdict(data: Uint8Array): Result<VerifyVerdict, DecodeFailure> {
  const { nodeId, topic, checkResult } = jsonObjectIn(data) ?? {};
  const isComplete = typeof nodeId === "string" && typeof topic === "string" && typeof checkResult === "number";
  if (!isComplete || !isNodeId(nodeId) || !Number.isInteger(checkResult)) return malformed("verify-verdict");
  return ok({ nodeId: nodeId.toLowerCase() as NodeId, topic, checkResult });
}
