/** TLS 1.2 with certificates on both sides, as 2.x nodes speak it. */
import { constants } from "node:crypto";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer as createTlsServer } from "node:tls";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import { createSecureContext } from "node:tls";
import { CodedError, P2P_HANDSHAKE_TIMEOUT_MS, ok } from "@tsbcos/core/primitives";
import type { Result } from "@tsbcos/core/primitives";
import { AcceptGate } from "./accept-gate.js";
import { readNodeCertificate } from "./certificate.js";
import type { CertificateFailure } from "./certificate.js";
import type { Endpoint } from "./transport.js";
import type { ListenerEvents, PeerIdentity, SecureConnection, SecureListener, SecureTransport } from "./transport.js";

/** Key and certificates, each as the text of its PEM file. */
export interface TlsCredentials {
  readonly key: string;
  /** Own certificate, then those of its issuers. */
  readonly certificate: string;
  /** Trusted certificates. */
  readonly authorities: string;
}

/** The C++ node agrees on any of these; the cheapest is first where we choose. */
const CIPHERS = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305";

/**
 * secp256k1 because certificates are on it and the C++ node uses nothing else. X25519 must stay out: the C++ node
 * means SM2 by its number.
 */
const CURVES = "secp256k1:prime256v1";

/** Nothing is resumed: the C++ node learns who we are only in a full handshake. Nor is anything renegotiated. */
const OPTIONS = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION;

/**
 * Makes the transport.
 *
 * @param handshakeTimeoutMs for accepted connections, replaced by tests
 * @throws CodedError `credentials-invalid` when key and certificates cannot be used together
 */
export function createTlsTransport(
  credentials: TlsCredentials,
  handshakeTimeoutMs: number = P2P_HANDSHAKE_TIMEOUT_MS,
): SecureTransport {
  const options: SecureContextOptions = {
    key: credentials.key,
    cert: credentials.certificate,
    ca: credentials.authorities,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.2",
    ciphers: CIPHERS,
    ecdhCurve: CURVES,
    secureOptions: OPTIONS,
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError("credentials-invalid", `key and certificates cannot be used for TLS: ${reason}`, { cause });
  }
  return {
    listen: (at, events) => listen({ at, events, options, handshakeTimeoutMs }),
    dial: (to, limits) => dial(to, limits, options),
  };
}

interface ListenPlan {
  readonly at: Endpoint;
  readonly events: ListenerEvents;
  readonly options: SecureContextOptions;
  readonly handshakeTimeoutMs: number;
}

async function listen({ at, events, options, handshakeTimeoutMs }: ListenPlan): Promise<SecureListener> {
  const gate = new AcceptGate();
  const tlsServer = createTlsServer({
    ...options,
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: handshakeTimeoutMs,
  });
  tlsServer.on("secureConnection", (socket) => {
    ignoreLateErrors(socket);
    const remote = remoteOf(socket);
    gate.finished(remote);
    const connection = connectionOf(socket, remote);
    if (connection.ok) events.connected(connection.value);
    else {
      socket.destroy();
      events.refused(connection.error.code, remote);
    }
  });
  tlsServer.on("tlsClientError", (error, socket) => {
    events.refused(handshakeFailure(error, socket), remoteOf(socket));
    socket.destroy();
  });
  // The TLS server never listens itself, so that connections can be turned away before they cost a handshake.
  const server = createServer((socket) => {
    const remote = remoteOf(socket);
    const refusal = gate.refusal(remote);
    ignoreLateErrors(socket);
    if (refusal !== undefined) {
      socket.destroy();
      events.refused(refusal, remote);
      return;
    }
    gate.started(remote, socket);
    tlsServer.emit("connection", socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(listenFailure(at, cause));
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

function dial(
  to: Endpoint,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  options: SecureContextOptions,
): Promise<SecureConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...options,
      host: to.host,
      port: to.port,
      rejectUnauthorized: true,
      // Certificates name nodes, not hosts; who it is follows from the key.
      checkServerIdentity: () => undefined,
      servername: "",
    });
    const forget = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError).off("close", onClose);
    };
    const give = (code: string, cause?: unknown): void => {
      forget();
      socket.destroy();
      const reason = cause instanceof Error ? `: ${cause.message}` : "";
      reject(new CodedError(code, `no connection to ${to.host} port ${String(to.port)}${reason}`, { cause }));
    };
    const onAbort = (): void => {
      give("dial-aborted");
    };
    const onError = (cause: NodeJS.ErrnoException): void => {
      give(dialFailure(cause), cause);
    };
    const onClose = (): void => {
      give("closed-by-peer");
    };
    const timer = setTimeout(() => {
      give("dial-timed-out");
    }, timeoutMs);
    signal.addEventListener("abort", onAbort);
    socket.on("error", onError).on("close", onClose);
    ignoreLateErrors(socket);
    socket.once("secureConnect", () => {
      const connection = connectionOf(socket, to);
      if (!connection.ok) {
        give(connection.error.code);
        return;
      }
      forget();
      resolve(connection.value);
    });
  });
}

/** A socket that fails when nobody has it any more must not end the process. */
function ignoreLateErrors(socket: Socket): void {
  socket.on("error", () => undefined);
}

function connectionOf(socket: TLSSocket, remote: Endpoint): Result<SecureConnection, CertificateFailure> {
  const der = socket.getPeerX509Certificate()?.raw;
  const identity: Result<PeerIdentity, CertificateFailure> = readNodeCertificate(der ?? new Uint8Array(0));
  if (!identity.ok) return identity;
  socket.setNoDelay(true);
  return ok({ stream: socket, identity: identity.value, remote });
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

function dialFailure(error: NodeJS.ErrnoException): string {
  const code = error.code ?? "";
  if (["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "ETIMEDOUT", "EAI_AGAIN"].includes(code)) {
    return "peer-unreachable";
  }
  if (code === "ECONNRESET" || code === "EPIPE") return "closed-by-peer";
  return /CERT|ISSUER|SIGNATURE|CHAIN|TRUST/.test(code) && !code.startsWith("ERR_SSL")
    ? "certificate-not-trusted"
    : "handshake-failed";
}

function listenFailure(at: Endpoint, cause: NodeJS.ErrnoException): CodedError {
  const place = `${at.host} port ${String(at.port)}`;
  const reason = cause.code === "EADDRINUSE" ? "another program listens there" : cause.message;
  return new CodedError("p2p-cannot-listen", `cannot listen for other nodes at ${place}: ${reason}`, { cause });
}
