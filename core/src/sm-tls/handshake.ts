/** What both roles of the handshake have in common. */
import type { SmTlsFailure, SmTlsOptions, SmTlsPeer } from "./interface.js";
import { concatBytes, ok } from "../primitives/index.js";
import type { Result } from "../primitives/index.js";
import { failed } from "./failure.js";
import type { SmTlsResult } from "./failure.js";
import { MessageType } from "./messages.js";
import type { HandshakeMessage } from "./messages.js";
import { finishedData } from "./secrets.js";
import type { DirectionKeys } from "./secrets.js";
import { secretsEqual } from "./wire.js";

/** What a role says between two messages of the other side. */
export type Outgoing =
  | { readonly kind: "message"; readonly message: HandshakeMessage }
  /** From here on what we send is protected. */
  | { readonly kind: "protect"; readonly keys: DirectionKeys };

/**
 * A role: a coroutine that is given one message after the other and, when it is through, says who the other side is. It
 * leaves what it wants to send in {@link HandshakeState}.
 */
export type Handshake = Generator<undefined, Result<SmTlsPeer, SmTlsFailure>, HandshakeMessage>;

/** What a role and its session share. */
export class HandshakeState {
  readonly options: SmTlsOptions;
  #outgoing: Outgoing[] = [];
  #messages: Uint8Array[] = [];
  /** Keys of what comes after the other side's ChangeCipherSpec, once they are known and it has not come. */
  expectedKeys: DirectionKeys | undefined;

  constructor(options: SmTlsOptions) {
    this.options = options;
  }

  /** Notes a message that came. Begins with the first one of the handshake. */
  received({ whole }: HandshakeMessage): void {
    this.#messages.push(whole);
  }

  /** Sends a message of ours. */
  send(message: HandshakeMessage): void {
    this.#messages.push(message.whole);
    this.#outgoing.push({ kind: "message", message });
  }

  /** Switches to protected records. */
  protect(keys: DirectionKeys): void {
    this.#outgoing.push({ kind: "protect", keys });
  }

  /** What is to be sent since it was last asked for. */
  takeOutgoing(): readonly Outgoing[] {
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    return outgoing;
  }

  /** All messages of the handshake so far, both sides'. */
  get transcript(): Uint8Array {
    const all = concatBytes(...this.#messages);
    this.#messages = [all];
    return all;
  }

  /** Forgets what only the handshake needs. */
  close(): void {
    this.#messages = [];
    this.expectedKeys = undefined;
  }
}

/** Waits for a message, which must be of the kind that the protocol has next. */
export function* expectMessage(type: number): Generator<undefined, SmTlsResult<HandshakeMessage>, HandshakeMessage> {
  const message = yield undefined;
  if (message.type !== type) {
    const [came, wanted] = [nameOf(message.type), nameOf(type)];
    return failed("message-unexpected", `${came} came where ${wanted} was expected`);
  }
  return ok(message);
}

/** Sends Finished over everything so far. */
export function sendFinished(
  state: HandshakeState,
  master: Uint8Array,
  write: (data: Uint8Array) => HandshakeMessage,
): void {
  const { crypto, role } = state.options;
  const handshakeHash = crypto.hash(state.transcript);
  state.send(write(finishedData(crypto, { master, handshakeHash, by: role })));
}

/** Waits for the other side's Finished and checks it. */
export function* expectFinished(
  state: HandshakeState,
  master: Uint8Array,
): Generator<undefined, SmTlsResult<undefined>, HandshakeMessage> {
  const { crypto, role } = state.options;
  const by = role === "client" ? "server" : "client";
  const expected = finishedData(crypto, { master, handshakeHash: crypto.hash(state.transcript), by });
  const message = yield* expectMessage(MessageType.Finished);
  if (!message.ok) return message;
  if (!secretsEqual(expected, message.value.body)) {
    return failed("finished-wrong", "the two sides did not see the same handshake");
  }
  state.received(message.value);
  return ok(undefined);
}

function nameOf(type: number): string {
  return Object.entries(MessageType).find(([, number]) => number === type)?.[0] ?? `message ${type}`;
}
