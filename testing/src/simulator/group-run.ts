/** One group of a run: its members, its clients, and what is checked and demanded of it. Groups know nothing of each other. */
import { ZERO_ADDRESS } from "@tsbcos/core/primitives";
import type { GroupId, NodeId, Random, TraceEvent } from "@tsbcos/core/primitives";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import { ModuleId } from "@tsbcos/core/protocol";
import type { ChainHead, ExecutedBlock, Ledger } from "@tsbcos/core/ledger";
import type { GroupEffectOf } from "@tsbcos/core/group";
import { Adversary } from "./adversary.js";
import { ChainChecker } from "./checkers/chain.js";
import { ClientChecker } from "./checkers/clients.js";
import { decidersOf } from "./checkers/deciders.js";
import type { DecidersOf } from "./checkers/deciders.js";
import { RaftChecker } from "./checkers/raft.js";
import { RotationChecker } from "./checkers/rotation.js";
import { checkSameState } from "./checkers/state.js";
import type { Disk } from "./checkers/state.js";
import { VoteChecker } from "./checkers/votes.js";
import { check, inGroup } from "./failure.js";
import type { GroupListener, SimulatedGroup } from "./group.js";
import { isLockedApart } from "./locks.js";
import type { SimulatedFrame } from "./network.js";
import type { SimulatedNode } from "./node.js";
import type { GroupShape, RunOptions } from "./options.js";
import {
  genesisHeadOf,
  genesisOf,
  groupOptionsOf,
  plantedBugsOf,
  rulesOf,
  settingsOf,
  shareOfFaulty,
} from "./setup.js";
import { Workload } from "./workload.js";
import type { ClientTransaction } from "./workload.js";
import type { World } from "./world.js";

/** A client that got no block asks another node after so many looks. */
const ROUNDS_A_SUBMISSION = 50;

/** What a group does in the world around it, in which there may be other groups. */
export interface GroupSurroundings {
  /** A frame leaves for another node. */
  send(from: number, to: number, frame: SimulatedFrame): void;
  /** A node has sent a frame of consensus. */
  promised(node: number): void;
  /** A node is about to offer a block, as leader of Raft. */
  offering(node: number): void;
  /** A liar has sent a frame: it may send it to other groups, too. */
  lied(node: number, frame: SimulatedFrame): void;
  /** A client has handed in a transaction: it may do so in another group, too. */
  handedIn(group: SimulatedGroup, transaction: ClientTransaction): void;
  /** Something changed on a node: a line of the story. */
  told(group: SimulatedGroup, event: string, detail: string): void;
}

/** What a group of a run is made of. */
export interface GroupRunParts {
  readonly run: RunOptions;
  readonly shape: GroupShape;
  readonly suite: CryptoSuite;
  readonly world: World;
  readonly random: Random;
  /** All nodes of the run, and their keys. */
  readonly nodes: readonly SimulatedNode[];
  readonly keys: readonly KeyPair[];
  readonly surroundings: GroupSurroundings;
}

/** One group, on all of its nodes. */
export class GroupRun implements GroupListener {
  readonly groupId: GroupId;
  readonly shape: GroupShape;
  /** Behind the name of a node in the digest: empty for the first group. */
  readonly #label: string;
  readonly #random: Random;
  readonly #world: World;
  readonly #surroundings: GroupSurroundings;
  readonly #members = new Map<number, SimulatedGroup>();
  readonly #indexOf = new Map<NodeId, number>();
  readonly #liars = new Map<number, Adversary>();
  readonly #workload: Workload;
  readonly #decidersOf: DecidersOf;
  readonly #chain: ChainChecker;
  readonly #votes: VoteChecker;
  readonly #raft = new RaftChecker();
  readonly #rotations: RotationChecker;
  readonly #clients = new ClientChecker();
  readonly #submitted = new Map<number, ClientTransaction>();
  readonly #marks = new Map<string, number>();
  #fresh: ClientTransaction | undefined;
  #lastRequestId = 0;

