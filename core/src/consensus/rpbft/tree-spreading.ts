/**
 * Proposals along a tree, and the reserve for those that the tree misses: whoever has a proposal tells a few others, who
 * ask for it when it does not come. See docs/protocol/rpbft.md#w3-proposals-along-a-tree.
 */
import {
  BroadcastTree,
  PBFT_FUTURE_HEIGHTS_MAX,
  RPBFT_REQUESTED_PREPARES_MAX,
  RecentSet,
} from "../../primitives/index.js";
import type { NodeId } from "../../primitives/index.js";
import {
  PbftPacketId,
  PbftPacketType,
  decodePbftMessage,
  decodePbftPacket,
  decodeRawPrepareStatus,
  encodePbftMessage,
  encodePbftPacket,
  encodeRawPrepareStatus,
} from "../../protocol/index.js";
import type { PbftMessage, RawPrepareStatus } from "../../protocol/index.js";
import { forwardNodes, initialTtl } from "../pbft/broadcast.js";
import type { Membership } from "../pbft/membership.js";
import { isWellSigned, messageKey } from "../pbft/messages.js";
import { handlePrepare } from "../pbft/prepare.js";
import { encodeWholeProposal, isEmptyProposal } from "../pbft/proposal.js";
import type { ReceivedFrame, Spreading } from "../pbft/spreading.js";
import type { PbftState } from "../pbft/state.js";

/** Something that a peer has and we may lack. */
interface Offer {
  readonly status: RawPrepareStatus;
  /** Steady time at which we ask for it; undefined when we need not, or have done so. */
  askAtMs: number | undefined;
}

/** The tree of one machine; none when the options turn it off. */
export function createSpreading(state: PbftState): Spreading | undefined {
  return state.environment.options.broadcastPrepareByTree ? new TreeSpreading(state) : undefined;
}

/** A tree over the working sealers, rooted at the leader. */
class TreeSpreading implements Spreading {
  readonly #state: PbftState;
  /** What each peer has offered last. */
  readonly #offers = new Map<NodeId, Offer>();
  /** Proposals that came by the tree or were asked for: a block that is proposed again in a later view is another one. */
  readonly #known = new RecentSet<string>(RPBFT_REQUESTED_PREPARES_MAX);
  #tree: { readonly members: Membership; readonly tree: BroadcastTree } | undefined;

  constructor(state: PbftState) {
    this.#state = state;
  }

