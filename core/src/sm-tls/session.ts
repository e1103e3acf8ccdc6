/** One SM TLS connection: bytes in, effects out. */
import {
  EMPTY_BYTES,
  SM_TLS_EMPTY_RECORDS_MAX,
  SM_TLS_HANDSHAKE_BYTES_MAX,
  SM_TLS_PLAINTEXT_BYTES_MAX,
  SM_TLS_WARNINGS_MAX,
  assert,
  concatBytes,
  ok,
} from "../primitives/index.js";
import { clientHandshake } from "./client.js";
import { Alert, alertName, alertOf, failed } from "./failure.js";
import type { SmTlsResult } from "./failure.js";
import { HandshakeState } from "./handshake.js";
import type { Handshake } from "./handshake.js";
import type { SmTlsEffect, SmTlsOptions } from "./interface.js";
import { MESSAGE_HEADER_BYTES, MessageType } from "./messages.js";
import { RecordProtection, RecordReader, RecordType, TLS_1_2, frameRecord } from "./records.js";
import type { TlsRecord } from "./records.js";
import { serverHandshake } from "./server.js";

const WARNING = 1;
const FATAL = 2;
/** The version of the record with a ClientHello, for servers that look at it. */
const TLS_1_0 = 0x0301;

/**
 * A connection. The host feeds it what comes from the network and performs what it asks for, in order; it keeps no clock
 * and no socket, and a host that wants no handshake to last forever ends it.
 */
export class SmTlsSession {
  readonly #options: SmTlsOptions;
  readonly #reader = new RecordReader();
  readonly #state: HandshakeState;
  readonly #handshake: Handshake;
  #effects: SmTlsEffect[] = [];
  /** Bytes of messages of the handshake that are not whole yet. */
  #pending: Uint8Array = EMPTY_BYTES;
  #handshakeBytes = 0;
  #reading: RecordProtection | undefined;
  #writing: RecordProtection | undefined;
  #phase: "handshake" | "established" | "over" = "handshake";
  #isFirstRecord = true;
  #hasEnded = false;
  #hasClosed = false;
  #emptyRecords = 0;
  #warnings = 0;

  constructor(options: SmTlsOptions) {
    this.#options = options;
    this.#state = new HandshakeState(options);
    this.#handshake = options.role === "client" ? clientHandshake(this.#state) : serverHandshake(this.#state);
  }

  /** True between the end of the handshake and the end of the session. */
  get isEstablished(): boolean {
    return this.#phase === "established";
  }

  /** Begins: a client speaks first. Called once, before anything else. */
  start(): readonly SmTlsEffect[] {
    this.#handshake.next();
    this.#flush();
    return this.#takeEffects();
  }

  /** Takes what came from the network, cut anyhow. The array must not be changed afterwards. */
  receive(bytes: Uint8Array): readonly SmTlsEffect[] {
    if (this.#phase === "over") return [];
    this.#reader.push(bytes);
    // What comes after the other side's last word is of no interest.
    while (this.#isOpen && !this.#hasEnded) {
      const record = this.#reader.next();
      if (record.ok && record.value === undefined) break;
      const handled = record.ok && record.value !== undefined ? this.#record(record.value) : record;
      if (!handled.ok) {
        this.#fail(handled);
        break;
      }
    }
    return this.#takeEffects();
  }

  /** Sends data. The session must be established; the data takes as many records as it needs, and shares none. */
  send(data: Uint8Array): readonly SmTlsEffect[] {
    assert(this.#phase === "established" && !this.#hasClosed, "data is sent in an established session only");
    for (let at = 0; at < data.length; at += SM_TLS_PLAINTEXT_BYTES_MAX) {
      this.#write(RecordType.Data, data.subarray(at, at + SM_TLS_PLAINTEXT_BYTES_MAX));
    }
    return this.#takeEffects();
  }

  /** Says that we send nothing more. What comes in is still taken. */
  close(): readonly SmTlsEffect[] {
    if (this.#phase !== "over" && !this.#hasClosed)
      this.#write(RecordType.Alert, Uint8Array.of(WARNING, Alert.CloseNotify));
    this.#hasClosed = true;
    return this.#takeEffects();
  }

  /** False once the session is over; handling a record may end it. */
  get #isOpen(): boolean {
    return this.#phase !== "over";
  }

  #takeEffects(): readonly SmTlsEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #write(type: number, body: Uint8Array): void {
    const version = this.#isFirstRecord && this.#options.role === "client" ? TLS_1_0 : TLS_1_2;
    this.#isFirstRecord = false;
    const bytes = frameRecord(type, this.#writing?.protect(type, body) ?? body, version);
    this.#effects.push({ kind: "send", bytes });
  }

  /** Sends what the handshake has left to be sent. */
  #flush(): void {
    for (const outgoing of this.#state.takeOutgoing()) {
      if (outgoing.kind === "protect") {
        this.#write(RecordType.ChangeCipherSpec, Uint8Array.of(1));
        this.#writing = new RecordProtection(this.#options.crypto, outgoing.keys);
        continue;
      }
      const { whole } = outgoing.message;
      for (let at = 0; at < whole.length; at += SM_TLS_PLAINTEXT_BYTES_MAX) {
        this.#write(RecordType.Handshake, whole.subarray(at, at + SM_TLS_PLAINTEXT_BYTES_MAX));
      }
    }
  }

  #fail(result: Extract<SmTlsResult<unknown>, { ok: false }>): void {
    const alert = alertOf(result.error);
    if (alert !== undefined) this.#write(RecordType.Alert, Uint8Array.of(FATAL, alert));
    this.#effects.push({ kind: "failed", failure: result.error });
    this.#phase = "over";
    this.#state.close();
    this.#pending = EMPTY_BYTES;
  }

