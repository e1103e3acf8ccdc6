/**
 * One connection to the channel port of one node: requests with their answers, and everything else that the node
 * sends, as it comes. What the frames mean is decided above.
 */
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import type { ByteString } from "@tsbcos/core/primitives";
import {
  CHANNEL_VERSIONS,
  ChannelFrameReader,
  ChannelType,
  decodeHandshakeReply,
  encodeChannelFrame,
  encodeHandshake,
  encodeHeartbeat,
  type ChannelFrame,
  type ChannelVersion,
  type Handshake,
} from "@tsbcos/core/protocol";
import { connectSmTls, createNativeCrypto } from "@tsbcos/sm-tls";
import { ConnectionError } from "../errors.js";
import { loadSmCredentials, type ChannelCredentials } from "./credentials.js";
import { CLOSED_DURING_HANDSHAKE, explainFailure, explainHangUp, explainSmFailure } from "./diagnosis.js";
import { probeCertificates } from "./peer-certificate.js";
import { RecordWriter } from "./record-writer.js";

/** Where to connect, and how. */
export interface ChannelOptions {
  /** Address or name of the node, without brackets. */
  readonly host: string;
  /** Its `rpc.channel_listen_port`. */
  readonly port: number;
  readonly credentials: ChannelCredentials;
  /** For TCP, TLS and handshake together; 10 seconds by default. */
  readonly connectTimeoutMs?: number;
  /** Between two heartbeats; 2 seconds by default, 0 for none. */
  readonly heartbeatMs?: number;
  /** A node that is silent for so long, heartbeats included, is given up; 10 seconds by default, 0 for never. */
  readonly idleTimeoutMs?: number;
  /** What we say in the handshake. `undefined` sends none: the session then speaks version 1. */
  readonly handshake?: Handshake | undefined;
}

/** What a connection tells its owner. */
export interface ChannelListener {
  /** A frame that is no answer to a request of ours: receipts, block numbers, logs, messages of other clients. */
  received(frame: ChannelFrame): void;
  /** The connection is over; comes once, and not when {@link ChannelConnection.close} was called. */
  closed(error: ConnectionError): void;
}

/** How long an answer may take when the caller does not say. */
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** For another look at a node that refused us. */
const PROBE_TIMEOUT_MS = 1_000;
const HEARTBEAT_MS = 2_000;
const IDLE_TIMEOUT_MS = 10_000;

const HANDSHAKE: Handshake = {
  minimumSupport: CHANNEL_VERSIONS.min,
  maximumSupport: CHANNEL_VERSIONS.max,
  clientType: "tsbcos-sdk",
};

/** secp256k1 for nodes with EC certificates, which offer nothing else; the others for nodes with RSA certificates. */
const CURVES = "secp256k1:prime256v1:secp384r1:secp521r1";

interface PendingRequest {
  readonly answerTypes: readonly number[];
  readonly resolve: (frame: ChannelFrame) => void;
  readonly reject: (error: ConnectionError) => void;
  readonly timer: NodeJS.Timeout;
}

/** A fresh number for a frame: 32 hexadecimal digits. */
export function createSeq(): ByteString {
  return randomBytes(16).toString("hex") as ByteString;
}

/** The types of frames that answer a frame of this type. */
function answerTypesOf(type: number): readonly number[] {
  if (type === ChannelType.AmopRequest) return [ChannelType.AmopResponse];
  // Some nodes answer a multicast with its own type.
  return type === ChannelType.AmopMulticast ? [ChannelType.AmopResponse, type] : [type];
}

/** An open connection, handshake done. */
export class ChannelConnection {
  /** `host:port`, for messages. */
  readonly endpoint: string;
  readonly #socket: Duplex;
  readonly #writer: RecordWriter;
  readonly #listener: ChannelListener;
  readonly #idleTimeoutMs: number;
  readonly #reader = new ChannelFrameReader();
  readonly #pending = new Map<ByteString, PendingRequest>();
  #version: ChannelVersion = 1;
  #nodeVersion: string | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #lastHeardMs = performance.now();
  #end: ConnectionError | undefined;
  #isQuiet = false;

