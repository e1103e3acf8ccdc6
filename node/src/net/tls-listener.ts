/** A TLS port at which both sides show certificates. */
import type { Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import { AcceptGate } from "./accept-gate.js";
import type { Endpoint } from "./endpoint.js";
import { ignoreLateErrors, openPort, remoteOf } from "./port.js";
import type { PortOptions, TlsListener } from "./port.js";

/** How a port is opened. */
export interface TlsListenerOptions extends PortOptions {
  /** Key, certificates, versions and suites. */
  readonly context: SecureContextOptions;
  /** A connection is through its handshake, and the certificate of the other side is trusted. */
  connected(socket: TLSSocket, remote: Endpoint): void;
}

/**
 * Opens a port.
 *
 * @throws CodedError with the code of the options when that is not possible
 */
export function listenTls(options: TlsListenerOptions): Promise<TlsListener> {
  const { context, handshakeTimeoutMs: handshakeTimeout } = options;
  const gate = new AcceptGate();
  const tlsServer = createTlsServer({ ...context, requestCert: true, rejectUnauthorized: true, handshakeTimeout });
  tlsServer.on("secureConnection", (socket) => {
    ignoreLateErrors(socket);
    const remote = whence(socket);
    gate.finished(remote);
    options.connected(socket, remote);
  });
  tlsServer.on("tlsClientError", (error, socket) => {
    options.refused(handshakeFailure(error, socket), whence(socket));
    socket.destroy();
  });
  // The TLS server never listens itself, so that connections can be turned away before they cost a handshake.
  return openPort(options, gate, (socket) => {
    tlsServer.emit("connection", socket);
  });
}

/**
 * Where a TLS connection comes from, also when it is over: the encrypted socket cannot ask any more then, but the one
 * below it was asked when it was accepted, and remembers. Node.js has no documented name for that one; where the name is
 * gone, the address of a connection that is over is unknown again, which a test would tell.
 */
function whence(socket: TLSSocket & { readonly _parent?: Socket | null }): Endpoint {
  return remoteOf(socket._parent ?? socket);
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
