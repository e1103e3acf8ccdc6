/** The simulated disk of one node: writes complete later, in order, and a crash may lose those that were not synced. */
import type { Random } from "@tsbcos/core/primitives";
import type { ByteString } from "@tsbcos/core/primitives";
import type { KeyValueReader, StateWrite } from "@tsbcos/core/state";
import type { World } from "./world.js";

/** How slow the disk is. */
export interface DiskOptions {
  readonly writeMinMs: number;
  readonly writeMaxMs: number;
  /** Probability that a write takes {@link STALL_MS} longer. */
  readonly stall: number;
}

/** A disk without faults: what the second phase of a run uses. */
export const CALM_DISK: DiskOptions = { writeMinMs: 1, writeMaxMs: 10, stall: 0 };

const STALL_MS = 2000;

interface PendingWrite {
  readonly apply: () => void;
  readonly done: () => void;
}

/** What survives of one node. Batches are atomic: a batch is there whole or not at all. */
export class SimulatedDisk {
  readonly #world: World;
  readonly #random: Random;
  readonly #rows = new Map<ByteString, Uint8Array>();
  #backedUpPrepare: Uint8Array | undefined;
  #pending: PendingWrite[] = [];
  #options: DiskOptions;
  /** Writes of a crashed process report to nobody. */
  #incarnation = 0;
  #freeAtMs = 0;
  #writes = 0;

  constructor(world: World, random: Random, options: DiskOptions) {
    this.#world = world;
    this.#random = random;
    this.#options = options;
  }

  /** What is on the disk, durable or not needed to be: the committed state of the node. */
  get reader(): KeyValueReader {
    return { get: (key) => this.#rows.get(key)?.slice() };
  }

  /** Every row, for comparing nodes. */
  get rows(): ReadonlyMap<ByteString, Uint8Array> {
    return this.#rows;
  }

  /** What the last durable prepare backup holds. */
  get backedUpPrepare(): Uint8Array | undefined {
    return this.#backedUpPrepare;
  }

  /** Writes that somebody asked for so far. */
  get writes(): number {
    return this.#writes;
  }

  /** From now on the disk behaves like this. */
  setOptions(options: DiskOptions): void {
    this.#options = options;
  }

  /** Writes at once, as a node does before it starts to work. */
  writeNow(writes: readonly StateWrite[]): void {
    this.#writes++;
    this.#apply(writes);
  }

  /** Writes one atomic batch; `done` is called when it is durable, and never when the process dies before. */
  write(writes: readonly StateWrite[], done: () => void): void {
    const copies = writes.map(({ key, value }) => ({ key, value: value?.slice() }));
    this.#enqueue({ apply: () => this.#apply(copies), done });
  }

  /** Replaces the prepare backup; `done` as in {@link write}. */
  writePrepare(bytes: Uint8Array, done: () => void): void {
    this.#enqueue({ apply: () => void (this.#backedUpPrepare = bytes), done });
  }

  /** The process dies. Of the writes under way a random number, the oldest first, made it to the platters unreported. */
  crash(): void {
    this.#incarnation++;
    const survivors = this.#random.below(this.#pending.length + 1);
    for (const write of this.#pending.slice(0, survivors)) write.apply();
    this.#pending = [];
    this.#freeAtMs = this.#world.nowMs;
  }

  #apply(writes: readonly StateWrite[]): void {
    for (const { key, value } of writes) {
      if (value === undefined) this.#rows.delete(key);
      else this.#rows.set(key, value.slice());
    }
  }

  #enqueue(write: PendingWrite): void {
    this.#writes++;
    const { writeMinMs, writeMaxMs, stall } = this.#options;
    const tookMs =
      writeMinMs + this.#random.below(writeMaxMs - writeMinMs + 1) + (this.#random.chance(stall) ? STALL_MS : 0);
    this.#freeAtMs = Math.max(this.#freeAtMs, this.#world.nowMs) + tookMs;
    this.#pending.push(write);
    const incarnation = this.#incarnation;
    this.#world.after(this.#freeAtMs - this.#world.nowMs, () => {
      if (incarnation !== this.#incarnation) return;
      this.#pending.shift();
      write.apply();
      write.done();
    });
  }
}
