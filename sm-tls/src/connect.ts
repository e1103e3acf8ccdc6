/** Connects to a server that speaks SM TLS. */
import { connect as connectTcp } from "node:net";
import { CodedError } from "@tsbcos/core/primitives";
import type { SmTlsCredentials, SmTlsCrypto, SmTlsPeer } from "@tsbcos/core/sm-tls";
import { SmTlsStream } from "./stream.js";

/** Where to connect, and as whom. */
export interface SmTlsConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly credentials: SmTlsCredentials;
  readonly crypto: SmTlsCrypto;
  /** Milliseconds for TCP and the handshake together. */
  readonly timeoutMs: number;
  /** Gives the attempt up. */
  readonly signal?: AbortSignal;
}

/** An established connection. */
export interface SmTlsConnection {
  readonly stream: SmTlsStream;
  readonly peer: SmTlsPeer;
}

/**
 * Connects and shakes hands.
 *
 * @throws as a rejection: errors of sockets as they are; CodedError with a code of SM TLS, `closed-by-peer`,
 * `timed-out` or `aborted`
 */
export async function connectSmTls(options: SmTlsConnectOptions): Promise<SmTlsConnection> {
  const { host, port, timeoutMs, signal, ...secured } = options;
  const socket = connectTcp(port, host);
  let stream: SmTlsStream | undefined;
  let giveUp: (reason: Error) => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const onAbort = (): void => {
    giveUp(new CodedError("aborted", "the attempt was given up"));
  };
  const timer = setTimeout(() => {
    giveUp(new CodedError("timed-out", `nothing came within ${timeoutMs} ms`));
  }, timeoutMs);
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted === true) onAbort();
  try {
    const connected = new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
    });
    await Promise.race([connected, stopped]);
    stream = new SmTlsStream(socket, { ...secured, role: "client" });
    const peer = await Promise.race([stream.handshake, stopped]);
    return { stream, peer };
  } catch (error) {
    stream?.destroy();
    // An alert of ours may still be on its way.
    if (stream === undefined) socket.on("error", () => undefined).destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
