/** The handshake as the side that connects. */
import { sm2Identity } from "../crypto/index.js";
import { concatBytes, ok } from "../primitives/index.js";
import { verifyCertificates } from "./certificates.js";
import type { VerifiedCertificates } from "./certificates.js";
import { failed } from "./failure.js";
import type { SmTlsResult } from "./failure.js";
import { expectFinished, expectMessage, sendFinished } from "./handshake.js";
import type { Handshake, HandshakeState } from "./handshake.js";
import type { SmTlsSuite } from "./interface.js";
import { agree, encryptSecret } from "./key-exchange.js";
import {
  MessageType,
  RANDOM_BYTES,
  readCertificateRequest,
  readCertificates,
  readPoint,
  readServerHello,
  readSignature,
  writeCertificates,
  writeClientHello,
  writeMessage,
  writePoint,
  writeSignature,
} from "./messages.js";
import type { HandshakeMessage } from "./messages.js";
import { TLS_1_2 } from "./records.js";
import { directionKeys, masterSecret } from "./secrets.js";
import type { Randoms } from "./secrets.js";
import { WireReader, writeVector } from "./wire.js";

/** What every node speaks. */
const OFFERED: readonly SmTlsSuite[] = ["ecdhe"];

/** What the server has said when it is the client's turn. */
interface ServerFlight {
  readonly server: VerifiedCertificates;
  /** Of this handshake alone, 64 bytes; undefined where the suite has none. */
  readonly ephemeral: Uint8Array | undefined;
}

/** The client's side of the handshake. */
export function* clientHandshake(state: HandshakeState): Handshake {
  const { crypto, credentials, suites = OFFERED } = state.options;
  const clientRandom = crypto.random(RANDOM_BYTES);
  state.send(writeClientHello(clientRandom, suites));
  const hello = yield* expectServerHello(state, suites);
  if (!hello.ok) return hello;
  const { suite } = hello.value;
  const randoms: Randoms = { client: clientRandom, server: hello.value.random };
  const flight = yield* expectFlight(state, suite, randoms);
  if (!flight.ok) return flight;

  state.send(writeCertificates([...credentials.chain, credentials.encryptionCertificate]));
  const premaster = sendSecret(state, flight.value);
  if (!premaster.ok) return premaster;
  // Everything so far, here without our identity in front.
  const proof = crypto.sign(state.transcript, credentials.signingKey);
  state.send(writeMessage(MessageType.CertificateVerify, writeSignature(proof)));

  const master = masterSecret(crypto, premaster.value, randoms);
  const keys = directionKeys(crypto, master, randoms);
  state.protect(keys.client);
  sendFinished(state, master, (data) => writeMessage(MessageType.Finished, data));
  state.expectedKeys = keys.server;
  const finished = yield* expectFinished(state, master);
  return finished.ok ? ok({ certificate: flight.value.server.signing, suite }) : finished;
}

function* expectServerHello(
  state: HandshakeState,
  suites: readonly SmTlsSuite[],
): Generator<undefined, SmTlsResult<{ readonly suite: SmTlsSuite; readonly random: Uint8Array }>, HandshakeMessage> {
  const message = yield* expectMessage(MessageType.ServerHello);
  if (!message.ok) return message;
  const hello = readServerHello(message.value.body);
  if (!hello.ok) return hello;
  const { version, suite, random, compression } = hello.value;
  if (version !== TLS_1_2) return failed("protocol-version", "the server speaks another version than TLS 1.2");
  if (suite === undefined || !suites.includes(suite) || compression !== 0) {
    return failed("no-common-suite", "the server chose what was not offered");
  }
  state.received(message.value);
  return ok({ suite, random: random.slice() });
}

function* expectFlight(
  state: HandshakeState,
  suite: SmTlsSuite,
  randoms: Randoms,
): Generator<undefined, SmTlsResult<ServerFlight>, HandshakeMessage> {
  const certificates = yield* expectMessage(MessageType.Certificate);
  if (!certificates.ok) return certificates;
  const shown = readCertificates(certificates.value.body);
  if (!shown.ok) return shown;
  const { credentials, crypto, nowMs } = state.options;
  const server = verifyCertificates(shown.value, { authorities: credentials.authorities, crypto, nowMs });
  if (!server.ok) return server;
  state.received(certificates.value);

  const exchange = yield* expectMessage(MessageType.ServerKeyExchange);
  if (!exchange.ok) return exchange;
  const ephemeral = readKeyExchange(state, exchange.value, { suite, randoms, server: server.value });
  if (!ephemeral.ok) return ephemeral;
  state.received(exchange.value);

  // Both sides show certificates in SM TLS of chains: a server that does not ask for ours is none of a chain.
  const request = yield* expectMessage(MessageType.CertificateRequest);
  if (!request.ok) return request;
  const read = readCertificateRequest(request.value.body);
  if (!read.ok) return read;
  state.received(request.value);
  const done = yield* expectMessage(MessageType.ServerHelloDone);
  if (!done.ok) return done;
  if (done.value.body.length > 0) return failed("message-malformed", "ServerHelloDone is not empty");
  state.received(done.value);
  return ok({ server: server.value, ephemeral: ephemeral.value });
}

/** The server's ephemeral key where there is one, signed with the random numbers and its identity in front. */
function readKeyExchange(
  state: HandshakeState,
  { body }: HandshakeMessage,
  context: { readonly suite: SmTlsSuite; readonly randoms: Randoms; readonly server: VerifiedCertificates },
): SmTlsResult<Uint8Array | undefined> {
  const { suite, randoms, server } = context;
  const reader = new WireReader(body);
  let subject = writeVector(3, server.encryption.links.der);
  let ephemeral: Uint8Array | undefined;
  if (suite === "ecdhe") {
    const point = readPoint(reader, "ServerKeyExchange");
    if (!point.ok) return point;
    subject = body.subarray(0, body.length - reader.left);
    ephemeral = point.value.slice();
  }
  const signature = readSignature(reader, "ServerKeyExchange");
  if (!signature.ok) return signature;
  const signed = concatBytes(sm2Identity(server.signingKey), randoms.client, randoms.server, subject);
  return state.options.crypto.verify(signed, signature.value, server.signingKey)
    ? ok(ephemeral)
    : failed("signature-wrong", "the server has not the key of the certificate that it shows");
}

/** Sends ClientKeyExchange and gives the secret. */
function sendSecret(state: HandshakeState, { server, ephemeral }: ServerFlight): SmTlsResult<Uint8Array> {
  const { crypto, credentials } = state.options;
  if (ephemeral === undefined) {
    const secret = encryptSecret(crypto, server.encryptionKey);
    if (!secret.ok) return secret;
    state.send(writeMessage(MessageType.ClientKeyExchange, secret.value.body));
    return ok(secret.value.premaster);
  }
  const own = crypto.createKeyPair();
  const premaster = agree(crypto, {
    role: "client",
    own: credentials.encryptionKey,
    ephemeral: own,
    theirs: server.encryptionKey,
    theirEphemeral: ephemeral,
  });
  if (premaster.ok) state.send(writeMessage(MessageType.ClientKeyExchange, writePoint(own.publicKey)));
  return premaster;
}