  get wakeAtMs(): number {
    let atMs = Number.POSITIVE_INFINITY;
    for (const { askAtMs = atMs } of this.#offers.values()) atMs = Math.min(atMs, askAtMs);
    return atMs;
  }

  send(prepare: PbftMessage, packetType: number, emptyBlock: boolean): void {
    this.#known.add(proposalKey(prepare));
    const to = this.#children(prepare.index, prepare);
    if (to.length === 0) return;
    this.#state.emit({ type: "send", to, packetType, body: this.#packet(prepare, emptyBlock) });
  }

  passOn({ from, packetType, body }: ReceivedFrame, prepare: PbftMessage): void {
    const state = this.#state;
    const { height, view, index } = prepare;
    // What this node proposed before a restart would stand beside what it proposes now.
    if (index === state.members.ownIndex) return;
    if (height < state.height || height > state.height + PBFT_FUTURE_HEIGHTS_MAX) return;
    if (height === state.height && state.members.leaderOf(view) !== index) return;
    // What anybody can make up would be multiplied by the tree.
    if (!isWellSigned(state, prepare)) return;
    this.#known.add(proposalKey(prepare));
    state.filter.mark(PbftPacketId.Prepare, messageKey(prepare), from);
    const to = this.#children(index, prepare);
    if (to.length > 0) state.emit({ type: "send", to, packetType, body });
  }

  accepted({ height, view, index, blockHash }: PbftMessage): void {
    const { environment, members } = this.#state;
    const share = Math.ceil((environment.options.prepareStatusBroadcastPercent * members.working.length) / 100);
    const to = environment.random.shuffled(this.#workingPeers()).slice(0, share);
    if (to.length === 0) return;
    const body = encodeRawPrepareStatus({ height, view, index, blockHash });
    this.#state.emit({ type: "send", to, packetType: PbftPacketType.RawPrepareStatus, body });
  }

  sourceOf(prepare: PbftMessage, sinceMs: number): NodeId | undefined {
    const { members, environment, now } = this.#state;
    const author = members.sealers[prepare.index];
    const parent = this.#parent(prepare.index);
    if (parent === undefined || parent === author) return author;
    const peers = environment.peers();
    const having = [...this.#offers].filter(
      ([node, { status }]) => status.blockHash === prepare.blockHash && peers.has(node),
    );
    if (having.some(([node]) => node === parent)) return parent;
    if (having.length > 0) return having[environment.random.below(having.length)]?.[0];
    return now.steadyMs >= this.sourceKnownAtMs(sinceMs) ? author : undefined;
  }

  sourceKnownAtMs(sinceMs: number): number {
    return sinceMs + this.#state.environment.options.maxRequestMissedTransactionsWaitMs;
  }

  receive({ from, packetType, body }: ReceivedFrame): boolean {
    switch (packetType) {
      case PbftPacketType.RawPrepareStatus:
        this.#hearOffer(from, body);
        return true;
      case PbftPacketType.RawPrepareRequest:
        this.#answer(from, body);
        return true;
      case PbftPacketType.RawPrepareResponse:
        this.#take(from, body);
        return true;
      default:
        return false;
    }
  }

  proceed(): void {
    const { now, environment } = this.#state;
    for (const [node, offer] of this.#offers) {
      if (offer.askAtMs === undefined || offer.askAtMs > now.steadyMs) continue;
      offer.askAtMs = undefined;
      const { status } = offer;
      // It may have come meanwhile, or its turn may be over.
      if (!this.#isNews(status) || !environment.peers().has(node) || !this.#known.add(proposalKey(status))) continue;
      const body = encodeRawPrepareStatus(status);
      this.#state.trace("debug", "prepare-asked", { of: status.height, ofView: status.view, hash: status.blockHash });
      this.#state.emit({ type: "send", to: [node], packetType: PbftPacketType.RawPrepareRequest, body });
    }
  }

  #hearOffer(from: NodeId, body: Uint8Array): void {
    const { members, now, environment } = this.#state;
    const decoded = decodeRawPrepareStatus(body);
    if (!decoded.ok || !this.#isNews(decoded.value)) return;
    const status = decoded.value;
    const held = this.#offers.get(from)?.status;
    if (held !== undefined && !isLater(status, held)) return;
    for (const node of this.#offers.keys()) if (!members.indexOf.has(node)) this.#offers.delete(node);
    const isRoot = status.index === members.ownIndex;
    const parent = this.#parent(status.index);
    const waitMs = parent === undefined ? 0 : environment.options.maxRequestPrepareWaitMs;
    this.#offers.set(from, { status, askAtMs: isRoot ? undefined : now.steadyMs + waitMs });
  }

  /** A height not decided yet, and later than what we work on. */
  #isNews(status: RawPrepareStatus): boolean {
    const { accepted, height } = this.#state;
    const inReach = status.height >= height && status.height <= height + PBFT_FUTURE_HEIGHTS_MAX;
    return inReach && (accepted === undefined || isLater(status, accepted.message));
  }

  /** Gives the prepare we work on, whole, once to each node that asks for exactly that. */
  #answer(from: NodeId, body: Uint8Array): void {
    const state = this.#state;
    const decoded = decodeRawPrepareStatus(body);
    const { accepted } = state;
    if (!decoded.ok || accepted === undefined) return;
    const { message, proposal } = accepted;
    const { height, view, index, blockHash } = decoded.value;
    if (blockHash !== message.blockHash || height !== message.height) return;
    if (view !== message.view || index !== message.index) return;
    if (!state.filter.mark(PbftPacketId.Prepare, proposalKey(decoded.value), from)) return;
    const block = encodeWholeProposal(proposal, state.environment.rules.version);
    const packet = this.#packet({ ...message, block }, isEmptyProposal(proposal));
    state.emit({ type: "send", to: [from], packetType: PbftPacketType.RawPrepareResponse, body: packet });
  }

  #take(from: NodeId, body: Uint8Array): void {
    const packet = decodePbftPacket(body);
    if (!packet.ok || packet.value.packetId !== PbftPacketId.Prepare) return;
    const message = decodePbftMessage(packet.value.message, PbftPacketId.Prepare);
    if (message.ok) handlePrepare(this.#state, { message: message.value, proposal: undefined, from });
  }

  #packet(prepare: PbftMessage, emptyBlock: boolean): Uint8Array {
    return encodePbftPacket({
      packetId: PbftPacketId.Prepare,
      ttl: initialTtl(this.#state),
      emptyBlock,
      message: encodePbftMessage(prepare),
      // The tree reaches everybody: nobody is named.
      forwardNodes: forwardNodes(this.#state, []),
    });
  }

  /** Our children in the tree of that leader that have not had the prepare from us; they are marked as having it. */
  #children(leader: number, prepare: PbftMessage): NodeId[] {
    const { filter } = this.#state;
    const root = this.#rootOf(leader);
    if (root < 0) return [];
    const key = messageKey(prepare);
    const children = this.#currentTree().children(root, new Set(this.#workingPeers()), false);
    return children.filter((node) => filter.mark(PbftPacketId.Prepare, key, node));
  }

  /** The nearest node towards that leader that we have a session with: from there its proposal should come. */
  #parent(leader: number): NodeId | undefined {
    const root = this.#rootOf(leader);
    if (root < 0) return undefined;
    return this.#currentTree().ancestors(root, new Set(this.#workingPeers()))[0];
  }

  /** Position of the leader among those who work; −1 when it does not. */
  #rootOf(leader: number): number {
    const { members } = this.#state;
    return members.working.indexOf(members.sealers[leader] as NodeId);
  }

  #currentTree(): BroadcastTree {
    const { members, environment } = this.#state;
    if (this.#tree?.members !== members) {
      this.#tree = { members, tree: new BroadcastTree(members.working, environment.nodeId) };
    }
    return this.#tree.tree;
  }

  #workingPeers(): NodeId[] {
    const { members, environment } = this.#state;
    const peers = environment.peers();
    return members.working.filter((node) => peers.has(node));
  }
}

function isLater(a: { readonly height: number; readonly view: number }, b: typeof a): boolean {
  return a.height > b.height || (a.height === b.height && a.view > b.view);
}

/** What tells one proposal from another, also where both are of the same block. */
function proposalKey({ view, blockHash }: Pick<RawPrepareStatus, "view" | "blockHash">): string {
  return `${view}/${blockHash}`;
}