  private constructor(socket: Duplex, options: ChannelOptions, listener: ChannelListener) {
    this.endpoint = endpointOf(options);
    this.#socket = socket;
    this.#writer = new RecordWriter(socket);
    this.#listener = listener;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    socket.on("data", (chunk: Buffer) => {
      this.#read(chunk);
    });
    socket.on("close", () => {
      this.#finish(new ConnectionError(`${this.endpoint} closed the connection.`));
    });
    socket.on("error", (cause) => {
      this.#finish(new ConnectionError(`The connection to ${this.endpoint} broke: ${cause.message}`, { cause }));
    });
  }

  /**
   * Connects and shakes hands.
   *
   * @throws ConnectionError that says which step failed and what to look at
   */
  static async connect(options: ChannelOptions, listener: ChannelListener): Promise<ChannelConnection> {
    const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    const startedMs = performance.now();
    const open = options.credentials.encryption === undefined ? openTls : openSmTls;
    const socket = await open(options, timeoutMs);
    const connection = new ChannelConnection(socket, options, listener);
    // Until we are through nobody else knows of this connection.
    connection.#isQuiet = true;
    const handshake = "handshake" in options ? options.handshake : HANDSHAKE;
    try {
      if (handshake !== undefined) {
        const leftMs = Math.max(1, timeoutMs - (performance.now() - startedMs));
        await connection.#shakeHands(handshake, leftMs, options.credentials);
      }
    } catch (error) {
      connection.close();
      throw error;
    }
    connection.#isQuiet = false;
    connection.#startHeartbeat(options.heartbeatMs ?? HEARTBEAT_MS);
    return connection;
  }

  /** Version of the protocol that was agreed on. */
  get version(): ChannelVersion {
    return this.#version;
  }

  /** supported_version of the chain, as the node told it; undefined without a handshake. */
  get nodeVersion(): string | undefined {
    return this.#nodeVersion;
  }

  /** False once the connection is over. */
  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @param options.seq its number; a fresh one by default. Pushed receipts carry that of their request
   * @throws ConnectionError (as a rejection) when the connection ends or no answer comes in time
   */
  request(
    type: number,
    data: Uint8Array,
    options: { readonly seq?: ByteString; readonly timeoutMs?: number } = {},
  ): Promise<ChannelFrame> {
    const { seq = createSeq(), timeoutMs = REQUEST_TIMEOUT_MS } = options;
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#end);
        return;
      }
      const timer = setTimeout(() => {
        this.#pending.delete(seq);
        reject(new ConnectionError(`${this.endpoint} gave no answer within ${timeoutMs} ms.`));
      }, timeoutMs);
      this.#pending.set(seq, { answerTypes: answerTypesOf(type), resolve, reject, timer });
      this.send({ type, seq, result: 0, data });
    });
  }

  /** Sends a frame that has no answer. Does nothing once the connection is over. */
  send(frame: ChannelFrame): void {
    if (this.#end === undefined) this.#writer.push(encodeChannelFrame(frame));
  }

  /** Ends the connection; requests under way fail. */
  close(): void {
    this.#isQuiet = true;
    this.#finish(new ConnectionError(`The connection to ${this.endpoint} was closed.`));
  }

  async #shakeHands(handshake: Handshake, timeoutMs: number, credentials: ChannelCredentials): Promise<void> {
    let answer: ChannelFrame;
    try {
      answer = await this.request(ChannelType.Handshake, encodeHandshake(handshake), { timeoutMs });
    } catch (cause) {
      throw explainHangUp(this.endpoint, credentials, cause);
    }
    const reply = decodeHandshakeReply(answer.data);
    const protocol = reply.ok ? reply.value.protocol : 0;
    if (!reply.ok || (protocol !== 1 && protocol !== 2 && protocol !== 3)) {
      throw new ConnectionError(`${this.endpoint} answered the handshake with something else. Is this a channel port?`);
    }
    this.#version = protocol;
    this.#nodeVersion = reply.value.nodeVersion;
  }

  #startHeartbeat(everyMs: number): void {
    if (everyMs === 0 || this.#end !== undefined) return;
    this.#heartbeat = setInterval(() => {
      const silentMs = performance.now() - this.#lastHeardMs;
      if (this.#idleTimeoutMs > 0 && silentMs > this.#idleTimeoutMs) {
        this.#finish(new ConnectionError(`${this.endpoint} has been silent for ${Math.round(silentMs)} ms.`));
        return;
      }
      const data = encodeHeartbeat(this.#version);
      this.send({ type: ChannelType.Heartbeat, seq: createSeq(), result: 0, data });
    }, everyMs);
  }

  #read(chunk: Buffer): void {
    this.#lastHeardMs = performance.now();
    const frames = this.#reader.push(chunk);
    if (!frames.ok) {
      this.#finish(new ConnectionError(`${this.endpoint} sent something else than frames of the channel protocol.`));
      return;
    }
    for (const frame of frames.value) this.#deliver(frame);
  }

  #deliver(frame: ChannelFrame): void {
    const pending = this.#pending.get(frame.seq);
    if (pending?.answerTypes.includes(frame.type) === true) {
      this.#pending.delete(frame.seq);
      clearTimeout(pending.timer);
      pending.resolve(frame);
    } else if (frame.type !== ChannelType.Heartbeat && this.#end === undefined) this.#listener.received(frame);
  }

  #finish(error: ConnectionError): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    clearInterval(this.#heartbeat);
    this.#socket.destroy();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#pending.clear();
    if (!this.#isQuiet) this.#listener.closed(error);
  }
}

