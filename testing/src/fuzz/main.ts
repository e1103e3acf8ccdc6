/** `npm run fuzz`: random input without end, until something breaks or time is up. See README.md. */
import { parseArgs } from "node:util";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { runCase, Totals } from "./run.js";
import { FuzzFailure } from "./target.js";
import type { Target } from "./target.js";
import { allTargets } from "./targets.js";

/** One target runs for this long before it is the next one's turn. */
const TURN_MS = 2_000;

interface Settings {
  readonly targets: readonly Target[];
  readonly seed: number;
  readonly seconds: number;
  readonly cases: number;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function usage(targets: readonly Target[]): string {
  const width = Math.max(...targets.map(({ name }) => name.length));
  return [
    "usage: npm run fuzz -- [target...] [--seed N] [--seconds N] [--cases N]",
    "",
    "  --seed N     seed of the first case of each target (default: from the clock)",
    "  --seconds N  end after so many seconds (default: never)",
    "  --cases N    end after so many cases of each target (default: never)",
    "",
    "targets (default: all, in turns):",
    ...targets.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`),
  ].join("\n");
}

/** Reads the command line; undefined when it makes no sense. */
function readSettings(args: readonly string[], known: readonly Target[]): Settings | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: "string" },
      seconds: { type: "string" },
      cases: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return undefined;
  const targets = positionals.length === 0 ? known : known.filter(({ name }) => positionals.includes(name));
  const seed = Number(values.seed ?? Math.floor(Date.now() / 1000));
  const seconds = Number(values.seconds ?? Number.POSITIVE_INFINITY);
  const cases = Number(values.cases ?? Number.POSITIVE_INFINITY);
  const isSensible = Number.isSafeInteger(seed) && seconds > 0 && cases > 0;
  const areKnown = positionals.every((wanted) => known.some(({ name }) => name === wanted));
  return isSensible && areKnown ? { targets, seed, seconds, cases } : undefined;
}

function describe(target: Target, seed: number, error: unknown): string {
  const shown =
    error instanceof FuzzFailure
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? `\ncaused by ${error.cause.stack ?? ""}` : "";
  const again = `npm run fuzz -- ${target.name} --seed ${seed} --cases 1`;
  return `FAILED  ${target.name}, seed ${seed}: ${shown}${cause}\nagain:  ${again}`;
}

function summary(target: Target, totals: Totals): string {
  const seconds = (totals.milliseconds / 1000).toFixed(1);
  return `${target.name}: ${totals.cases.toLocaleString("en")} cases in ${seconds} s: ${totals.toString()}`;
}

async function fuzz(settings: Settings, shouldStop: () => boolean): Promise<number> {
  const { targets, seed, cases } = settings;
  const deadline = performance.now() + settings.seconds * 1000;
  const running = targets.map((target) => ({ target, totals: new Totals() }));
  const isOver = (): boolean => shouldStop() || performance.now() >= deadline;
  const isDone = ({ totals }: { totals: Totals }): boolean => totals.cases >= cases;
  let code = 0;
  while (code === 0 && !isOver() && !running.every(isDone)) {
    for (const { target, totals } of running) {
      if (code !== 0 || isOver()) break;
      const turnEnds = performance.now() + TURN_MS;
      while (code === 0 && !isOver() && totals.cases < cases && performance.now() < turnEnds) {
        const current = seed + totals.cases;
        try {
          await runCase(target, current, totals);
        } catch (error) {
          print(describe(target, current, error));
          code = 1;
        }
      }
      print(summary(target, totals));
    }
  }
  print(code === 0 ? "nothing found" : "stopped at the first failure");
  return code;
}

async function main(): Promise<number> {
  const known = allTargets(await loadNativeSuites());
  let settings: Settings | undefined;
  try {
    settings = readSettings(process.argv.slice(2), known);
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
  }
  if (settings === undefined) {
    print(usage(known));
    return 2;
  }
  let interrupted = false;
  process.once("SIGINT", () => {
    interrupted = true;
  });
  print(`first seed ${settings.seed}`);
  return fuzz(settings, () => interrupted);
}

process.exitCode = await main();
