/** What lies below a client's session: an encrypted byte stream whose other end has a trusted certificate. */
import { constants } from "node:crypto";
import type { Duplex } from "node:stream";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { readCertificate } from "@tsbcos/core/certificates";
import {
  CHANNEL_HANDSHAKE_TIMEOUT_MS,
  CodedError,
  err,
  ok,
  type Failure,
  type NodeId,
  type Result,
} from "@tsbcos/core/primitives";
import { listenTls, type Endpoint, type TlsCredentials, type TlsListener } from "../net/index.js";

/** An established connection. */
export interface ClientConnection {
  readonly stream: Duplex;
  readonly remote: Endpoint;
  /** Public key of the client's certificate; undefined for RSA, which lists of allowed SDKs know nothing of. */
  readonly publicKey: NodeId | undefined;
}

/** Takes what comes in at the port. */
export interface ClientListenerEvents {
  /** A connection is complete. */
  connected(connection: ClientConnection): void;
  /** A connection was given up before; `reason` is a kebab-case code, `detail` says more to people, where more is known. */
  refused(reason: string, remote: Endpoint, detail?: string): void;
}

/** A way to accept clients: TLS or SM TLS. */
export interface ClientTransport {
  listen(at: Endpoint, events: ClientListenerEvents): Promise<TlsListener>;
}

/** How clients show who they are. */
export interface ClientTlsOptions {
  readonly credentials: TlsCredentials;
  /** Our own certificate as DER. */
  readonly certificate: Uint8Array;
  /** Clients must have a certificate of the issuer of our own. Certificates without basic constraints are exempt. */
  readonly checkIssuer: boolean;
  /** For accepted connections; replaced by tests. */
  readonly handshakeTimeoutMs?: number;
}

/** With an elliptic curve certificate. CBC suites are there for the OpenSSL 1.0.2 of older SDKs. */
const EC_CIPHERS = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-SHA256",
  "ECDHE-ECDSA-AES256-SHA384",
];

/** With an RSA certificate. The 2.9.1 node offers no ephemeral keys then, so that SDKs may know only the plain suites. */
const RSA_CIPHERS = [
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-RSA-AES128-SHA256",
  "ECDHE-RSA-AES256-SHA384",
  "AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-SHA256",
  "AES256-SHA256",
];

/**
 * secp256k1 is what certificates are on, and SDKs may offer nothing else. X25519 must stay out: SDKs built on the TLS
 * library of 2.x mean SM2 by its number.
 */
const CURVES = "secp256k1:prime256v1:secp384r1:secp521r1";

const SECURE_OPTIONS = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION;

/**
 * Makes the transport.
 *
 * @throws CodedError `credentials-invalid` when key and certificates cannot be used together
 */
export function createClientTls(options: ClientTlsOptions): ClientTransport {
  const { credentials, checkIssuer, handshakeTimeoutMs = CHANNEL_HANDSHAKE_TIMEOUT_MS } = options;
  const context: SecureContextOptions = {
    key: credentials.key,
    cert: credentials.certificate,
    ca: credentials.authorities,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.2",
    ciphers: [...EC_CIPHERS, ...RSA_CIPHERS].join(":"),
    ecdhCurve: CURVES,
    secureOptions: SECURE_OPTIONS,
  };
  try {
    createSecureContext(context);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError("credentials-invalid", `key and certificates of the channel cannot be used: ${reason}`, {
      cause,
    });
  }
  const admit = clientCheck(options.certificate, checkIssuer);
  return {
    listen: (at, events) =>
      listenTls({
        at,
        context,
        handshakeTimeoutMs,
        errorCode: "channel-cannot-listen",
        expected: "SDKs",
        connected(socket, remote) {
          const client = admit(socket.getPeerX509Certificate()?.raw ?? new Uint8Array(0));
          if (!client.ok) {
            socket.destroy();
            events.refused(client.error.code, remote);
            return;
          }
          socket.setNoDelay(true);
          events.connected({ stream: socket, remote, publicKey: client.value });
        },
        refused(reason, remote) {
          events.refused(reason, remote);
        },
      }),
  };
}

/** Why a client with a trusted certificate is turned away all the same. */
export interface ClientRefusal extends Failure {
  readonly code: "certificate-unreadable" | "certificate-of-another-agency";
}

/**
 * Makes the check of clients' certificates (as DER), which gives the public key of those that may come in.
 *
 * @param own our own certificate as DER
 * @param checkIssuer clients must have a certificate of the same issuer
 */
export function clientCheck(
  own: Uint8Array,
  checkIssuer: boolean,
): (certificate: Uint8Array) => Result<NodeId | undefined, ClientRefusal> {
  const ownIssuer = readCertificate(own)?.issuer;
  return (der) => {
    const certificate = readCertificate(der);
    if (certificate === undefined) return err({ code: "certificate-unreadable" });
    const { issuer, publicKey, isAuthority } = certificate;
    // Those below an agency say expressly that they are none of an authority.
    const isChecked = checkIssuer && isAuthority === false;
    return isChecked && issuer !== ownIssuer ? err({ code: "certificate-of-another-agency" }) : ok(publicKey);
  };
}
