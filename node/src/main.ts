/** The process of one node: arguments in, first and last words out, signals, exit codes. */
import { parseArgs } from "node:util";
import { CodedError } from "@tsbcos/core/primitives";
import { checkConfiguration, describeProblem, loadConfiguration } from "./config/index.js";
import { startNode } from "./node.js";
import { startsWithNode } from "./node-operations.js";
import { boundHeapGrowth } from "./runtime/index.js";
import { createLog, type Log } from "./telemetry/index.js";
import { versionText } from "./version.js";

const USAGE = `Runs one node until it is told to stop (SIGINT or SIGTERM).

  -c, --config <file>   its settings (config.ini); paths in it start at the working directory
      --check           reads the settings and those of the groups, prints what is wrong with them, and ends
  -v, --version         prints the version
  -h, --help            prints this
`;

/** Exit code of a node that could not start, as scripts of 2.x know it. */
const EXIT_NOT_STARTED = 255;
/** Exit code of a node that ended because it could not go on. */
const EXIT_BROKEN = 1;
/** A stop that takes longer is given up: whatever was reported as stored is stored. */
const STOP_PATIENCE_MS = 12_000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function stamp(): string {
  return `[${new Date().toISOString().slice(0, 19).replace("T", " ")}]`;
}

function reasonOf(error: unknown): string {
  if (error instanceof CodedError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Ends the process with its last words, in the log and on the terminal. */
function giveUp(log: Log | undefined, error: unknown, exitCode: number): never {
  const reason = reasonOf(error);
  log?.line("fatal", reason);
  log?.flushSync();
  process.stderr.write(`${reason}\n`);
  process.exit(exitCode);
}

/** Prints everything wrong in the settings, a line each, and gives the exit code: 0 when the node would take them. */
function check(configFile: string): number {
  const problems = checkConfiguration(configFile);
  for (const problem of problems) say(`${problem.severity}: ${describeProblem(problem)}`);
  return problems.some(({ severity }) => severity === "error") ? EXIT_BROKEN : 0;
}

/**
 * A node that talks to a file was started by a script, with nohup, and goes on when the terminal is closed: Node.js undoes
 * what nohup arranges, so it is arranged again.
 */
function outliveTheTerminal(): void {
  if (!process.stdout.isTTY) process.on("SIGHUP", () => undefined);
  // Nobody reads the last words: that is no reason to end in the middle of them.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

async function run(configFile: string): Promise<void> {
  boundHeapGrowth();
  outliveTheTerminal();
  say(`config file path : ${configFile}`);
  say(`${stamp()} Initializing...`);
  say(versionText());
  let log: Log | undefined;
  try {
    const complaints: string[] = [];
    const { value: files, warnings } = loadConfiguration(configFile, (groupId, node) =>
      startsWithNode(node, groupId, (text) => complaints.push(text)),
    );
    const { log: settings } = files.node;
    log = createLog({ ...settings, directory: settings.path });
    for (const warning of warnings) {
      log.line("warning", `[CONFIG]${describeProblem(warning)}`);
      say(`warning: ${describeProblem(warning)}`);
    }
    for (const complaint of complaints) {
      log.line("error", `[NODE]${complaint}`);
      say(complaint);
    }
    const openLog = log;
    const node = await startNode({
      files,
      log,
      onFatal: (error) => giveUp(openLog, error, EXIT_BROKEN),
    });
    // Scripts wait for the word "running" on the terminal.
    say(`${stamp()} The FISCO-BCOS is running...`);
    log.line("info", `[NODE]running,nodeId=${node.nodeId}`);
    stopOnSignals(node, log);
  } catch (error) {
    say("Init failed!!!");
    giveUp(log, error, EXIT_NOT_STARTED);
  }
}

function stopOnSignals(node: { stop(): Promise<void> }, log: Log): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(
      () => giveUp(log, new CodedError("stop-timeout", "the node did not stop in time"), EXIT_BROKEN),
      STOP_PATIENCE_MS,
    ).unref();
    node
      .stop()
      .then(() => log.close())
      .then(
        () => {
          say(`${stamp()} FISCO-BCOS program exit normally.`);
          process.exit(0);
        },
        (error: unknown) => giveUp(log, error, EXIT_BROKEN),
      );
  };
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGABRT", stop);
}

const { values } = parseArgs({
  options: {
    config: { type: "string", short: "c", default: "config.ini" },
    check: { type: "boolean", default: false },
    version: { type: "boolean", short: "v", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) process.stdout.write(USAGE);
else if (values.version) say(versionText());
else if (values.check) process.exitCode = check(values.config);
else await run(values.config);
