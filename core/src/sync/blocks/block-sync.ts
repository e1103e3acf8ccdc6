/** Block synchronisation: tells others how high we are, gives them blocks, and fetches those that we lack. */
import { BlockStatusTree, RecentSet, assert, unreachable } from "../../primitives/index.js";
import type { Height, Instant, Machine, NodeId } from "../../primitives/index.js";
import { ModuleId, V2_6_0, encodeSyncPacket } from "../../protocol/index.js";
import type { ChainHead } from "../../ledger/index.js";
import { DropCounts } from "../drop-counts.js";
import { earliestOf } from "../earliest.js";
import type { JsonValue } from "../json.js";
import { BlockServer } from "./block-server.js";
import { ClockOffset, OFFSET_WARN_MS } from "./clock-offset.js";
import { Downloader } from "./downloader.js";
import type { BlockSyncEffect, BlockSyncEnvironment, BlockSyncInput, BlockSyncPacket } from "./messages.js";
import { PeerTable, trustedHeight } from "./peer-table.js";

/** Our status goes out at least this often, also without new blocks. */
const STATUS_INTERVAL_MS = 5000;

/** While we catch up, a status for every block would be nothing but load: this much time lies between two of them. */
const STATUS_SPACING_MS = 50;

/** Peers of other chains that are remembered, so that each is reported once. */
const STRANGERS_REMEMBERED_MAX = 256;

/** What holds between `started` and the end. */
interface Running {
  head: ChainHead;
  readonly downloader: Downloader;
  tree: BlockStatusTree;
  isMember: boolean;
}

/**
 * The machine of block synchronisation of one group.
 *
 * @see docs/protocol/sync.md
 */
export class BlockSync implements Machine<BlockSyncInput, BlockSyncEffect> {
  readonly #env: BlockSyncEnvironment;
  readonly #byTree: boolean;
  readonly #peers: PeerTable;
  readonly #server: BlockServer;
  readonly #clock = new ClockOffset();
  readonly #drops = new DropCounts();
  readonly #strangers = new RecentSet<NodeId>(STRANGERS_REMEMBERED_MAX);
  #running: Running | undefined;
  #effects: BlockSyncEffect[] = [];
  #statusSentAtMs = Number.NEGATIVE_INFINITY;
  #statusDueAtMs = 0;
  #gossipDueAtMs = 0;
  /** Peers behind us that were answered since the last round of gossip. */
  readonly #answered = new Set<NodeId>();
  #wakeAtMs: number | undefined;
  #downloading = false;
  #knownHighest = 0;

  constructor(env: BlockSyncEnvironment) {
    this.#env = env;
    this.#byTree = env.options.syncBlockByTree && env.rules.consensusType !== "raft";
    this.#peers = new PeerTable(env.nodeId);
    this.#server = new BlockServer((number) => env.encodedBlock(number));
  }

  get wakeAtMs(): number | undefined {
    return this.#wakeAtMs;
  }

  /** Members with a session: those who may ask for blocks and push transactions. A new set after each change. */
  get knownPeers(): ReadonlySet<NodeId> {
    return this.#peers.members;
  }

  /** True while blocks are fetched that more sealers have than may lie. */
  get downloading(): boolean {
    return this.#downloading;
  }

  /** The highest block that the group has, as far as more sealers say so than may lie; at least our own head. */
  get knownHighest(): number {
    return this.#knownHighest;
  }

  /** Median clock difference to the peers, to be added to our wall clock; 0 below 2.6.0. */
  timeOffsetMs(): number {
    return this.#clock.medianMs;
  }

  /** How much was dropped, by reason. */
  dropCounts(): ReadonlyMap<string, number> {
    return this.#drops.all();
  }

