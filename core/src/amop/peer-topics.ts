/** Which nodes have which topics, and whether they may have the messages of private ones. */
import type { NodeId } from "../primitives/index.js";
import { challengeTopicPrefix, isPrivateTopic } from "../protocol/index.js";

/** May a node have the messages of a private topic? */
export type TopicStatus = "verifying" | "verified" | "refused";

/** A private topic of a node that nobody has decided about. */
export interface Undecided {
  readonly topic: string;
  /** Where its subscriber takes a challenge. */
  readonly topicForCert: string;
}

interface Node {
  readonly topics: Map<string, TopicStatus>;
  /** By private topic: when a publisher was last asked, on the steady clock. */
  readonly askedAtMs: Map<string, number>;
}

/** Topics by node. Our own node is one of them. */
export class PeerTopics {
  readonly #nodes = new Map<NodeId, Node>();
  readonly #holders = new Map<string, Set<NodeId>>();

  /** Replaces what is known of a node. A private topic keeps its status for as long as the node has it. */
  set(nodeId: NodeId, topics: readonly string[]): void {
    const before = this.#nodes.get(nodeId);
    const node: Node = { topics: new Map(), askedAtMs: new Map() };
    for (const topic of topics) {
      const initial = isPrivateTopic(topic) ? "verifying" : "verified";
      node.topics.set(topic, before?.topics.get(topic) ?? initial);
      const askedAtMs = before?.askedAtMs.get(topic);
      if (askedAtMs !== undefined) node.askedAtMs.set(topic, askedAtMs);
    }
    this.#unlink(nodeId, before);
    this.#nodes.set(nodeId, node);
    for (const [topic, status] of node.topics) {
      if (status === "verified") this.#link(nodeId, topic);
    }
  }

  /** Forgets every node that is not among these. */
  keepOnly(nodeIds: ReadonlySet<NodeId>): void {
    for (const [nodeId, node] of this.#nodes) {
      if (nodeIds.has(nodeId)) continue;
      this.#unlink(nodeId, node);
      this.#nodes.delete(nodeId);
    }
  }

  /** Nodes that may have the messages of the topic. */
  holdersOf(topic: string): ReadonlySet<NodeId> {
    return this.#holders.get(topic) ?? NOBODY;
  }

  /** Nodes that are known. */
  nodes(): Iterable<NodeId> {
    return this.#nodes.keys();
  }

  /**
   * Private topics of a node that wait for a verdict and can be challenged, other than those asked about a moment ago.
   *
   * @param wanted tells whether there is a publisher to be asked
   */
  undecided(
    nodeId: NodeId,
    options: { readonly wanted: (topic: string) => boolean; readonly nowMs: number; readonly intervalMs: number },
  ): Undecided[] {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return [];
    const found: Undecided[] = [];
    for (const [topic, status] of node.topics) {
      const askedAtMs = node.askedAtMs.get(topic) ?? Number.NEGATIVE_INFINITY;
      if (status !== "verifying" || options.nowMs - askedAtMs < options.intervalMs || !options.wanted(topic)) continue;
      const topicForCert = challengeTopicIn(node, topic);
      if (topicForCert === undefined) continue;
      node.askedAtMs.set(topic, options.nowMs);
      found.push({ topic, topicForCert });
    }
    return found;
  }

  /** Takes a verdict. Only one that was waited for counts. */
  decide(nodeId: NodeId, topic: string, isWelcome: boolean): boolean {
    const node = this.#nodes.get(nodeId);
    if (node?.topics.get(topic) !== "verifying") return false;
    node.topics.set(topic, isWelcome ? "verified" : "refused");
    if (isWelcome) this.#link(nodeId, topic);
    return true;
  }

  /** True unless the topic is private and the node was refused, or not verified yet. */
  isVerified(nodeId: NodeId, topic: string): boolean {
    return this.#nodes.get(nodeId)?.topics.get(topic) === "verified";
  }

  #link(nodeId: NodeId, topic: string): void {
    const holders = this.#holders.get(topic);
    if (holders === undefined) this.#holders.set(topic, new Set([nodeId]));
    else holders.add(nodeId);
  }

  #unlink(nodeId: NodeId, node: Node | undefined): void {
    for (const topic of node?.topics.keys() ?? []) {
      const holders = this.#holders.get(topic);
      holders?.delete(nodeId);
      if (holders?.size === 0) this.#holders.delete(topic);
    }
  }
}

const NOBODY: ReadonlySet<NodeId> = new Set();

function challengeTopicIn(node: Node, topic: string): string | undefined {
  const prefix = challengeTopicPrefix(topic);
  for (const candidate of node.topics.keys()) if (candidate.startsWith(prefix)) return candidate;
  return undefined;
}
