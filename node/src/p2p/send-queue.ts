/** Bytes on their way to one peer: written in turns, in order, and bounded. */
import type { Writable } from "node:stream";
import { Line } from "@tsbcos/core/primitives";

/** Handed to the stream at a time; the next turn starts when these have left. */
const TURN_BYTES = 1024 * 1024;

/**
 * Collects what is sent within one turn of the event loop and writes it at once, so that small frames share TLS
 * records. Waiting frames are shared between peers and copied only when their turn comes.
 */
export class SendQueue {
  readonly #stream: Writable;
  readonly #waiting = new Line<Uint8Array>();
  #waitingBytes = 0;
  #writing = false;
  #scheduled = false;
  #closed = false;
  #turnStartedMs = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Bytes not yet handed to the system. */
  get bytes(): number {
    return this.#waitingBytes;
  }

  /** Since when, by the steady clock, the stream has not taken what it was given; undefined while nothing is given. */
  get stuckSinceMs(): number | undefined {
    return this.#writing ? this.#turnStartedMs : undefined;
  }

  /** Adds a frame, which must not be changed afterwards. */
  push(frame: Uint8Array): void {
    if (this.#closed) return;
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#writeTurn();
    });
  }

  /** Forgets everything that waits. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#waitingBytes = 0;
  }

  #writeTurn(): void {
    if (this.#closed || this.#writing || this.#waitingBytes === 0) return;
    const turn = this.#takeTurn();
    const bytes = turn.reduce((sum, part) => sum + part.length, 0);
    this.#writing = true;
    this.#turnStartedMs = performance.now();
    this.#stream.cork();
    const last = turn.pop() as Uint8Array;
    for (const part of turn) this.#stream.write(part);
    this.#stream.write(last, (error) => {
      this.#writing = false;
      // The session hears of the error from the stream itself.
      if (error !== null && error !== undefined) return;
      this.#waitingBytes = Math.max(0, this.#waitingBytes - bytes);
      this.#writeTurn();
    });
    this.#stream.uncork();
  }

  /** The next frames, and the beginning of a large one. */
  #takeTurn(): Uint8Array[] {
    const turn: Uint8Array[] = [];
    let room = TURN_BYTES;
    for (let frame = this.#waiting.first; frame !== undefined && room > 0; frame = this.#waiting.first) {
      if (frame.length > room) {
        turn.push(frame.subarray(0, room));
        this.#waiting.replaceFirst(frame.subarray(room));
        break;
      }
      turn.push(frame);
      room -= frame.length;
      this.#waiting.take();
    }
    return turn;
  }
}