  constructor({ run, shape, suite, world, random, nodes, keys, surroundings }: GroupRunParts) {
    this.groupId = shape.groupId;
    this.shape = shape;
    this.#label = shape.groupId === 1 ? "" : ` g${shape.groupId}`;
    this.#random = random;
    this.#world = world;
    this.#surroundings = surroundings;
    const ids = shape.members.map((index) => (nodes[index] as SimulatedNode).nodeId);
    const rules = rulesOf(shape, suite);
    const genesis = genesisOf(shape, ids.slice(0, ids.length - shape.observerCount));
    // Nodes are configured in their own order, whatever their places in the group are.
    for (const index of [...shape.members].sort((a, b) => a - b)) {
      const node = nodes[index] as SimulatedNode;
      this.#indexOf.set(node.nodeId, index);
      const parts = {
        key: keys[index] as KeyPair,
        disk: run.disk,
        rules,
        genesis,
        options: groupOptionsOf(shape),
        executionMsMax: shape.executionMsMax,
        bug: run.bug,
        plantedBugs: plantedBugsOf(run.bug, shape.consensus),
        listener: this,
      };
      this.#members.set(index, node.addGroup(parts, shape.madeWithinMs === 0));
    }
    for (const index of shape.members.slice(0, shape.liarCount)) {
      this.#liars.set(index, new Adversary(random.split(`liar/${index}`), suite, keys[index] as KeyPair));
    }
    this.#workload = new Workload({
      random: random.split("workload"),
      suite,
      groupId: shape.groupId,
      changeable: ids.slice(ids.length - shape.observerCount),
      settings: settingsOf(shape),
    });
    this.#decidersOf = decidersOf(rules);
    const genesisHead = genesisHeadOf(rules, genesis);
    this.#chain = new ChainChecker(suite, nodes.length, genesisHead, this.#decidersOf);
    this.#rotations = new RotationChecker(rules, genesisHead);
    this.#votes = new VoteChecker({
      decidersAt: (height) => this.#chain.decidersAt(height),
      liars: shape.liarCount,
    });
  }

  /** Number of the highest block. */
  get height(): number {
    return this.#chain.height;
  }

  /** Transactions that some node has admitted. */
  get admitted(): number {
    return this.#clients.admittedCount;
  }

  /** Submissions that were refused. */
  get refused(): number {
    return this.#clients.refusedCount;
  }

  /** How often each mark was seen: see `marks.ts`. */
  get marks(): ReadonlyMap<string, number> {
    return this.#marks;
  }

  /** Nodes that have the group. */
  get members(): readonly number[] {
    return [...this.#members.keys()];
  }

  /** The group on those of the nodes that are in it. */
  on(nodes: readonly SimulatedNode[]): SimulatedGroup[] {
    return nodes.flatMap(({ index }) => this.#members.get(index) ?? []);
  }

  /** Whether a node has the group, as member or to become one. */
  has(node: number): boolean {
    return this.#members.has(node);
  }

  /** Some of its sealers lie, or did. */
  get hasLiars(): boolean {
    return this.#liars.size > 0;
  }

  /** Whether a node lies in this group. */
  hasLiar(node: number): boolean {
    return this.#liars.has(node);
  }

  /**
   * Honest members without which the others must still make progress; undefined when all must be there.
   *
   * What a liar has said before it reformed may still stand against it: it counts among those who are gone.
   */
  get lossesMax(): number | undefined {
    const { consensus, members, observerCount, liarCount } = this.shape;
    // While membership changes, a core drawn by the sealers of now may be no quorum of the sealers of then. And the turn
    // of everybody comes, in solo at each block and in rPBFT at each rotation.
    if (observerCount > 0 || consensus === "rpbft" || consensus === "solo") return undefined;
    const deathsMax = Math.floor((members.length - 1) / shareOfFaulty(consensus));
    return deathsMax === 0 ? undefined : deathsMax - liarCount;
  }

  /** Lets the nodes make the group, one after the other, if it is not there from the beginning. */
  scheduleMaking(nodes: readonly SimulatedNode[]): void {
    const { madeWithinMs } = this.shape;
    if (madeWithinMs === 0) return;
    const random = this.#random.split("making");
    for (const [index, group] of this.#members) {
      this.#world.after(random.below(madeWithinMs), () => nodes[index]?.startGroup(group));
    }
  }

  /** Lets clients hand in what they have, at any of the nodes. */
  scheduleClients(): void {
    const random = this.#random.split("clients");
    const { transactions, everyMs } = this.shape.workload;
    const members = [...this.#members.values()];
    let left = transactions;
    const next = (): void => {
      if (left-- <= 0) return;
      this.#world.after(random.below(2 * everyMs + 1), () => {
        const [group, transaction] = [members[random.below(members.length)] as SimulatedGroup, this.#workload.next()];
        this.submit(group, transaction);
        this.#surroundings.handedIn(group, transaction);
        next();
      });
    };
    next();
  }

  /** A client hands in a transaction. */
  submit(group: SimulatedGroup, transaction: ClientTransaction): void {
    if (!group.isUp) return;
    const requestId = ++this.#lastRequestId;
    this.#submitted.set(requestId, transaction);
    this.#world.note(`n${group.index}${this.#label} is given ${transaction.kind} ${transaction.hash}`);
    group.post({ type: "transaction-submitted", requestId, raw: transaction.raw });
  }

  /** Hears what is sent to a node, in this group or another one: a liar keeps it, to send it here. */
  heard(node: number, frame: SimulatedFrame): void {
    this.#liars.get(node)?.heard({ ...frame, groupId: this.groupId });
  }

  /** From now on nobody lies. */
  reform(): void {
    for (const liar of this.#liars.values()) liar.reform();
  }

  sent(group: SimulatedGroup, { to, moduleId, packetType, seq, body }: GroupEffectOf<"send">): void {
    const { index, incarnation } = group;
    this.#world.note(`n${index}${this.#label} sends ${moduleId}/${packetType} ${body.length} ${body.at(-1) ?? ""}`);
    const frame = { groupId: this.groupId, moduleId, packetType, seq, body };
    const peers = to.map((peer) => this.#indexOf.get(peer) ?? -1);
    check(
      !peers.includes(-1) && !peers.includes(index),
      `n${index} sends ${moduleId}/${packetType} to itself or to a stranger ${peers.join()}`,
    );
    const liar = this.#liars.get(index);
    if (liar !== undefined) {
      for (const { to: peer, frame: bent } of liar.bend(frame, peers)) this.#surroundings.send(index, peer, bent);
      if (!liar.isReformed) this.#surroundings.lied(index, frame);
      return;
    }
    const { backedUpPrepare } = group.disk;
    this.#votes.sent({
      deciding: (group.group?.head.header.number ?? 0) + 1,
      node: index,
      nodeId: group.nodeId,
      incarnation,
      ownIndex: group.group?.head.sealers.indexOf(group.nodeId) ?? -1,
      moduleId,
      packetType,
      body,
      backedUpPrepare,
    });
    const isOffer = this.#raft.sent({ node: index, to: peers, moduleId, body, backedUp: backedUpPrepare });
    if (isOffer) this.#surroundings.offering(index);
    for (const peer of peers) this.#surroundings.send(index, peer, frame);
    if (moduleId !== ModuleId.Sync) this.#surroundings.promised(index);
  }

  storing(group: SimulatedGroup, { block, signatures }: GroupEffectOf<"store-block">): void {
    this.#chain.storing(group.index, block, signatures);
    if (this.shape.consensus === "raft") this.#raft.storing(group.index, block.header);
  }

  committed(group: SimulatedGroup, head: ChainHead, block: ExecutedBlock): void {
    const { number } = block.header;
    this.#chain.stored(group.index, head, block);
    this.#rotations.stored(head, block);
    const failed = block.receipts.filter((receipt) => receipt.status !== 0).length;
    const detail = `${block.transactions.length} transactions, ${failed} failed, ${head.sealers.length} sealers`;
    this.#surroundings.told(group, "stored", `${block.hash.slice(0, 8)} ${detail}`);
    const created = block.receipts.filter(
      ({ status, contractAddress }) => status === 0 && contractAddress !== ZERO_ADDRESS,
    );
    this.#workload.blockSeen(
      number,
      number < this.#chain.height ? [] : created.map((receipt) => receipt.contractAddress),
    );
  }

  answered(group: SimulatedGroup, { requestId, result }: GroupEffectOf<"submission-result">): void {
    const { index, incarnation } = group;
    const transaction = this.#submitted.get(requestId);
    check(transaction !== undefined, `n${index} answers request ${requestId} which it does not have`);
    this.#submitted.delete(requestId);
    this.#world.note(`n${index}${this.#label} answers ${requestId} ${result.ok ? result.value : result.error.code}`);
    if (!result.ok) {
      this.#mark(`REFUSED/${result.error.code}`);
      return this.#clients.refused();
    }
    check(result.value === transaction.hash, `n${index} answers with the hash of another transaction`);
    const height = this.#chain.heightOf(transaction.hash);
    const stored = height !== undefined && height <= this.#chain.reportedBy(index) ? height : undefined;
    this.#clients.admitted(transaction, { node: index, incarnation }, stored);
  }

  started(group: SimulatedGroup, ledger: Ledger): void {
    this.#chain.restarted(group.index, ledger);
    this.#rotations.restarted(ledger);
    this.#surroundings.told(group, "started", `life ${group.incarnation}`);
  }

  traced(group: SimulatedGroup, { room, event, level, fields }: TraceEvent): void {
    const mark = `${room}/${event}`;
    this.#mark(mark);
    if (level !== "debug") this.#surroundings.told(group, mark, fields === undefined ? "" : JSON.stringify(fields));
  }

  /** From now on progress is demanded. */
  demandProgress(): void {
    this.#fresh = this.#workload.fresh();
  }

  /** Clients ask for the progress that is demanded; called again and again, counting up. */
  ask(round: number, alive: readonly SimulatedNode[]): void {
    // A node that is still catching up refuses transactions: clients ask the next one.
    if (round % ROUNDS_A_SUBMISSION !== 0 || this.#isFreshStored()) return;
    const there = this.on(alive);
    this.#fresh = this.#workload.fresh();
    this.submit(there[(round / ROUNDS_A_SUBMISSION) % there.length] as SimulatedGroup, this.#fresh);
  }

  /** What is still missing of the progress that is demanded; undefined when nothing is. */
  missing(alive: readonly SimulatedNode[]): string | undefined {
    if (!this.#isFreshStored()) return "a fresh transaction does not come into a block";
    for (const { index, nodeId, group } of this.on(alive)) {
      // Nobody tells a stranger about new blocks.
      if (!this.#chain.isMember(nodeId)) continue;
      const height = group?.head.header.number ?? -1;
      if (height < this.#chain.height) return `n${index} stays at block ${height} of ${this.#chain.height}`;
    }
    const owed = this.#clients.owed({
      isNonceUsed: (nonce) => this.#chain.isNonceUsed(nonce),
      canPropose: (index, incarnation) => {
        const group = this.#members.get(index);
        return group?.isUp === true && group.incarnation === incarnation && this.#chain.isSealer(group.nodeId);
      },
    });
    return owed.length === 0
      ? undefined
      : `${owed.length} admitted transactions do not come into a block: ${owed[0] ?? ""}`;
  }

  /** Whether those of the nodes that are in the group can decide no block, whatever they do. */
  isLockedApart(alive: readonly SimulatedNode[]): boolean {
    return isLockedApart(this.on(alive), this.#decidersOf);
  }

  /** At the end of a run: those who are at one height have the same on their disks. */
  finish(alive: readonly SimulatedNode[]): void {
    const there = this.on(alive);
    for (const { group } of there) {
      for (const [reason, count] of group?.dropCounts() ?? []) this.#mark(`DROPPED/${reason}`, count);
    }
    const [first, ...others] = there as [SimulatedGroup, ...SimulatedGroup[]];
    for (const other of others) {
      if (first.group?.head.hash !== other.group?.head.hash) continue;
      const [a, b] = [first, other].map(({ index, disk }) => ({ node: index, rows: disk.rows })) as [Disk, Disk];
      inGroup(this.groupId, () => checkSameState(a, b));
    }
  }

  #isFreshStored(): boolean {
    return this.#fresh !== undefined && this.#chain.heightOf(this.#fresh.hash) !== undefined;
  }

  #mark(name: string, count = 1): void {
    this.#marks.set(name, (this.#marks.get(name) ?? 0) + count);
  }
}
