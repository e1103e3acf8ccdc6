/** Damaged handshakes and records of SM TLS on both roles, in memory. */
import { smSuite } from "@tsbcos/core/crypto";
import { bytesEqual, bytesToHex, concatBytes, type Random } from "@tsbcos/core/primitives";
import { SmTlsSession, type SmTlsCredentials, type SmTlsCrypto, type SmTlsEffect } from "@tsbcos/core/sm-tls";
import { createNativeCrypto } from "@tsbcos/sm-tls";
import { smCredentials } from "../vectors/index.js";
import { damaged } from "./damage.js";
import { demand, pick, type Target } from "./target.js";

/** Flights of one handshake; damage to a later one hits the data. */
const FLIGHTS = 6;
/** More than both sides of a handshake send together. */
const SENT_BYTES_MAX = 100_000;

/** Randomness from the seed, and signatures that are the same each time; certificates keep their real ones. */
function seededCrypto(random: Random): SmTlsCrypto {
  const native = createNativeCrypto();
  const sign = (message: Uint8Array, publicKey: Uint8Array): Uint8Array => native.hash(message, publicKey);
  return {
    ...native,
    random: (length) => random.bytes(length),
    createKeyPair() {
      const number = random.bytes(32);
      // Below the order of the curve.
      number[0] = (number[0] as number) & 0x7f;
      return smSuite.keyPairOf(number);
    },
    sign: (message, { publicKey }) => sign(message, publicKey),
    verify: (message, signature, publicKey) =>
      bytesEqual(sign(message, publicKey), signature) || native.verify(message, signature, publicKey),
  };
}

/** One end, and what it said. */
class End {
  readonly #session: SmTlsSession;
  readonly received: Uint8Array[] = [];
  peerKey: string | undefined;
  isOver = false;
  sentBytes = 0;
  #outbox: Uint8Array[] = [];

  constructor(session: SmTlsSession) {
    this.#session = session;
    this.#perform(session.start());
  }

  get isEstablished(): boolean {
    return this.#session.isEstablished;
  }

  take(bytes: Uint8Array): void {
    const wasOver = this.isOver;
    const effects = this.#session.receive(bytes);
    demand(!wasOver || effects.length === 0, "a session that is over asks for nothing");
    this.#perform(effects);
  }

  say(data: Uint8Array): void {
    this.#perform(this.#session.send(data));
  }

  outbox(): Uint8Array {
    const bytes = concatBytes(...this.#outbox);
    this.#outbox = [];
    return bytes;
  }

  #perform(effects: readonly SmTlsEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "send") {
        this.sentBytes += effect.bytes.length;
        this.#outbox.push(effect.bytes);
      } else if (effect.kind === "established") this.peerKey = effect.peer.certificate.publicKey;
      else if (effect.kind === "data") {
        demand(this.peerKey !== undefined, "data comes after the handshake");
        this.received.push(Uint8Array.from(effect.bytes));
      } else if (effect.kind === "failed") this.isOver = true;
    }
  }
}

/** The bytes in pieces, as a network may cut them. */
function* pieces(bytes: Uint8Array, random: Random): Generator<Uint8Array> {
  const longest = pick(random, [1, 100, 5000]);
  // Byte by byte is for short ones: the cost is that of each call.
  const most = bytes.length > 300 ? Math.max(longest, 100) : longest;
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(most);
    yield bytes.slice(at, end);
    at = end;
  }
}

/** Carries bytes until both are silent; the flight of that number is damaged. */
function carry(client: End, server: End, { random, damagedFlight }: { random: Random; damagedFlight: number }): void {
  for (let flight = 0, quiet = 0; quiet < 2; flight++) {
    const [from, to] = flight % 2 === 0 ? [client, server] : [server, client];
    const sent = from.outbox();
    quiet = sent.length === 0 ? quiet + 1 : 0;
    const bytes = flight === damagedFlight ? damaged(sent, random) : sent;
    for (const piece of pieces(bytes, random)) to.take(piece);
  }
}

/** What arrived is the beginning of what was sent. */
function demandPrefix(received: readonly Uint8Array[], sent: Uint8Array): void {
  const all = concatBytes(...received);
  demand(bytesEqual(all, sent.subarray(0, all.length)), "what arrives is what was sent");
}

/** The target. */
export function smTlsTarget(): Target {
  const credentials: readonly SmTlsCredentials[] = [smCredentials("node0"), smCredentials("node1")];
  return {
    name: "sm-tls",
    description: "damaged handshakes and records on both roles of SM TLS",
    run(random) {
      const [own, other] = credentials as [SmTlsCredentials, SmTlsCredentials];
      const common = { crypto: seededCrypto(random), nowMs: Date.parse("2026-11-23T00:00:00Z") };
      const suites = [pick(random, ["ecdhe", "ecc"] as const)];
      const client = new End(new SmTlsSession({ ...common, role: "client", credentials: own, suites }));
      const server = new End(new SmTlsSession({ ...common, role: "server", credentials: other }));
      const damagedFlight = random.below(FLIGHTS);
      carry(client, server, { random, damagedFlight });
      demand(client.sentBytes + server.sentBytes < SENT_BYTES_MAX, "a handshake stays small");
      const keyOf = ({ signingKey }: SmTlsCredentials): string => bytesToHex(signingKey.publicKey);
      demand(client.peerKey === undefined || client.peerKey === keyOf(other), "the client knows who is there");
      demand(server.peerKey === undefined || server.peerKey === keyOf(own), "the server knows who is there");
      const isEstablished = client.isEstablished && server.isEstablished;
      let bytes = 0;
      if (isEstablished) {
        const sent = random.bytes(random.below(40_000));
        client.say(sent);
        server.say(sent);
        carry(client, server, { random, damagedFlight: random.below(3) });
        demandPrefix(server.received, sent);
        demandPrefix(client.received, sent);
        bytes = concatBytes(...server.received, ...client.received).length;
      }
      return {
        "handshakes through": Number(isEstablished),
        "handshakes ended": Number(!isEstablished),
        "bytes through": bytes,
      };
    },
  };
}
