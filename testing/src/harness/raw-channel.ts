/** A client of the channel that sends what it is told, right or wrong, and keeps everything that comes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { ChannelFrameReader, encodeChannelFrame, type ChannelFrame } from "@tsbcos/core/protocol";
import { PATIENCE_MS, until, type ChainNode } from "./chain.js";

/** Files of a client's identity. */
export interface ClientFiles {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Where and as whom to connect. */
export interface RawChannelOptions {
  readonly port: number;
  /** Folder with `ca.crt`, `sdk.crt` and `sdk.key`, or the files. */
  readonly certificates: string | ClientFiles;
  /** Suites to offer, when not all. */
  readonly ciphers?: string;
}

/** The channel port of a node. */
export function channelPortOf(node: ChainNode): number {
  const settings = readFileSync(join(node.directory, "config.ini"), "utf8");
  return Number(/channel_listen_port=(\d+)/.exec(settings)?.[1]);
}

function sdkFiles(folder: string): ClientFiles {
  const [authority, certificate, key] = ["ca.crt", "sdk.crt", "sdk.key"].map((name) => join(folder, name));
  return { authority: authority as string, certificate: certificate as string, key: key as string };
}

/** A connection without opinions: no handshake, no heartbeats. */
export class RawChannelClient {
  /** Everything received, in order. */
  readonly received: ChannelFrame[] = [];
  /** Pieces in which it came: a node sends each message as a piece of its own. */
  readonly pieces: number[] = [];
  /** Called with each frame as it comes. */
  onFrame: ((frame: ChannelFrame) => void) | undefined;
  readonly #socket: TLSSocket;
  #isClosed = false;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    const reader = new ChannelFrameReader();
    socket.on("data", (chunk: Buffer) => {
      this.pieces.push(chunk.length);
      const frames = reader.push(chunk);
      if (!frames.ok) throw new Error(`the node sent a frame of ${frames.error.length} bytes`);
      for (const frame of frames.value) {
        this.received.push(frame);
        this.onFrame?.(frame);
      }
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#isClosed = true;
    });
  }

  /** Connects; rejects when the TLS handshake fails. */
  static connect({ port, certificates, ciphers }: RawChannelOptions): Promise<RawChannelClient> {
    const files = typeof certificates === "string" ? sdkFiles(certificates) : certificates;
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: "127.0.0.1",
        port,
        ca: readFileSync(files.authority),
        cert: readFileSync(files.certificate),
        key: readFileSync(files.key),
        minVersion: "TLSv1.2",
        maxVersion: "TLSv1.2",
        ecdhCurve: "secp256k1:prime256v1",
        checkServerIdentity: () => undefined,
        ...(ciphers === undefined ? {} : { ciphers }),
      });
      socket.once("error", reject);
      socket.once("secureConnect", () => {
        socket.off("error", reject).setNoDelay(true);
        resolve(new RawChannelClient(socket));
      });
    });
  }

  /** Name of the TLS suite in use. */
  get suite(): string {
    return this.#socket.getCipher().standardName;
  }

  /** Whether the connection has ended. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes that were sent and that the node has not taken: a busy node stops reading. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Sends a frame. */
  send(frame: ChannelFrame): void {
    this.sendBytes(encodeChannelFrame(frame));
  }

  /** Sends bytes, whatever they are. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Stops to read, or goes on. */
  setReading(isReading: boolean): void {
    if (isReading) this.#socket.resume();
    else this.#socket.pause();
  }

  /** The first frame received that `matches`, now or within the time. */
  async waitFor(
    what: string,
    matches: (frame: ChannelFrame) => boolean,
    withinMs = PATIENCE_MS,
  ): Promise<ChannelFrame> {
    let found: ChannelFrame | undefined;
    await until(
      what,
      () => {
        found = this.received.find(matches);
        return found !== undefined;
      },
      withinMs,
      5,
    );
    return found as ChannelFrame;
  }

  /** Ends the connection. */
  close(): void {
    this.#socket.destroy();
  }
}
