/** A channel server with everything around it made up, and clients with real sockets on loopback. */
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { bytesToUtf8, silentTracer, utf8ToBytes, type ByteString, type NodeId } from "@tsbcos/core/primitives";
import {
  ChannelFrameReader,
  ChannelType,
  decodeTopicData,
  encodeChannelFrame,
  encodeHandshake,
  encodeTopicData,
  encodeTopics,
  type ChannelFrame,
} from "@tsbcos/core/protocol";
import { createRoot, type Holder } from "../net/certificates.fixture.js";
import { AmopService, createClientTls, startChannelServer } from "./index.js";
import type {
  ChannelGroup,
  ChannelServer,
  ChannelServerOptions,
  LogSearch,
  RpcClient,
  RunningSearch,
} from "./interface.js";

/** Root of the chain of all tests. */
export const root = createRoot({ name: "chain" });
/** The agency of the node. */
export const agency = root.issue({ name: "agencyA", basicConstraints: "authority" });
/** Another agency of the same chain. */
export const otherAgency = root.issue({ name: "agencyB", basicConstraints: "authority" });
/** Certificate of the node. */
export const node = agency.issue({ name: "node0" });
/** Certificates of SDKs of the node's agency. */
export const sdks = [0, 1].map((i) => agency.issue({ name: `sdk${i}` }));

/** Public key of an SDK, as lists of allowed ones name it. */
export function keyOf(holder: Holder): NodeId {
  return holder.publicKeyHex as NodeId;
}

/** A search that a group was asked for. */
export interface AskedSearch {
  readonly search: LogSearch;
  taken: number;
  hasEnded: boolean;
  /** Finds something, as a group would. */
  find(text: string, isLast?: boolean): void;
}

/** A running server and what it asked of others. */
export interface TestServer {
  readonly server: ChannelServer;
  readonly amop: AmopService;
  readonly port: number;
  readonly requests: { readonly text: string; readonly client: RpcClient }[];
  readonly searches: AskedSearch[];
  /** Adds a group as it is when it starts. */
  addGroup(groupId: number, changes?: Partial<Omit<ChannelGroup, "searchLogs">>): void;
}

const servers: ChannelServer[] = [];
const sockets: TLSSocket[] = [];

/** Starts a server with the node's certificate. */
export async function startServer(changes: Partial<ChannelServerOptions> = {}): Promise<TestServer> {
  const requests: TestServer["requests"] = [];
  const searches: AskedSearch[] = [];
  const nobody = { ask: () => Promise.resolve(undefined), answer: () => undefined, send: () => undefined };
  const network = { ...nobody, hasRoom: () => true };
  const amop = new AmopService({
    ...{ nodeId: keyOf(node), network, seed: "test", trace: silentTracer },
    mayForward: () => true,
  });
  const server = await startChannelServer({
    listen: { host: "127.0.0.1", port: 0 },
    transport: transportOf(node),
    supportedVersion: "2.9.0",
    handleRpc: (text, client) => {
      requests.push({ text, client });
      return Promise.resolve(`answer to ${text}`);
    },
    admitRequest: () => true,
    amop,
    trace: silentTracer,
    ...changes,
  });
  servers.push(server);
  return {
    ...{ server, amop, requests, searches, port: server.listening.port },
    addGroup(groupId, group = {}) {
      const given = { height: 10, allowlist: [], eventBlockRangeMax: 0, ...group };
      server.addGroup(groupId, { ...given, searchLogs: (search, found) => startSearch(searches, search, found) });
    },
  };
}

function startSearch(
  searches: AskedSearch[],
  search: LogSearch,
  found: Parameters<ChannelGroup["searchLogs"]>[1],
): RunningSearch {
  const asked: AskedSearch = {
    ...{ search, taken: 0, hasEnded: false },
    find: (text, isLast = false) => {
      found({ data: utf8ToBytes(text), isLast });
    },
  };
  searches.push(asked);
  return {
    taken: () => {
      asked.taken++;
    },
    end: () => {
      asked.hasEnded = true;
    },
  };
}

