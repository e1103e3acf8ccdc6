/** Random faults for a cluster whose blocks also come by synchronisation, and how long it takes to recover. */
import { createRandom } from "../../primitives/index.js";
import type { Random } from "../../primitives/index.js";
import { TestCluster } from "./cluster.js";
import type { Frame, Work } from "./cluster.js";
import { Model291 } from "./model-2.9.1/node.js";

const SYNC_AFTER_MS = 300;
const STEP_MS = 10;
const WORKS: readonly Work[] = ["execute", "store", "verify"];

/** What may happen in one run. */
export interface Faults {
  /** One node at a time is down. */
  readonly crashes: boolean;
  /** Sessions close and open. */
  readonly cuts: boolean;
  /** Three of ten frames are lost for a while. */
  readonly losses: boolean;
  /** Nodes stand still at some work for a while. */
  readonly slowness: boolean;
  /** Longest time of a frame on its way, milliseconds. */
  readonly latencyMs: number;
}

/** A cluster in which the nodes of some numbers behave as those of 2.9.1 do. */
export function mixedCluster(models: readonly number[]): TestCluster {
  return new TestCluster(4, {
    machineOf: (environment, number) => (models.includes(number) ? new Model291(environment) : undefined),
  });
}

/** One run: the same seed brings the same faults, whoever the nodes are. */
export class RoughTime {
  readonly cluster: TestCluster;
  readonly #faults: Faults;
  readonly #random: Random;
  readonly #network: Random;
  readonly #onItsWay: { readonly dueMs: number; readonly frame: Frame }[] = [];
  readonly #lastDueMs = new Map<string, number>();
  readonly #behindMs = new Map<number, number>();
  readonly #slow = new Set<number>();
  #down: number | undefined;
  #lost = 0;
  #isArriving = false;

  constructor(seed: number, models: readonly number[], faults: Faults) {
    this.cluster = mixedCluster(models);
    this.#faults = faults;
    this.#random = createRandom(`rough time ${seed}`);
    this.#network = createRandom(`network ${seed}`);
    this.cluster.isLost = (frame) => this.#isLostOrLate(frame);
  }

  /** Lets so many things happen, one after the other. */
  happen(things: number): void {
    for (let i = 0; i < things; i++) {
      this.#happenOnce(this.#random.below(6), this.#random.below(4), this.#random.below(4));
      this.run(this.#random.below(this.#random.below(4) === 0 ? 6000 : 1500) + 1);
    }
  }

  /** Ends all faults; milliseconds until all nodes have a further block, or infinity after ten minutes. */
  recover(): number {
    const { cluster } = this;
    this.#lost = 0;
    for (const number of this.#slow) cluster.release(number);
    for (const a of cluster.nodes) for (const b of cluster.nodes) if (a !== b) cluster.connect(a.number, b.number);
    if (this.#down !== undefined) cluster.restart(this.#down);
    const target = Math.max(...cluster.nodes.map(({ head }) => head.header.number)) + 1;
    cluster.submit([cluster.transaction()], [0, 1, 2, 3]);
    for (let ms = 0; ms < 600_000; ms += 100) {
      if (cluster.nodes.every(({ head }) => head.header.number >= target)) return ms;
      this.run(100);
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Lets time pass; who lags behind a node it has a session with gets its blocks. */
  run(ms: number): void {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.cluster.run(STEP_MS);
      this.#arrive();
      for (const { number, machine } of this.cluster.nodes) if (machine !== undefined) this.#catchUp(number);
    }
  }

  #happenOnce(what: number, a: number, b: number): void {
    const { cluster } = this;
    const { crashes, cuts, losses, slowness } = this.#faults;
    if (what === 0)
      cluster.submit(
        [cluster.transaction()],
        [0, 1, 2, 3].filter(() => this.#random.below(3) > 0),
      );
    if (what === 1 && cuts && a !== b) cluster.disconnect(a, b);
    if (what === 2 && cuts && a !== b) cluster.connect(a, b);
    if (what === 3 && crashes) this.#crashOrRestart(a);
    if (what === 4 && losses) this.#lost = this.#random.below(2) * 30;
    if (what === 5 && slowness && cluster.node(a).machine !== undefined) this.#slowDownOrUp(a, b);
  }

  #crashOrRestart(number: number): void {
    if (this.#down !== undefined) {
      this.cluster.restart(this.#down);
      this.#down = undefined;
      return;
    }
    this.#down = number;
    if (this.#slow.delete(number)) this.cluster.release(number);
    this.cluster.crash(number);
  }

  #slowDownOrUp(number: number, work: number): void {
    if (this.#slow.delete(number)) return this.cluster.release(number);
    this.#slow.add(number);
    this.cluster.hold(number, WORKS[work % WORKS.length] as Work);
  }

  #isLostOrLate(frame: Frame): boolean {
    if (this.#isArriving) return false;
    if (this.#lost > this.#network.below(100)) return true;
    const { latencyMs } = this.#faults;
    if (latencyMs === 0) return false;
    // Frames of one session do not overtake each other.
    const link = `${frame.from}-${frame.to}`;
    const arrivesMs = this.cluster.steadyMs + this.#network.below(latencyMs);
    const dueMs = Math.max(this.#lastDueMs.get(link) ?? 0, arrivesMs);
    this.#lastDueMs.set(link, dueMs);
    this.#onItsWay.push({ dueMs, frame });
    return true;
  }

  #arrive(): void {
    this.#isArriving = true;
    const due = this.#onItsWay.filter(({ dueMs }) => dueMs <= this.cluster.steadyMs);
    for (const arriving of due) {
      this.#onItsWay.splice(this.#onItsWay.indexOf(arriving), 1);
      this.cluster.inject(arriving.frame);
    }
    this.#isArriving = false;
  }

  #catchUp(number: number): void {
    const { cluster } = this;
    const sources = cluster.nodes.filter((other) => {
      return other.number !== number && other.machine !== undefined && cluster.isConnected(other.number, number);
    });
    const highest = Math.max(0, ...sources.map(({ head }) => head.header.number));
    const isBehind = cluster.node(number).head.header.number < highest;
    const behindMs = isBehind ? (this.#behindMs.get(number) ?? 0) + STEP_MS : 0;
    this.#behindMs.set(number, behindMs < SYNC_AFTER_MS ? behindMs : 0);
    if (behindMs >= SYNC_AFTER_MS) cluster.sync(number);
  }
}
