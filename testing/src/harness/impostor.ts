/** A peer of a chain gone bad: it has the certificate of a node that is not running, speaks P2P, and writes down what it hears. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { encodeP2pFrame, P2P_COMPRESSED, P2pFrameReader, type P2pFrame } from "@tsbcos/core/protocol";
import { uncompressSync } from "snappy";
import type { ChainNode } from "./chain.js";

/** A TLS connection to `target` with the certificate of `identity`, open as far as TLS is concerned; rejects when it ends before. */
export async function connectAs(identity: ChainNode, target: ChainNode): Promise<TLSSocket> {
  const file = (name: string): Buffer => readFileSync(join(identity.directory, "conf", name));
  const socket = connect({
    host: "127.0.0.1",
    port: target.p2pPort,
    key: file("node.key"),
    cert: file("node.crt"),
    ca: file("ca.crt"),
    ecdhCurve: "secp256k1:prime256v1",
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.2",
    checkServerIdentity: () => undefined,
  });
  socket.on("error", () => undefined).resume();
  await new Promise<void>((done, fail) => {
    socket.once("secureConnect", done);
    socket.once("close", () => {
      fail(new Error(`node${target.index} does not take the connection`));
    });
  });
  return socket;
}

/** One session of an impostor. */
export class Impostor {
  /** Everything heard so far, decompressed. */
  readonly heard: P2pFrame[] = [];
  readonly #socket: TLSSocket;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    const reader = new P2pFrameReader();
    socket.on("data", (chunk: Buffer) => {
      const frames = reader.push(chunk);
      if (!frames.ok) throw new Error(`the node sent no frame: ${frames.error.code}`);
      for (const frame of frames.value) {
        const isCompressed = (frame.version & P2P_COMPRESSED) !== 0;
        // The reader's bytes are views of the chunk.
        const body = isCompressed ? (uncompressSync(Buffer.from(frame.body)) as Buffer) : Buffer.from(frame.body);
        this.heard.push({ ...frame, body });
      }
    });
  }

  /** Opens a session with `target` in the name of `identity`, which must not be running. */
  static async connect(identity: ChainNode, target: ChainNode): Promise<Impostor> {
    return new Impostor(await connectAs(identity, target));
  }

  /** Whether the node has ended the session. */
  get isClosed(): boolean {
    return this.#socket.closed;
  }

  /** Sends one frame. */
  send(frame: Pick<P2pFrame, "groupId" | "moduleId" | "packetType" | "body">): void {
    this.#socket.write(encodeP2pFrame({ version: 0, seq: 0, isResponse: false, ...frame }));
  }

  /** Frames of one group heard so far. */
  heardOf(groupId: number): readonly P2pFrame[] {
    return this.heard.filter((frame) => frame.groupId === groupId);
  }

  close(): void {
    this.#socket.destroy();
  }
}
