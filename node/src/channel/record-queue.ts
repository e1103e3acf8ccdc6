/** Messages on their way to one client: in order, bounded by whoever asks, and each in a TLS record of its own. */
import type { Writable } from "node:stream";
import { Line } from "@tsbcos/core/primitives";

/** Messages written in one go; then whatever else waits in the process has its turn. */
const BURST = 64;

/** A message and what to do when it has left. */
interface Waiting {
  readonly message: Uint8Array;
  readonly written: (() => void) | undefined;
}

/**
 * Hands the next message to the stream when the one before has left. A stream that holds two puts them into one TLS
 * record, and there are SDKs that lose the second then.
 */
export class RecordQueue {
  readonly #stream: Writable;
  readonly #progress: (bytes: number) => void;
  readonly #waiting = new Line<Waiting>();
  #bytes = 0;
  #writing = false;
  #startedMs = 0;
  #burst = 0;
  #isClosed = false;

  /** @param progress called when a message has left, with its bytes */
  constructor(stream: Writable, progress: (bytes: number) => void) {
    this.#stream = stream;
    this.#progress = progress;
  }

  /** Bytes not yet handed to the system. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Since when, by the steady clock, the stream has not taken what it was given; undefined while nothing is given. */
  get stuckSinceMs(): number | undefined {
    return this.#writing ? this.#startedMs : undefined;
  }

  /**
   * Adds a message, which must not be changed afterwards.
   *
   * @param written called when it has left; never when the queue is closed before
   */
  push(message: Uint8Array, written?: () => void): void {
    if (this.#isClosed) return;
    this.#waiting.push({ message, written });
    this.#bytes += message.length;
    if (!this.#writing) this.#writeNext();
  }

  /** Forgets everything that waits. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.clear();
    this.#bytes = 0;
  }

  #writeNext(): void {
    const next = this.#waiting.take();
    if (next === undefined) {
      this.#burst = 0;
      return;
    }
    this.#writing = true;
    this.#startedMs = performance.now();
    this.#stream.write(next.message, (error) => {
      this.#writing = false;
      // The session hears of the error from the stream itself.
      if (this.#isClosed || (error !== null && error !== undefined)) return;
      this.#bytes -= next.message.length;
      next.written?.();
      this.#progress(next.message.length);
      this.#continue();
    });
  }

  #continue(): void {
    this.#burst = (this.#burst + 1) % BURST;
    if (this.#burst > 0) {
      this.#writeNext();
      return;
    }
    // A fast client empties a long queue without ever letting the event loop turn.
    this.#writing = true;
    setImmediate(() => {
      this.#writing = false;
      if (!this.#isClosed) this.#writeNext();
    });
  }
}
