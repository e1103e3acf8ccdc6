/** The handshake as the side that was connected to. */
import { sm2Identity } from "../crypto/index.js";
import { concatBytes, ok } from "../primitives/index.js";
import { verifyCertificates } from "./certificates.js";
import type { VerifiedCertificates } from "./certificates.js";
import { failed } from "./failure.js";
import type { SmTlsResult } from "./failure.js";
import { expectFinished, expectMessage, sendFinished } from "./handshake.js";
import type { Handshake, HandshakeState } from "./handshake.js";
import type { SmTlsSuite } from "./interface.js";
import { agree, decryptSecret, readClientPoint } from "./key-exchange.js";
import {
  MessageType,
  RANDOM_BYTES,
  SUITE_NUMBERS,
  readCertificates,
  readClientHello,
  readSignature,
  writeCertificateRequest,
  writeCertificates,
  writeMessage,
  writePoint,
  writeServerHello,
  writeSignature,
} from "./messages.js";
import type { ClientHello, HandshakeMessage } from "./messages.js";
import { TLS_1_2 } from "./records.js";
import { directionKeys, masterSecret } from "./secrets.js";
import type { Randoms } from "./secrets.js";
import type { KeyPair } from "../crypto/index.js";
import { WireReader, writeVector } from "./wire.js";

/** Clients may know only one of them. */
const TAKEN: readonly SmTlsSuite[] = ["ecdhe", "ecc"];

/** The server's side of the handshake. */
export function* serverHandshake(state: HandshakeState): Handshake {
  const { crypto } = state.options;
  const message = yield* expectMessage(MessageType.ClientHello);
  if (!message.ok) return message;
  const hello = readClientHello(message.value.body);
  if (!hello.ok) return hello;
  const suite = chooseSuite(state, hello.value);
  if (!suite.ok) return suite;
  state.received(message.value);
  const randoms: Randoms = { client: hello.value.random.slice(), server: crypto.random(RANDOM_BYTES) };
  state.send(writeServerHello(randoms.server, suite.value, hello.value));
  const ephemeral = sendFlight(state, suite.value, randoms);

  const client = yield* expectClientCertificates(state);
  if (!client.ok) return client;
  const premaster = yield* expectSecret(state, { client: client.value, ephemeral });
  if (!premaster.ok) return premaster;
  const proof = yield* expectProof(state, client.value.signingKey);
  if (!proof.ok) return proof;

  const master = masterSecret(crypto, premaster.value, randoms);
  const keys = directionKeys(crypto, master, randoms);
  state.expectedKeys = keys.client;
  const finished = yield* expectFinished(state, master);
  if (!finished.ok) return finished;
  state.protect(keys.server);
  sendFinished(state, master, (data) => writeMessage(MessageType.Finished, data));
  return ok({ certificate: client.value.signing, suite: suite.value });
}

/** The first suite of the client that we know. */
function chooseSuite(state: HandshakeState, hello: ClientHello): SmTlsResult<SmTlsSuite> {
  if (hello.version < TLS_1_2) {
    const version = hello.version.toString(16).padStart(4, "0");
    return failed("protocol-version", `the client speaks version ${version}; SM TLS of chains is TLS 1.2 (0303)`);
  }
  const allowed = state.options.suites ?? TAKEN;
  for (const number of hello.suites) {
    const suite = allowed.find((one) => SUITE_NUMBERS[one] === number);
    if (suite !== undefined && hello.hasNullCompression) return ok(suite);
  }
  return failed("no-common-suite", "the client offers neither of the SM suites E011 and E013: it speaks ordinary TLS");
}

/** Everything from our certificates on. Gives the ephemeral key where the suite has one. */
function sendFlight(state: HandshakeState, suite: SmTlsSuite, randoms: Randoms): KeyPair | undefined {
  const { credentials, crypto } = state.options;
  const { signingKey, chain, encryptionCertificate } = credentials;
  state.send(writeCertificates([...chain, encryptionCertificate]));
  const ephemeral = suite === "ecdhe" ? crypto.createKeyPair() : undefined;
  const params = ephemeral === undefined ? new Uint8Array(0) : writePoint(ephemeral.publicKey);
  // Without an ephemeral key it is the certificate for key exchange that is signed with the random numbers.
  const subject = ephemeral === undefined ? writeVector(3, encryptionCertificate) : params;
  const signed = concatBytes(sm2Identity(signingKey.publicKey), randoms.client, randoms.server, subject);
  const signature = writeSignature(crypto.sign(signed, signingKey));
  state.send(writeMessage(MessageType.ServerKeyExchange, params, signature));
  state.send(writeCertificateRequest());
  state.send(writeMessage(MessageType.ServerHelloDone));
  return ephemeral;
}

function* expectClientCertificates(
  state: HandshakeState,
): Generator<undefined, SmTlsResult<VerifiedCertificates>, HandshakeMessage> {
  const message = yield* expectMessage(MessageType.Certificate);
  if (!message.ok) return message;
  const shown = readCertificates(message.value.body);
  if (!shown.ok) return shown;
  const { credentials, crypto, nowMs } = state.options;
  const verified = verifyCertificates(shown.value, { authorities: credentials.authorities, crypto, nowMs });
  if (verified.ok) state.received(message.value);
  return verified;
}

function* expectSecret(
  state: HandshakeState,
  { client, ephemeral }: { readonly client: VerifiedCertificates; readonly ephemeral: KeyPair | undefined },
): Generator<undefined, SmTlsResult<Uint8Array>, HandshakeMessage> {
  const message = yield* expectMessage(MessageType.ClientKeyExchange);
  if (!message.ok) return message;
  state.received(message.value);
  const { crypto, credentials } = state.options;
  if (ephemeral === undefined) return decryptSecret(crypto, message.value.body, credentials.encryptionKey);
  const point = readClientPoint(message.value.body);
  if (!point.ok) return point;
  return agree(crypto, {
    role: "server",
    own: credentials.encryptionKey,
    ephemeral,
    theirs: client.encryptionKey,
    theirEphemeral: point.value,
  });
}

/** That the client has the key of its certificate: it signs everything so far, here without its identity in front. */
function* expectProof(
  state: HandshakeState,
  clientKey: Uint8Array,
): Generator<undefined, SmTlsResult<undefined>, HandshakeMessage> {
  const signed = state.transcript;
  const message = yield* expectMessage(MessageType.CertificateVerify);
  if (!message.ok) return message;
  const signature = readSignature(new WireReader(message.value.body), "CertificateVerify");
  if (!signature.ok) return signature;
  if (!state.options.crypto.verify(signed, signature.value, clientKey)) {
    return failed("signature-wrong", "the client has not the key of the certificate that it shows");
  }
  state.received(message.value);
  return ok(undefined);
}
