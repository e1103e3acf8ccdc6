/** Cases one after the other, each from its own seed. */
import { createRandom } from "@tsbcos/core/primitives";
import type { Target } from "./target.js";

/** What cases have added up to. */
export class Totals {
  cases = 0;
  /** Time spent in them. */
  milliseconds = 0;
  readonly figures = new Map<string, number>();

  /** The figures as text, such as `12 calls, 3 failed`. */
  toString(): string {
    return [...this.figures].map(([name, count]) => `${count.toLocaleString("en")} ${name}`).join(", ");
  }
}

/** Runs the case of a seed and adds up its figures. Passes on whatever it throws. */
export async function runCase(target: Target, seed: number, totals: Totals): Promise<void> {
  const started = performance.now();
  const figures = await target.run(createRandom(`${target.name}/${seed}`));
  totals.milliseconds += performance.now() - started;
  totals.cases++;
  for (const [name, count] of Object.entries(figures)) {
    totals.figures.set(name, (totals.figures.get(name) ?? 0) + count);
  }
}
