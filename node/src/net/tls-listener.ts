/** A TLS port at which both sides show certificates, and at which strangers cost little. */
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import { CodedError } from "@tsbcos/core/primitives";
import { AcceptGate } from "./accept-gate.js";
import type { Endpoint } from "./endpoint.js";

/** How a port is opened. */
export interface TlsListenerOptions {
  readonly at: Endpoint;
  /** Key, certificates, versions and suites. */
  readonly context: SecureContextOptions;
  /** For the TLS handshake of an accepted connection. */
  readonly handshakeTimeoutMs: number;
  /** Code of the error when the port cannot be opened. */
  readonly errorCode: string;
  /** Who is expected, for that error: `other nodes`. */
  readonly expected: string;
  /** A connection is through its handshake, and the certificate of the other side is trusted. */
  connected(socket: TLSSocket, remote: Endpoint): void;
  /** A connection was given up before; `reason` is a kebab-case code. */
  refused(reason: string, remote: Endpoint): void;
}

/** An open port. */
export interface TlsListener {
  /** Where it listens: the port in use when 0 was asked for. */
  readonly address: Endpoint;
  /** Closes the port and every connection that was accepted. */
  close(): Promise<void>;
}

/**
 * Opens a port.
 *
 * @throws CodedError with the code of the options when that is not possible
 */
export async function listenTls(options: TlsListenerOptions): Promise<TlsListener> {
  const { at, context, handshakeTimeoutMs: handshakeTimeout } = options;
  const gate = new AcceptGate();
  const tlsServer = createTlsServer({ ...context, requestCert: true, rejectUnauthorized: true, handshakeTimeout });
  tlsServer.on("secureConnection", (socket) => {
    ignoreLateErrors(socket);
    const remote = remoteOf(socket);
    gate.finished(remote);
    options.connected(socket, remote);
  });
  tlsServer.on("tlsClientError", (error, socket) => {
    options.refused(handshakeFailure(error, socket), remoteOf(socket));
    socket.destroy();
  });
  // The TLS server never listens itself, so that connections can be turned away before they cost a handshake.
  const server = createServer((socket) => {
    const remote = remoteOf(socket);
    const refusal = gate.refusal(remote);
    ignoreLateErrors(socket);
    if (refusal !== undefined) {
      socket.destroy();
      options.refused(refusal, remote);
      return;
    }
    gate.started(remote, socket);
    tlsServer.emit("connection", socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(listenFailure(options, cause));
    });
    server.listen(at.port, at.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address: { host: address, port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        gate.destroyAll();
      }),
  };
}

/** A socket that fails when nobody has it any more must not end the process. */
export function ignoreLateErrors(socket: Socket): void {
  socket.on("error", () => undefined);
}

function remoteOf(socket: Socket): Endpoint {
  return { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
}

/** Why a handshake failed, as a word to count. */
function handshakeFailure(error: NodeJS.ErrnoException, socket: TLSSocket): string {
  if (socket.authorizationError as unknown) return "certificate-not-trusted";
  switch (error.code) {
    case "ERR_TLS_HANDSHAKE_TIMEOUT":
      return "handshake-timed-out";
    case "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE":
      return "certificate-missing";
    case "ECONNRESET":
      return "handshake-given-up";
    default:
      return "handshake-failed";
  }
}

function listenFailure({ at, errorCode, expected }: TlsListenerOptions, cause: NodeJS.ErrnoException): CodedError {
  const place = `${at.host} port ${String(at.port)}`;
  const reason = cause.code === "EADDRINUSE" ? "another program listens there" : cause.message;
  return new CodedError(errorCode, `cannot listen for ${expected} at ${place}: ${reason}`, { cause });
}
