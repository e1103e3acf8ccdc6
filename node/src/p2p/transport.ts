/** What lies below a session: an encrypted byte stream whose other end is known. */
import type { Duplex } from "node:stream";
import type { NodeId } from "@tsbcos/core/primitives";
import type { Endpoint } from "../net/index.js";

/** Who a certificate says the other end is. */
export interface PeerIdentity {
  readonly nodeId: NodeId;
  /** Common name of the issuer. */
  readonly agencyName: string;
  /** Common name of the certificate. */
  readonly nodeName: string;
}

/** An established connection: handshake done, certificate chain checked. */
export interface SecureConnection {
  readonly stream: Duplex;
  readonly identity: PeerIdentity;
  /** Certificate of the other end, as DER. */
  readonly certificate: Uint8Array;
  readonly remote: Endpoint;
}

/** A listener that accepts connections. */
export interface SecureListener {
  readonly address: Endpoint;
  close(): Promise<void>;
}

/** Takes what comes in at a listener. */
export interface ListenerEvents {
  /** A connection is complete. */
  connected(connection: SecureConnection): void;
  /** A connection was given up before; `reason` is a kebab-case code, `detail` says more to people, where more is known. */
  refused(reason: string, remote: Endpoint, detail?: string): void;
}

/** Errors of sockets by which nobody is there. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EAI_AGAIN",
]);

/** True for codes of sockets that mean that nobody is there. */
export function isUnreachable(code: string): boolean {
  return UNREACHABLE.has(code);
}

/** A way to make encrypted connections with both ends known: TLS or SM TLS. */
export interface SecureTransport {
  /** Starts to listen. */
  listen(at: Endpoint, events: ListenerEvents): Promise<SecureListener>;
  /**
   * Connects.
   *
   * @param limits.timeoutMs for everything until the connection is complete
   * @param limits.signal gives the attempt up
   * @throws CodedError with the reason why there is no connection
   */
  dial(to: Endpoint, limits: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<SecureConnection>;
}
