/** Bad things that happen to a cluster while the first phase of a run lasts. */
import type { Random } from "@tsbcos/core/primitives";
import type { FaultOptions } from "./options.js";
import type { World } from "./world.js";

/** Frames from one side to the other vanish. */
export interface Cut {
  readonly side: readonly number[];
  readonly others: readonly number[];
  /** Those from the others still arrive. */
  readonly oneSided: boolean;
  /** What is under way is lost as well. */
  readonly abrupt: boolean;
}

/** What faults can be done to. */
export interface FaultTarget {
  readonly nodeCount: number;
  isUp(node: number): boolean;
  crash(node: number): void;
  restart(node: number): void;
  pause(node: number): void;
  resume(node: number): void;
  /** Groups of the node. */
  groupCountOf(node: number): number;
  stopGroup(node: number, at: number): void;
  startGroup(node: number, at: number): void;
  jumpClock(node: number, byMs: number): void;
  partition(cut: Cut): void;
  heal(): void;
}

/** A node that crashes because of a frame does so within this time. */
const AFTER_FRAME_MS_MAX = 5;
/** How long it may be down: often shorter than the others need to notice. */
const SHORT_DOWN_MS_MAX = 1000;
/** A leader is struck within this time of an offer: some of the others have it by then. */
const AFTER_OFFER_MS_MAX = 50;
/** A leader that is struck is away for about as long as the others need for an election. */
const LEADER_AWAY_MS_MAX = 6000;

/** Draws faults at random times until it is stopped, and takes each back after a while. */
export class Faults {
  readonly #world: World;
  readonly #random: Random;
  readonly #options: FaultOptions;
  readonly #target: FaultTarget;
  /** Nodes that are down or paused at the moment. */
  readonly #away = new Set<number>();
  readonly #ofPromises: Random;
  readonly #ofLeaders: Random;
  /** Counts partitions, so that the end of one does not heal the next. */
  #partitions = 0;
  #partitioned = false;
  #stopped = false;

  constructor(parts: { world: World; random: Random; options: FaultOptions; target: FaultTarget }) {
    this.#world = parts.world;
    this.#random = parts.random;
    this.#options = parts.options;
    this.#target = parts.target;
    this.#ofPromises = parts.random.split("promises");
    this.#ofLeaders = parts.random.split("leaders");
  }

  /** Begins. */
  start(): void {
    const { crashEveryMs, pauseEveryMs, partitionEveryMs, clockJumpEveryMs, groupStopEveryMs } = this.#options;
    this.#repeat("crash", crashEveryMs, (random) => this.#crash(random));
    this.#repeat("pause", pauseEveryMs, (random) => this.#pause(random));
    this.#repeat("partition", partitionEveryMs, (random) => this.#partition(random));
    this.#repeat("clock", clockJumpEveryMs, (random) => this.#jumpClock(random));
    this.#repeat("group", groupStopEveryMs, (random) => this.#stopGroup(random));
  }

  /** A node has sent a frame of consensus: the moment at which a crash costs most. */
  promised(node: number): void {
    const { crashAfterFrame, downAtOnceMax } = this.#options;
    if (this.#stopped || crashAfterFrame === 0 || !this.#ofPromises.chance(crashAfterFrame)) return;
    this.#later(this.#ofPromises, AFTER_FRAME_MS_MAX, () => {
      if (this.#away.size < downAtOnceMax && this.#isVictim(node))
        this.#takeDown(node, this.#ofPromises, SHORT_DOWN_MS_MAX);
    });
  }

  /**
   * A leader is about to offer a block. Cut off now, or dead soon, it leaves the block with few, and the next leader may
   * not know of it: several such leaders in a row are what makes it matter whose offers are counted.
   */
  offering(leader: number): void {
    const random = this.#ofLeaders;
    if (this.#stopped || !random.chance(this.#options.leaderStruck)) return;
    if (random.chance(0.6)) return this.#cutOff(leader, random);
    this.#later(random, AFTER_OFFER_MS_MAX, () => {
      if (this.#isVictim(leader)) this.#takeDown(leader, random, LEADER_AWAY_MS_MAX);
    });
  }