async function openSmTls({ host, port, credentials }: ChannelOptions, timeoutMs: number): Promise<Duplex> {
  const loaded = loadSmCredentials(credentials);
  try {
    const crypto = createNativeCrypto();
    const { stream } = await connectSmTls({ host, port, timeoutMs, credentials: loaded.credentials, crypto });
    return stream;
  } catch (cause) {
    throw explainSmFailure(endpointOf({ host, port }), cause as NodeJS.ErrnoException, loaded);
  }
}

function endpointOf({ host, port }: Pick<ChannelOptions, "host" | "port">): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

async function openTls(options: ChannelOptions, timeoutMs: number): Promise<TLSSocket> {
  const { host, port, credentials } = options;
  const endpoint = endpointOf(options);
  const secureContext = contextOf(credentials, endpoint);
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host,
      port,
      secureContext,
      // Certificates name nodes, not hosts.
      checkServerIdentity: () => undefined,
      servername: "",
      // Who cannot be verified is refused below, where the certificate can be shown to the reader.
      rejectUnauthorized: false,
    });
    const fail = async (cause: NodeJS.ErrnoException): Promise<void> => {
      clearTimeout(timer);
      socket
        .off("error", fail)
        .off("close", onClose)
        .on("error", () => undefined);
      const shown = socket.getPeerX509Certificate();
      socket.destroy();
      // A node that refuses us hides its certificate from Node.js, and yet has sent it.
      const peers =
        shown === undefined ? await probeCertificates({ host, port, curves: CURVES }, PROBE_TIMEOUT_MS) : [shown];
      reject(explainFailure({ endpoint, cause, credentials, peers }));
    };
    const onClose = (): void => {
      void fail(new Error(CLOSED_DURING_HANDSHAKE));
    };
    const timer = setTimeout(() => {
      void fail(Object.assign(new Error(`nothing came within ${timeoutMs} ms`), { code: "ETIMEDOUT" }));
    }, timeoutMs);
    socket.once("error", fail).once("close", onClose);
    socket.once("secureConnect", () => {
      socket.off("close", onClose);
      if (!socket.authorized) {
        // The types call it an error; it is the code of one.
        const code = String(socket.authorizationError);
        void fail(Object.assign(new Error(`its certificate is not to be trusted (${code})`), { code }));
        return;
      }
      clearTimeout(timer);
      socket.off("error", fail);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

function contextOf(credentials: ChannelCredentials, endpoint: string): SecureContext {
  try {
    return createSecureContext({
      ca: credentials.authority,
      cert: credentials.certificate,
      key: credentials.key,
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.2",
      ecdhCurve: CURVES,
    });
  } catch (cause) {
    throw explainFailure({ endpoint, cause: cause as NodeJS.ErrnoException, credentials });
  }
}
