/** Writes messages so that each begins a TLS record of its own. */
import type { Writable } from "node:stream";

/**
 * A queue in front of a TLS stream. The next message is handed over only when the one before has left: a stream that
 * holds two would put them into one record, and there are programs that lose the second then.
 */
export class RecordWriter {
  readonly #stream: Writable;
  #waiting: Uint8Array[] = [];
  /** Position of the first waiting message in {@link #waiting}. */
  #first = 0;
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
    const message = this.#waiting[this.#first];
    if (message === undefined) {
      this.#waiting = [];
      this.#first = 0;
      return;
    }
    this.#first++;
    this.#writing = true;
    this.#stream.write(message, (error) => {
      this.#writing = false;
      // Whoever owns the stream hears of the error from the stream itself.
      if (error === null || error === undefined) this.#writeNext();
    });
  }
}
