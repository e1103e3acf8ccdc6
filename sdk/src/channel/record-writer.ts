/** Writes messages so that each begins a TLS record of its own. */
import type { Writable } from "node:stream";
import { Line } from "@tsbcos/core/primitives";

/**
 * A queue in front of a TLS stream. The next message is handed over only when the one before has left: a stream that
 * holds two would put them into one record, and there are programs that lose the second then.
 */
export class RecordWriter {
  readonly #stream: Writable;
  readonly #waiting = new Line<Uint8Array>();
  #writing = false;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Adds a message, which must not be changed afterwards. */
  push(message: Uint8Array): void {
    this.#waiting.push(message);
    if (!this.#writing) this.#writeNext();
  }

  #writeNext(): void {
    const message = this.#waiting.take();
    if (message === undefined) return;
    this.#writing = true;
    this.#stream.write(message, (error) => {
      this.#writing = false;
      // Whoever owns the stream hears of the error from the stream itself.
      if (error === null || error === undefined) this.#writeNext();
    });
  }
}
