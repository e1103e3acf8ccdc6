/** What all kinds of fuzzing have in common. */
import type { Random } from "@tsbcos/core/primitives";

/** Counts of one case, by what is counted; they are added up. */
export type Figures = Readonly<Record<string, number>>;

/** Something that random input is thrown at. */
export interface Target {
  /** As on the command line. */
  readonly name: string;
  /** What is thrown at what, in one line. */
  readonly description: string;
  /**
   * Runs one case. The same stream of random numbers gives the same case.
   *
   * @throws Error that says what went wrong
   */
  run(random: Random): Figures | Promise<Figures>;
}

/** A case that went wrong. */
export class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";
}

/** Asserts what must hold of a case. */
export function demand(condition: boolean, what: string): asserts condition {
  if (!condition) throw new FuzzFailure(what);
}

/** CPU time of this process so far, in milliseconds: whatever else the machine does makes no case too slow. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** One of the items. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)] as T;
}
