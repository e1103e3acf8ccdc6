/** What goes into AMOP and what comes out. */
import type { NodeId, Random, Tracer } from "../primitives/index.js";
import type { ChannelFrame } from "../protocol/index.js";

/** Number of a client's session at this node. */
export type SessionId = number;

/** Everything that may happen to AMOP. */
export type AmopInput =
  /** A client named its topics, in place of those before. */
  | { readonly type: "topics-set"; readonly session: SessionId; readonly topics: ReadonlySet<string> }
  /** A client reads too slowly, or fast enough again: until then it is spared. */
  | { readonly type: "session-slow"; readonly session: SessionId; readonly isSlow: boolean }
  | { readonly type: "session-closed"; readonly session: SessionId }
  /** A request, answer, multicast or verdict from a client. */
  | { readonly type: "client-frame"; readonly session: SessionId; readonly frame: ChannelFrame }
  /** A peer told its topics, in place of those before. */
  | { readonly type: "peer-topics"; readonly peer: NodeId; readonly topics: readonly string[] }
  /** A peer repeated that its topics are still the same. */
  | { readonly type: "peer-topics-unchanged"; readonly peer: NodeId }
  /** The sessions with other nodes. */
  | { readonly type: "peers-changed"; readonly peers: readonly NodeId[] }
  /** A message of the AMOP module from a peer, other than an answer. */
  | {
      readonly type: "peer-frame";
      readonly peer: NodeId;
      readonly packetType: number;
      readonly seq: number;
      readonly body: Uint8Array;
    }
  /** Answer to `ask-peer`; undefined when none came. */
  | { readonly type: "peer-answered"; readonly token: number; readonly body: Uint8Array | undefined }
  | { readonly type: "tick" };

/** Everything AMOP may ask of its host, to be started in order. */
export type AmopEffect =
  /** One frame to each of these clients. */
  | { readonly type: "send"; readonly sessions: readonly SessionId[]; readonly frame: ChannelFrame }
  /** A request to a peer; answered by `peer-answered` with the same token, at the latest after `timeoutMs`. */
  | {
      readonly type: "ask-peer";
      readonly token: number;
      readonly peer: NodeId;
      readonly body: Uint8Array;
      readonly timeoutMs: number;
    }
  /** The answer to a peer's request. */
  | { readonly type: "answer-peer"; readonly peer: NodeId; readonly seq: number; readonly body: Uint8Array }
  /** A multicast to each of these peers. */
  | { readonly type: "send-peers"; readonly peers: readonly NodeId[]; readonly body: Uint8Array };

/** What AMOP needs to work. */
export interface AmopEnvironment {
  readonly nodeId: NodeId;
  readonly random: Random;
  /**
   * Asks the node's limit of outgoing bandwidth.
   *
   * @param bytes of a message times its receivers, before compression
   * @returns false when the message must not leave
   */
  mayForward(bytes: number): boolean;
  /**
   * Asks whether a message can still be sent to a peer.
   *
   * @returns false when it is larger than what a peer takes, or so much waits for the peer that its session would end
   */
  hasRoom(peer: NodeId, bytes: number): boolean;
  readonly trace: Tracer;
}

/** Clients of this node that subscribe to one topic. */
export interface TopicSubscribers {
  readonly topic: string;
  readonly subscribers: number;
}

/** What happened since the start, for metrics. */
export interface AmopStatistics {
  /** Requests of clients under way. */
  readonly requestsPending: number;
  /** Bytes that they hold. */
  readonly requestBytes: number;
  /** Requests at clients of this node, waiting for their answers. */
  readonly deliveriesPending: number;
  /** Bytes of data that they hold. */
  readonly deliveryBytes: number;
  /** Topics that clients of this node subscribe to. */
  readonly topics: number;
  /** Those with the most subscribers, {@link AMOP_TOPICS_COUNTED_MAX} at most. */
  readonly topicSubscribers: readonly TopicSubscribers[];
  /** Requests that a client of this node left unanswered in its time. */
  readonly unansweredByClients: number;
  /** Requests that another node left unanswered, in its time or because it was gone. */
  readonly unansweredByNodes: number;
  /** Requests of clients that were answered, by result; those that clients invented are `other`. */
  readonly answered: Readonly<Record<string, number>>;
  /** Messages that went nowhere, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}
