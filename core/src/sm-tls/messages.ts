/** The messages of the handshake, as bytes and back. */
import { SM_TLS_CERTIFICATES_MAX, concatBytes, ok } from "../primitives/index.js";
import { failed } from "./failure.js";
import type { SmTlsResult } from "./failure.js";
import type { SmTlsSuite } from "./interface.js";
import { TLS_1_2 } from "./records.js";
import { WireReader, writeNumber, writeVector } from "./wire.js";

/** Kinds of messages. */
export const MessageType = {
  HelloRequest: 0,
  ClientHello: 1,
  ServerHello: 2,
  Certificate: 11,
  ServerKeyExchange: 12,
  CertificateRequest: 13,
  ServerHelloDone: 14,
  CertificateVerify: 15,
  ClientKeyExchange: 16,
  Finished: 20,
} as const;

/** A message of the handshake. */
export interface HandshakeMessage {
  readonly type: number;
  readonly body: Uint8Array;
  /** Type, length and body: what is hashed. */
  readonly whole: Uint8Array;
}

/** Length of type and length before a message. */
export const MESSAGE_HEADER_BYTES = 4;

/** Length of the random number in a hello. */
export const RANDOM_BYTES = 32;

/** Number of the SM2 curve, by which others mean X25519. */
export const SM2_GROUP = 29;

/** SM2 with SM3 where signatures say how they were made. */
export const SIGNATURE_SCHEME = 0x0703;

/** Numbers of the suites. */
export const SUITE_NUMBERS: Readonly<{ [S in SmTlsSuite]: number }> = { ecdhe: 0xe011, ecc: 0xe013 };

/** By which a client says, in its list of suites, that it knows secure renegotiation. */
const RENEGOTIATION_SUITE = 0x00ff;

const Extension = { Groups: 10, PointFormats: 11, SignatureAlgorithms: 13, Renegotiation: 65281 } as const;

/** A message with its header. */
export function writeMessage(type: number, ...body: readonly Uint8Array[]): HandshakeMessage {
  const whole = concatBytes(Uint8Array.of(type), writeVector(3, ...body));
  return { type, body: whole.subarray(MESSAGE_HEADER_BYTES), whole };
}

function malformed(what: string): ReturnType<typeof failed> {
  return failed("message-malformed", `${what} cannot be read`);
}

function extension(type: number, body: Uint8Array): Uint8Array {
  return concatBytes(writeNumber(type, 2), writeVector(2, body));
}

/** What a client begins with. */
export interface ClientHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly suites: readonly number[];
  readonly hasNullCompression: boolean;
  readonly knowsRenegotiation: boolean;
  readonly namesPointFormats: boolean;
}

/** Writes a ClientHello that offers suites and nothing else: no resumption, no tickets. */
export function writeClientHello(random: Uint8Array, suites: readonly SmTlsSuite[]): HandshakeMessage {
  const numbers = [...suites.map((suite) => SUITE_NUMBERS[suite]), RENEGOTIATION_SUITE];
  return writeMessage(
    MessageType.ClientHello,
    writeNumber(TLS_1_2, 2),
    random,
    writeVector(1),
    writeVector(2, ...numbers.map((suite) => writeNumber(suite, 2))),
    writeVector(1, Uint8Array.of(0)),
    writeVector(
      2,
      extension(Extension.PointFormats, writeVector(1, Uint8Array.of(0))),
      extension(Extension.Groups, writeVector(2, writeNumber(SM2_GROUP, 2))),
      // Only this one: what stands before it in a longer list decides about the hash of other implementations.
      extension(Extension.SignatureAlgorithms, writeVector(2, writeNumber(SIGNATURE_SCHEME, 2))),
    ),
  );
}

/** Reads a ClientHello. */
export function readClientHello(body: Uint8Array): SmTlsResult<ClientHello> {
  const reader = new WireReader(body);
  const version = reader.number(2);
  const random = reader.bytes(RANDOM_BYTES);
  reader.vector(1);
  const suites = readNumbers(reader.vector(2));
  const compressions = reader.vector(1);
  const extensions = readExtensions(reader);
  if (!reader.isComplete || suites === undefined || extensions === undefined) return malformed("ClientHello");
  return ok({
    version,
    random,
    suites,
    hasNullCompression: compressions.includes(0),
    knowsRenegotiation: suites.includes(RENEGOTIATION_SUITE) || extensions.has(Extension.Renegotiation),
    namesPointFormats: extensions.has(Extension.PointFormats),
  });
}

/** What a server answers. */
export interface ServerHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly suite: SmTlsSuite | undefined;
  readonly compression: number;
}

