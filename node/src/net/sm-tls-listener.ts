/** A port with SM TLS, at which both sides show certificates. */
import type { Certificate } from "@tsbcos/core/certificates";
import { CodedError } from "@tsbcos/core/primitives";
import type { SmTlsCredentials } from "@tsbcos/core/sm-tls";
import { SmTlsStream, createNativeCrypto } from "@tsbcos/sm-tls";
import { AcceptGate } from "./accept-gate.js";
import type { Endpoint } from "./endpoint.js";
import { openPort } from "./port.js";
import type { PortOptions, TlsListener } from "./port.js";

/** How a port is opened. */
export interface SmTlsListenerOptions extends PortOptions {
  readonly credentials: SmTlsCredentials;
  /** A connection is through its handshake; `certificate` is trusted. */
  connected(stream: SmTlsStream, certificate: Certificate, remote: Endpoint): void;
}

/**
 * Opens a port.
 *
 * @throws CodedError with the code of the options when that is not possible
 */
export function listenSmTls(options: SmTlsListenerOptions): Promise<TlsListener> {
  const { credentials, handshakeTimeoutMs } = options;
  const gate = new AcceptGate();
  const crypto = createNativeCrypto();
  return openPort(options, gate, (socket, remote) => {
    const stream = new SmTlsStream(socket, { role: "server", credentials, crypto });
    const timer = setTimeout(() => {
      stream.destroy(new CodedError("handshake-timed-out", "the handshake took too long"));
    }, handshakeTimeoutMs);
    stream.handshake.then(
      ({ certificate }) => {
        clearTimeout(timer);
        gate.finished(remote);
        options.connected(stream, certificate, remote);
      },
      (error: unknown) => {
        clearTimeout(timer);
        options.refused(reasonOf(error), remote, error instanceof Error ? error.message : undefined);
      },
    );
  });
}

/** Why a handshake failed, as a word to count: a code of SM TLS, or one of sockets. */
function reasonOf(error: unknown): string {
  if (!(error instanceof CodedError)) return "handshake-given-up";
  return error.code === "closed-by-peer" ? "handshake-given-up" : error.code;
}
