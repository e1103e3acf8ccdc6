/** A simulated cluster: nodes, network, disks, faults, clients and checkers of one run, and its two phases. */
import { bytesToHex, createRandom, ZERO_ADDRESS } from "@tsbcos/core/primitives";
import type { NodeId, Random, TraceEvent } from "@tsbcos/core/primitives";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import { ModuleId } from "@tsbcos/core/protocol";
import type { ChainHead, ChainRules, ExecutedBlock, GenesisConfig, Ledger } from "@tsbcos/core/ledger";
import type { GroupEffectOf } from "@tsbcos/core/group";
import { Adversary } from "./adversary.js";
import { ChainChecker } from "./checkers/chain.js";
import { ClientChecker } from "./checkers/clients.js";
import { decidersOf } from "./checkers/deciders.js";
import type { DecidersOf } from "./checkers/deciders.js";
import { RaftChecker } from "./checkers/raft.js";
import { checkSameState } from "./checkers/state.js";
import { VoteChecker } from "./checkers/votes.js";
import { CALM_DISK, SimulatedDisk } from "./disk.js";
import { check, SimulationFailure } from "./failure.js";
import { Faults } from "./faults.js";
import { isLockedApart } from "./locks.js";
import { CALM_NETWORK, Network } from "./network.js";
import type { SimulatedFrame } from "./network.js";
import { SimulatedNode } from "./node.js";
import type { NodeListener } from "./node.js";
import type { RunOptions } from "./options.js";
import {
  drawKeys,
  genesisHeadOf,
  genesisOf,
  groupOptionsOf,
  plantedBugsOf,
  rulesOf,
  settingsOf,
  shareOfFaulty,
} from "./setup.js";
import type { Story } from "./story.js";
import { Workload } from "./workload.js";
import type { ClientTransaction } from "./workload.js";
import { World } from "./world.js";

/** Virtual time in which the second phase must have made progress. View changes back off to minutes in bad runs. */
const LIVENESS_MS_MAX = 600_000;
const LIVENESS_CHECK_MS = 200;
/** Without progress for this long, it is looked into whether a bare quorum can make any. */
const LOCKED_APART_MS = 60_000;
/** A run that handles more events than this is caught in a loop. */
const EVENTS_MAX = 3_000_000;

/** Everything a run reports besides how it ended. */
export interface ClusterFigures {
  readonly height: number;
  readonly admitted: number;
  readonly refused: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly digest: string;
  /** A bare quorum was bound to different blocks and needed the other nodes back. */
  readonly lockedApart: boolean;
  /** How often each trace event of the core, refusal of the pool, and drop of synchronisation was seen: see `marks.ts`. */
  readonly marks: ReadonlyMap<string, number>;
}

/** Everything of one run. */
export class Cluster implements NodeListener {
  readonly #options: RunOptions;
  readonly #story: Story;
  readonly #world = new World(EVENTS_MAX);
  readonly #random: Random;
  readonly #nodes: readonly SimulatedNode[];
  readonly #indexOf = new Map<NodeId, number>();
  readonly #network: Network;
  readonly #liars = new Map<number, Adversary>();
  readonly #workload: Workload;
  readonly #faults: Faults;
  readonly #decidersOf: DecidersOf;
  readonly #chain: ChainChecker;
  readonly #votes: VoteChecker;
  readonly #raft = new RaftChecker();
  readonly #clients = new ClientChecker();
  readonly #submitted = new Map<number, ClientTransaction>();
  readonly #marks = new Map<string, number>();
  #lockedApart = false;
  #lastSeq = 0;
  #lastRequestId = 0;