  /** What `getSyncStatus` answers. */
  status(): JsonValue {
    const { head, downloader } = this.#run();
    const peers = [...this.#peers.all()].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    return {
      blockNumber: head.header.number,
      genesisHash: head.genesisHash,
      isSyncing: downloader.active,
      knownHighestNumber: downloader.target.number,
      knownLatestHash: downloader.target.hash,
      latestHash: head.hash,
      nodeId: this.#env.nodeId,
      peers: peers.map(({ nodeId, number, latestHash }) => {
        return { blockNumber: number, genesisHash: head.genesisHash, latestHash, nodeId };
      }),
      protocolId: this.#env.rules.groupId * 0x1_0000 + ModuleId.Sync,
      txPoolSize: String(this.#env.pool.size),
    };
  }

  /** @throws InvariantError when the machine is broken */
  invariants(): void {
    const running = this.#running;
    if (running === undefined) return;
    running.downloader.invariants();
    assert(!this.#peers.ids.has(this.#env.nodeId), "we are not our own peer");
    for (const member of this.#peers.members) assert(this.#peers.ids.has(member), "members with a session are peers");
    assert(this.#knownHighest >= running.head.header.number, "what we have is known");
  }

  step(input: BlockSyncInput, now: Instant): readonly BlockSyncEffect[] {
    assert((this.#running === undefined) === (input.type === "started"), "started is the first input and comes once");
    this.#dispatch(input, now);
    // What is sent in one go is bounded: after a packet the next one waits for the next step, and others come between.
    if (input.type !== "bandwidth-granted") this.#offerBlocks();
    this.#finish(now);
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #dispatch(input: BlockSyncInput, now: Instant): void {
    if (input.type === "started") return this.#start(input.head, now);
    const running = this.#run();
    switch (input.type) {
      case "message-received":
        return this.#receive(input.from, input.packet, now);
      case "peers-changed":
        return this.#updatePeers(new Set(input.peers), now);
      case "transactions-verified":
        return running.downloader.verified(input.token, input.transactions, now.steadyMs);
      case "block-executed":
        return running.downloader.executed(input.token, input.outcome, now.steadyMs);
      case "block-committed":
        return this.#commit(input.head, now);
      case "bandwidth-granted":
        return this.#serve(input.token, input.blocks);
      case "sealing":
        return running.downloader.sealing(input.height);
      case "tick":
        return;
      default:
        return unreachable(input);
    }
  }

  #run(): Running {
    assert(this.#running !== undefined, "block synchronisation has been started");
    return this.#running;
  }

  #start(head: ChainHead, now: Instant): void {
    // The first peers are told when they come.
    this.#statusDueAtMs = now.steadyMs + STATUS_INTERVAL_MS;
    this.#gossipDueAtMs = now.steadyMs + this.#env.options.gossipIntervalMs;
    const downloader = new Downloader(this.#env, this.#peers, this.#drops, head);
    this.#running = { head, downloader, tree: this.#treeAt(head), isMember: this.#isMemberAt(head) };
  }

  #receive(from: NodeId, packet: BlockSyncPacket, now: Instant): void {
    if (from === this.#env.nodeId) return this.#drops.add("packet-from-ourselves");
    const { head, downloader } = this.#run();
    switch (packet.type) {
      case "status":
        return this.#hear(from, packet, now);
      case "blocks":
        return downloader.receive(from, packet.blocks, now.steadyMs);
      case "request-blocks":
        if (!this.#peers.members.has(from)) return this.#drops.add("request-from-stranger");
        if (!this.#server.request(from, packet, head.header.number)) this.#drops.add("request-refused");
        return;
      default:
        return unreachable(packet);
    }
  }

  #hear(from: NodeId, packet: Extract<BlockSyncPacket, { readonly type: "status" }>, now: Instant): void {
    const { head, downloader } = this.#run();
    if (packet.genesisHash !== head.genesisHash) {
      this.#drops.add("status-of-another-chain");
      if (this.#strangers.add(from)) this.#tell("warn", "status-of-another-chain", { from });
      return;
    }
    if (!this.#peers.report(from, packet, head.header.number)) return this.#drops.add("status-from-stranger");
    downloader.heard(from, packet.number);
    if (packet.number < head.header.number) this.#answer(from, now);
    if (packet.time === undefined || !this.#clock.report(from, packet.time, now.wallMs)) return;
    const offsetMs = this.#clock.medianMs;
    this.#tell(Math.abs(offsetMs) > OFFSET_WARN_MS ? "warn" : "info", "clock-offset-changed", { offsetMs });
  }

  #commit(head: ChainHead, now: Instant): void {
    const running = this.#run();
    running.head = head;
    running.downloader.committed(head);
    const wasMember = running.isMember;
    running.isMember = this.#isMemberAt(head);
    running.tree = this.#treeAt(head);
    // The block that takes us out of the group is the last that we tell of.
    if (wasMember || running.isMember) {
      this.#statusDueAtMs = Math.min(this.#statusDueAtMs, this.#statusSentAtMs + STATUS_SPACING_MS);
      if (!running.isMember) this.#sendDueStatus(now);
    }
    this.#updatePeers(undefined, now);
  }

  #updatePeers(sessions: ReadonlySet<NodeId> | undefined, now: Instant): void {
    const { head, downloader, isMember } = this.#run();
    const added = this.#peers.update(head, sessions);
    downloader.peersChanged();
    this.#server.keepOnly(this.#peers.members);
    if (isMember) this.#sendStatus(added, now);
  }

  #finish(now: Instant): void {
    const { downloader, isMember } = this.#run();
    this.#effects.push(...downloader.proceed(now.steadyMs));
    if (isMember) {
      this.#sendDueStatus(now);
      this.#gossip(now);
    }
    this.#judgeHeights(now);
    this.#wakeAtMs = this.#nextWakeMs(now);
  }

  #judgeHeights(now: Instant): void {
    const { head, downloader } = this.#run();
    const { consensusType } = this.#env.rules;
    const faultsMax =
      consensusType === "pbft" || consensusType === "rpbft" ? Math.floor((head.sealers.length - 1) / 3) : 0;
    const trusted = trustedHeight(downloader.trustworthyPeers(now.steadyMs), faultsMax);
    this.#knownHighest = Math.max(trusted, head.header.number);
    this.#downloading = downloader.active && trusted > head.header.number;
  }

  #nextWakeMs(now: Instant): number | undefined {
    const { head, downloader, isMember } = this.#run();
    const wishes = [downloader.wakeAtMs];
    if (this.#server.hasWork(head.header.number)) wishes.push(now.steadyMs);
    if (isMember && this.#peers.members.size > 0) {
      wishes.push(this.#statusDueAtMs);
      if (this.#byTree) wishes.push(this.#gossipDueAtMs);
    }
    return earliestOf(wishes);
  }

  #offerBlocks(): void {
    const offer = this.#server.offer(this.#run().head.header.number);
    if (offer !== undefined) this.#effects.push({ type: "ask-bandwidth", ...offer });
  }

  #serve(token: number, count: number): void {
    const serving = this.#server.granted(token, count);
    if (serving === undefined) return;
    const blocks = serving.blocks.map(({ bytes }) => bytes);
    const body = encodeSyncPacket({ type: "blocks", blocks }, this.#env.rules.version);
    this.#effects.push({ type: "send", to: [serving.to], packetType: 0, body });
  }

  /** To the tree, or to everybody when there is none. */
  #sendDueStatus(now: Instant): void {
    const { members } = this.#peers;
    if (now.steadyMs < this.#statusDueAtMs || members.size === 0) return;
    this.#statusSentAtMs = now.steadyMs;
    this.#statusDueAtMs = now.steadyMs + STATUS_INTERVAL_MS;
    this.#sendStatus(this.#byTree ? this.#run().tree.targets(members) : [...members], now);
  }

  /** To a few peers by lot, so that everybody hears of new blocks even where the tree is broken. */
  #gossip(now: Instant): void {
    const { members } = this.#peers;
    if (!this.#byTree || now.steadyMs < this.#gossipDueAtMs || members.size === 0) return;
    const { gossipIntervalMs, gossipPeersNumber } = this.#env.options;
    this.#gossipDueAtMs = now.steadyMs + gossipIntervalMs;
    this.#answered.clear();
    this.#sendStatus(this.#env.random.shuffled([...members]).slice(0, gossipPeersNumber), now);
  }

  /** Tells a member that is behind how high we are: the tree may have missed it, and its own gossip finds more of us than ours finds it. */
  #answer(from: NodeId, now: Instant): void {
    if (!this.#byTree || !this.#run().isMember) return;
    if (!this.#peers.members.has(from) || this.#answered.has(from)) return;
    this.#answered.add(from);
    this.#sendStatus([from], now);
  }

  #sendStatus(to: readonly NodeId[], now: Instant): void {
    if (to.length === 0) return;
    const { head } = this.#run();
    const { version } = this.#env.rules;
    const time = version >= V2_6_0 ? now.wallMs : undefined;
    const { genesisHash, hash: latestHash } = head;
    const body = encodeSyncPacket(
      { type: "status", number: head.header.number as Height, genesisHash, latestHash, time },
      version,
    );
    this.#effects.push({ type: "send", to, packetType: 0, body });
  }

  #isMemberAt(head: ChainHead): boolean {
    return head.sealers.includes(this.#env.nodeId) || head.observers.includes(this.#env.nodeId);
  }

  #treeAt(head: ChainHead): BlockStatusTree {
    const members = [...head.sealers, ...head.observers].sort();
    return new BlockStatusTree(this.#env.consensusNodes(head), members, this.#env.nodeId);
  }

  #tell(level: "info" | "warn", event: string, fields: Readonly<Record<string, string | number>>): void {
    this.#env.trace({ room: "SYNC", level, event, fields });
  }
}
