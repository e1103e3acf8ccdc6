/** `npm run sim -- --twins`: plays scenarios of twins and says what was covered. */
import type { FailureKind } from "../failure.js";
import { EXIT_CODES } from "../failure.js";
import type { RunWishes } from "../options.js";
import { runBatch } from "../pool.js";
import type { TwinOutcome } from "../run.js";
import { ENUMERATED, INSTANCES, NODES, PARTITIONS, PRUNED, ROUND_CLASSES, ROUNDS } from "./scenarios.js";

/** Scenarios without `--runs`: all enumerated ones, and some more. */
export const TWIN_RUNS = 8000;

const PROGRESS_RUNS = 500;
/** What to play. */
export interface TwinSettings {
  /** Number of the first scenario. */
  readonly seed: number;
  readonly runs: number;
  readonly threads: number;
  readonly wishes: RunWishes;
  readonly verbose: boolean;
  readonly keepGoing: boolean;
}

/** Plays them and prints what came out; returns the exit code. */
export async function runTwins(settings: TwinSettings, print: (line: string) => void): Promise<number> {
  const { seed, runs, threads, wishes, verbose, keepGoing } = settings;
  const counted = new Counted();
  const failed: TwinOutcome[] = [];
  const startedMs = performance.now();
  await runBatch({
    program: "twins",
    seedFirst: seed,
    runs,
    wishes,
    threads: verbose ? 1 : threads,
    onLine: verbose ? print : undefined,
    onOutcome: (outcome) => {
      counted.add(outcome);
      if (outcome.failure !== undefined) failed.push(outcome);
      if (outcome.failure !== undefined && keepGoing)
        print(`failed: scenario ${outcome.scenario.number}: ${outcome.failure.kind}`);
      if (counted.runs % PROGRESS_RUNS === 0 && counted.runs < runs) print(`${counted.runs} scenarios ...`);
      return outcome.failure !== undefined && !keepGoing;
    },
  });
  failed.sort((a, b) => a.scenario.number - b.scenario.number);
  const [first] = failed;
  if (first !== undefined) for (const line of describeFailure(first, wishes)) print(line);
  const seconds = (performance.now() - startedMs) / 1000;
  for (const line of counted.lines()) print(line);
  const speed = `${seconds.toFixed(1)} s, ${(counted.runs / seconds).toFixed(1)} schedules a second`;
  print(`${counted.runs - failed.length} of ${counted.runs} scenarios passed; ${speed}`);
  return first?.failure === undefined ? 0 : EXIT_CODES[first.failure.kind satisfies FailureKind];
}

/** Adds up what was covered. */
class Counted {
  runs = 0;
  #enumerated = 0;
  #rounds = 0;
  #complete = 0;
  #blocks = 0;
  #lockedApart = 0;
  readonly #met = new Set<string>();
  readonly #metFirst = new Set<string>();

  add({ scenario, figures }: TwinOutcome): void {
    this.runs++;
    if (scenario.kind === "enumerated") this.#enumerated++;
    this.#rounds += figures.rounds;
    if (figures.rounds === ROUNDS) this.#complete++;
    this.#blocks += figures.height;
    if (figures.lockedApart) this.#lockedApart++;
    for (const pair of figures.met) this.#met.add(pair);
    this.#metFirst.add(figures.metFirst);
  }

  lines(): string[] {
    const { runs } = this;
    const all = PARTITIONS.length;
    return [
      `${NODES} nodes and a twin of one: ${INSTANCES} instances, cut in each of ${ROUNDS} rounds in one of all ${all} ways`,
      `two partitions in turn: ${this.#enumerated} of ${ENUMERATED.length} scenarios, ${PRUNED} more mirror one of them`,
      `drawn by lot:           ${runs - this.#enumerated} of ${NODES} x ${all}^${ROUNDS} = ${(NODES * all ** ROUNDS).toExponential(1)}`,
      `partition and leader:   ${this.#metFirst.size} of ${ROUND_CLASSES} pairs that differ met in first rounds, ${this.#met.size} in any`,
      `rounds played:          ${this.#rounds}; all ${ROUNDS} of them in ${this.#complete} scenarios; ${this.#blocks} blocks`,
      `locked apart at the end: ${this.#lockedApart} (bound to different blocks: a limit of the protocol, see the manual)`,
    ];
  }
}

function describeFailure({ scenario, failure, figures, lastLines }: TwinOutcome, { bug }: RunWishes): string[] {
  const planted = bug === undefined ? "" : ` --bug ${bug}`;
  return [
    `FAILED  scenario ${scenario.number}: ${failure?.kind ?? ""}: ${failure?.message ?? ""}`,
    `twin of n${scenario.twinned}, sets of (${"n0 n1 n2 n3 twin"}) in each round: ${scenario.partitions.join(" ")}`,
    `digest  ${figures.digest} after ${figures.events} events, ${figures.virtualMs} virtual ms`,
    "the last state changes:",
    ...lastLines.map((line) => `  ${line}`),
    `again:  npm run sim -- --twins --seed ${scenario.number} --runs 1 --verbose${planted}`,
  ];
}
