/** TLS 1.2 with certificates on both sides, as 2.x nodes speak it. */
import { constants } from "node:crypto";
import { connect, createSecureContext } from "node:tls";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import { CodedError, P2P_HANDSHAKE_TIMEOUT_MS, ok } from "@tsbcos/core/primitives";
import type { Result } from "@tsbcos/core/primitives";
import { ignoreLateErrors, listenTls } from "../net/index.js";
import type { Endpoint, TlsCredentials } from "../net/index.js";
import { readNodeCertificate } from "./certificate.js";
import type { CertificateFailure } from "./certificate.js";
import { isUnreachable } from "./transport.js";
import type { ListenerEvents, PeerIdentity, SecureConnection, SecureListener, SecureTransport } from "./transport.js";

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
    listen: (at, events) => listen({ at, events, context: options, handshakeTimeoutMs }),
    dial: (to, limits) => dial(to, limits, options),
  };
}

interface ListenPlan {
  readonly at: Endpoint;
  readonly events: ListenerEvents;
  readonly context: SecureContextOptions;
  readonly handshakeTimeoutMs: number;
}

function listen({ events, ...plan }: ListenPlan): Promise<SecureListener> {
  return listenTls({
    ...plan,
    errorCode: "p2p-cannot-listen",
    expected: "other nodes",
    connected(socket, remote) {
      const connection = connectionOf(socket, remote);
      if (connection.ok) events.connected(connection.value);
      else {
        socket.destroy();
        events.refused(connection.error.code, remote);
      }
    },
    refused(reason, remote) {
      events.refused(reason, remote);
    },
  });
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

function connectionOf(socket: TLSSocket, remote: Endpoint): Result<SecureConnection, CertificateFailure> {
  const certificate = new Uint8Array(socket.getPeerX509Certificate()?.raw ?? []);
  const identity: Result<PeerIdentity, CertificateFailure> = readNodeCertificate(certificate);
  if (!identity.ok) return identity;
  socket.setNoDelay(true);
  return ok({ stream: socket, identity: identity.value, certificate, remote });
}

function dialFailure(error: NodeJS.ErrnoException): string {
  const code = error.code ?? "";
  if (isUnreachable(code)) return "peer-unreachable";
  if (code === "ECONNRESET" || code === "EPIPE") return "closed-by-peer";
  return /CERT|ISSUER|SIGNATURE|CHAIN|TRUST/.test(code) && !code.startsWith("ERR_SSL")
    ? "certificate-not-trusted"
    : "handshake-failed";
}
