/** Frames of the peer-to-peer protocol. See docs/protocol/p2p-frames.md. */
import { P2P_FRAME_BYTES_MAX, assert } from "../primitives/index.js";
import { FrameCutter } from "./frame-cutter.js";

/** Number of each module on the wire. */
export const ModuleId = { Amop: 1, Topic: 2, Pbft: 8, Sync: 9, Raft: 11 } as const;

/** Bit of {@link P2pFrame.version}: the body is snappy-compressed, raw block format. */
export const P2P_COMPRESSED = 0x8000;

/** Bytes in front of a body. */
export const P2P_HEADER_BYTES = 16;

/** One message between two nodes. */
export interface P2pFrame {
  /** Flags: 0 or {@link P2P_COMPRESSED}. */
  readonly version: number;
  /** Group the message belongs to; 0 for what belongs to none (AMOP, topics). */
  readonly groupId: number;
  /** See {@link ModuleId}; frames of unknown modules are to be ignored. */
  readonly moduleId: number;
  /** True for the answer to a request, which has the request's `seq`. */
  readonly isResponse: boolean;
  /** Kind of message, module by module. */
  readonly packetType: number;
  /** Pairs requests and answers, unsigned 32-bit. */
  readonly seq: number;
  /** As transmitted, that is, compressed where the flag says so. */
  readonly body: Uint8Array;
}

/** The bytes of a frame, which asserts its ranges and that it fits into {@link P2P_FRAME_BYTES_MAX}. */
export function encodeP2pFrame(frame: P2pFrame): Uint8Array {
  const length = P2P_HEADER_BYTES + frame.body.length;
  assert(length <= P2P_FRAME_BYTES_MAX, "a frame fits into the largest frame");
  assert(frame.groupId >= 0 && frame.groupId <= 0x8000, "a frame's group id is 15 bits");
  assert(frame.moduleId >= 0 && frame.moduleId <= 0xffff, "a frame's module id is 16 bits");
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  const protocol = frame.groupId * 0x1_0000 + frame.moduleId;
  view.setUint32(0, length);
  view.setUint16(4, frame.version);
  view.setInt32(6, frame.isResponse ? -protocol : protocol);
  view.setUint16(10, frame.packetType);
  view.setUint32(12, frame.seq);
  bytes.set(frame.body, P2P_HEADER_BYTES);
  return bytes;
}

function decodeFrame(bytes: Uint8Array): P2pFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const protocol = view.getInt32(6);
  const magnitude = Math.abs(protocol);
  return {
    version: view.getUint16(4),
    groupId: Math.floor(magnitude / 0x1_0000),
    moduleId: magnitude % 0x1_0000,
    isResponse: protocol <= 0,
    packetType: view.getUint16(10),
    seq: view.getUint32(12),
    body: bytes.subarray(P2P_HEADER_BYTES),
  };
}

/** Cuts the bytes of one session into frames, whatever way they are split. */
export class P2pFrameReader extends FrameCutter<P2pFrame> {
  constructor() {
    super({ headerBytes: P2P_HEADER_BYTES, frameBytesMax: P2P_FRAME_BYTES_MAX }, decodeFrame);
  }
}