/** TLS with the certificate of `holder`. */
export function transportOf(
  holder: Holder,
  changes: { readonly checkIssuer?: boolean; readonly handshakeTimeoutMs?: number } = {},
): ReturnType<typeof createClientTls> {
  const credentials = { key: holder.keyPem, certificate: holder.chainPem, authorities: root.chainPem };
  return createClientTls({ credentials, certificate: holder.der, checkIssuer: true, ...changes });
}

/** Closes every server and every connection. */
export async function closeAll(): Promise<void> {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

/** A frame number that reads as a decimal one. */
export const seqOf = (number: number): ByteString => String(number).padStart(32, "0") as ByteString;

/** A client without opinions. */
export class TestClient {
  readonly socket: TLSSocket;
  readonly frames: ChannelFrame[] = [];
  /** Lengths of the pieces in which they came. */
  readonly pieces: number[] = [];
  #last = 0;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    const reader = new ChannelFrameReader();
    socket.on("data", (chunk: Buffer) => {
      this.pieces.push(chunk.length);
      const frames = reader.push(chunk);
      if (frames.ok) this.frames.push(...frames.value);
    });
  }

  /** Connects as `holder`; rejects when TLS fails. */
  static async connect(
    port: number,
    holder: Holder = sdks[0] as Holder,
    more: ConnectionOptions = {},
  ): Promise<TestClient> {
    const socket = await connectTls(port, { key: holder.keyPem, cert: holder.chainPem, ...more });
    return new TestClient(socket);
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  /** Sends a frame; gives its number. */
  send(type: number, data: Uint8Array | string, seq = seqOf(++this.#last)): ByteString {
    const bytes = typeof data === "string" ? utf8ToBytes(data) : data;
    this.socket.write(encodeChannelFrame({ type, seq, result: 0, data: bytes }));
    return seq;
  }

  /** Sends a frame and gives the first frame with its number and type, as text. */
  async ask(type: number, data: Uint8Array | string, answerType = type): Promise<string> {
    const seq = this.send(type, data);
    return bytesToUtf8((await this.next((frame) => frame.seq === seq && frame.type === answerType)).data);
  }

  /** Agrees on a version of the protocol. */
  async shakeHands(version: number): Promise<void> {
    const handshake = { minimumSupport: 1, maximumSupport: version, clientType: "test" };
    await this.ask(ChannelType.Handshake, encodeHandshake(handshake));
  }

  /** Subscribes to topics; waits until that has been heard. */
  async subscribe(...topics: string[]): Promise<void> {
    this.send(ChannelType.Topics, encodeTopics(topics));
    await this.ask(ChannelType.Rpc, "after the topics");
  }

  /** Registers or removes an event filter; gives the code of the answer. */
  async filter(type: number, request: Record<string, unknown>): Promise<number> {
    const payload = utf8ToBytes(JSON.stringify(request));
    const seq = this.send(type, encodeTopicData({ topic: "", payload }));
    const { data } = await this.next((frame) => frame.seq === seq);
    const split = decodeTopicData(data);
    if (!split.ok) throw new Error("the answer has no topic in front");
    return (JSON.parse(bytesToUtf8(split.value.payload)) as { readonly result: number }).result;
  }

  /** The first frame that matches, now or when it comes. */
  async next(matches: (frame: ChannelFrame) => boolean): Promise<ChannelFrame> {
    await until(() => this.frames.some(matches));
    return this.frames.find(matches) as ChannelFrame;
  }
}

/** A TLS connection to the server; rejects when it fails. */
export function connectTls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host: "127.0.0.1", port, ca: root.chainPem, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
      ecdhCurve: "secp256k1",
      checkServerIdentity: () => undefined,
      ...options,
    });
    sockets.push(socket);
    socket.on("error", reject);
    socket.once("secureConnect", () => {
      resolve(socket);
    });
  });
}

/** Waits until something holds, for a minute at most: long enough for a machine that does ten other things. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it did not come to pass");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
