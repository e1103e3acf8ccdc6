/** What SM TLS needs of its host, and what it tells it. */
import type { Certificate } from "../certificates/index.js";
import type { KeyPair } from "../crypto/index.js";
import type { Failure } from "../primitives/index.js";

/** The cryptography of one host. All of it returns at once. */
export interface SmTlsCrypto {
  /** Unpredictable bytes. */
  random(length: number): Uint8Array;
  /** SM3 of the parts one after the other, 32 bytes. */
  hash(...parts: readonly Uint8Array[]): Uint8Array;
  /** HMAC with SM3, 32 bytes. */
  hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /** SM4-CBC of whole blocks; key and iv have 16 bytes. */
  encrypt(key: Uint8Array, iv: Uint8Array, blocks: Uint8Array): Uint8Array;
  /** The reverse of {@link encrypt}. */
  decrypt(key: Uint8Array, iv: Uint8Array, blocks: Uint8Array): Uint8Array;
  /** SM2 signature over the SM3 of `message` as it is (the caller puts the identity in front), as DER. */
  sign(message: Uint8Array, key: KeyPair): Uint8Array;
  /** True when `signature` (DER) is one that {@link sign} makes with the key of `publicKey`. Never throws. */
  verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;
  /** A new SM2 key pair. */
  createKeyPair(): KeyPair;
  /** A number (32 bytes, secret) times a point (64 bytes) of the SM2 curve; undefined when that is no point. */
  multiply(number: Uint8Array, point: Uint8Array): Uint8Array | undefined;
}

/** What one side shows, and whom it believes. */
export interface SmTlsCredentials {
  /** Key of the first certificate of {@link chain}. */
  readonly signingKey: KeyPair;
  /** Key of {@link encryptionCertificate}. */
  readonly encryptionKey: KeyPair;
  /** Own signing certificate, then those of its issuers, each as DER. */
  readonly chain: readonly Uint8Array[];
  /** The certificate for key exchange, as DER. */
  readonly encryptionCertificate: Uint8Array;
  /** Trusted certificates. */
  readonly authorities: readonly Certificate[];
}

/** How a session is set up. */
export interface SmTlsOptions {
  readonly role: "client" | "server";
  readonly credentials: SmTlsCredentials;
  readonly crypto: SmTlsCrypto;
  /** Now, milliseconds since the Unix epoch: certificates must be valid. */
  readonly nowMs: number;
  /**
   * Suites to offer or to take. A client offers `ecdhe` unless told otherwise, which every node speaks; a server takes both,
   * in the order of the client.
   */
  readonly suites?: readonly SmTlsSuite[];
}

/** Cipher suites: `ecdhe` is 0xE011 (what nodes speak), `ecc` is 0xE013 (which clients of the channel may offer). */
export type SmTlsSuite = "ecdhe" | "ecc";

/** Who the other side is, and what was agreed on. */
export interface SmTlsPeer {
  /** Its signing certificate: who it is. */
  readonly certificate: Certificate;
  readonly suite: SmTlsSuite;
}

/** Why there is no session, or no longer. */
export interface SmTlsFailure extends Failure {
  readonly code:
    | "alert-received"
    | "certificate-expired"
    | "certificate-missing"
    | "certificate-not-trusted"
    | "certificate-unreadable"
    | "encryption-certificate-missing"
    | "encryption-certificate-refused"
    | "finished-wrong"
    | "key-exchange-failed"
    | "message-malformed"
    | "message-too-large"
    | "message-unexpected"
    | "no-common-suite"
    | "protocol-version"
    | "record-forged"
    | "record-malformed"
    | "record-too-large"
    | "signature-wrong"
    | "too-many-warnings";
  /** What happened, for people. */
  readonly detail: string;
}

/** What a session asks its host to do, in order. */
export type SmTlsEffect =
  /** Write these bytes to the other side. */
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** The handshake is over: data may be sent. */
  | { readonly kind: "established"; readonly peer: SmTlsPeer }
  /** Data came. */
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  /** The other side says that it sends nothing more. */
  | { readonly kind: "ended" }
  /** The session is over; nothing follows. */
  | { readonly kind: "failed"; readonly failure: SmTlsFailure };
