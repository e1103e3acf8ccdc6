/** The two ways to a common secret: agreement of ephemeral and certified keys, or a secret encrypted by the client. */
import { DerTag, readDerInteger, readInside, writeDer, writeDerInteger } from "../certificates/index.js";
import { openSm2, sealSm2, sm2AgreementNumber, sm2AgreementPoint, sm2DeriveKey, sm2Identity } from "../crypto/index.js";
import type { KeyPair } from "../crypto/index.js";
import { concatBytes, ok } from "../primitives/index.js";
import { failed } from "./failure.js";
import type { SmTlsResult } from "./failure.js";
import type { SmTlsCrypto } from "./interface.js";
import { readPoint } from "./messages.js";
import { TLS_1_2 } from "./records.js";
import { PREMASTER_BYTES } from "./secrets.js";
import { WireReader, writeNumber, writeVector } from "./wire.js";

/** The keys of an agreement, seen from one side. */
export interface Agreement {
  readonly role: "client" | "server";
  /** Own certified key pair. */
  readonly own: KeyPair;
  readonly ephemeral: KeyPair;
  /** Public keys of the other side, 64 bytes each. */
  readonly theirs: Uint8Array;
  readonly theirEphemeral: Uint8Array;
}

/** The common secret of an agreement: both sides get the same. */
export function agree(crypto: SmTlsCrypto, agreement: Agreement): SmTlsResult<Uint8Array> {
  const { role, own, ephemeral, theirs, theirEphemeral } = agreement;
  const point = sm2AgreementPoint(theirs, theirEphemeral);
  const shared = point === undefined ? undefined : crypto.multiply(sm2AgreementNumber(own, ephemeral), point);
  if (shared === undefined)
    return failed("key-exchange-failed", "the ephemeral key that came is no point of the curve");
  const [client, server] = role === "client" ? [own.publicKey, theirs] : [theirs, own.publicKey];
  return ok(sm2DeriveKey(concatBytes(shared, sm2Identity(client), sm2Identity(server)), PREMASTER_BYTES));
}

/** A secret of the client's making, and the message that carries it to the owner of `theirs`. */
export function encryptSecret(
  crypto: SmTlsCrypto,
  theirs: Uint8Array,
): SmTlsResult<{ readonly premaster: Uint8Array; readonly body: Uint8Array }> {
  const premaster = concatBytes(writeNumber(TLS_1_2, 2), crypto.random(PREMASTER_BYTES - 2));
  const ephemeral = crypto.createKeyPair();
  const product = crypto.multiply(ephemeral.privateKey, theirs);
  if (product === undefined) return failed("key-exchange-failed", "the certified key is no point of the curve");
  const { point, hash, cipher } = sealSm2(product, ephemeral.publicKey, premaster);
  const der = writeDer(
    DerTag.Sequence,
    writeDerInteger(point.subarray(0, 32)),
    writeDerInteger(point.subarray(32)),
    writeDer(DerTag.OctetString, hash),
    writeDer(DerTag.OctetString, cipher),
  );
  return ok({ premaster, body: writeVector(2, der) });
}

/**
 * The secret in the message of a client. One that cannot be decrypted gives a random secret, so that the handshake fails
 * at its end like any other, and tells nothing about the text.
 */
export function decryptSecret(crypto: SmTlsCrypto, body: Uint8Array, key: KeyPair): SmTlsResult<Uint8Array> {
  const reader = new WireReader(body);
  const parts = readInside(reader.vector(2), DerTag.Sequence) ?? [];
  const [x, y] = [readDerInteger(parts[0], 32), readDerInteger(parts[1], 32)];
  const [hash, cipher] = [parts[2], parts[3]];
  const isWhole = reader.isComplete && parts.length === 4 && x !== undefined && y !== undefined;
  if (!isWhole || hash?.tag !== DerTag.OctetString || cipher?.tag !== DerTag.OctetString) {
    return failed("message-malformed", "ClientKeyExchange cannot be read");
  }
  if (hash.content.length !== 32 || cipher.content.length !== PREMASTER_BYTES) {
    return failed("message-malformed", "ClientKeyExchange holds a secret of another length");
  }
  const product = crypto.multiply(key.privateKey, concatBytes(x, y));
  if (product === undefined) return failed("key-exchange-failed", "the point in ClientKeyExchange is not on the curve");
  const substitute = crypto.random(PREMASTER_BYTES);
  const premaster = openSm2(product, { point: concatBytes(x, y), hash: hash.content, cipher: cipher.content });
  return ok(premaster?.[0] === 3 && premaster[1] === 3 ? premaster : substitute);
}

/** The ephemeral point in ClientKeyExchange. */
export function readClientPoint(body: Uint8Array): SmTlsResult<Uint8Array> {
  const reader = new WireReader(body);
  const point = readPoint(reader, "ClientKeyExchange");
  return !point.ok || reader.isComplete ? point : failed("message-malformed", "ClientKeyExchange is too long");
}