  constructor(options: RunOptions, suite: CryptoSuite, story: Story) {
    this.#options = options;
    this.#story = story;
    this.#random = createRandom(`run/${options.seed}`);
    const keys = drawKeys(this.#random.split("keys"), suite, options.nodeCount);
    const ids = keys.map((key) => bytesToHex(key.publicKey) as NodeId);
    ids.forEach((id, index) => this.#indexOf.set(id, index));
    const members = options.nodeCount - options.observerCount;
    const genesis = genesisOf(options, ids.slice(0, members));
    const rules = rulesOf(options, suite);
    this.#nodes = keys.map((key, index) => this.#createNode(key, index, rules, genesis));
    this.#network = new Network({
      world: this.#world,
      random: this.#random.split("network"),
      count: options.nodeCount,
      options: options.network,
      listener: {
        deliver: (from, to, frame) => this.#deliver(from, to, frame),
        sessionsChanged: (node, peers) =>
          this.#node(node).post({ type: "peers-changed", peers: peers.map((peer) => this.#node(peer).nodeId) }),
      },
    });
    for (let index = 0; index < options.liarCount; index++) {
      this.#liars.set(index, new Adversary(this.#random.split(`liar/${index}`), suite, keys[index] as KeyPair));
    }
    const random = this.#random.split("workload");
    const settings = settingsOf(options);
    this.#workload = new Workload({ random, suite, changeable: ids.slice(members), settings });
    this.#faults = this.#createFaults();
    this.#decidersOf = decidersOf(rules);
    this.#chain = new ChainChecker(suite, options.nodeCount, genesisHeadOf(rules, genesis), this.#decidersOf);
    this.#votes = new VoteChecker({
      decidersAt: (height) => this.#chain.decidersAt(height),
      liars: options.liarCount,
    });
  }

  /** What there is to report, at any time. */
  get figures(): ClusterFigures {
    return {
      height: this.#chain.height,
      admitted: this.#clients.admittedCount,
      refused: this.#clients.refusedCount,
      events: this.#world.eventCount,
      virtualMs: this.#world.nowMs,
      digest: this.#world.digest,
      lockedApart: this.#lockedApart,
      marks: this.#marks,
    };
  }

  /**
   * Both phases: first everything goes wrong and nothing may break, then the world calms down and things must move.
   *
   * @throws SimulationFailure
   */
  run(): void {
    const random = this.#random.split("start");
    for (const node of this.#nodes) this.#world.after(random.below(500), () => this.#start(node));
    this.#scheduleClients();
    this.#faults.start();
    this.#world.run(this.#options.faultPhaseMs);
    this.#faults.stop();
    const alive = this.#demandProgress(this.#calmDown());
    for (const { group } of alive) {
      for (const [reason, count] of group?.dropCounts() ?? []) this.#mark(`DROPPED/${reason}`, count);
    }
    for (const node of alive.slice(1)) this.#compare(alive[0] as SimulatedNode, node);
  }

  sent(node: SimulatedNode, effect: GroupEffectOf<"send">): void {
    const { moduleId, packetType, body } = effect;
    const seq = effect.seq === 0 ? ++this.#lastSeq : effect.seq;
    this.#world.note(`n${node.index} sends ${moduleId}/${packetType} ${body.length} ${body.at(-1) ?? ""}`);
    const { index, incarnation } = node;
    const frame = { moduleId, packetType, seq, body };
    const peers = effect.to.map((to) => this.#indexOf.get(to) ?? -1);
    check(
      !peers.includes(-1) && !peers.includes(index),
      `n${index} sends ${moduleId}/${packetType} to itself or to a stranger ${peers.join()}`,
    );
    const liar = this.#liars.get(index);
    if (liar !== undefined) {
      for (const { to, frame: bent } of liar.bend(frame, peers)) this.#network.send(index, to, bent);
      return;
    }
    const ownIndex = node.group?.head.sealers.indexOf(node.nodeId) ?? -1;
    const { backedUpPrepare } = node.disk;
    const deciding = (node.group?.head.header.number ?? 0) + 1;
    this.#votes.sent({
      deciding,
      node: index,
      nodeId: node.nodeId,
      incarnation,
      ownIndex,
      moduleId,
      packetType,
      body,
      backedUpPrepare,
    });
    this.#raft.sent({ node: index, to: peers, moduleId, body, backedUp: backedUpPrepare });
    for (const peer of peers) this.#network.send(index, peer, frame);
    if (moduleId !== ModuleId.Sync) this.#faults.promised(index);
  }

  storing(node: SimulatedNode, { block, signatures }: GroupEffectOf<"store-block">): void {
    this.#chain.storing(node.index, block, signatures);
  }

  committed(node: SimulatedNode, head: ChainHead, block: ExecutedBlock): void {
    const { number } = block.header;
    this.#chain.stored(node.index, head, block);
    const failed = block.receipts.filter((receipt) => receipt.status !== 0).length;
    const detail = `${block.transactions.length} transactions, ${failed} failed, ${head.sealers.length} sealers`;
    this.#line(node, "stored", `${block.hash.slice(0, 8)} ${detail}`);
    const created = block.receipts.filter(
      ({ status, contractAddress }) => status === 0 && contractAddress !== ZERO_ADDRESS,
    );
    this.#workload.blockSeen(
      number,
      number < this.#chain.height ? [] : created.map((receipt) => receipt.contractAddress),
    );
  }

  answered(node: SimulatedNode, { requestId, result }: GroupEffectOf<"submission-result">): void {
    const transaction = this.#submitted.get(requestId);
    check(transaction !== undefined, `n${node.index} answers request ${requestId} which it does not have`);
    this.#submitted.delete(requestId);
    this.#world.note(`n${node.index} answers ${requestId} ${result.ok ? result.value : result.error.code}`);
    if (!result.ok) {
      this.#mark(`REFUSED/${result.error.code}`);
      return this.#clients.refused();
    }
    check(result.value === transaction.hash, `n${node.index} answers with the hash of another transaction`);
    const height = this.#chain.heightOf(transaction.hash);
    const stored = height !== undefined && height <= this.#chain.reportedBy(node.index) ? height : undefined;
    this.#clients.admitted(transaction, { node: node.index, incarnation: node.incarnation }, stored);
  }

  started(node: SimulatedNode, ledger: Ledger): void {
    this.#chain.restarted(node.index, ledger);
    this.#line(node, "started", `life ${node.incarnation}`);
  }

  traced(node: SimulatedNode, { room, event, level, fields }: TraceEvent): void {
    const mark = `${room}/${event}`;
    this.#mark(mark);
    if (level !== "debug") this.#line(node, mark, fields === undefined ? "" : JSON.stringify(fields));
  }

  #mark(name: string, count = 1): void {
    this.#marks.set(name, (this.#marks.get(name) ?? 0) + count);
  }

  #line(node: SimulatedNode, event: string, detail: string): void {
    this.#world.note(`n${node.index} ${event} ${detail}`);
    const { group } = node;
    this.#story.tell({
      atMs: this.#world.nowMs,
      node: `n${node.index}`,
      event,
      height: group?.head.header.number,
      view: group?.pbftView(),
      detail,
    });
  }

  #node(index: number): SimulatedNode {
    return this.#nodes[index] as SimulatedNode;
  }

  #deliver(from: number, to: number, frame: SimulatedFrame): void {
    this.#liars.get(to)?.heard(frame);
    this.#node(to).post({ type: "frame-received", from: this.#node(from).nodeId, ...frame });
  }

  #start(node: SimulatedNode): void {
    node.start();
    this.#network.nodeStarted(node.index);
  }

  #crash(node: SimulatedNode): void {
    this.#line(node, "crash", "");
    node.crash();
    this.#network.nodeStopped(node.index);
  }

  #createNode(key: KeyPair, index: number, rules: ChainRules, genesis: GenesisConfig): SimulatedNode {
    const { disk, bug, executionMsMax } = this.#options;
    const random = this.#random.split(`node/${index}`);
    return new SimulatedNode({
      index,
      world: this.#world,
      random,
      disk: new SimulatedDisk(this.#world, random.split("disk"), disk),
      key,
      nodeId: bytesToHex(key.publicKey) as NodeId,
      rules,
      genesis,
      options: groupOptionsOf(this.#options),
      executionMsMax,
      bug,
      plantedBugs: plantedBugsOf(this.#options),
      listener: this,
    });
  }

  #createFaults(): Faults {
    return new Faults({
      world: this.#world,
      random: this.#random.split("faults"),
      options: this.#options.faults,
      target: {
        nodeCount: this.#options.nodeCount,
        isUp: (node) => this.#node(node).isUp,
        crash: (node) => this.#crash(this.#node(node)),
        restart: (node) => this.#start(this.#node(node)),
        pause: (node) => {
          this.#line(this.#node(node), "pause", "");
          this.#node(node).pause();
        },
        resume: (node) => {
          this.#line(this.#node(node), "resume", "");
          this.#node(node).resume();
        },
        jumpClock: (node, byMs) => {
          this.#line(this.#node(node), "clock", `${byMs} ms`);
          this.#node(node).jumpClock(byMs);
        },
        partition: (side, others, oneSided) => {
          this.#tell("partition", `${side.join()} ${oneSided ? "to" : "and"} ${others.join()}`);
          for (const a of side) {
            for (const b of others) {
              this.#network.block(a, b);
              if (!oneSided) this.#network.block(b, a);
            }
          }
        },
        heal: () => {
          this.#tell("heal", "");
          this.#network.healAll();
        },
      },
    });
  }

  #tell(event: string, detail: string): void {
    this.#world.note(`${event} ${detail}`);
    this.#story.tell({ atMs: this.#world.nowMs, node: "", event, height: undefined, view: undefined, detail });
  }

  #scheduleClients(): void {
    const random = this.#random.split("clients");
    const { transactions, everyMs } = this.#options.workload;
    let left = transactions;
    const next = (): void => {
      if (left-- <= 0) return;
      this.#world.after(random.below(2 * everyMs + 1), () => {
        this.#submit(this.#node(random.below(this.#nodes.length)), this.#workload.next());
        next();
      });
    };
    next();
  }

  #submit(node: SimulatedNode, transaction: ClientTransaction): void {
    if (!node.isUp) return;
    const requestId = ++this.#lastRequestId;
    this.#submitted.set(requestId, transaction);
    this.#world.note(`n${node.index} is given ${transaction.kind} ${transaction.hash}`);
    node.post({ type: "transaction-submitted", requestId, raw: transaction.raw });
  }

  /** Ends all faults and lets a quorum, or everybody, come back for good. Returns those who are there. */
  #calmDown(): SimulatedNode[] {
    const alive = this.#drawCore();
    for (const liar of this.#liars.values()) liar.reform();
    this.#tell("calm", `core ${alive.map((node) => node.index).join()}`);
    this.#network.setOptions(CALM_NETWORK);
    this.#network.healAll();
    for (const node of this.#nodes) {
      const stays = alive.includes(node);
      node.disk.setOptions(CALM_DISK);
      if (!stays && node.group !== undefined) this.#crash(node);
      if (stays && node.group === undefined) this.#start(node);
      if (stays) node.resume();
    }
    return alive;
  }

  #drawCore(): SimulatedNode[] {
    // While membership changes, a core drawn by the sealers of now may be no quorum of the sealers of then.
    const deathsMax = this.#deathsMax();
    if (!this.#options.coreOnly || this.#options.observerCount > 0 || deathsMax === 0) return [...this.#nodes];
    // What a liar has said before it reformed may still stand against it: it counts among the dead.
    const honest = this.#nodes.filter(({ index }) => !this.#liars.has(index));
    const dead = this.#random
      .split("core")
      .shuffled(honest)
      .slice(0, deathsMax - this.#liars.size);
    return honest.filter((node) => !dead.includes(node));
  }

  /** Nodes without which the others must still make progress. */
  #deathsMax(): number {
    const { consensus } = this.#options;
    // The turn of everybody comes, in solo at each block and in rPBFT at each rotation.
    if (consensus === "rpbft" || consensus === "solo") return 0;
    return Math.floor((this.#nodes.length - 1) / shareOfFaulty(consensus));
  }

  /** Within bounded virtual time a fresh transaction must come into a block, and everything else that is owed. */
  #demandProgress(core: readonly SimulatedNode[]): readonly SimulatedNode[] {
    let alive = core;
    let deadlineMs = this.#world.nowMs + LIVENESS_MS_MAX;
    const suspiciousMs = this.#world.nowMs + LOCKED_APART_MS;
    let fresh = this.#workload.fresh();
    for (let round = 0; this.#world.nowMs < deadlineMs; round++) {
      // A node that is still catching up refuses transactions: clients ask the next one.
      if (round % 50 === 0 && this.#chain.heightOf(fresh.hash) === undefined) {
        fresh = this.#workload.fresh();
        this.#submit(alive[(round / 50) % alive.length] as SimulatedNode, fresh);
      }
      this.#world.run(this.#world.nowMs + LIVENESS_CHECK_MS);
      if (this.#missing(alive, fresh) === undefined) return alive;
      // With everybody there nobody is left who could come back: that is not forgiven.
      if (alive.length === this.#nodes.length || this.#world.nowMs < suspiciousMs) continue;
      if (isLockedApart(alive, this.#decidersOf)) {
        alive = this.#reviveAll();
        deadlineMs = this.#world.nowMs + LIVENESS_MS_MAX;
      }
    }
    throw new SimulationFailure("liveness", this.#missing(alive, fresh) ?? "progress came too late");
  }

  #reviveAll(): readonly SimulatedNode[] {
    this.#lockedApart = true;
    this.#tell("locked apart", "the others come back");
    for (const node of this.#nodes) if (node.group === undefined) this.#start(node);
    return this.#nodes;
  }

  /** What is still missing; undefined when nothing is. */
  #missing(alive: readonly SimulatedNode[], fresh: ClientTransaction): string | undefined {
    if (this.#chain.heightOf(fresh.hash) === undefined) return "a fresh transaction does not come into a block";
    for (const { index, nodeId, group } of alive) {
      // Nobody tells a stranger about new blocks.
      if (!this.#chain.isMember(nodeId)) continue;
      const height = group?.head.header.number ?? -1;
      if (height < this.#chain.height) return `n${index} stays at block ${height} of ${this.#chain.height}`;
    }
    const owed = this.#clients.owed({
      isNonceUsed: (nonce) => this.#chain.isNonceUsed(nonce),
      canPropose: (index, incarnation) => {
        const node = this.#node(index);
        return node.isUp && node.incarnation === incarnation && this.#chain.isSealer(node.nodeId);
      },
    });
    return owed.length === 0
      ? undefined
      : `${owed.length} admitted transactions do not come into a block: ${owed[0] ?? ""}`;
  }

  #compare(a: SimulatedNode, b: SimulatedNode): void {
    if (a.group?.head.hash !== b.group?.head.hash) return;
    checkSameState({ node: a.index, rows: a.disk.rows }, { node: b.index, rows: b.disk.rows });
  }
}