  /** No more faults, and none of those under way is taken back any more: the caller does that. */
  stop(): void {
    this.#stopped = true;
  }

  #repeat(label: string, everyMs: number, fault: (random: Random) => void): void {
    if (everyMs === 0) return;
    const random = this.#random.split(label);
    const next = (): void => {
      this.#later(random, 2 * everyMs, () => {
        fault(random);
        next();
      });
    };
    next();
  }

  #later(random: Random, withinMs: number, action: () => void): void {
    this.#world.after(1 + random.below(withinMs), () => {
      if (!this.#stopped) action();
    });
  }

  /** A node that can be taken away now, if there is one. */
  #victim(random: Random): number | undefined {
    if (this.#away.size >= this.#options.downAtOnceMax) return undefined;
    const node = random.below(this.#target.nodeCount);
    return this.#isVictim(node) ? node : undefined;
  }

  #isVictim(node: number): boolean {
    return !this.#away.has(node) && this.#target.isUp(node);
  }

  #crash(random: Random): void {
    const node = this.#victim(random);
    if (node !== undefined) this.#takeDown(node, random, this.#options.downMsMax);
  }

  #takeDown(node: number, random: Random, downMsMax: number): void {
    this.#away.add(node);
    this.#target.crash(node);
    this.#later(random, downMsMax, () => {
      this.#away.delete(node);
      this.#target.restart(node);
    });
  }

  #pause(random: Random): void {
    const node = this.#victim(random);
    if (node === undefined) return;
    this.#away.add(node);
    this.#target.pause(node);
    this.#later(random, this.#options.pauseMsMax, () => {
      this.#away.delete(node);
      this.#target.resume(node);
    });
  }

  #partition(random: Random): void {
    if (this.#partitioned) return;
    const nodes = random.shuffled(Array.from({ length: this.#target.nodeCount }, (_, index) => index));
    const cut = 1 + random.below(nodes.length - 1);
    const oneSided = random.chance(0.3);
    const { partitionMsMax } = this.#options;
    this.#cut({ side: nodes.slice(0, cut), others: nodes.slice(cut), oneSided, abrupt: false }, random, partitionMsMax);
  }

  /** Leaves a leader alone, or with fewer than half of all; in place of the partition that there may be. */
  #cutOff(leader: number, random: Random): void {
    if (this.#partitioned) this.#target.heal();
    const followers = Array.from({ length: this.#target.nodeCount }, (_, index) => index).filter((at) => at !== leader);
    const nodes = [leader, ...random.shuffled(followers)];
    const cut = 1 + random.below(Math.ceil(nodes.length / 2) - 1);
    const abrupt = random.chance(0.5);
    this.#cut(
      { side: nodes.slice(0, cut), others: nodes.slice(cut), oneSided: false, abrupt },
      random,
      LEADER_AWAY_MS_MAX,
    );
  }

  #cut(cut: Cut, random: Random, lastsMsMax: number): void {
    this.#partitioned = true;
    const number = ++this.#partitions;
    this.#target.partition(cut);
    this.#later(random, lastsMsMax, () => {
      if (number !== this.#partitions) return;
      this.#partitioned = false;
      this.#target.heal();
    });
  }

  /** Ends one group in a living process. */
  #stopGroup(random: Random): void {
    const node = random.below(this.#target.nodeCount);
    const at = random.below(Math.max(1, this.#target.groupCountOf(node)));
    if (this.#target.groupCountOf(node) === 0 || !this.#isVictim(node)) return;
    this.#target.stopGroup(node, at);
    this.#later(random, this.#options.groupStopMsMax, () => this.#target.startGroup(node, at));
  }

  #jumpClock(random: Random): void {
    const byMs = random.below(2 * this.#options.clockJumpMsMax) - this.#options.clockJumpMsMax;
    this.#target.jumpClock(random.below(this.#target.nodeCount), byMs);
  }
}
