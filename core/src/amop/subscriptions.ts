/** Which clients of this node want which topics. */
import { AMOP_TOPICS_PER_SESSION_MAX, P2P_TOPICS_BYTES_MAX, utf8ToBytes } from "../primitives/index.js";
import { TOPIC_BYTES_MAX } from "../protocol/index.js";
import type { SessionId, TopicSubscribers } from "./messages.js";

/** Room in a list of topics for its number. */
const LIST_NUMBER_BYTES = 16;

/** Topics of clients, in both directions, and the list that other nodes are told. */
export class Subscriptions {
  readonly #topicsOf = new Map<SessionId, ReadonlySet<string>>();
  readonly #sessionsOf = new Map<string, Set<SessionId>>();
  #seq = 0;
  #announced: readonly string[] | undefined = [];

  /** Number of the list: it grows with each change. */
  get seq(): number {
    return this.#seq;
  }

  /**
   * The topics that somebody subscribes to, in ascending order.
   *
   * What cannot stand in the list is left out: topics that hold its separator or are too long to be used, and what
   * exceeds the longest list that a node takes.
   */
  announced(): readonly string[] {
    this.#announced ??= announceable([...this.#sessionsOf.keys()].sort());
    return this.#announced;
  }

  /** Topics that somebody subscribes to. */
  get size(): number {
    return this.#sessionsOf.size;
  }

  /** The topics with the most subscribers, in descending order. */
  largest(countMax: number): readonly TopicSubscribers[] {
    const found: TopicSubscribers[] = [];
    for (const [topic, { size }] of this.#sessionsOf) {
      if (found.length === countMax && size <= (found[countMax - 1]?.subscribers ?? 0)) continue;
      let place = found.length;
      while (place > 0 && (found[place - 1]?.subscribers ?? 0) < size) place--;
      found.splice(place, 0, { topic, subscribers: size });
      if (found.length > countMax) found.pop();
    }
    return found;
  }

  /** Clients that subscribe to the topic. */
  sessionsOf(topic: string): ReadonlySet<SessionId> {
    return this.#sessionsOf.get(topic) ?? NOBODY;
  }

  /** True when the client subscribes to the topic. */
  has(session: SessionId, topic: string): boolean {
    return this.#topicsOf.get(session)?.has(topic) === true;
  }

  /**
   * Replaces the topics of a client.
   *
   * @returns false when they are too many, and nothing has changed
   */
  set(session: SessionId, topics: ReadonlySet<string>): boolean {
    if (topics.size > AMOP_TOPICS_PER_SESSION_MAX) return false;
    const before = this.#topicsOf.get(session) ?? NO_TOPICS;
    let hasChanged = false;
    for (const topic of before) {
      if (!topics.has(topic)) hasChanged = this.#remove(session, topic) || hasChanged;
    }
    for (const topic of topics) {
      if (!before.has(topic)) hasChanged = this.#add(session, topic) || hasChanged;
    }
    if (topics.size === 0) this.#topicsOf.delete(session);
    else this.#topicsOf.set(session, topics);
    if (hasChanged) {
      // The number is 32 bits wide on the wire.
      this.#seq = (this.#seq + 1) >>> 0;
      this.#announced = undefined;
    }
    return true;
  }

  #add(session: SessionId, topic: string): boolean {
    const sessions = this.#sessionsOf.get(topic);
    sessions?.add(session);
    if (sessions === undefined) this.#sessionsOf.set(topic, new Set([session]));
    return sessions === undefined;
  }

  #remove(session: SessionId, topic: string): boolean {
    const sessions = this.#sessionsOf.get(topic);
    sessions?.delete(session);
    if (sessions?.size !== 0) return false;
    this.#sessionsOf.delete(topic);
    return true;
  }
}

const NOBODY: ReadonlySet<SessionId> = new Set();
const NO_TOPICS: ReadonlySet<string> = new Set();

function announceable(topics: readonly string[]): string[] {
  let room = P2P_TOPICS_BYTES_MAX - LIST_NUMBER_BYTES;
  return topics.filter((topic) => {
    const { length } = utf8ToBytes(topic);
    if (length > TOPIC_BYTES_MAX || topic.includes("\t") || length + 1 > room) return false;
    room -= length + 1;
    return true;
  });
}
