/** What a command line asks of the console, done from start to end. */
import { CodedError } from "@tsbcos/core/primitives";
import { PASSWORD_VARIABLE, readPassword } from "../account/index.js";
import { problemOf } from "./arguments.js";
import { destinationOf, type ChainOptions, type Destination } from "./chain/connection.js";
import { COMMANDS } from "./commands/index.js";
import { failureOf } from "./failures.js";
import { homeIn } from "./home.js";
import { openSession } from "./open.js";
import { SEPARATOR } from "./print.js";
import { asksForHelp } from "./runner.js";
import { EXIT, runScript, runShellWords, runStatements, type Streams } from "./script.js";
import type { Person, Session } from "./session.js";
import { TerminalConsole } from "./terminal.js";

/** Options of the command line. */
export interface ConsoleOptions extends ChainOptions {
  readonly group?: string;
  readonly pem?: string;
  readonly p12?: string;
  readonly passwordFile?: string;
  readonly exec?: readonly string[];
  readonly json?: boolean;
  readonly plain?: boolean;
  readonly solc?: string;
}

/** What is wrong with a command line; undefined when nothing is. */
function misuse(words: readonly string[], options: ConsoleOptions, isInteractive: boolean): string | undefined {
  const [first] = words;
  if (first?.startsWith("-") === true && COMMANDS.find(first) === undefined) {
    return `Options stand before the command: ${first}.`;
  }
  if (options.exec !== undefined && words.length > 0) return "Give either --exec or a command, not both.";
  if (isInteractive && options.json === true) {
    return "--json is for commands given by --exec, as words, or on standard input.";
  }
  return undefined;
}

/**
 * Runs the console: at the terminal, or with the commands given.
 *
 * @param given a group, if it is not among the options, then a command
 * @returns the exit code
 */
export async function runConsole(given: readonly string[], options: ConsoleOptions, version: string): Promise<number> {
  const [first = ""] = given;
  const hasGroup = options.group === undefined && /^\d+$/.test(first);
  const words = hasGroup ? given.slice(1) : given;
  const group = hasGroup ? first : (options.group ?? "1");
  const groupId = Number(group);
  const streams: Streams = { output: process.stdout, errors: process.stderr, json: options.json === true };
  const isInteractive = options.exec === undefined && words.length === 0 && process.stdin.isTTY && process.stdout.isTTY;
  const wrong = misuse(words, options, isInteractive) ?? problemOf("group", group);
  if (wrong !== undefined) return refuse(streams, wrong, "usage");
  // What no command is called is no reason to look for a chain either.
  const named = COMMANDS.find(words[0] ?? "");
  const isUnknown = words.length > 0 && named === undefined;
  if (isUnknown || named?.offline === true || asksForHelp(words)) return runOffline(words, streams);
  let destination: Destination;
  try {
    destination = destinationOf(options, process.cwd());
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return refuse(streams, error.message, error.code);
  }
  const terminal = isInteractive ? terminalFor(destination, options) : undefined;
  const session = openSession(destination, {
    person: personAt(terminal, options.passwordFile),
    groupId,
    account: options,
    solc: options.solc,
  });
  const end = watchForSurprises(session, terminal);
  try {
    if (terminal !== undefined) return await converse(session, terminal, destination, version);
    if (options.exec !== undefined) return await runStatements(COMMANDS, session, options.exec, streams);
    if (words.length > 0) return await runShellWords(COMMANDS, session, words, streams);
    return await runScript(COMMANDS, session, process.stdin, streams);
  } finally {
    await session.close();
    end();
  }
}

function terminalFor({ home }: Destination, { plain }: ConsoleOptions): TerminalConsole {
  return new TerminalConsole(COMMANDS, {
    input: process.stdin,
    output: process.stdout,
    isPlain: plain === true,
    historyFile: home.historyFile,
  });
}

/** What breaks in the background, where no command waits for it, is told in a sentence too. */
function watchForSurprises(session: Session, terminal: TerminalConsole | undefined): () => void {
  const tell = (error: unknown): void => {
    const text = failureOf(error, session.home).text.join("\n");
    if (terminal !== undefined) {
      terminal.say(text);
      return;
    }
    process.stderr.write(`${text}\n`);
    process.exit(EXIT.failed);
  };
  // Whoever reads our output, such as `head`, may have read enough.
  const enough = (error: NodeJS.ErrnoException): void => {
    if (error.code === "EPIPE") process.exit(EXIT.done);
    tell(error);
  };
  process.on("uncaughtException", tell);
  process.stdout.on("error", enough);
  return () => {
    process.off("uncaughtException", tell);
    process.stdout.off("error", enough);
  };
}

/** Whom to ask for passwords: a file or the environment where they say it, else a person, if one sits there. */
function personAt(terminal: TerminalConsole | undefined, file?: string): Person {
  const isGiven = file !== undefined || process.env[PASSWORD_VARIABLE] !== undefined;
  if (terminal !== undefined && !isGiven) return terminal;
  return { askPassword: ({ repeat }) => readPassword({ file, repeat }) };
}

/** Help needs no chain. */
function runOffline(words: readonly string[], streams: Streams): Promise<number> {
  const nowhere: Destination = { home: homeIn(process.cwd()), ways: [], from: "", settings: undefined };
  const session = openSession(nowhere, { person: personAt(undefined), groupId: 1 });
  return runShellWords(COMMANDS, session, words, streams);
}

function refuse({ output, errors, json }: Streams, message: string, code: string): number {
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
