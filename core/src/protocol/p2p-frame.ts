/** Frames of the peer-to-peer protocol. See docs/protocol/p2p-frames.md. */
import { EMPTY_BYTES, P2P_FRAME_BYTES_MAX, assert, err, ok } from "../primitives/index.js";
import type { Failure, Result } from "../primitives/index.js";

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

/** A peer that does not speak the protocol: the session must end. */
export interface FrameFailure extends Failure {
  readonly code: "frame-too-short" | "frame-too-long";
  /** The announced length in bytes, header included. */
  readonly length: number;
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

/**
 * Cuts the bytes of one session into frames, whatever way they are split.
 *
 * Memory grows with what has arrived, never with what was announced, and holds at most one frame. Each byte of an
 * incomplete frame is copied a bounded number of times; frames that lie whole in a chunk are not copied at all, so a
 * chunk must not be written to afterwards.
 */
export class P2pFrameReader {
  private buffer = EMPTY_BYTES;
  private filled = 0;
  private failure: FrameFailure | undefined;

  /** Bytes held of the frame that is not complete yet. */
  get pendingBytes(): number {
    return this.filled;
  }

  /**
   * Takes the next bytes and returns the frames that they complete, in order.
   *
   * @returns a failure as soon as a length is out of range, then and ever after
   */
  push(chunk: Uint8Array): Result<P2pFrame[], FrameFailure> {
    if (this.failure !== undefined) return err(this.failure);
    const frames: P2pFrame[] = [];
    let at = 0;
    while (at < chunk.length) {
      const whole = this.filled === 0 ? announcedLength(chunk, at, chunk.length) : undefined;
      if (whole !== undefined && !this.accepts(whole)) break;
      if (whole !== undefined && at + whole <= chunk.length) {
        frames.push(decodeFrame(chunk.subarray(at, at + whole)));
        at += whole;
        continue;
      }
      at = this.collect(chunk, at, frames);
      if (this.failure !== undefined) break;
    }
    return this.failure === undefined ? ok(frames) : err(this.failure);
  }

  private accepts(length: number): boolean {
    if (length < P2P_HEADER_BYTES) this.failure = { code: "frame-too-short", length };
    else if (length > P2P_FRAME_BYTES_MAX) this.failure = { code: "frame-too-long", length };
    if (this.failure !== undefined) this.buffer = EMPTY_BYTES;
    return this.failure === undefined;
  }

  /** Adds bytes to the incomplete frame and returns where it stopped. */
  private collect(chunk: Uint8Array, at: number, frames: P2pFrame[]): number {
    const length = announcedLength(this.buffer, 0, this.filled);
    const wanted = length ?? 4;
    const taken = Math.min(wanted - this.filled, chunk.length - at);
    this.reserve(this.filled + taken, wanted);
    this.buffer.set(chunk.subarray(at, at + taken), this.filled);
    this.filled += taken;
    if (length === undefined) {
      const announced = announcedLength(this.buffer, 0, this.filled);
      if (announced !== undefined) this.accepts(announced);
    } else if (this.filled === length) {
      frames.push(decodeFrame(this.buffer.subarray(0, length)));
      this.buffer = EMPTY_BYTES;
      this.filled = 0;
    }
    return at + taken;
  }

  private reserve(bytes: number, wanted: number): void {
    if (bytes <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(bytes, Math.min(wanted, this.buffer.length * 2)));
    grown.set(this.buffer.subarray(0, this.filled));
    this.buffer = grown;
  }
}

/** The length that stands at `at`, undefined while its four bytes are not there. */
function announcedLength(bytes: Uint8Array, at: number, end: number): number | undefined {
  if (end - at < 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
}
