/** The program behind `npm run replay -- DIR…`. */
import { resolve } from "node:path";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { readRecording } from "./recording.js";
import { replayChain } from "./replay.js";
import type { ReplayDifference, ReplayOutcome } from "./replay.js";

const PROGRESS_EVERY_MS = 1000;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printDifference(found: ReplayDifference): void {
  const { transaction, table } = found;
  print(`first difference: block ${found.block}, ${found.field}`);
  if (transaction !== undefined) print(`  transaction ${transaction.index}: ${transaction.hash}`);
  print(`  recorded: ${found.recorded}`);
  print(`  computed: ${found.computed}`);
  if (found.touchedTables.length > 0) print(`  tables in the state hash: ${found.touchedTables.join(", ")}`);
  if (table === undefined) return;
  print(`  first differing table: ${table.table}${table.byte === undefined ? "" : `, at byte ${table.byte}`}`);
  print(`    recorded: ${table.recorded}`);
  print(`    computed: ${table.computed}`);
}

function summary(directory: string, outcome: ReplayOutcome, elapsedMs: number): string {
  const { blocks, transactions, receipts, blocksWithTables } = outcome;
  const tables = blocksWithTables === 0 ? "" : `, the tables of ${blocksWithTables} blocks`;
  const verdict = outcome.difference === undefined ? "all equal" : "DIFFERENT";
  const seconds = (elapsedMs / 1000).toFixed(1);
  return `${directory}: ${verdict}: ${blocks} blocks, ${transactions} transactions, ${receipts} receipts${tables}; ${seconds} s`;
}

const USAGE = `usage: npm run replay -- DIR [DIR…]

Builds the genesis block of a recorded chain, executes each block from its transactions and compares all that comes out.
DIR holds config.ini, group.1.genesis, blocks.json.gz, receipts.json.gz.

exit code: 0 all equal, 1 a difference or a folder that cannot be read, 2 wrong usage
`;

async function main(directories: readonly string[]): Promise<number> {
  if (directories.some((word) => word === "--help" || word === "-h")) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (directories.length === 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const suites = await loadNativeSuites();
  let code = 0;
  for (const directory of directories) {
    // npm runs programs in the project's folder; paths are meant from where the user is.
    const recording = readRecording(resolve(process.env["INIT_CWD"] ?? process.cwd(), directory), suites);
    const started = Date.now();
    let reported = started;
    const outcome = replayChain(recording, {
      onBlock: (number, last) => {
        if (Date.now() - reported < PROGRESS_EVERY_MS) return;
        reported = Date.now();
        print(`${directory}: block ${number} of ${last}`);
      },
    });
    if (outcome.difference !== undefined) {
      printDifference(outcome.difference);
      code = 1;
    }
    print(summary(directory, outcome, Date.now() - started));
  }
  return code;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`replay failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
