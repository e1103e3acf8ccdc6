/** One simulated node: a process with the groups that it runs, which share its sessions, its clocks and its fate. */
import type { GroupId, Instant, NodeId, Random } from "@tsbcos/core/primitives";
import { P2P_HEADER_BYTES } from "@tsbcos/core/protocol";
import { Bandwidth, GroupRouter } from "@tsbcos/core/group";
import { SimulatedGroup } from "./group.js";
import type { GroupParts, HostingNode } from "./group.js";
import type { SimulatedFrame } from "./network.js";
import type { BandwidthOptions } from "./options.js";
import type { Bug } from "./planted/bugs.js";
import type { World } from "./world.js";

/** Wall clock at the beginning of every run: a Tuesday in 2023. */
const EPOCH_MS = 1_700_000_000_000;

/** What a node is made of, besides its groups. */
export interface NodeParts {
  readonly index: number;
  readonly nodeId: NodeId;
  readonly world: World;
  readonly random: Random;
  /** Without it nothing is limited. */
  readonly bandwidth?: BandwidthOptions;
  readonly bug?: Bug | undefined;
}

/** What one life of a process has. */
interface Process {
  readonly router: GroupRouter<SimulatedGroup>;
  readonly bandwidth: Bandwidth;
  /** A process starts its monotonic clock anywhere. */
  readonly steadyOffsetMs: number;
  /** Number of the last frame, whatever its group. The first number given out is 2, as in the C++ node. */
  lastSeq: number;
}

/** A node that can be started, crashed and paused, and that gets frames. */
export class SimulatedNode implements HostingNode {
  readonly index: number;
  readonly nodeId: NodeId;
  readonly world: World;
  readonly #random: Random;
  readonly #limits: BandwidthOptions | undefined;
  readonly #bug: Bug | undefined;
  readonly #groups: SimulatedGroup[] = [];
  /** Groups that shall not run until somebody starts them, or the process starts anew. */
  readonly #stopped = new Set<SimulatedGroup>();
  /** Groups that nobody has started for the first time. */
  readonly #unmade = new Set<SimulatedGroup>();
  #process: Process | undefined;
  /** What arrived during a pause; undefined while running. */
  #held: (() => void)[] | undefined;
  #clockSkewMs = 0;

  constructor({ index, nodeId, world, random, bandwidth, bug }: NodeParts) {
    this.index = index;
    this.nodeId = nodeId;
    this.world = world;
    this.#random = random;
    this.#limits = bandwidth;
    this.#bug = bug;
  }

  /**
   * Configures a group on this node.
   *
   * @param isMade the next start of the process runs it; otherwise it is made by the first {@link startGroup}
   */
  addGroup(parts: GroupParts, isMade = true): SimulatedGroup {
    // The first group draws from the stream of the node itself.
    const random = parts.rules.groupId === 1 ? this.#random : this.#random.split(`group/${parts.rules.groupId}`);
    const group = new SimulatedGroup(this, random, parts);
    this.#groups.push(group);
    if (!isMade) this.#unmade.add(group);
    return group;
  }

  get groups(): readonly SimulatedGroup[] {
    return this.#groups;
  }

  /** There is a process, perhaps a paused one. */
  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** The process stands still. */
  get isPaused(): boolean {
    return this.#held !== undefined;
  }

  /** Starts the process, and every group from what its disk holds. */
  start(): void {
    this.#stopped.clear();
    const made = this.#groups.filter((group) => !this.#unmade.has(group));
    const opened = made.map((group) => ({ group, begin: group.open() }));
    const steadyOffsetMs = this.#random.below(1_000_000_000) - this.world.nowMs;
    const router = new GroupRouter<SimulatedGroup>();
    const bandwidth = new Bandwidth(this.#limits?.node, this.world.nowMs);
    const process = { router, bandwidth, steadyOffsetMs, lastSeq: 1 };
    this.#process = process;
    for (const { group, begin } of opened) this.#begin(process, group, begin);
  }

  /** Ends the process without a warning. */
  crash(): void {
    this.#process = undefined;
    this.#held = undefined;
    for (const group of this.#groups) group.crash();
  }

  /** Stops one group while the others go on: what is being written is written, and nothing else happens in it. Not in a pause. */
  stopGroup(group: SimulatedGroup): void {
    this.#stopped.add(group);
    this.#process?.bandwidth.removeGroup(group.groupId);
    this.#process?.router.remove(group.groupId);
    group.stop();
  }

  /** Starts a group that was stopped, once it is through with its writes; when the process is down, it starts with that. */
  startGroup(group: SimulatedGroup): void {
    this.#stopped.delete(group);
    this.#unmade.delete(group);
    if (this.#process === undefined) return;
    const begin = (): void => {
      if (this.#process === undefined || group.isRunning || this.#stopped.has(group)) return;
      this.#begin(this.#process, group, group.open());
    };
    group.whenStopped(() => this.arrive(begin));
  }

  /** The process stands still; everything that arrives waits. */
  pause(): void {
    this.#held ??= [];
  }

  /** The process goes on and finds everything that arrived meanwhile. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const arrived of held) arrived();
  }

  arrive(what: () => void): void {
    if (this.#held === undefined) what();
    else this.#held.push(what);
  }

  /** Sets the wall clock forward or back. */
  jumpClock(byMs: number): void {
    this.#clockSkewMs += byMs;
  }

  now(): Instant {
    const { nowMs } = this.world;
    return {
      steadyMs: nowMs + (this.#process?.steadyOffsetMs ?? 0),
      wallMs: EPOCH_MS + nowMs + this.#clockSkewMs,
    };
  }

  nextSeq(): number {
    const process = this.#process;
    return process === undefined ? 0 : ++process.lastSeq;
  }

  /** A frame of a session: it goes to its group, if that runs here and takes it. */
  frame(from: NodeId, frame: SimulatedFrame): void {
    const process = this.#process;
    if (process === undefined) return;
    if (this.#bug === "stopped-group-holds-others" && this.#stopped.size > 0) return;
    this.arrive(() => process.router.frame(from, { ...frame, isResponse: false }));
  }

  /** The sessions are now these. */
  sessionsChanged(peers: readonly NodeId[]): void {
    const process = this.#process;
    if (process !== undefined) this.arrive(() => process.router.peersChanged(peers));
  }

  membersChanged(groupId: GroupId, members: readonly NodeId[]): void {
    this.#process?.router.setMembers(groupId, members);
  }

  charge(frame: SimulatedFrame, receivers: number): void {
    const bytes = P2P_HEADER_BYTES + frame.body.length;
    const charged = { ...frame, isResponse: false };
    for (let left = receivers; left > 0; left--) this.#process?.bandwidth.charge(charged, bytes, this.world.nowMs);
  }

  serve(groupId: GroupId, sizes: readonly number[]): number {
    return this.#process?.bandwidth.serve(groupId, sizes, this.world.nowMs) ?? 0;
  }

  /** Frames that reached no group in this life, by reason. */
  droppedFrames(): ReadonlyMap<string, number> {
    return this.#process?.router.droppedFrames() ?? new Map<string, number>();
  }

  #begin({ router, bandwidth }: Process, group: SimulatedGroup, begin: () => void): void {
    bandwidth.addGroup(group.groupId, this.#limits?.group, this.world.nowMs);
    begin();
    router.add(group.groupId, group);
  }
}
