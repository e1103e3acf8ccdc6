/** AMOP over the channel: subscriptions kept at all nodes, messages sent through one. */
import { keccak256, smSuite, standardSuite } from "@tsbcos/core/crypto";
import {
  bytesEqual,
  bytesToHex,
  CodedError,
  EMPTY_BYTES,
  RecentSet,
  utf8ToBytes,
  type ByteString,
} from "@tsbcos/core/primitives";
import {
  AmopResult,
  ChannelType,
  challengeTopic,
  decodeTopicData,
  decodeVerifyRequest,
  encodeTopicData,
  encodeVerifyVerdict,
  privateTopic,
  publisherTopic,
  TOPIC_BYTES_MAX,
  type ChannelFrame,
  type TopicData,
} from "@tsbcos/core/protocol";
import type { Account } from "../accounts/account.js";
import type { Amop, AmopListener, AmopSendOptions } from "../amop/amop.js";
import { AmopError, ConnectionError } from "../errors.js";
import { createSeq } from "./connection.js";
import type { NodeLink } from "./link.js";

/** Longer than a node waits for a receiver, so that its answer comes first. */
const SEND_TIMEOUT_MS = 10_000;
/** Result of an answer by a receiver that failed, or that subscribes no longer. */
const RECEIVER_FAILED = 99;
const TIMED_OUT = 102;
/** Broadcasts that are remembered, because a client at several nodes gets each from all of them. */
const BROADCASTS_REMEMBERED = 20_000;
/** Of the random value that a subscriber signs; it travels as hexadecimal digits. */
const CHALLENGE_BYTES = 16;

interface Subscription {
  /** As the program calls it. */
  readonly topic: string;
  readonly listener: AmopListener;
  /** Other names that must be known to the nodes with it, and whose key answers challenges there. */
  readonly challenge: { readonly topic: string; readonly key: Account } | undefined;
}

/** What the subscriptions belong to. */
export interface AmopOwner {
  /** Nodes that can be asked now, the best first. */
  readonly connected: readonly NodeLink[];
  /** Tells all nodes the topics anew. */
  topicsChanged(): void;
}

/** Subscriptions, publications and messages of one client. */
export class ChannelAmop implements Amop {
  readonly #owner: AmopOwner;
  /** By the name that travels. */
  readonly #subscriptions = new Map<string, Subscription>();
  /** Who may subscribe, by the private name that travels. */
  readonly #publications = new Map<string, readonly Uint8Array[]>();
  readonly #broadcasts = new RecentSet<ByteString>(BROADCASTS_REMEMBERED);

  constructor(owner: AmopOwner) {
    this.#owner = owner;
  }

  get topics(): readonly string[] {
    return [...this.#subscriptions.values()].map(({ topic }) => topic);
  }

  /** All names that the nodes are to know. */
  get names(): readonly string[] {
    const subscribed = [...this.#subscriptions].flatMap(([name, { challenge }]) =>
      challenge === undefined ? [name] : [name, challenge.topic],
    );
    return [...subscribed, ...[...this.#publications.keys()].map(publisherTopic)];
  }

  subscribe(topic: string, listener: AmopListener): void {
    this.#add(topic, { topic, listener, challenge: undefined });
  }

  subscribePrivate(topic: string, key: Account, listener: AmopListener): void {
    const name = privateTopic(topic);
    this.#add(name, { topic, listener, challenge: { topic: challengeTopic(name, createSeq()), key } });
  }

  publishPrivate(topic: string, publicKeys: readonly Uint8Array[]): void {
    const name = privateTopic(topic);
    demandShort(publisherTopic(name));
    this.#publications.set(
      name,
      publicKeys.map((key) => (key.length === 65 ? key.subarray(1) : key)),
    );
    this.#owner.topicsChanged();
  }

  unsubscribe(topic: string): void {
    const removed = [topic, privateTopic(topic)].map(
      (name) => this.#subscriptions.delete(name) || this.#publications.delete(name),
    );
    if (removed.includes(true)) this.#owner.topicsChanged();
  }

  async send(topic: string, content: Uint8Array, options: AmopSendOptions = {}): Promise<Uint8Array> {
    const answer = await this.#request(ChannelType.AmopRequest, topic, content, options);
    return decoded(answer)?.payload ?? EMPTY_BYTES;
  }

  async broadcast(topic: string, content: Uint8Array, options: AmopSendOptions = {}): Promise<void> {
    await this.#request(ChannelType.AmopMulticast, topic, content, options);
  }

  /** Takes a frame of AMOP. */
  received(link: NodeLink, frame: ChannelFrame): void {
    if (frame.type === ChannelType.VerifySubscriber) {
      void this.#verify(link, frame);
    } else if (frame.type === ChannelType.AmopRequest) {
      void this.#answer(link, frame);
    } else if (frame.type === ChannelType.AmopMulticast && this.#broadcasts.add(frame.seq)) {
      const message = decoded(frame);
      const subscription = this.#subscriptions.get(message?.topic ?? "");
      if (message === undefined || subscription === undefined) return;
      void this.#deliver(subscription, message.payload, true);
    }
  }

  #add(name: string, subscription: Subscription): void {
    demandShort(subscription.challenge?.topic ?? name);
    this.#subscriptions.set(name, subscription);
    this.#owner.topicsChanged();
  }

  async #request(
    type: number,
    topic: string,
    content: Uint8Array,
    { isPrivate = false, timeoutMs = SEND_TIMEOUT_MS }: AmopSendOptions,
  ): Promise<ChannelFrame> {
    const name = isPrivate ? privateTopic(topic) : topic;
    demandShort(name);
    const [link] = this.#owner.connected;
    if (link === undefined) throw new ConnectionError(`"${topic}": no node is connected.`);
    let answer: ChannelFrame;
    try {
      // Never through a second node: the receiver may have had the message already.
      answer = await link.request(type, encodeTopicData({ topic: name, payload: content }), { timeoutMs });
    } catch (cause) {
      if (!link.isUp) throw cause;
      throw new AmopError(topic, TIMED_OUT, { cause });
    }
    if (answer.result !== AmopResult.Success) throw new AmopError(topic, answer.result);
    return answer;
  }

