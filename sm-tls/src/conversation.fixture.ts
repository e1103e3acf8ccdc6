/** Two sessions that talk to each other in memory. */
import { SmTlsSession } from "@tsbcos/core/sm-tls";
import type {
  SmTlsCredentials,
  SmTlsCrypto,
  SmTlsEffect,
  SmTlsFailure,
  SmTlsPeer,
  SmTlsSuite,
} from "@tsbcos/core/sm-tls";
import { concatBytes } from "@tsbcos/core/primitives";
import { createNativeCrypto } from "./native.js";

/** One side, with everything it said. */
export interface Side {
  readonly session: SmTlsSession;
  peer: SmTlsPeer | undefined;
  failure: SmTlsFailure | undefined;
  hasEnded: boolean;
  readonly data: Uint8Array[];
  /** Bytes for the other side that have not been carried yet. */
  outbox: Uint8Array[];
}

/** How the sides are set up. */
export interface ConversationOptions {
  readonly client: SmTlsCredentials;
  readonly server: SmTlsCredentials;
  readonly clientSuites?: readonly SmTlsSuite[];
  readonly serverSuites?: readonly SmTlsSuite[];
  readonly clientCrypto?: SmTlsCrypto;
  readonly serverCrypto?: SmTlsCrypto;
  readonly nowMs?: number;
  /** What becomes of the bytes of one side on their way, as pieces. */
  readonly carry?: (bytes: Uint8Array, from: "client" | "server") => readonly Uint8Array[];
}

/** Both sides of one connection. */
export interface Conversation {
  readonly client: Side;
  readonly server: Side;
  /** Carries everything that waits, until both are silent. */
  settle(): void;
}

const crypto = createNativeCrypto();

/** Opens a side. */
export function openSide(
  role: "client" | "server",
  credentials: SmTlsCredentials,
  more: { readonly crypto?: SmTlsCrypto; readonly suites?: readonly SmTlsSuite[]; readonly nowMs?: number } = {},
): Side {
  const { suites } = more;
  const session = new SmTlsSession({
    ...{ role, credentials, crypto: more.crypto ?? crypto, nowMs: more.nowMs ?? Date.now() },
    ...(suites === undefined ? {} : { suites }),
  });
  const side: Side = { session, peer: undefined, failure: undefined, hasEnded: false, data: [], outbox: [] };
  note(side, session.start());
  return side;
}

/** Notes what a side wants. */
export function note(side: Side, effects: readonly SmTlsEffect[]): void {
  for (const effect of effects) {
    if (effect.kind === "send") side.outbox.push(effect.bytes);
    else if (effect.kind === "established") side.peer = effect.peer;
    else if (effect.kind === "data") side.data.push(Uint8Array.from(effect.bytes));
    else if (effect.kind === "ended") side.hasEnded = true;
    else side.failure = effect.failure;
  }
}

/** Everything that waits to be carried, as one piece; it no longer waits. */
export function takeOutbox(side: Side): Uint8Array {
  const bytes = concatBytes(...side.outbox);
  side.outbox = [];
  return bytes;
}

/** Opens both sides; nothing is carried yet. */
export function converse(options: ConversationOptions): Conversation {
  const { clientSuites, serverSuites, clientCrypto, serverCrypto, nowMs, carry = (bytes) => [bytes] } = options;
  const common = nowMs === undefined ? {} : { nowMs };
  const client = openSide("client", options.client, {
    ...common,
    ...(clientSuites === undefined ? {} : { suites: clientSuites }),
    ...(clientCrypto === undefined ? {} : { crypto: clientCrypto }),
  });
  const server = openSide("server", options.server, {
    ...common,
    ...(serverSuites === undefined ? {} : { suites: serverSuites }),
    ...(serverCrypto === undefined ? {} : { crypto: serverCrypto }),
  });
  const carryFrom = (from: Side, to: Side, name: "client" | "server"): boolean => {
    const bytes = takeOutbox(from);
    if (bytes.length === 0) return false;
    for (const piece of carry(bytes, name)) note(to, to.session.receive(piece));
    return true;
  };
  return {
    client,
    server,
    settle() {
      while (carryFrom(client, server, "client") || carryFrom(server, client, "server"));
    },
  };
}