  #record({ type, body }: TlsRecord): SmTlsResult<undefined> {
    const opened = this.#reading === undefined ? ok(body) : this.#reading.open(type, body);
    if (!opened.ok) return opened;
    const data = opened.value;
    if (data.length > SM_TLS_PLAINTEXT_BYTES_MAX) return failed("record-too-large", "a record is longer than allowed");
    this.#emptyRecords = data.length === 0 ? this.#emptyRecords + 1 : 0;
    if (this.#emptyRecords > SM_TLS_EMPTY_RECORDS_MAX) return failed("message-unexpected", "only empty records come");
    switch (type) {
      case RecordType.Data:
        return this.#data(data);
      case RecordType.Handshake:
        return this.#messages(data);
      case RecordType.Alert:
        return this.#alert(data);
      default:
        return this.#changeCipherSpec(data);
    }
  }

  #data(bytes: Uint8Array): SmTlsResult<undefined> {
    if (this.#phase !== "established") return failed("message-unexpected", "data came before the end of the handshake");
    if (bytes.length > 0) this.#effects.push({ kind: "data", bytes });
    return ok(undefined);
  }

  #alert(body: Uint8Array): SmTlsResult<undefined> {
    const [level, alert] = body;
    if (body.length !== 2 || level === undefined || alert === undefined) {
      return failed("message-malformed", "an alert cannot be read");
    }
    if (alert === Alert.CloseNotify) {
      this.#hasEnded = true;
      this.#effects.push({ kind: "ended" });
      return ok(undefined);
    }
    if (level !== WARNING) {
      return failed("alert-received", `the other side ended the connection with the alert ${alertName(alert)}`);
    }
    return this.#warned();
  }

  #warned(): SmTlsResult<undefined> {
    return ++this.#warnings > SM_TLS_WARNINGS_MAX
      ? failed("too-many-warnings", "the other side sends nothing but warnings")
      : ok(undefined);
  }

  #changeCipherSpec(body: Uint8Array): SmTlsResult<undefined> {
    const { expectedKeys } = this.#state;
    const isDue = expectedKeys !== undefined && this.#reading === undefined && this.#pending.length === 0;
    if (!isDue) return failed("message-unexpected", "ChangeCipherSpec came at a time that is not its own");
    if (body.length !== 1 || body[0] !== 1) return failed("message-malformed", "ChangeCipherSpec cannot be read");
    this.#reading = new RecordProtection(this.#options.crypto, expectedKeys);
    return ok(undefined);
  }

  /** Bytes of the handshake: messages may be cut and glued in any way. */
  #messages(bytes: Uint8Array): SmTlsResult<undefined> {
    this.#handshakeBytes += bytes.length;
    if (this.#handshakeBytes > SM_TLS_HANDSHAKE_BYTES_MAX) {
      return failed("message-too-large", `the handshake has more than ${SM_TLS_HANDSHAKE_BYTES_MAX} bytes`);
    }
    // A copy: messages are kept until the handshake is over, what came in is not.
    let left = concatBytes(this.#pending, bytes);
    while (left.length >= MESSAGE_HEADER_BYTES) {
      const [type, a, b, c] = left as unknown as [number, number, number, number];
      const end = MESSAGE_HEADER_BYTES + a * 0x10000 + b * 0x100 + c;
      if (end > SM_TLS_HANDSHAKE_BYTES_MAX)
        return failed("message-too-large", `a message of ${end} bytes is announced`);
      if (left.length < end) break;
      const whole = left.subarray(0, end);
      left = left.subarray(end);
      this.#pending = left;
      const handled = this.#message(type, whole);
      if (!handled.ok) return handled;
    }
    this.#pending = left;
    return ok(undefined);
  }

  #message(type: number, whole: Uint8Array): SmTlsResult<undefined> {
    const body = whole.subarray(MESSAGE_HEADER_BYTES);
    if (type === MessageType.HelloRequest && this.#options.role === "client" && body.length === 0) {
      // An invitation to start anew, which may be declined by saying nothing.
      return this.#warned();
    }
    if (this.#phase === "established") {
      return failed("message-unexpected", "the other side wants to negotiate anew, which is not done");
    }
    // Between the last message in the clear and Finished there must be ChangeCipherSpec.
    if (this.#state.expectedKeys !== undefined && this.#reading === undefined) {
      return failed("message-unexpected", "a message came in the clear where protected ones are due");
    }
    const step = this.#handshake.next({ type, body, whole });
    if (step.done === true && !step.value.ok) return step.value;
    this.#flush();
    if (step.done === true && step.value.ok) {
      this.#phase = "established";
      this.#state.close();
      this.#effects.push({ kind: "established", peer: step.value.value });
    }
    return ok(undefined);
  }
}