/** Writes the answer to a ClientHello; extensions only that the client has named. */
export function writeServerHello(random: Uint8Array, suite: SmTlsSuite, hello: ClientHello): HandshakeMessage {
  const extensions = [
    ...(hello.knowsRenegotiation ? [extension(Extension.Renegotiation, Uint8Array.of(0))] : []),
    ...(hello.namesPointFormats ? [extension(Extension.PointFormats, writeVector(1, Uint8Array.of(0)))] : []),
  ];
  return writeMessage(
    MessageType.ServerHello,
    writeNumber(TLS_1_2, 2),
    random,
    // Empty: there is nothing to come back to.
    writeVector(1),
    writeNumber(SUITE_NUMBERS[suite], 2),
    Uint8Array.of(0),
    ...(extensions.length === 0 ? [] : [writeVector(2, ...extensions)]),
  );
}

/** Reads a ServerHello. */
export function readServerHello(body: Uint8Array): SmTlsResult<ServerHello> {
  const reader = new WireReader(body);
  const version = reader.number(2);
  const random = reader.bytes(RANDOM_BYTES);
  reader.vector(1);
  const number = reader.number(2);
  const compression = reader.number(1);
  const extensions = readExtensions(reader);
  if (!reader.isComplete || extensions === undefined) return malformed("ServerHello");
  const suite = number === SUITE_NUMBERS.ecdhe ? "ecdhe" : number === SUITE_NUMBERS.ecc ? "ecc" : undefined;
  return ok({ version, random, suite, compression });
}

/** Writes certificates, each as DER. */
export function writeCertificates(certificates: readonly Uint8Array[]): HandshakeMessage {
  return writeMessage(MessageType.Certificate, writeVector(3, ...certificates.map((der) => writeVector(3, der))));
}

/** Reads certificates, each as DER; there may be none. */
export function readCertificates(body: Uint8Array): SmTlsResult<readonly Uint8Array[]> {
  const reader = new WireReader(body);
  const list = new WireReader(reader.vector(3));
  const certificates: Uint8Array[] = [];
  while (list.isSound && list.left > 0) {
    if (certificates.length === SM_TLS_CERTIFICATES_MAX) {
      return failed("message-too-large", `more than ${SM_TLS_CERTIFICATES_MAX} certificates came`);
    }
    certificates.push(list.vector(3));
  }
  return reader.isComplete && list.isComplete ? ok(certificates) : malformed("Certificate");
}

/** Writes the request for a certificate. */
export function writeCertificateRequest(): HandshakeMessage {
  return writeMessage(
    MessageType.CertificateRequest,
    // Kinds of keys: RSA, DSS, elliptic curve; others look for the last, whatever the curve is.
    writeVector(1, Uint8Array.of(1, 2, 64)),
    writeVector(2, writeNumber(SIGNATURE_SCHEME, 2)),
    // No names of authorities: the client has one chain of certificates.
    writeVector(2),
  );
}

/** Reads the request for a certificate, of which nothing is used: there is only one to show. */
export function readCertificateRequest(body: Uint8Array): SmTlsResult<undefined> {
  const reader = new WireReader(body);
  reader.vector(1);
  reader.vector(2);
  reader.vector(2);
  return reader.isComplete ? ok(undefined) : malformed("CertificateRequest");
}

/** Writes a signature with the scheme before it. */
export function writeSignature(signature: Uint8Array): Uint8Array {
  return concatBytes(writeNumber(SIGNATURE_SCHEME, 2), writeVector(2, signature));
}

/** Reads a signature that must fill what is left. */
export function readSignature(reader: WireReader, what: string): SmTlsResult<Uint8Array> {
  const scheme = reader.number(2);
  const signature = reader.vector(2);
  if (!reader.isComplete) return malformed(what);
  return scheme === SIGNATURE_SCHEME
    ? ok(signature)
    : failed("signature-wrong", `${what} is signed by scheme ${scheme.toString(16)}, not by SM2 with SM3`);
}

/** Writes an ephemeral point (64 bytes) with the name of its curve. */
export function writePoint(point: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(3), writeNumber(SM2_GROUP, 2), writeVector(1, Uint8Array.of(4), point));
}

/** Reads an ephemeral point with the name of its curve; 64 bytes of which nothing is known yet. */
export function readPoint(reader: WireReader, what: string): SmTlsResult<Uint8Array> {
  // Others do not look at the name, and there is only one curve that this can be.
  reader.bytes(3);
  const point = reader.vector(1);
  return reader.isSound && point.length === 65 && point[0] === 4 ? ok(point.subarray(1)) : malformed(what);
}

function readNumbers(list: Uint8Array): number[] | undefined {
  if (list.length % 2 !== 0) return undefined;
  const reader = new WireReader(list);
  return Array.from({ length: list.length / 2 }, () => reader.number(2));
}

/** The kinds of extensions that a hello has; it may end without any. */
function readExtensions(reader: WireReader): ReadonlySet<number> | undefined {
  const types = new Set<number>();
  if (reader.left === 0) return types;
  const list = new WireReader(reader.vector(2));
  while (list.isSound && list.left > 0) {
    const type = list.number(2);
    list.vector(2);
    if (types.has(type)) return undefined;
    types.add(type);
  }
  return list.isComplete ? types : undefined;
}
