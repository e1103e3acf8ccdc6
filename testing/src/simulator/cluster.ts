/** A simulated cluster: nodes, network, faults and groups of one run, and its two phases. */
import { bytesToHex, createRandom } from "@tsbcos/core/primitives";
import type { NodeId, Random } from "@tsbcos/core/primitives";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { Crossings } from "./crossings.js";
import { drawCuts } from "./cuts.js";
import { CALM_DISK } from "./disk.js";
import { SimulationFailure } from "./failure.js";
import { Faults } from "./faults.js";
import { GroupRun } from "./group-run.js";
import type { GroupSurroundings } from "./group-run.js";
import type { SimulatedGroup } from "./group.js";
import { CALM_NETWORK, Network } from "./network.js";
import type { SimulatedFrame } from "./network.js";
import { SimulatedNode } from "./node.js";
import type { RunOptions } from "./options.js";
import { drawKeys } from "./setup.js";
import type { Story } from "./story.js";
import { World } from "./world.js";

/** Virtual time in which the second phase must have made progress. View changes back off to minutes in bad runs. */
const LIVENESS_MS_MAX = 600_000;
const LIVENESS_CHECK_MS = 200;
/** Without progress for this long, it is looked into whether a bare quorum can make any. */
const LOCKED_APART_MS = 60_000;
/** A run that handles more events than this is caught in a loop. */
const EVENTS_MAX = 3_000_000;

/** Everything a run reports besides how it ended; of several groups, their sums. */
export interface ClusterFigures {
  readonly height: number;
  readonly admitted: number;
  readonly refused: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly digest: string;
  /** A bare quorum was bound to different blocks and needed the other nodes back. */
  readonly lockedApart: boolean;
  /** Liars had voted twice, and left all nodes bound to different blocks: nobody could come back and help. */
  readonly lockedForGood: boolean;
  /** How often each trace event of the core, refusal of the pool, and drop of synchronisation was seen: see `marks.ts`. */
  readonly marks: ReadonlyMap<string, number>;
}

/** Everything of one run. */
export class Cluster {
  readonly #options: RunOptions;
  readonly #story: Story;
  readonly #world = new World(EVENTS_MAX);
  readonly #random: Random;
  readonly #nodes: readonly SimulatedNode[];
  readonly #network: Network;
  readonly #groups: readonly GroupRun[];
  readonly #crossings: Crossings;
  readonly #faults: Faults;
  /** Marks of the nodes; groups have their own. */
  readonly #marks = new Map<string, number>();
  #lockedApart = false;
  #lockedForGood = false;

