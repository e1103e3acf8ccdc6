/** `npm run sim -- --seed N --runs N`: simulated clusters. See docs/internals/simulator.md. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { EXIT_CODES } from "./failure.js";
import { CONSENSUS_TYPES, GROUPS_MAX } from "./options.js";
import type { RunWishes } from "./options.js";
import { BUGS, PLANTED_BUGS } from "./planted/bugs.js";
import { findPlanted } from "./planted/search.js";
import { runBatch } from "./pool.js";
import type { Outcome } from "./run.js";
import { runTwins, TWIN_RUNS } from "./twins/command.js";

const RUNS = 100;

const USAGE = `usage: npm run sim -- [--seed N] [--runs N] [options]

  --seed N       first seed (default 1); the same seed always gives the same run
  --runs N       number of seeds, counted up from the first (default ${RUNS})
  --verbose      one line a state change; runs on one thread
  --threads N    threads (default: one for each processor)
  --keep-going   run all seeds, also after a failure
  --twins        scenarios of twins in place of seeds: PBFT of four nodes, one of which runs twice with one key;
                 --seed and --runs count scenarios (default ${TWIN_RUNS}: all enumerated ones and more), --bug works too
  --marks        count the trace events of all runs
  --bug NAME     plant a fault, to see it found (the exit code is then that of the failure): one of the names below
  --bugs         plant each fault in turn and print what found it; exit code 1 when one is not found
  --consensus T  all groups with that consensus type, otherwise drawn by the seed: ${CONSENSUS_TYPES.join(", ")}
  --groups N     all runs with so many groups, at most ${GROUPS_MAX}; otherwise one in six of the seeds for which no consensus
                 type is asked has several

faults to plant:
${BUGS.map((name) => `  ${name.padEnd(34)}${PLANTED_BUGS[name].what}`).join("\n")}

exit code: 0 passed, ${EXIT_CODES.crash} crash, ${EXIT_CODES.liveness} no progress, ${EXIT_CODES.correctness} a promise was broken`;

const PROGRESS_RUNS = 100;
const MESSAGE_SHOWN = 140;

interface Settings {
  readonly seed: number;
  readonly runs: number;
  readonly threads: number;
  readonly wishes: RunWishes;
  readonly verbose: boolean;
  readonly keepGoing: boolean;
  readonly marks: boolean;
  readonly bugs: boolean;
  readonly twins: boolean;
}

/** Reads the command line; undefined when it makes no sense. */
function readSettings(args: readonly string[]): Settings | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string", default: "1" },
      runs: { type: "string" },
      threads: { type: "string", default: String(availableParallelism()) },
      bug: { type: "string" },
      consensus: { type: "string" },
      groups: { type: "string" },
      verbose: { type: "boolean", default: false },
      "keep-going": { type: "boolean", default: false },
      marks: { type: "boolean", default: false },
      bugs: { type: "boolean", default: false },
      twins: { type: "boolean", default: false },
    },
  });
  const runsAsked = values.runs ?? (values.twins ? TWIN_RUNS : RUNS);
  const [seed, runs, threads] = [values.seed, runsAsked, values.threads].map(Number) as [number, number, number];
  const bug = BUGS.find((name) => name === values.bug);
  const consensus = CONSENSUS_TYPES.find((name) => name === values.consensus);
  if (![seed, runs, threads].every((count) => Number.isSafeInteger(count) && count >= 0)) return undefined;
  if (runs < 1 || threads < 1 || (values.bug !== undefined && bug === undefined)) return undefined;
  if (values.consensus !== undefined && consensus === undefined) return undefined;
  const groups = values.groups === undefined ? undefined : Number(values.groups);
  if (groups !== undefined && (!Number.isInteger(groups) || groups < 1 || groups > GROUPS_MAX)) return undefined;
  return {
    seed,
    runs,
    threads,
    wishes: { bug, consensus, groups },
    verbose: values.verbose,
    keepGoing: values["keep-going"],
    marks: values.marks,
    bugs: values.bugs,
    twins: values.twins,
  };
}

/** Adds up what all runs report. */
class Totals {
  readonly failed: Outcome[] = [];
  readonly marks = new Map<string, number>();
  /** Runs of each consensus type, and how many of them had how many liars. */
  readonly kinds = new Map<string, number>();
  runs = 0;
  lockedApart = 0;
  lockedForGood = 0;
  blocks = 0;
  events = 0;
  virtualMs = 0;

  add(outcome: Outcome): void {
    this.runs++;
    for (const kind of kindsOf(outcome)) this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    if (outcome.figures.lockedApart) this.lockedApart++;
    if (outcome.figures.lockedForGood) this.lockedForGood++;
    this.blocks += outcome.figures.height;
    this.events += outcome.figures.events;
    this.virtualMs += outcome.figures.virtualMs;
    for (const [mark, count] of outcome.figures.marks) this.marks.set(mark, (this.marks.get(mark) ?? 0) + count);
    if (outcome.failure !== undefined) this.failed.push(outcome);
  }
}

