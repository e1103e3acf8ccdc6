/** Frames of the SDK channel, and the topic that stands in front of some payloads. See docs/protocol/channel.md. */
import {
  CHANNEL_FRAME_BYTES_MAX,
  assert,
  byteStringToBytes,
  bytesToByteString,
  bytesToUtf8,
  ok,
  utf8ToBytes,
} from "../primitives/index.js";
import type { ByteString, Result } from "../primitives/index.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import { FrameCutter } from "./frame-cutter.js";

/** Kinds of frames. */
export const ChannelType = {
  /** JSON-RPC request, and its answer. */
  Rpc: 0x12,
  Heartbeat: 0x13,
  Handshake: 0x14,
  RegisterEventFilter: 0x15,
  UnregisterEventFilter: 0x16,
  /** AMOP: for one subscriber of a topic. */
  AmopRequest: 0x30,
  AmopResponse: 0x31,
  /** The topics a client subscribes to, in place of those before. */
  Topics: 0x32,
  /** AMOP: for all subscribers of a topic. */
  AmopMulticast: 0x35,
  /** The node asks a publisher to verify a subscriber of a private topic. */
  VerifySubscriber: 0x37,
  /** What the publisher found. */
  SubscriberVerified: 0x38,
  /** Pushed: a receipt, with the number of the request that sent the transaction. */
  Receipt: 0x1000,
  /** Pushed: a new block. */
  BlockNumber: 0x1001,
  /** Pushed: logs that an event filter matched. */
  EventLogs: 0x1002,
} as const;

/** Bytes in front of the data of a frame. */
export const CHANNEL_HEADER_BYTES = 42;

/** Bytes of a frame's number. */
const SEQ_BYTES = 32;
const SEQ_AT = 6;
const RESULT_AT = SEQ_AT + SEQ_BYTES;

/** Number of frames that nobody asked for: block numbers and event logs. */
export const CHANNEL_SEQ_NONE = "0".repeat(SEQ_BYTES) as ByteString;

/** Longest topic in front of a payload, in bytes of UTF-8: its length byte counts itself. */
export const TOPIC_BYTES_MAX = 254;

/** One message between an SDK and its node. */
export interface ChannelFrame {
  /** See {@link ChannelType}; unknown ones are to be ignored. */
  readonly type: number;
  /** Pairs requests and answers: 32 bytes, by custom the digits of a UUID. */
  readonly seq: ByteString;
  /** 0, or an error. */
  readonly result: number;
  readonly data: Uint8Array;
}

/** The bytes of a frame, which asserts that it fits into {@link CHANNEL_FRAME_BYTES_MAX}. */
export function encodeChannelFrame(frame: ChannelFrame): Uint8Array {
  const length = CHANNEL_HEADER_BYTES + frame.data.length;
  assert(length <= CHANNEL_FRAME_BYTES_MAX, "a frame fits into the largest frame");
  assert(frame.seq.length === SEQ_BYTES, "the number of a frame is 32 bytes");
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  view.setUint16(4, frame.type);
  bytes.set(byteStringToBytes(frame.seq), SEQ_AT);
  view.setInt32(RESULT_AT, frame.result);
  bytes.set(frame.data, CHANNEL_HEADER_BYTES);
  return bytes;
}

function decodeWhole(bytes: Uint8Array): ChannelFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    type: view.getUint16(4),
    seq: bytesToByteString(bytes.subarray(SEQ_AT, RESULT_AT)),
    result: view.getInt32(RESULT_AT),
    data: bytes.subarray(CHANNEL_HEADER_BYTES),
  };
}

/** Decodes one frame; bytes behind it are ignored, as the C++ node does with frames that other nodes relay. */
export function decodeChannelFrame(bytes: Uint8Array): Result<ChannelFrame, DecodeFailure> {
  if (bytes.length < CHANNEL_HEADER_BYTES) return malformed("channel-frame", "shorter than its header");
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  if (length < CHANNEL_HEADER_BYTES || length > bytes.length) return malformed("channel-frame", "its length is wrong");
  return ok(decodeWhole(bytes.subarray(0, length)));
}

/** Cuts the bytes of one session into frames, whatever way they are split. */
export class ChannelFrameReader extends FrameCutter<ChannelFrame> {
  constructor() {
    super({ headerBytes: CHANNEL_HEADER_BYTES, frameBytesMax: CHANNEL_FRAME_BYTES_MAX }, decodeWhole);
  }
}

/** Data that begins with a topic. */
export interface TopicData {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** Data with its topic in front, which asserts that the topic has at most {@link TOPIC_BYTES_MAX} bytes. */
export function encodeTopicData({ topic, payload }: TopicData): Uint8Array {
  const name = utf8ToBytes(topic);
  assert(name.length <= TOPIC_BYTES_MAX, "a topic has at most 254 bytes");
  const bytes = new Uint8Array(1 + name.length + payload.length);
  bytes[0] = 1 + name.length;
  bytes.set(name, 1);
  bytes.set(payload, 1 + name.length);
  return bytes;
}

/** Splits data into topic and payload. */
export function decodeTopicData(data: Uint8Array): Result<TopicData, DecodeFailure> {
  const length = data[0];
  if (length === undefined || length === 0 || length > data.length) return malformed("topic-data");
  return ok({ topic: bytesToUtf8(data.subarray(1, length)), payload: data.subarray(length) });
}
