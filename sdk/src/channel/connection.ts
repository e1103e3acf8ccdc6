/**
 * One connection to the channel port of one node: requests with their answers, and everything else that the node
 * sends, as it comes. What the frames mean is decided above.
 */
import { randomBytes } from "node:crypto";
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
import { ConnectionError } from "../errors.js";
import { RecordWriter } from "./record-writer.js";

/** Certificates of an SDK, as the texts of its PEM files. */
export interface ChannelCredentials {
  /** `ca.crt`: who may have signed the node's certificate. */
  readonly authority: string | Buffer;
  /** `sdk.crt`: our own, followed by those of its issuers where there are any. */
  readonly certificate: string | Buffer;
  /** `sdk.key`. */
  readonly key: string | Buffer;
}

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
  readonly answerType: number;
  readonly resolve: (frame: ChannelFrame) => void;
  readonly reject: (error: ConnectionError) => void;
  readonly timer: NodeJS.Timeout;
}

/** A fresh number for a frame: 32 hexadecimal digits. */
export function createSeq(): ByteString {
  return randomBytes(16).toString("hex") as ByteString;
}

/** The type of frame that answers a frame of this type. */
function answerTypeOf(type: number): number {
  return type === ChannelType.AmopRequest || type === ChannelType.AmopMulticast ? ChannelType.AmopResponse : type;
}

/** An open connection, handshake done. */
export class ChannelConnection {
  /** `host:port`, for messages. */
  readonly endpoint: string;
  readonly #socket: TLSSocket;
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

  private constructor(socket: TLSSocket, options: ChannelOptions, listener: ChannelListener) {
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
    const socket = await openTls(options, timeoutMs);
    const connection = new ChannelConnection(socket, options, listener);
    // Until we are through nobody else knows of this connection.
    connection.#isQuiet = true;
    const handshake = "handshake" in options ? options.handshake : HANDSHAKE;
    try {
      if (handshake !== undefined) {
        await connection.#shakeHands(handshake, Math.max(1, timeoutMs - (performance.now() - startedMs)));
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
      this.#pending.set(seq, { answerType: answerTypeOf(type), resolve, reject, timer });
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

  async #shakeHands(handshake: Handshake, timeoutMs: number): Promise<void> {
    let answer: ChannelFrame;
    try {
      answer = await this.request(ChannelType.Handshake, encodeHandshake(handshake), { timeoutMs });
    } catch (cause) {
      throw new ConnectionError(
        `${this.endpoint} ended the connection after TLS. Either it does not accept our certificate (is sdk.crt from the ` +
          `agency of this node, and of the kind its rsa_crypto_channel asks for?), or it speaks other protocol versions.`,
        { cause },
      );
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
    if (pending?.answerType === frame.type) {
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
    });
    const fail = (cause: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(connectFailure(endpoint, cause));
    };
    const onClose = (): void => {
      fail(new Error("it closed the connection in the middle of the TLS handshake"));
    };
    const timer = setTimeout(() => {
      fail(new Error(`nothing came within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.once("error", fail).once("close", onClose);
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      socket.off("error", fail).off("close", onClose);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

function contextOf({ authority, certificate, key }: ChannelCredentials, endpoint: string): SecureContext {
  try {
    return createSecureContext({
      ca: authority,
      cert: certificate,
      key,
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.2",
      ecdhCurve: CURVES,
    });
  } catch (cause) {
    throw connectFailure(endpoint, cause as NodeJS.ErrnoException);
  }
}

/** The failure in words that say what to look at. */
function connectFailure(endpoint: string, cause: NodeJS.ErrnoException): ConnectionError {
  const code = cause.code ?? "";
  const hint = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/.test(code)
    ? "Is the node running, and is this its rpc.channel_listen_port?"
    : /VERIFY|SELF_SIGNED|ISSUER|CERT/.test(code) && !code.startsWith("ERR_SSL")
      ? "The node's certificate was not signed by our ca.crt: take the sdk folder that was made with this node."
      : /EE_KEY|KEY_VALUES_MISMATCH|PEM|NO_START_LINE/.test(code)
        ? "sdk.key and sdk.crt cannot be used together: take both from the same folder."
        : "Is this a channel port, and are ca.crt, sdk.crt and sdk.key those of this chain?";
  return new ConnectionError(`No TLS connection to ${endpoint}: ${cause.message}. ${hint}`, { cause });
}
