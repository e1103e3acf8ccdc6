/**
 * Exchange of AMOP topics, which also keeps sessions alive: each side repeats the number of its list every few
 * seconds; who sees a number it does not know asks for the list.
 */
import { ModuleId } from "@tsbcos/core/protocol";
import type { P2pFrame } from "@tsbcos/core/protocol";
import { EMPTY_BYTES, P2P_TOPICS_BYTES_MAX, bytesToUtf8, utf8ToBytes } from "@tsbcos/core/primitives";
import type { OutgoingMessage, TopicHooks } from "./interface.js";
import type { Session } from "./session.js";

/** Kinds of frames of the module. */
export const TopicPacket = { Number: 1, Request: 2, List: 3 } as const;

const NUMBER_MAX = 0xffff_ffff;

/** What the exchange needs of its service. */
export interface TopicSender {
  readonly hooks: TopicHooks;
  readonly requestTimeoutMs: number;
  send(session: Session, message: OutgoingMessage): void;
  /** Sends with a number of its own and waits for the answer. */
  request(session: Session, message: OutgoingMessage, timeoutMs: number): ReturnType<Session["expectAnswer"]>;
}

/** The topics of one peer, and our side of telling it ours. */
export class TopicExchange {
  /** What the peer said last. */
  topics: readonly string[] = [];
  #known = 0;
  #asking = false;
  readonly #session: Session;
  readonly #sender: TopicSender;

  constructor(session: Session, sender: TopicSender) {
    this.#session = session;
    this.#sender = sender;
  }

  /** Tells the peer the number of our list. */
  announce(): void {
    const { seq } = this.#sender.hooks.local();
    this.#sender.send(this.#session, topicMessage(TopicPacket.Number, utf8ToBytes(String(seq))));
  }

  /** Takes a frame of the module that is no awaited answer. */
  handle(frame: P2pFrame): void {
    if (frame.packetType === TopicPacket.Number && !frame.isResponse) this.#handleNumber(frame.body);
    else if (frame.packetType === TopicPacket.Request && !frame.isResponse) this.#answer(frame.seq);
    // A list that nobody asked for comes too late: the next number asks again.
  }

  #handleNumber(body: Uint8Array): void {
    const number = parseNumber(body);
    if (number === undefined) return;
    if (number === this.#known) {
      this.#sender.hooks.unchanged(this.#session.nodeId);
      return;
    }
    if (!this.#asking) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    const question = topicMessage(TopicPacket.Request, EMPTY_BYTES);
    const answer = await this.#sender.request(this.#session, question, this.#sender.requestTimeoutMs);
    this.#asking = false;
    if (!answer.ok || !this.#session.isOpen || answer.value.body.length > P2P_TOPICS_BYTES_MAX) return;
    const [first = "", ...topics] = bytesToUtf8(answer.value.body).split("\t");
    const number = parseNumber(utf8ToBytes(first));
    if (number === undefined) return;
    this.#known = number;
    this.topics = topics;
    this.#sender.hooks.learned(this.#session.nodeId, topics);
  }

  #answer(seq: number): void {
    const { seq: number, topics } = this.#sender.hooks.local();
    const body = utf8ToBytes([String(number), ...topics].join("\t"));
    this.#sender.send(this.#session, { ...topicMessage(TopicPacket.List, body), seq, isResponse: true });
  }
}

/** Unsigned 32-bit decimal; anything else is ignored by the protocol. */
function parseNumber(body: Uint8Array): number | undefined {
  if (body.length === 0 || body.length > 10) return undefined;
  const text = bytesToUtf8(body);
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return number <= NUMBER_MAX ? number : undefined;
}

function topicMessage(packetType: number, body: Uint8Array): OutgoingMessage {
  return { groupId: 0, moduleId: ModuleId.Topic, packetType, seq: 0, isResponse: false, body };
}
