/** SM TLS with certificates on both sides, as nodes of SM chains speak it. */
import type { Certificate } from "@tsbcos/core/certificates";
import { CodedError, P2P_HANDSHAKE_TIMEOUT_MS, ok } from "@tsbcos/core/primitives";
import type { Result } from "@tsbcos/core/primitives";
import { connectSmTls, createNativeCrypto } from "@tsbcos/sm-tls";
import type { SmTlsConnection, SmTlsStream } from "@tsbcos/sm-tls";
import { listenSmTls } from "../net/index.js";
import type { Endpoint, SmTlsCredentials } from "../net/index.js";
import { readNodeCertificate } from "./certificate.js";
import type { CertificateFailure } from "./certificate.js";
import { isUnreachable } from "./transport.js";
import type { SecureConnection, SecureTransport } from "./transport.js";

/**
 * Makes the transport.
 *
 * @param handshakeTimeoutMs for accepted connections, replaced by tests
 */
export function createSmTlsTransport(
  credentials: SmTlsCredentials,
  handshakeTimeoutMs: number = P2P_HANDSHAKE_TIMEOUT_MS,
): SecureTransport {
  const crypto = createNativeCrypto();
  return {
    listen: (at, events) =>
      listenSmTls({
        ...{ at, credentials, handshakeTimeoutMs },
        errorCode: "p2p-cannot-listen",
        expected: "other nodes",
        connected(stream, certificate, remote) {
          const connection = connectionOf(stream, certificate, remote);
          if (connection.ok) events.connected(connection.value);
          else {
            stream.destroy();
            events.refused(connection.error.code, remote);
          }
        },
        refused(reason, remote, detail) {
          events.refused(reason, remote, detail);
        },
      }),
    async dial(to, { timeoutMs, signal }) {
      const give = (code: string, cause?: unknown): CodedError => {
        const reason = cause instanceof Error ? `: ${cause.message}` : "";
        return new CodedError(code, `no connection to ${to.host} port ${String(to.port)}${reason}`, { cause });
      };
      let established: SmTlsConnection;
      try {
        established = await connectSmTls({ ...to, credentials, crypto, timeoutMs, signal });
      } catch (cause) {
        throw give(dialFailure(cause), cause);
      }
      const connection = connectionOf(established.stream, established.peer.certificate, to);
      if (connection.ok) return connection.value;
      established.stream.destroy();
      throw give(connection.error.code);
    },
  };
}

function connectionOf(
  stream: SmTlsStream,
  certificate: Certificate,
  remote: Endpoint,
): Result<SecureConnection, CertificateFailure> {
  const { der } = certificate.links;
  const identity = readNodeCertificate(der);
  return identity.ok ? ok({ stream, identity: identity.value, certificate: der, remote }) : identity;
}

/** The same words as with ordinary TLS where there are any; else those of SM TLS. */
function dialFailure(error: unknown): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (isUnreachable(code)) return "peer-unreachable";
  if (code === "ECONNRESET" || code === "EPIPE") return "closed-by-peer";
  if (code === "timed-out") return "dial-timed-out";
  if (code === "aborted") return "dial-aborted";
  return error instanceof CodedError ? code : "handshake-failed";
}
