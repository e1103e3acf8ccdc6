/** `tsbcos console`: everything that operators ask of a chain, at a terminal, in scripts, and one command at a time. */
import { homedir } from "node:os";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { CodedError } from "@tsbcos/core/primitives";
import { readPassword } from "../account/index.js";
import { destinationOf, type Destination } from "./chain/connection.js";
import { COMMANDS } from "./commands/index.js";
import { failureOf } from "./failures.js";
import { homeIn } from "./home.js";
import { openSession } from "./open.js";
import { SEPARATOR } from "./print.js";
import { asksForHelp } from "./runner.js";
import { EXIT, runScript, runShellWords, runStatements, type Streams } from "./script.js";
import type { Person, Session } from "./session.js";
import { TerminalConsole } from "./terminal.js";

export { destinationOf } from "./chain/connection.js";
export { COMMANDS } from "./commands/index.js";
export { arityOf, type Command as ConsoleCommand } from "./command.js";
export { usageOf } from "./help.js";
export { openSession } from "./open.js";
export { runLine, type Ran } from "./runner.js";
export type { Person, Session } from "./session.js";

interface ConsoleOptions {
  readonly group?: string;
  readonly pem?: string;
  readonly p12?: string;
  readonly exec?: readonly string[];
  readonly json?: boolean;
  readonly plain?: boolean;
  readonly nodes?: readonly string[];
  readonly tls?: string;
  readonly rpc?: readonly string[];
  readonly chain?: string;
  readonly config?: string;
  readonly home?: string;
  readonly solc?: string;
  readonly passwordFile?: string;
}

const list = (text: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  ...text.split(",").filter(Boolean),
];
const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text];

const EXAMPLES = `
Without options the chain is found: in this folder, in ./chain or ./nodes, in a folder above, or by the config.toml of the
Java console. Commands are read from the terminal, or from standard input when that is no terminal.

  tsbcos console                                      at the terminal, in group 1
  tsbcos console 2 -pem account/ecdsa/0x....pem       in group 2, with this account
  tsbcos console getBlockNumber                       one command; the exit code is 0, 1 when it failed, 2 when it was wrong
  tsbcos console --exec "deploy HelloWorld" --exec "call HelloWorld latest get"
  tsbcos console --json getSealerList                 one JSON value for each command
  tsbcos console --rpc http://127.0.0.1:8545          over JSON-RPC, without certificates

\`tsbcos console help\` lists the commands.`;

/** Adds the word `console`. */
export function addConsoleCommand(program: Command, version: string): void {
  program
    .enablePositionalOptions()
    .command("console")
    .description("ask and operate a chain: contracts, accounts, tables, permissions, groups")
    .argument("[words...]", "a group, and a command with its arguments")
    .passThroughOptions()
    .addOption(new Option("--group <id>", "the group; also the first word").hideHelp())
    .option("--pem <file>", "sign with this account file, or the account of this address; also -pem")
    .option("--p12 <file>", "the same for a file with a password; also -p12")
    .option("--password-file <file>", "take the password of an account file from a file instead of asking")
    .option("-e, --exec <command>", "run a command and leave; may be repeated, stops at the first that fails", collect)
    .option("--json", "print one JSON value for each command")
    .option("-l, --plain", "no completion, for terminals that have trouble with it")
    .option("--chain <folder>", "the folder of a chain")
    .option("--nodes <host:port,...>", "channel ports of nodes", list)
    .option("--tls <folder>", "the folder with ca.crt, sdk.crt and sdk.key")
    .option("--rpc <url,...>", "JSON-RPC ports of nodes, in place of channel ports", list)
    .option("--config <file>", "settings of the Java SDK or console (config.toml)")
    .option("--home <folder>", "where accounts, contracts and deploylog.txt are; in the chain's folder by default")
    .option("--solc <file>", "a Solidity compiler in place of those that come along")
    .addHelpText("after", EXAMPLES)
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage);
    })
    .action(async (words: readonly string[], options: ConsoleOptions) => {
      try {
        process.exitCode = await runConsole(words, options, version);
      } catch (error) {
        const home = homeIn(join(homedir(), ".tsbcos", "console"));
        process.stderr.write(`${failureOf(error, home).text.join("\n")}\n`);
        process.exitCode = EXIT.failed;
      }
    });
}

/**
 * The words of a command line with the options of the scripts of old as commander understands them: `-pem`, `-p12`, and
 * the group in front of options.
 */
