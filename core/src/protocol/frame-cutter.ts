/** Cuts a stream of bytes into frames that begin with their own length, four bytes big-endian, header included. */
import { EMPTY_BYTES, err, ok } from "../primitives/index.js";
import type { Failure, Result } from "../primitives/index.js";

/** Someone who does not speak the protocol: the session must end. */
export interface FrameFailure extends Failure {
  readonly code: "frame-too-short" | "frame-too-long";
  /** The announced length in bytes, header included. */
  readonly length: number;
}

/** Which lengths a protocol allows. */
export interface FrameBounds {
  /** Bytes of the header, which every frame has. */
  readonly headerBytes: number;
  /** Bytes of the largest frame, header included. */
  readonly frameBytesMax: number;
}

/**
 * Finds the frames of one session, whatever way its bytes are split.
 *
 * Memory grows with what has arrived, never with what was announced, and holds at most one frame. Each byte of an
 * incomplete frame is copied a bounded number of times; frames that lie whole in a chunk are not copied at all, so a
 * chunk must not be written to afterwards.
 */
export class FrameCutter<Frame> {
  readonly #bounds: FrameBounds;
  readonly #decode: (bytes: Uint8Array) => Frame;
  #buffer = EMPTY_BYTES;
  #filled = 0;
  #failure: FrameFailure | undefined;

  /** @param decode reads a whole frame of allowed length; must not throw */
  constructor(bounds: FrameBounds, decode: (bytes: Uint8Array) => Frame) {
    this.#bounds = bounds;
    this.#decode = decode;
  }

  /** Bytes held of the frame that is not complete yet. */
  get pendingBytes(): number {
    return this.#filled;
  }

  /** Bytes of memory reserved for it: never more than twice what has arrived. */
  get reservedBytes(): number {
    return this.#buffer.length;
  }

  /**
   * Takes the next bytes and returns the frames that they complete, in order.
   *
   * @returns a failure as soon as a length is out of range, then and ever after
   */
  push(chunk: Uint8Array): Result<Frame[], FrameFailure> {
    if (this.#failure !== undefined) return err(this.#failure);
    const frames: Frame[] = [];
    let at = 0;
    while (at < chunk.length) {
      const whole = this.#filled === 0 ? announcedLength(chunk, at, chunk.length) : undefined;
      if (whole !== undefined && !this.#accepts(whole)) break;
      if (whole !== undefined && at + whole <= chunk.length) {
        frames.push(this.#decode(chunk.subarray(at, at + whole)));
        at += whole;
        continue;
      }
      at = this.#collect(chunk, at, frames);
      if (this.#failure !== undefined) break;
    }
    return this.#failure === undefined ? ok(frames) : err(this.#failure);
  }

  #accepts(length: number): boolean {
    if (length < this.#bounds.headerBytes) this.#failure = { code: "frame-too-short", length };
    else if (length > this.#bounds.frameBytesMax) this.#failure = { code: "frame-too-long", length };
    if (this.#failure !== undefined) this.#buffer = EMPTY_BYTES;
    return this.#failure === undefined;
  }

  /** Adds bytes to the incomplete frame and returns where it stopped. */
  #collect(chunk: Uint8Array, at: number, frames: Frame[]): number {
    const length = announcedLength(this.#buffer, 0, this.#filled);
    const wanted = length ?? 4;
    const taken = Math.min(wanted - this.#filled, chunk.length - at);
    this.#reserve(this.#filled + taken, wanted);
    this.#buffer.set(chunk.subarray(at, at + taken), this.#filled);
    this.#filled += taken;
    if (length === undefined) {
      const announced = announcedLength(this.#buffer, 0, this.#filled);
      if (announced !== undefined) this.#accepts(announced);
    } else if (this.#filled === length) {
      frames.push(this.#decode(this.#buffer.subarray(0, length)));
      this.#buffer = EMPTY_BYTES;
      this.#filled = 0;
    }
    return at + taken;
  }

  #reserve(bytes: number, wanted: number): void {
    if (bytes <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(bytes, Math.min(wanted, this.#buffer.length * 2)));
    grown.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = grown;
  }
}

/** The length that stands at `at`, undefined while its four bytes are not there. */
function announcedLength(bytes: Uint8Array, at: number, end: number): number | undefined {
  if (end - at < 4) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
}