  async #answer(link: NodeLink, frame: ChannelFrame): Promise<void> {
    const message = decoded(frame);
    const reply = (result: number, payload: Uint8Array): void => {
      const data = encodeTopicData({ topic: message?.topic ?? "", payload });
      link.send({ type: ChannelType.AmopResponse, seq: frame.seq, result, data });
    };
    const challenge = this.#challengeAt(message?.topic ?? "");
    if (message !== undefined && challenge !== undefined) {
      reply(AmopResult.Success, await signChallenge(challenge, message.payload));
      return;
    }
    const subscription = this.#subscriptions.get(message?.topic ?? "");
    const answer =
      message === undefined || subscription === undefined
        ? undefined
        : await this.#deliver(subscription, message.payload, false);
    // A receiver that says nothing would let the sender wait for its time-out.
    if (answer === undefined) reply(RECEIVER_FAILED, EMPTY_BYTES);
    else reply(AmopResult.Success, answer);
  }

  /** Gives the listener's answer; undefined when it failed. */
  async #deliver(
    { topic, listener }: Subscription,
    content: Uint8Array,
    isBroadcast: boolean,
  ): Promise<Uint8Array | undefined> {
    try {
      return (await listener({ topic, content, isBroadcast })) ?? EMPTY_BYTES;
    } catch (error) {
      // The sender hears of it; here it must not be lost either, and there is nobody who could catch it.
      process.emitWarning(error instanceof Error ? error : String(error), "AmopListenerWarning");
      return undefined;
    }
  }

  #challengeAt(topic: string): Account | undefined {
    for (const { challenge } of this.#subscriptions.values()) if (challenge?.topic === topic) return challenge.key;
    return undefined;
  }

  /** A node asks whether a subscriber of our private topic may have its messages. */
  async #verify(link: NodeLink, frame: ChannelFrame): Promise<void> {
    link.send({ type: frame.type, seq: frame.seq, result: 0, data: EMPTY_BYTES });
    const request = decodeVerifyRequest(frame.data);
    if (!request.ok) return;
    const { nodeId, topic, topicForCert } = request.value;
    const allowed = this.#publications.get(topic);
    if (allowed === undefined) return;
    const value = utf8ToBytes(bytesToHex(globalThis.crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES))));
    let isAllowed = false;
    try {
      const answer = await link.request(
        ChannelType.AmopRequest,
        encodeTopicData({ topic: topicForCert, payload: value }),
        { timeoutMs: SEND_TIMEOUT_MS },
      );
      const signature = decoded(answer)?.payload ?? EMPTY_BYTES;
      isAllowed = answer.result === AmopResult.Success && isSignedByOne(allowed, value, signature);
    } catch {
      // The node asks again while the subscriber is there: no verdict is better than a wrong one.
      return;
    }
    const data = encodeVerifyVerdict({ nodeId, topic, checkResult: isAllowed ? 0 : 1 });
    link.send({ type: ChannelType.SubscriberVerified, seq: createSeq(), result: 0, data });
  }
}

function decoded(frame: ChannelFrame): TopicData | undefined {
  const data = decodeTopicData(frame.data);
  return data.ok ? data.value : undefined;
}

function demandShort(topic: string): void {
  if (utf8ToBytes(topic).length <= TOPIC_BYTES_MAX) return;
  throw new CodedError("topic-too-long", `A topic has at most ${TOPIC_BYTES_MAX} bytes with its prefixes: ${topic}`);
}

/** Keys of SM accounts sign the SM3 hash, all others the Keccak-256 hash of the value. */
async function signChallenge(key: Account, value: Uint8Array): Promise<Uint8Array> {
  return key.sign(key.suite.hash(value));
}

function isSignedByOne(allowed: readonly Uint8Array[], value: Uint8Array, signature: Uint8Array): boolean {
  const signer = signature.length === smSuite.signatureBytes ? smSigner(value, signature) : signerOf(value, signature);
  return signer !== undefined && allowed.some((key) => bytesEqual(key, signer));
}

function smSigner(value: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  return smSuite.recover(smSuite.hash(value), signature);
}

function signerOf(value: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  if (signature.length !== standardSuite.signatureBytes) return undefined;
  const plain = Uint8Array.from(signature);
  const recovery = plain[64] as number;
  // Some clients count the recovery id from 27, as transactions do.
  if (recovery >= 27) plain[64] = recovery - 27;
  return standardSuite.recover(keccak256(value), plain);
}