export function consoleWords(argv: readonly string[]): readonly string[] {
  const [node = "", script = "", name, first, ...rest] = argv;
  if (name !== "console") return argv;
  const words = first === undefined ? [] : /^\d+$/.test(first) ? ["--group", first, ...rest] : [first, ...rest];
  const command = words.findIndex((word, index) => !word.startsWith("-") && !words[index - 1]?.startsWith("-"));
  const end = command < 0 ? words.length : command;
  const old = new Map([
    ["-pem", "--pem"],
    ["-p12", "--p12"],
  ]);
  return [node, script, name, ...words.map((word, index) => (index < end ? (old.get(word) ?? word) : word))];
}

async function runConsole(given: readonly string[], options: ConsoleOptions, version: string): Promise<number> {
  const [first = ""] = given;
  const words = options.group === undefined && /^\d+$/.test(first) ? given.slice(1) : given;
  const groupId = Number(options.group ?? (words === given ? "1" : first));
  const streams: Streams = { output: process.stdout, errors: process.stderr, json: options.json === true };
  if (words[0]?.startsWith("-") === true && COMMANDS.find(words[0]) === undefined) {
    return refuse(streams, `Options stand before the command: ${words[0]}.`);
  }
  if (options.exec !== undefined && words.length > 0)
    return refuse(streams, "Give either --exec or a command, not both.");
  let destination: Destination;
  try {
    destination = destinationOf(options, process.cwd());
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return COMMANDS.find(words[0] ?? "")?.offline === true || asksForHelp(words)
      ? runOffline(words, streams)
      : refuse(streams, error.message, error.code);
  }
  const isInteractive = options.exec === undefined && words.length === 0 && process.stdin.isTTY && process.stdout.isTTY;
  if (isInteractive && streams.json)
    return refuse(streams, "--json is for commands given by --exec, as words, or on standard input.");
  const terminal = new TerminalConsole(COMMANDS, {
    input: process.stdin,
    output: process.stdout,
    isPlain: options.plain === true,
    historyFile: destination.home.historyFile,
  });
  const session = openSession(destination, {
    person: isInteractive ? terminal : nobody(options.passwordFile),
    groupId,
    account: options,
    solc: options.solc,
  });
  // What breaks in the background, where no command waits for it.
  const unexpected = (error: unknown): void => {
    const text = failureOf(error, session.home).text.join("\n");
    if (isInteractive) terminal.say(text);
    else {
      process.stderr.write(`${text}\n`);
      process.exit(EXIT.failed);
    }
  };
  process.on("uncaughtException", unexpected);
  try {
    if (isInteractive) return await converse(session, terminal, destination, version);
    if (options.exec !== undefined) return await runStatements(COMMANDS, session, options.exec, streams);
    if (words.length > 0) return await runShellWords(COMMANDS, session, words, streams);
    return await runScript(COMMANDS, session, process.stdin, streams);
  } finally {
    await session.close();
    process.off("uncaughtException", unexpected);
  }
}

/** Where nobody sits: passwords come from a file or the environment, or are asked for at the terminal that there may be. */
const nobody = (file?: string): Person => ({ askPassword: ({ repeat }) => readPassword({ file, repeat }) });

/** Help needs no chain. */
function runOffline(words: readonly string[], streams: Streams): Promise<number> {
  const nowhere: Destination = { home: homeIn(process.cwd()), ways: [], from: "", settings: undefined };
  const session = openSession(nowhere, { person: nobody(), groupId: 1 });
  return runShellWords(COMMANDS, session, words, streams);
}

function refuse({ output, errors, json }: Streams, message: string, code = "usage"): number {
  if (json) output.write(`${JSON.stringify({ code, message })}\n`);
  else errors.write(`${message}\n`);
  return code === "usage" ? EXIT.usage : EXIT.failed;
}

async function converse(
  session: Session,
  terminal: TerminalConsole,
  destination: Destination,
  version: string,
): Promise<number> {
  try {
    await session.connected();
  } catch (error) {
    terminal.say(failureOf(error, session.home).text.join("\n"));
    terminal.close();
    return EXIT.failed;
  }
  terminal.say(banner(session, destination, version));
  await terminal.converse(session);
  return EXIT.done;
}

function banner(session: Session, { from }: Destination, version: string): string {
  const { client, home } = session;
  const rules = client.chain.version["Supported Version"];
  const kind = client.chain.suite.name === "sm" ? "SM2, SM3" : "secp256k1, Keccak-256";
  const rule = SEPARATOR.replaceAll("-", "=");
  return [
    rule,
    `Welcome to the console of tsbcos ${version}!`,
    "Type 'help' or 'h' for help. Type 'quit' or 'q' to quit console. The tab key completes.",
    "",
    `  chain    ${from} (rules of ${rules}, ${kind})`,
    `  nodes    ${session.endpoints().join(", ")}`,
    `  account  ${client.account.address}`,
    `  folder   ${home.directory} (contracts in ${home.contractFolder})`,
    ...session.notes.splice(0).map((note) => `\n${note}`),
    rule,
    "",
  ].join("\n");
}