function kindsOf({ options: { groups } }: Outcome): string[] {
  const kinds = groups.flatMap(({ consensus, members, liarCount }) =>
    liarCount === 0 ? [consensus] : [consensus, `${consensus} with ${liarCount} of ${members.length} lying`],
  );
  return groups.length === 1 ? kinds : [...kinds, `with ${groups.length} groups`];
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function describeFailure({ options, failure, figures, lastLines }: Outcome, asked: RunWishes): string {
  const wishes = Object.entries(asked).map(([name, value]) => (value === undefined ? "" : ` --${name} ${value}`));
  return [
    `FAILED  seed ${options.seed}: ${failure?.kind ?? ""}: ${failure?.message ?? ""}`,
    `options ${JSON.stringify(options)}`,
    `digest  ${figures.digest} after ${figures.events} events, ${figures.virtualMs} virtual ms`,
    "the last state changes:",
    ...lastLines.map((line) => `  ${line}`),
    `again:  npm run sim -- --seed ${options.seed} --runs 1 --verbose${wishes.join("")}`,
  ].join("\n");
}

async function runAll(settings: Settings, totals: Totals): Promise<void> {
  const { seed, runs, threads, wishes, keepGoing } = settings;
  const onOutcome = (outcome: Outcome): boolean => {
    totals.add(outcome);
    const { failure } = outcome;
    if (failure !== undefined && keepGoing) print(`failed: seed ${outcome.options.seed}: ${failure.kind}`);
    if (totals.runs % PROGRESS_RUNS === 0 && totals.runs < runs) print(`${totals.runs} runs ...`);
    return failure !== undefined && !keepGoing;
  };
  const batch = { program: "run" as const, seedFirst: seed, runs, wishes, onOutcome };
  return runBatch(settings.verbose ? { ...batch, threads: 1, onLine: print } : { ...batch, threads });
}

/** Plants each fault and prints what found it; the exit code. */
async function runBugs({ threads }: Settings): Promise<number> {
  let missed = 0;
  print("room       fault                             schedules  seed  found by");
  for (const bug of BUGS) {
    const { room, schedulesMax } = PLANTED_BUGS[bug];
    const found = await findPlanted(bug, { threads });
    const start = `${room.padEnd(11)}${bug.padEnd(34)}`;
    if (found === undefined) missed++;
    if (found === undefined) print(`${start}${String(schedulesMax).padStart(9)}     -  NOT FOUND`);
    else {
      const { schedules, seed, failure } = found;
      const [line = ""] = failure.message.split("\n");
      const by = `${failure.kind}: ${line.slice(0, MESSAGE_SHOWN)}`;
      print(`${start}${String(schedules).padStart(9)}  ${String(seed).padStart(4)}  ${by}`);
    }
  }
  print(`${BUGS.length - missed} of ${BUGS.length} planted faults were found`);
  return missed === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  if (process.argv.includes("--help")) {
    print(USAGE);
    return 0;
  }
  let settings: Settings | undefined;
  try {
    settings = readSettings(process.argv.slice(2));
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
  }
  if (settings === undefined) {
    print(USAGE);
    return 2;
  }
  if (settings.bugs) return runBugs(settings);
  if (settings.twins) return runTwins(settings, print);
  const totals = new Totals();
  const startedMs = performance.now();
  await runAll(settings, totals);
  const seconds = (performance.now() - startedMs) / 1000;
  if (settings.marks) {
    for (const [mark, count] of [...totals.marks].sort()) print(`${String(count).padStart(9)}  ${mark}`);
  }
  totals.failed.sort((a, b) => a.options.seed - b.options.seed);
  const [first] = totals.failed;
  if (first !== undefined) print(describeFailure(first, settings.wishes));
  const passed = totals.runs - totals.failed.length;
  const simulated = `${totals.blocks} blocks, ${totals.events} events, ${(totals.virtualMs / 3_600_000).toFixed(1)} virtual hours`;
  const speed = `${seconds.toFixed(1)} s, ${(totals.runs / seconds).toFixed(1)} schedules a second`;
  const kinds = [...totals.kinds].sort().map(([kind, count]) => `${count} ${kind}`);
  print(`runs: ${kinds.join(", ")}`);
  if (totals.lockedApart > 0) print(`${totals.lockedApart} runs: a bare quorum was bound to different blocks`);
  if (totals.lockedForGood > 0)
    print(`${totals.lockedForGood} runs: liars had bound all nodes to different blocks, for good`);
  print(`${passed} of ${totals.runs} runs passed; ${simulated}; ${speed}`);
  return first?.failure === undefined ? 0 : EXIT_CODES[first.failure.kind];
}

process.exitCode = await main();
