/** A socket with SM TLS on it. */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { CodedError, concatBytes } from "@tsbcos/core/primitives";
import { SmTlsSession } from "@tsbcos/core/sm-tls";
import type { SmTlsCredentials, SmTlsCrypto, SmTlsEffect, SmTlsPeer, SmTlsSuite } from "@tsbcos/core/sm-tls";
import { plain } from "./native.js";

/** How a connection is secured. */
export interface SmTlsStreamOptions {
  readonly role: "client" | "server";
  readonly credentials: SmTlsCredentials;
  readonly crypto: SmTlsCrypto;
  /** Suites to offer or to take, when not those of every node. */
  readonly suites?: readonly SmTlsSuite[];
}

/** Encrypted in one go; then others have their turn. It takes 3 ms. */
const PART_BYTES = 256 * 1024;
/** How long an alert may take to leave before the socket is closed all the same. */
const LAST_WORDS_MS = 1000;

/**
 * The encrypted stream. Each `write` begins a record of its own, and its callback comes when the system has taken it. Data
 * is readable and writable after {@link handshake}; a stream whose handshake fails is destroyed with the same error.
 */
export class SmTlsStream extends Duplex {
  /** Resolves when the handshake is over; rejects with a CodedError that says why there is no session. */
  readonly handshake: Promise<SmTlsPeer>;
  readonly #socket: Socket;
  readonly #session: SmTlsSession;
  #shaken: { resolve(peer: SmTlsPeer): void; reject(error: Error): void } | undefined;
  #isFailing = false;

  /** @param socket connected; nobody else reads or writes it from now on */
  constructor(socket: Socket, options: SmTlsStreamOptions) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#session = new SmTlsSession({ ...options, nowMs: Date.now() });
    this.handshake = new Promise((resolve, reject) => {
      this.#shaken = { resolve, reject };
    });
    // Whoever waits for the handshake hears of it there; a failure when nobody has the stream must not end the process.
    this.handshake.catch(() => undefined);
    this.on("error", () => undefined);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#perform(this.#session.receive(plain(chunk)));
    });
    socket.on("end", () => {
      if (this.#shaken === undefined) this.#end();
      else this.destroy(new CodedError("closed-by-peer", "the connection was closed in the middle of the handshake"));
    });
    socket.on("error", (error) => {
      this.destroy(error);
    });
    socket.on("close", () => {
      this.destroy();
    });
    this.#perform(this.#session.start());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#writePart(plain(chunk), 0, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#perform(this.#session.close());
    this.#socket.end(() => {
      done();
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const reason =
      error ?? new CodedError("closed-by-peer", "the connection was closed in the middle of the handshake");
    this.#shaken?.reject(reason);
    this.#shaken = undefined;
    if (this.#isFailing) this.#endAfterLastWords();
    else this.#socket.destroy();
    done(error);
  }

  #writePart(data: Uint8Array, at: number, done: (error?: Error | null) => void): void {
    // Data that was written before the handshake was over waits for it.
    if (!this.#session.isEstablished) {
      this.handshake.then(() => {
        // Handshake and end may have come together; then the session is over again.
        this.#continue(data, at, done);
      }, done);
      return;
    }
    const part = data.subarray(at, at + PART_BYTES);
    const records = this.#session.send(part).flatMap((effect) => (effect.kind === "send" ? [effect.bytes] : []));
    this.#socket.write(
      records.length === 1 && records[0] !== undefined ? records[0] : concatBytes(...records),
      (error) => {
        const next = at + PART_BYTES;
        if (error !== null && error !== undefined) done(error);
        else if (next >= data.length) done();
        else setImmediate(() => this.#continue(data, next, done));
      },
    );
  }

  #continue(data: Uint8Array, at: number, done: (error?: Error | null) => void): void {
    if (this.destroyed) done(new CodedError("connection-closed", "the connection was closed"));
    else this.#writePart(data, at, done);
  }

  #perform(effects: readonly SmTlsEffect[]): void {
    let outgoing: Uint8Array[] = [];
    const flush = (): void => {
      if (outgoing.length > 0 && !this.#socket.destroyed) this.#socket.write(concatBytes(...outgoing));
      outgoing = [];
    };
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          outgoing.push(effect.bytes);
          break;
        case "data":
          if (!this.push(effect.bytes)) this.#socket.pause();
          break;
        case "established":
          flush();
          this.#shaken?.resolve(effect.peer);
          this.#shaken = undefined;
          break;
        case "ended":
          this.#end();
          break;
        case "failed":
          flush();
          this.#isFailing = true;
          this.destroy(new CodedError(effect.failure.code, effect.failure.detail));
          break;
      }
    }
    flush();
  }

  /** Nothing more comes. */
  #end(): void {
    if (this.#shaken !== undefined) {
      this.destroy();
      return;
    }
    if (this.readableEnded || this.destroyed) return;
    this.push(null);
    // Without this a reader that has taken everything would never see the end.
    this.read(0);
  }

  #endAfterLastWords(): void {
    const timer = setTimeout(() => this.#socket.destroy(), LAST_WORDS_MS);
    this.#socket.once("close", () => {
      clearTimeout(timer);
    });
    this.#socket.resume().destroySoon();
  }
}
