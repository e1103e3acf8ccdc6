import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { sm2KeyOf, readCertificate } from "@tsbcos/core/certificates";
import { sm2Identity, smSuite } from "@tsbcos/core/crypto";
import { bytesToHex, bytesToUtf8, concatBytes, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import { SmTlsSession } from "@tsbcos/core/sm-tls";
import type { SmTlsCrypto, SmTlsEffect } from "@tsbcos/core/sm-tls";
import { createNativeCrypto } from "@tsbcos/sm-tls";
import { RECORDINGS } from "./load.js";
import { smCredentials } from "./sm-credentials.js";

/** Bytes of one side at one moment. */
interface Piece {
  readonly from: "client" | "server";
  readonly bytes: string;
}

const crypto = createNativeCrypto();
/** When the recordings were made. */
const NOW_MS = Date.parse("2026-11-22T20:00:00Z");

function sent(effects: readonly SmTlsEffect[]): Uint8Array {
  return concatBytes(...effects.flatMap((effect) => (effect.kind === "send" ? [effect.bytes] : [])));
}

function failureIn(effects: readonly SmTlsEffect[]): string | undefined {
  return effects.flatMap((effect) => (effect.kind === "failed" ? [effect.failure.code] : []))[0];
}

describe("a recorded handshake between two C++ nodes", () => {
  const pieces = gunzipSync(readFileSync(`${RECORDINGS}sm/tls-p2p.jsonl.gz`))
    .toString("utf8")
    .trim()
    .split("\n")
    .slice(0, 4)
    .map((line) => JSON.parse(line) as Piece);
  const [hello, flight, answer] = pieces.map(({ bytes }) => hexToBytes(bytes)) as [Uint8Array, Uint8Array, Uint8Array];

  /** The messages of the handshake in records in the clear, headers included. */
  function messagesIn(...records: Uint8Array[]): Uint8Array[] {
    const parts: Uint8Array[] = [];
    for (const bytes of records) {
      for (let at = 0; at < bytes.length;) {
        const length = bytes[at + 3]! * 256 + bytes[at + 4]!;
        if (bytes[at] !== 22) break;
        parts.push(bytes.subarray(at + 5, at + 5 + length));
        at += 5 + length;
      }
    }
    const all = concatBytes(...parts);
    const messages: Uint8Array[] = [];
    for (let at = 0; at + 4 <= all.length;) {
      const end = at + 4 + all[at + 1]! * 65536 + all[at + 2]! * 256 + all[at + 3]!;
      if (end > all.length) break;
      messages.push(all.subarray(at, end));
      at = end;
    }
    return messages;
  }

  /** A client of ours that begins with the random number of the recorded one, after the recorded server's flight. */
  function clientAfter(bytes: Uint8Array, clientRandom: Uint8Array): readonly SmTlsEffect[] {
    let isFirst = true;
    const random = (length: number): Uint8Array => {
      const drawn = isFirst ? clientRandom : crypto.random(length);
      isFirst = false;
      return drawn;
    };
    const credentials = smCredentials("node3");
    const session = new SmTlsSession({ role: "client", credentials, crypto: { ...crypto, random }, nowMs: NOW_MS });
    session.start();
    return session.receive(bytes);
  }

  test("our client believes the recorded server, as long as the random number is the one that was signed", () => {
    const clientRandom = messagesIn(hello)[0]!.slice(6, 38);
    const effects = clientAfter(flight, clientRandom);
    expect(failureIn(effects)).toBeUndefined();
    // Certificates, key exchange, proof, ChangeCipherSpec and Finished.
    expect([...messagesIn(sent(effects)).map(([type]) => type)]).toEqual([11, 16, 15]);
    clientRandom[0] = clientRandom[0]! ^ 1;
    expect(failureIn(clientAfter(flight, clientRandom))).toBe("signature-wrong");
  });

  test("our server answers the recorded client's hello with the same suite, and believes its certificates", () => {
    const session = new SmTlsSession({ role: "server", credentials: smCredentials("node0"), crypto, nowMs: NOW_MS });
    session.start();
    const ours = messagesIn(sent(session.receive(hello)));
    const theirs = messagesIn(flight);
    expect(ours.map(([type]) => type)).toEqual(theirs.map(([type]) => type));
    // The suite stands behind version, random number and session id.
    const suiteOf = (message: Uint8Array): string => {
      const at = 4 + 2 + 32 + 1 + message[4 + 34]!;
      return bytesToHex(message.subarray(at, at + 2));
    };
    expect([suiteOf(ours[0]!), suiteOf(theirs[0]!)]).toEqual(["e011", "e011"]);
    const certificates = messagesIn(answer)[0]!;
    const header = Uint8Array.of(22, 3, 3, certificates.length >> 8, certificates.length & 255);
    expect(failureIn(session.receive(concatBytes(header, certificates)))).toBeUndefined();
  });

  test("the recorded client's proof is over all messages so far, without its identity in front", () => {
    const messages = messagesIn(hello, flight, answer);
    const at = messages.findIndex(([type]) => type === 15);
    const proof = messages[at]!.subarray(8);
    const transcript = concatBytes(...messages.slice(0, at));
    const leaf = readCertificate(messagesIn(answer)[0]!.subarray(10, 10 + 0x185))!;
    const key = sm2KeyOf(leaf)!;
    expect(crypto.verify(transcript, proof, key)).toBe(true);
    expect(crypto.verify(concatBytes(sm2Identity(key), transcript), proof, key)).toBe(false);
  });
});

describe("a recorded connection of the Java SDK's TLS library", () => {
  const file = fileURLToPath(new URL("../../vectors/tassl/java-sdk-handshake.json.gz", import.meta.url));
  const recorded = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as {
    readonly nowMs: number;
    readonly made: readonly { readonly kind: "random" | "sign" | "key"; readonly bytes: string }[];
    readonly wire: readonly Piece[];
  };

  test("our server, drawing the same numbers, sends the same bytes and reads what the client sent", () => {
    const made = [...recorded.made];
    const take = (kind: string): Uint8Array => {
      const next = made.shift();
      expect(next?.kind).toBe(kind);
      return hexToBytes(next?.bytes ?? "");
    };
    const again: SmTlsCrypto = {
      ...crypto,
      random: () => take("random"),
      sign: () => take("sign"),
      createKeyPair: () => smSuite.keyPairOf(take("key")),
    };
    const { nowMs } = recorded;
    const session = new SmTlsSession({ role: "server", credentials: smCredentials("node0"), crypto: again, nowMs });
    const said: string[] = [];
    const written: Uint8Array[] = [sent(session.start())];
    const perform = (effects: readonly SmTlsEffect[]): void => {
      for (const effect of effects) {
        if (effect.kind === "send") written.push(effect.bytes);
        else if (effect.kind === "established") said.push(effect.peer.certificate.subject);
        else if (effect.kind === "data") {
          said.push(bytesToUtf8(effect.bytes));
          perform(session.send(utf8ToBytes(`echo ${effect.bytes.length}\n`)));
        } else said.push(effect.kind);
      }
    };
    for (const { from, bytes } of recorded.wire) if (from === "client") perform(session.receive(hexToBytes(bytes)));
    expect(said).toEqual(["/CN=sdk/O=fisco-bcos/OU=sdk", "abcdefghij", "ended"]);
    const expected = recorded.wire.filter(({ from }) => from === "server").map(({ bytes }) => bytes);
    expect(bytesToHex(concatBytes(...written))).toBe(expected.join(""));
    expect(made).toEqual([]);
  });
});
