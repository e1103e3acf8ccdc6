/** Why a TLS connection failed, in words that say which file, which authority, which agency, and what to do. */
import type { X509Certificate } from "node:crypto";
import type { LoadedSmTlsCredentials } from "@tsbcos/sm-tls";
import { ConnectionError, socketWords } from "../errors.js";
import { certificatesIn, nameOf, type ChannelCredentials } from "./credentials.js";

/** What is known of a failed connection. */
export interface FailedConnection {
  readonly endpoint: string;
  readonly cause: NodeJS.ErrnoException;
  readonly credentials: ChannelCredentials;
  /** The node's certificate and those behind it, where it showed any. */
  readonly peers?: readonly X509Certificate[];
}

/** What Node.js says in words about its own sockets. */
export const CLOSED_DURING_HANDSHAKE = "it closed the connection in the middle of the TLS handshake";
/** Codes of sockets that never came to TLS. */
const UNREACHABLE = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/;
/** Codes of certificates that cannot be verified. */
const UNTRUSTED = /^(UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|CERT_|INVALID_CA|ERR_TLS_CERT)/;
/** TLS alerts about our certificate. */
const REFUSED =
  /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|ACCESS_DENIED|HANDSHAKE_FAILURE|DECRYPT_ERROR|UNSUPPORTED_CERTIFICATE)/;

/** What to ask where something listens that never showed a certificate. */
const NO_CERTIFICATE =
  "It showed no certificate. Is this its rpc.channel_listen_port, and not the port of JSON-RPC? A node with " +
  "chain.sm_crypto_channel=true speaks SM TLS: name the folder with gmca.crt then, mostly sdk/gm.";

/** The failure as an error for people. */
export function explainFailure(failed: FailedConnection): ConnectionError {
  const { endpoint, cause } = failed;
  return new ConnectionError(`No TLS connection to ${endpoint}: ${wordsOf(cause)}. ${hintOf(failed)}`, { cause });
}

/** What went wrong, without the addresses, files and lines that Node.js and OpenSSL put around it. */
function wordsOf(cause: NodeJS.ErrnoException & { readonly reason?: string }): string {
  if (cause.message.includes("before secure TLS connection")) return CLOSED_DURING_HANDSHAKE;
  return cause.reason ?? socketWords(cause);
}

function hintOf(failed: FailedConnection): string {
  const { cause, credentials, peers = [] } = failed;
  const [peer] = peers;
  const code = cause.code ?? "";
  if (UNREACHABLE.test(code)) return "Is the node running, and is this its rpc.channel_listen_port?";
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL/.test(code)) {
    return "What answers there does not speak TLS. Is this the JSON-RPC port? The channel has a port of its own (rpc.channel_listen_port).";
  }
  const ours = ownNames(credentials);
  if (UNTRUSTED.test(code) || (peer !== undefined && !areTrusted(peers, credentials))) {
    const theirs = peer === undefined ? "" : ` ${compare(nameOf(peer.issuer), ours.authorities)}`;
    const expired = code === "CERT_HAS_EXPIRED" && peer !== undefined ? ` It was valid until ${peer.validTo}.` : "";
    return `The node's certificate cannot be verified with our ca.crt.${theirs}${expired} Take the sdk folder that was made with this node, or ask its agency for one.`;
  }
  if (REFUSED.test(code) || code === "ECONNRESET" || code === "EPIPE" || code === "") {
    // A node shows its certificate before it looks at ours.
    if (peer === undefined) return NO_CERTIFICATE;
    const agency = ` (its certificate is from ${nameOf(peer.issuer)})`;
    return (
      `The node may have refused our certificate (sdk.crt: ${ours.subject}, issued by ${ours.issuer}). It must be signed by an authority that ` +
      "the node knows, be of the kind that it uses (RSA where chain.rsa_crypto_channel=true, else elliptic curve), and, while " +
      `network_security.check_cert_issuer is on, come from the node's own agency${agency}.`
    );
  }
  return "Is this a channel port, and are ca.crt, sdk.crt and sdk.key those of this chain?";
}

/** Codes of SM TLS by which the other side speaks ordinary TLS, or none. */
const NOT_SM_TLS = /^(record-malformed|no-common-suite|protocol-version|message-unexpected|closed-by-peer|ECONNRESET)$/;

/** The failure of a connection with SM TLS. */
export function explainSmFailure(
  endpoint: string,
  cause: NodeJS.ErrnoException,
  { certificate }: LoadedSmTlsCredentials,
): ConnectionError {
  const text = `No SM TLS connection to ${endpoint}: ${wordsOf(cause)}.`;
  return new ConnectionError(`${text} ${smHintOf(cause.code ?? "", certificate)}`, { cause });
}

function smHintOf(code: string, { subject, issuer }: LoadedSmTlsCredentials["certificate"]): string {
  if (UNREACHABLE.test(code) || code === "timed-out") {
    return "Is the node running, and is this its rpc.channel_listen_port?";
  }
  if (code === "alert-received" || NOT_SM_TLS.test(code)) {
    return (
      "Is this the channel port of a node with chain.sm_crypto_channel=true? Others speak ordinary TLS: name the folder with " +
      `ca.crt then. Or the node refused our certificate (gmsdk.crt: ${subject}, issued by ${issuer}): the authority in its ` +
      "gmca.crt must be ours, too."
    );
  }
  return "Take the gm folder that was made with this node, or ask its agency for one.";
}

/** After TLS a node that does not like the certificate's issuer just hangs up. */
export function explainHangUp(endpoint: string, credentials: ChannelCredentials, cause: unknown): ConnectionError {
  const { subject, issuer } = ownNames(credentials);
  const file = credentials.encryption === undefined ? "sdk.crt" : "gmsdk.crt";
  return new ConnectionError(
    `${endpoint} ended the connection after TLS. Our certificate (${file}: ${subject}) is from ${issuer}: while ` +
      "network_security.check_cert_issuer is on, a node accepts only certificates of its own agency. Otherwise it may speak other versions of the protocol.",
    { cause },
  );
}

/** Whether one of our authorities issued one of them. */
function areTrusted(peers: readonly X509Certificate[], { authority }: ChannelCredentials): boolean {
  return certificatesIn(authority, "ca.crt").some((ours) =>
    peers.some((peer) => peer.issuer === ours.subject && peer.verify(ours.publicKey)),
  );
}

function compare(issuer: string, authorities: string): string {
  if (issuer !== authorities) {
    return (
      `It was issued by ${issuer}; our ca.crt is ${authorities}. ` +
      "Is this its rpc.channel_listen_port? (The port for other nodes shows other certificates.)"
    );
  }
  return `Its issuer and our ca.crt have the same name, ${issuer}, and different keys: they are of two chains, or the chain was made anew.`;
}

interface OwnNames {
  readonly subject: string;
  readonly issuer: string;
  readonly authorities: string;
}

function ownNames({ authority, certificate }: ChannelCredentials): OwnNames {
  const [own] = certificatesIn(certificate, "sdk.crt");
  return {
    subject: nameOf(own?.subject ?? ""),
    issuer: nameOf(own?.issuer ?? ""),
    authorities: certificatesIn(authority, "ca.crt")
      .map(({ subject }) => nameOf(subject))
      .join("; "),
  };
}
