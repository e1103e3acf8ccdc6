/** SM TLS for clients, on chains with sm_crypto_channel=true. */
import type { Certificate } from "@tsbcos/core/certificates";
import { CHANNEL_HANDSHAKE_TIMEOUT_MS } from "@tsbcos/core/primitives";
import { listenSmTls, type SmTlsCredentials } from "../net/index.js";
import { clientCheck, type ClientTransport } from "./transport.js";

/** How clients show who they are. */
export interface ClientSmTlsOptions {
  readonly credentials: SmTlsCredentials;
  /** Our own signing certificate. */
  readonly certificate: Certificate;
  /** Clients must have a certificate of the issuer of our own. */
  readonly checkIssuer: boolean;
  /** For accepted connections; replaced by tests. */
  readonly handshakeTimeoutMs?: number;
}

/** Makes the transport. */
export function createClientSmTls(options: ClientSmTlsOptions): ClientTransport {
  const { credentials, checkIssuer, handshakeTimeoutMs = CHANNEL_HANDSHAKE_TIMEOUT_MS } = options;
  const admit = clientCheck(options.certificate.links.der, checkIssuer);
  return {
    listen: (at, events) =>
      listenSmTls({
        ...{ at, credentials, handshakeTimeoutMs },
        errorCode: "channel-cannot-listen",
        expected: "SDKs",
        connected(stream, certificate, remote) {
          const client = admit(certificate.links.der);
          if (client.ok) {
            events.connected({ stream, remote, publicKey: client.value });
            return;
          }
          stream.destroy();
          events.refused(client.error.code, remote);
        },
        refused(reason, remote, detail) {
          events.refused(reason, remote, detail);
        },
      }),
  };
}
