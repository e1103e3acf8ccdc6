/** Handshake, heartbeat, topics and block numbers of the SDK channel. See docs/protocol/channel.md. */
import { EMPTY_BYTES, bytesToUtf8, ok, utf8ToBytes } from "../primitives/index.js";
import type { Result } from "../primitives/index.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import { readJson, writeJson } from "./json.js";
import type { Json } from "./json.js";

/** Versions of the protocol between an SDK and its node. A session begins with 1. */
export type ChannelVersion = 1 | 2 | 3;

/** Versions that this side speaks. */
export const CHANNEL_VERSIONS: { readonly min: ChannelVersion; readonly max: ChannelVersion } = { min: 1, max: 3 };

/** What a client says of itself. */
export interface Handshake {
  readonly minimumSupport: number;
  readonly maximumSupport: number;
  readonly clientType: string;
}

/** What the node answers. */
export interface HandshakeReply {
  /** The chain's supported_version, as configured. */
  readonly nodeVersion: string;
  /** The version chosen. */
  readonly protocol: number;
}

type JsonObject = { readonly [key: string]: Json };

/** The JSON object in `data`; undefined for anything else. */
export function jsonObjectIn(data: Uint8Array): JsonObject | undefined {
  const value = readJson(bytesToUtf8(data));
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** One line of compact JSON: the form of all answers that are no receipts. */
export function jsonLine(value: Json): Uint8Array {
  return utf8ToBytes(`${writeJson(value)}\n`);
}

/** Data of a handshake. */
export function encodeHandshake({ minimumSupport, maximumSupport, clientType }: Handshake): Uint8Array {
  return utf8ToBytes(writeJson({ clientType, maximumSupport, minimumSupport }));
}

/** Reads a handshake; what is missing has a default, what is of the wrong type makes the whole malformed. */
export function decodeHandshake(data: Uint8Array): Result<Handshake, DecodeFailure> {
  const object = jsonObjectIn(data);
  if (object === undefined) return malformed("handshake", "not a JSON object");
  const { minimumSupport = 1, maximumSupport = 1, clientType = "Unknow Client Type" } = object;
  if (!isWhole(minimumSupport) || !isWhole(maximumSupport) || typeof clientType !== "string") {
    return malformed("handshake", "a member of the wrong type");
  }
  return ok({ minimumSupport, maximumSupport, clientType });
}

/** The newest version that both sides speak; undefined when there is none. */
export function negotiateChannelVersion({ minimumSupport, maximumSupport }: Handshake): ChannelVersion | undefined {
  const { min, max } = CHANNEL_VERSIONS;
  if (max < minimumSupport || min > maximumSupport) return undefined;
  return Math.min(max, maximumSupport) as ChannelVersion;
}

/** Data of the answer to a handshake. */
export function encodeHandshakeReply({ nodeVersion, protocol }: HandshakeReply): Uint8Array {
  return jsonLine({ nodeVersion, protocol });
}

/** Reads the answer to a handshake. */
export function decodeHandshakeReply(data: Uint8Array): Result<HandshakeReply, DecodeFailure> {
  const { nodeVersion, protocol } = jsonObjectIn(data) ?? {};
  if (typeof nodeVersion !== "string" || !isWhole(protocol)) return malformed("handshake-reply");
  return ok({ nodeVersion, protocol });
}

/** Data of a client's heartbeat. */
export function encodeHeartbeat(version: ChannelVersion): Uint8Array {
  return utf8ToBytes(version === 1 ? "0" : '{"heartBeat":0}');
}

/** Data of the answer to a heartbeat; undefined when there is none to be given. */
export function heartbeatReply(data: Uint8Array, version: ChannelVersion): Uint8Array | undefined {
  if (version > 1) return jsonLine({ heartBeat: 1 });
  return data.length === 1 && data[0] === 0x30 ? utf8ToBytes("1") : undefined;
}

/** Data of a list of topics. */
export function encodeTopics(topics: readonly string[]): Uint8Array {
  return utf8ToBytes(writeJson(topics));
}

/** Reads a list of topics, each once. */
export function decodeTopics(data: Uint8Array): Result<ReadonlySet<string>, DecodeFailure> {
  const value = data.length === 0 ? undefined : readJson(bytesToUtf8(data));
  if (!Array.isArray(value)) return malformed("topics", "not a JSON array");
  const topics = value as readonly Json[];
  if (!topics.every((topic) => typeof topic === "string")) return malformed("topics", "a topic that is no text");
  return ok(new Set(topics));
}

/** A block that became the head of a group. */
export interface BlockNotification {
  readonly groupId: number;
  readonly blockNumber: number;
}

/** The topic whose subscribers hear of the blocks of a group. */
export function blockTopic(groupId: number): string {
  return `_block_notify_${groupId}`;
}

/** Payload of a block notification; the topic goes in front. */
export function encodeBlockNotification(block: BlockNotification, version: ChannelVersion): Uint8Array {
  const { groupId, blockNumber } = block;
  return version === 1 ? utf8ToBytes(`${groupId},${blockNumber}`) : jsonLine({ blockNumber, groupID: groupId });
}

/** Reads the payload of a block notification, in either form. */
export function decodeBlockNotification(payload: Uint8Array): Result<BlockNotification, DecodeFailure> {
  const plain = /^(\d{1,5}),(\d{1,15})$/.exec(bytesToUtf8(payload.length > 64 ? EMPTY_BYTES : payload));
  const { blockNumber, groupID } = plain === null ? (jsonObjectIn(payload) ?? {}) : {};
  const groupId = plain === null ? groupID : Number(plain[1]);
  const number = plain === null ? blockNumber : Number(plain[2]);
  if (!isWhole(groupId) || !isWhole(number) || number < 0) return malformed("block-notification");
  return ok({ groupId, blockNumber: number });
}

function isWhole(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}
