/**
 * `npm run evm-tests -- [--all] FILE…`: runs Ethereum's reference tests against the interpreter and prints what passed,
 * failed and was skipped. Exit code: 1 a test failed or a file could not be read, 2 wrong usage.
 */
import { basename } from "node:path";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { readTests } from "./fixtures.js";
import { runStateTest } from "./state-tests.js";
import type { Verdict } from "./verdict.js";
import { runVmTest } from "./vm-tests.js";

const SHOWN_FAILURES = 20;

interface Tally {
  passed: number;
  failed: number;
  skipped: Map<string, number>;
}

function count(tally: Tally, verdict: Verdict): void {
  switch (verdict.type) {
    case "passed":
      tally.passed++;
      return;
    case "failed":
      tally.failed++;
      if (tally.failed <= SHOWN_FAILURES) process.stdout.write(`FAILED ${verdict.test}: ${verdict.difference}\n`);
      return;
    case "skipped":
      tally.skipped.set(verdict.reason, (tally.skipped.get(verdict.reason) ?? 0) + 1);
  }
}

function runFile(file: string, suite: CryptoSuite, all: boolean): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: new Map() };
  for (const test of readTests(file)) {
    const verdicts = "exec" in test ? [runVmTest(test, suite)] : runStateTest(test, suite, all);
    for (const verdict of verdicts) count(tally, verdict);
  }
  return tally;
}

function report(file: string, tally: Tally, seconds: number): void {
  let skipped = 0;
  for (const number of tally.skipped.values()) skipped += number;
  const line = `${basename(file)}: ${tally.passed} passed, ${tally.failed} failed, ${skipped} skipped`;
  process.stdout.write(`${line} (${seconds.toFixed(1)} s)\n`);
  for (const [reason, number] of tally.skipped) process.stdout.write(`  skipped ${number}: ${reason}\n`);
}

const USAGE = `usage: npm run evm-tests -- [--all] FILE.jsonl.gz …

Runs Ethereum's reference tests (state and VM tests, one JSON object a line) against the interpreter.

  --all   also those that take minutes each
`;

async function main(args: readonly string[]): Promise<number> {
  if (args.some((word) => word === "--help" || word === "-h")) {
    process.stdout.write(USAGE);
    return 0;
  }
  const files = args.filter((arg) => arg !== "--all");
  if (files.length === 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { standard } = await loadNativeSuites();
  let failed = 0;
  for (const file of files) {
    const start = performance.now();
    const tally = runFile(file, standard, args.includes("--all"));
    report(file, tally, (performance.now() - start) / 1000);
    failed += tally.failed;
  }
  return failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
