/** Messages between clients of a chain, carried by its nodes: what a program sees of AMOP. */
import type { Account } from "../accounts/account.js";

/** A message that arrived. */
export interface AmopMessage {
  readonly topic: string;
  readonly content: Uint8Array;
  /** True when it went to every subscriber, so that no answer is expected. */
  readonly isBroadcast: boolean;
}

/** Gives the answer to a message; nothing answers with no bytes. */
export type AmopListener = (message: AmopMessage) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

/** Messages between clients of a chain. */
export interface Amop {
  /** Receives the messages of a topic; a second call for the same topic replaces the listener. */
  subscribe(topic: string, listener: AmopListener): void;
  /** Receives the messages of a private topic: the publisher checks that we hold the private key. */
  subscribePrivate(topic: string, key: Account, listener: AmopListener): void;
  /** Becomes a publisher of a private topic, open to the holders of these public keys (64 bytes each). */
  publishPrivate(topic: string, publicKeys: readonly Uint8Array[]): void;
  /** Ends a subscription or publication. */
  unsubscribe(topic: string): void;
  /** Topics subscribed to, private ones included. */
  readonly topics: readonly string[];
  /**
   * Sends to one subscriber and gives its answer.
   *
   * @throws AmopError when there is no subscriber, or none answers in time
   */
  send(topic: string, content: Uint8Array, options?: AmopSendOptions): Promise<Uint8Array>;
  /** Sends to every subscriber; nobody answers. */
  broadcast(topic: string, content: Uint8Array, options?: AmopSendOptions): Promise<void>;
}

/** How a message is sent. */
export interface AmopSendOptions {
  /** The topic is private, and this client its publisher. */
  readonly isPrivate?: boolean;
  /** How long the answer may take; 10 seconds by default. */
  readonly timeoutMs?: number;
}
