/** A node's channel port for tests of clients: TLS with recorded certificates, and answers as the test wants them. */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { bytesToUtf8, utf8ToBytes, type ByteString } from "@tsbcos/core/primitives";
import {
  CHANNEL_SEQ_NONE,
  ChannelFrameReader,
  ChannelType,
  decodeTopicData,
  decodeTopics,
  encodeBlockNotification,
  encodeChannelFrame,
  encodeEventFilterReply,
  encodeHandshakeReply,
  encodeTopicData,
  blockTopic,
  type ChannelFrame,
} from "@tsbcos/core/protocol";
import { RECORDINGS } from "./load.js";

/** Folder with the certificates of a recorded chain's clients. */
export const SDK_FOLDER = join(RECORDINGS, "wire", "sdk");

/** Where a node's certificates lie, below the recordings. */
const NODE_FOLDER = "wire/nodes/node0/channel_cert";

/** What a JSON-RPC method answers: a result, or an error. */
export type RpcHandler = (params: readonly unknown[], frame: ChannelFrame, node: ChannelNode) => unknown;

/** An answer that is an error. */
export class RpcFailure {
  readonly code: number;
  readonly message: string;

  constructor(code: number, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** One node. */
export class ChannelNode {
  readonly rpc: Record<string, RpcHandler>;
  /** Frames that came, heartbeats aside. */
  readonly frames: ChannelFrame[] = [];
  /** Handles a frame in place of the usual answer; false leaves it to that. */
  intercept: (frame: ChannelFrame, socket: TLSSocket) => boolean = () => false;
  #server: Server;
  readonly #folder: string;
  readonly #sockets = new Set<TLSSocket>();
  #port = 0;

  private constructor(rpc: Record<string, RpcHandler>, folder: string) {
    this.#folder = folder;
    this.rpc = {
      getClientVersion: () => ({ "FISCO-BCOS Version": "2.9.1", "Supported Version": "2.9.0", "Chain Id": "1" }),
      getBlockNumber: () => "0x5",
      ...rpc,
    };
    this.#server = this.#create();
  }

  /** Starts a node on a free port. */
  static async start(
    rpc: Record<string, RpcHandler> = {},
    options: { readonly folder?: string } = {},
  ): Promise<ChannelNode> {
    const node = new ChannelNode(rpc, options.folder ?? NODE_FOLDER);
    await node.listen();
    return node;
  }

  /** `host:port`. */
  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Topics of the client that sent its list last. */
  get topics(): readonly string[] {
    const last = this.frames.filter(({ type }) => type === ChannelType.Topics).at(-1);
    const topics = last === undefined ? undefined : decodeTopics(last.data);
    return topics?.ok === true ? [...topics.value] : [];
  }

  /** Clients connected now. */
  get sessions(): number {
    return this.#sockets.size;
  }

  /** Listens, on the port of before if there was one. */
  listen(): Promise<void> {
    return new Promise((done, failed) => {
      this.#server.once("error", failed);
      this.#server.listen(this.#port, "127.0.0.1", () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        done();
      });
    });
  }

  /** Ends all connections; new ones are taken. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends all connections and stops listening. */
  async stop(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.drop();
    await closed;
    this.#server = this.#create();
  }

  /** Sends a frame to every client. */
  push(type: number, data: Uint8Array, seq: ByteString = CHANNEL_SEQ_NONE, result = 0): void {
    const bytes = encodeChannelFrame({ type, seq, result, data });
    for (const socket of this.#sockets) socket.write(bytes);
  }

  /** Sends these bytes to every client. */
  pushBytes(bytes: Uint8Array): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  /** Tells every client of a block. */
  pushBlock(groupId: number, blockNumber: number): void {
    const payload = encodeBlockNotification({ groupId, blockNumber }, 3);
    this.push(ChannelType.BlockNumber, encodeTopicData({ topic: blockTopic(groupId), payload }));
  }

  #create(): Server {
    const file = (name: string): Buffer => readFileSync(join(RECORDINGS, this.#folder, name));
    const server = createServer(
      {
        key: file("node.key"),
        cert: file("node.crt"),
        ca: file("ca.crt"),
        requestCert: true,
        rejectUnauthorized: true,
        maxVersion: "TLSv1.2",
        ecdhCurve: "secp256k1:prime256v1",
      },
      (socket) => {
        this.#accept(socket);
      },
    );
    server.on("tlsClientError", () => undefined);
    return server;
  }

  #accept(socket: TLSSocket): void {
    this.#sockets.add(socket);
    const reader = new ChannelFrameReader();
    socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      const frames = reader.push(chunk);
      if (frames.ok) for (const frame of frames.value) this.#receive({ ...frame, data: frame.data.slice() }, socket);
    });
  }

  #receive(frame: ChannelFrame, socket: TLSSocket): void {
    if (frame.type !== ChannelType.Heartbeat) this.frames.push(frame);
    if (this.intercept(frame, socket)) return;
    const reply = (data: Uint8Array, type = frame.type): void => {
      socket.write(encodeChannelFrame({ type, seq: frame.seq, result: 0, data }));
    };
    if (frame.type === ChannelType.Handshake) reply(encodeHandshakeReply({ nodeVersion: "2.9.0", protocol: 3 }));
    else if (frame.type === ChannelType.Heartbeat) reply(utf8ToBytes('{"heartBeat":1}'));
    else if (frame.type === ChannelType.Rpc) reply(this.#answer(frame));
    else if (frame.type === ChannelType.RegisterEventFilter || frame.type === ChannelType.UnregisterEventFilter) {
      reply(encodeTopicData({ topic: "", payload: encodeEventFilterReply(0) }));
    } else if (frame.type === ChannelType.AmopMulticast) reply(frame.data, ChannelType.AmopResponse);
  }

  #answer(frame: ChannelFrame): Uint8Array {
    const { id, method, params } = JSON.parse(bytesToUtf8(frame.data)) as {
      readonly id: number;
      readonly method: string;
      readonly params: readonly unknown[];
    };
    const handler = this.rpc[method];
    const value = handler === undefined ? new RpcFailure(-32601, "METHOD_NOT_FOUND") : handler(params, frame, this);
    const outcome =
      value instanceof RpcFailure ? { error: { code: value.code, message: value.message } } : { result: value };
    return utf8ToBytes(JSON.stringify({ id, jsonrpc: "2.0", ...outcome }));
  }
}

/** The JSON in a frame whose data begins with an empty topic. */
export function filterIn(frame: ChannelFrame): { readonly filterID: string; readonly fromBlock: string } {
  const data = decodeTopicData(frame.data);
  if (!data.ok) throw new Error("a filter has a topic in front");
  return JSON.parse(bytesToUtf8(data.value.payload)) as { filterID: string; fromBlock: string };
}