  constructor(options: RunOptions, suite: CryptoSuite, story: Story) {
    this.#options = options;
    this.#story = story;
    const random = createRandom(`run/${options.seed}`);
    this.#random = random;
    const world = this.#world;
    const keys = drawKeys(random.split("keys"), suite, options.nodeCount);
    this.#nodes = keys.map((key, index) => {
      const nodeId = bytesToHex(key.publicKey) as NodeId;
      const own = random.split(`node/${index}`);
      return new SimulatedNode({ index, nodeId, world, random: own, bandwidth: options.bandwidth, bug: options.bug });
    });
    this.#network = new Network({
      world,
      random: random.split("network"),
      count: options.nodeCount,
      options: options.network,
      listener: {
        deliver: (from, to, frame) => this.#deliver(from, to, frame),
        sessionsChanged: (node, peers) =>
          this.#node(node).sessionsChanged(peers.map((peer) => this.#node(peer).nodeId)),
      },
    });
    this.#faults = this.#createFaults();
    const surroundings: GroupSurroundings = {
      send: (from, to, frame) => this.#network.send(from, to, frame),
      promised: (node) => this.#faults.promised(node),
      offering: (node) => this.#faults.offering(node),
      lied: (node, frame) => this.#crossings.lied(node, frame, (to, astray) => this.#network.send(node, to, astray)),
      handedIn: (group, transaction) => this.#crossings.handedIn(group, transaction),
      told: (group, event, detail) => this.#groupLine(group, event, detail),
    };
    this.#groups = options.groups.map((shape) => {
      // The first group draws from the streams of the run itself.
      const own = shape.groupId === 1 ? random : random.split(`group/${shape.groupId}`);
      return new GroupRun({ run: options, shape, suite, world, random: own, nodes: this.#nodes, keys, surroundings });
    });
    this.#crossings = new Crossings(this.#groups, random.split("crossings"));
  }

  /** What there is to report, at any time. */
  get figures(): ClusterFigures {
    const sum = (of: (group: GroupRun) => number): number =>
      this.#groups.reduce((total, group) => total + of(group), 0);
    const marks = new Map(this.#marks);
    for (const group of this.#groups) {
      for (const [mark, count] of group.marks) marks.set(mark, (marks.get(mark) ?? 0) + count);
    }
    return {
      height: sum((group) => group.height),
      admitted: sum((group) => group.admitted),
      refused: sum((group) => group.refused),
      events: this.#world.eventCount,
      virtualMs: this.#world.nowMs,
      digest: this.#world.digest,
      lockedApart: this.#lockedApart,
      lockedForGood: this.#lockedForGood,
      marks,
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
    for (const group of this.#groups) {
      group.scheduleMaking(this.#nodes);
      group.scheduleClients();
    }
    this.#faults.start();
    this.#world.run(this.#options.faultPhaseMs);
    this.#faults.stop();
    const alive = this.#demandProgress(this.#groups, this.#withOneAtRest(this.#calmDown()));
    for (const group of this.#groups) group.finish(alive);
    for (const node of alive) {
      for (const [reason, count] of node.droppedFrames()) {
        this.#marks.set(`DROPPED/${reason}`, (this.#marks.get(`DROPPED/${reason}`) ?? 0) + count);
      }
    }
  }

  #node(index: number): SimulatedNode {
    return this.#nodes[index] as SimulatedNode;
  }

  #deliver(from: number, to: number, frame: SimulatedFrame): void {
    this.#crossings.arrived(to, frame);
    for (const group of this.#groups) group.heard(to, frame);
    this.#node(to).frame(this.#node(from).nodeId, frame);
  }

  #start(node: SimulatedNode): void {
    node.start();
    this.#network.nodeStarted(node.index);
  }

  #stopGroup(group: SimulatedGroup): void {
    this.#groupLine(group, "stop", "");
    this.#node(group.index).stopGroup(group);
  }

  #crash(node: SimulatedNode): void {
    this.#nodeLine(node.index, "crash", "");
    node.crash();
    this.#network.nodeStopped(node.index);
  }

  #createFaults(): Faults {
    return new Faults({
      world: this.#world,
      random: this.#random.split("faults"),
      options: this.#options.faults,
      target: {
        nodeCount: this.#nodes.length,
        isUp: (node) => this.#node(node).isRunning && !this.#node(node).isPaused,
        crash: (node) => this.#crash(this.#node(node)),
        restart: (node) => this.#start(this.#node(node)),
        pause: (node) => {
          this.#nodeLine(node, "pause", "");
          this.#node(node).pause();
        },
        resume: (node) => {
          this.#nodeLine(node, "resume", "");
          this.#node(node).resume();
        },
        groupCountOf: (node) => this.#node(node).groups.length,
        stopGroup: (node, at) => this.#stopGroup(this.#node(node).groups[at] as SimulatedGroup),
        startGroup: (node, at) => this.#node(node).startGroup(this.#node(node).groups[at] as SimulatedGroup),
        jumpClock: (node, byMs) => {
          this.#nodeLine(node, "clock", `${byMs} ms`);
          this.#node(node).jumpClock(byMs);
        },
        partition: ({ side, others, oneSided, abrupt }) => {
          this.#tell("partition", `${side.join()} ${oneSided ? "to" : "and"} ${others.join()}`);
          for (const a of side) {
            for (const b of others) {
              this.#network.block(a, b, abrupt);
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

  /** Something happened to a process. */
  #nodeLine(index: number, event: string, detail: string): void {
    const { groups } = this.#node(index);
    const [only] = groups;
    if (this.#groups.length === 1 && only !== undefined) return this.#groupLine(only, event, detail);
    this.#world.note(`n${index} ${event} ${detail}`);
    const [atMs, node] = [this.#world.nowMs, `n${index}`];
    this.#story.tell({ atMs, node, event, height: undefined, view: undefined, detail });
  }

  #groupLine({ index, groupId, group }: SimulatedGroup, event: string, detail: string): void {
    this.#world.note(`n${index} ${event} ${detail}`);
    this.#story.tell({
      atMs: this.#world.nowMs,
      node: this.#groups.length === 1 ? `n${index}` : `n${index} g${groupId}`,
      event,
      height: group?.head.header.number,
      view: group?.pbftView(),
      detail,
    });
  }

  /** Ends all faults and lets a quorum, or everybody, come back for good. Returns those who are there. */
  #calmDown(): SimulatedNode[] {
    const alive = this.#drawCore();
    for (const group of this.#groups) group.reform();
    this.#tell("calm", `core ${alive.map((node) => node.index).join()}`);
    this.#network.setOptions(CALM_NETWORK);
    this.#network.healAll();
    this.#cutForGood(alive);
    for (const node of this.#nodes) {
      const stays = alive.includes(node);
      for (const { disk } of node.groups) disk.setOptions(CALM_DISK);
      if (!stays && node.isRunning) this.#crash(node);
      if (stays && !node.isRunning) this.#start(node);
      if (stays) node.resume();
      for (const group of node.groups) if (stays && !group.isRunning) node.startGroup(group);
    }
    return alive;
  }

  /** In some runs a link or two stay cut for the whole second phase. */
  #cutForGood(alive: readonly SimulatedNode[]): void {
    const indices = alive.map(({ index }) => index);
    for (const [a, b] of drawCuts(this.#random.split("cuts"), indices, this.#options.groups)) {
      this.#tell("cut", `${a} and ${b} for good`);
      this.#network.block(a, b);
      this.#network.block(b, a);
    }
  }

  /** While one group is stopped on so many of its nodes that it stands still, the others go on. */
  #withOneAtRest(core: readonly SimulatedNode[]): readonly SimulatedNode[] {
    const random = this.#random.split("rest");
    const still = this.#groups[random.below(this.#groups.length)] as GroupRun;
    const others = this.#groups.filter((group) => group !== still);
    if (others.length === 0) return core;
    const there = random.shuffled(still.on(core));
    const stopped = there.slice(Math.floor((there.length - 1) / 3));
    for (const group of stopped) this.#stopGroup(group);
    const alive = this.#demandProgress(others, core);
    for (const group of stopped) this.#node(group.index).startGroup(group);
    return alive;
  }

  /** Nodes that are there in the second phase: enough of each group. */
  #drawCore(): SimulatedNode[] {
    if (!this.#options.coreOnly) return [...this.#nodes];
    const left = new Map(this.#groups.map((group) => [group, group.lossesMax]));
    const isLiar = ({ index }: SimulatedNode): boolean => this.#groups.some((group) => group.hasLiar(index));
    const honest = this.#random.split("core").shuffled(this.#nodes.filter((node) => !isLiar(node)));
    const dead = new Set<SimulatedNode>();
    for (const node of [...this.#nodes.filter(isLiar), ...honest]) {
      const groups = this.#groups.filter((group) => group.has(node.index));
      // A liar counts as lost already where it lies.
      const price = (group: GroupRun): number => (group.hasLiar(node.index) ? 0 : 1);
      if (!groups.every((group) => (left.get(group) ?? -1) >= price(group))) continue;
      for (const group of groups) left.set(group, (left.get(group) ?? 0) - price(group));
      dead.add(node);
    }
    return this.#nodes.filter((node) => !dead.has(node));
  }

  /** Within bounded virtual time a fresh transaction must come into a block of each group, and everything else that is owed. */
  #demandProgress(groups: readonly GroupRun[], core: readonly SimulatedNode[]): readonly SimulatedNode[] {
    let alive = core;
    let deadlineMs = this.#world.nowMs + LIVENESS_MS_MAX;
    const suspiciousMs = this.#world.nowMs + LOCKED_APART_MS;
    let waiting = groups;
    for (const group of groups) group.demandProgress();
    for (let round = 0; this.#world.nowMs < deadlineMs; round++) {
      for (const group of groups) group.ask(round, alive);
      this.#world.run(this.#world.nowMs + LIVENESS_CHECK_MS);
      waiting = groups.filter((group) => group.missing(alive) !== undefined);
      if (waiting.length === 0) return alive;
      if (this.#world.nowMs < suspiciousMs) continue;
      // Groups that can go on must do so first, whatever another one waits for.
      if (!waiting.every((group) => group.isLockedApart(alive))) continue;
      if (alive.length < this.#nodes.length) {
        alive = this.#reviveAll();
        deadlineMs = this.#world.nowMs + LIVENESS_MS_MAX;
      } else if (waiting.every((group) => group.hasLiars)) {
        this.#lockedForGood = true;
        this.#tell("locked apart", "for good");
        return alive;
      }
      // Without liars somebody could have let everybody go: with all nodes there nothing is forgiven.
    }
    const [late] = waiting as readonly [GroupRun, ...GroupRun[]];
    const what = late.missing(alive) ?? "progress came too late";
    throw new SimulationFailure("liveness", what, { groupId: late.groupId });
  }

  #reviveAll(): readonly SimulatedNode[] {
    this.#lockedApart = true;
    this.#tell("locked apart", "the others come back");
    for (const node of this.#nodes) if (!node.isRunning) this.#start(node);
    return this.#nodes;
  }
}
