/** What the peers of a group say about their chains. */
import type { Hash, NodeId } from "../../primitives/index.js";
import type { ChainHead } from "../../ledger/index.js";

/** A peer and its last report. */
export interface Peer {
  readonly nodeId: NodeId;
  /** Height it reported; 0 before its first report. A claim, not a fact. */
  number: number;
  /** Hash of the block at that height, as it says. */
  latestHash: Hash;
  isSealer: boolean;
}

/**
 * Connected members of the group, and connected strangers that claim to be ahead of us: a node whose chain is old
 * does not know the members of today. Strangers are asked for blocks, and told nothing: what they claim costs them
 * nothing, and a group is no business of others.
 *
 * @see docs/protocol/sync.md#peers
 */
export class PeerTable {
  readonly #self: NodeId;
  readonly #peers = new Map<NodeId, Peer>();
  #ids: ReadonlySet<NodeId> = new Set();
  #members: ReadonlySet<NodeId> = new Set();
  #sessions: ReadonlySet<NodeId> = new Set();

  constructor(self: NodeId) {
    this.#self = self;
  }

  /** Ids of all peers in the table. A new set after each change. */
  get ids(): ReadonlySet<NodeId> {
    return this.#ids;
  }

  /** Ids of those in the table that are members of the group, as far as we know. A new set after each change. */
  get members(): ReadonlySet<NodeId> {
    return this.#members;
  }

  /** All peers, in the order in which they came. */
  all(): IterableIterator<Peer> {
    return this.#peers.values();
  }

  /** One peer. */
  get(nodeId: NodeId): Peer | undefined {
    return this.#peers.get(nodeId);
  }

  /**
   * Brings the table in line with the members at `head` and the live sessions.
   *
   * @returns members that were not in the table before
   */
  update(head: ChainHead, sessions: ReadonlySet<NodeId> = this.#sessions): NodeId[] {
    this.#sessions = sessions;
    const sealers = new Set(head.sealers);
    const members = new Set([...head.sealers, ...head.observers]);
    for (const [nodeId, peer] of this.#peers) {
      const stays = sessions.has(nodeId) && (members.has(nodeId) || peer.number > head.header.number);
      if (!stays) this.#peers.delete(nodeId);
    }
    const added: NodeId[] = [];
    for (const nodeId of members) {
      if (nodeId === this.#self || !sessions.has(nodeId) || this.#peers.has(nodeId)) continue;
      this.#peers.set(nodeId, { nodeId, number: 0, latestHash: head.genesisHash, isSealer: false });
      added.push(nodeId);
    }
    for (const peer of this.#peers.values()) peer.isSealer = sealers.has(peer.nodeId);
    this.#ids = new Set(this.#peers.keys());
    this.#members = new Set([...this.#ids].filter((nodeId) => members.has(nodeId)));
    return added;
  }

  /**
   * Takes a peer's report. A stranger gets into the table only when it claims to be ahead of us.
   *
   * @returns false when the peer is none of the table's
   */
  report(nodeId: NodeId, report: { readonly number: number; readonly latestHash: Hash }, ownNumber: number): boolean {
    const peer = this.#peers.get(nodeId);
    if (peer !== undefined) {
      peer.number = report.number;
      peer.latestHash = report.latestHash;
      return true;
    }
    if (!this.#sessions.has(nodeId) || report.number <= ownNumber) return false;
    this.#peers.set(nodeId, { nodeId, ...report, isSealer: false });
    this.#ids = new Set(this.#peers.keys());
    return true;
  }
}

/**
 * A height that the group has certainly reached unless more sealers lie than may: the highest that more than
 * `faultsMax` of the sealers among `peers` claim. With fewer sealers than that, the lowest of their claims; without
 * any, the highest claim of all.
 *
 * What a single peer claims must not stop a node from taking part in consensus.
 */
export function trustedHeight(peers: readonly Peer[], faultsMax: number): number {
  const sealers = peers.filter((peer) => peer.isSealer);
  if (sealers.length === 0) return peers.reduce((highest, peer) => Math.max(highest, peer.number), 0);
  const claims = sealers.map((peer) => peer.number).sort((a, b) => b - a);
  return claims[Math.min(faultsMax, claims.length - 1)] as number;
}
