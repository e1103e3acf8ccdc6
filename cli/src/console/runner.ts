/** One line or one list of words run as a command. What drives it, a terminal, a script or the shell, is elsewhere. */
import { wordFor, problemOf } from "./arguments.js";
import { argumentAt, arityOf, type Command, type Outcome } from "./command.js";
import { failureOf, UsageError, type ConsoleFailure } from "./failures.js";
import { didYouMean, helpOf, usageOf, wrongCount } from "./help.js";
import type { Session } from "./session.js";
import { splitWords } from "./words.js";

/** What came of a line. */
export type Ran =
  { readonly ok: true; readonly outcome: Outcome } | { readonly ok: false; readonly failure: ConsoleFailure };

const HELP_WORDS = new Set(["-h", "--help", "-help", "--h", "-H", "--H"]);

/** Whether a command's words only ask for its help, which no chain is needed for. */
export function asksForHelp(words: readonly string[]): boolean {
  return HELP_WORDS.has(words[1] ?? "");
}

/** The commands by every name that they go by. */
export class CommandTable {
  readonly commands: readonly Command[];
  readonly #byName = new Map<string, Command>();

  constructor(commands: readonly Command[]) {
    this.commands = commands;
    for (const command of commands) {
      for (const name of [command.name, ...(command.aliases ?? [])]) this.#byName.set(name, command);
    }
  }

  /** The command of that name or alias; words of SQL are the same in capitals. */
  find(name: string): Command | undefined {
    const command = this.#byName.get(name);
    if (command !== undefined) return command;
    const statement = this.#byName.get(name.toLowerCase());
    return statement?.statement === true ? statement : undefined;
  }

  /** The command of that name or alias. @throws UsageError that says which ones are like it */
  demand(name: string): Command {
    const command = this.find(name);
    if (command !== undefined) return command;
    const close = didYouMean(
      name,
      this.commands.map((one) => one.name),
    );
    const question = close.length === 0 ? "" : ` Did you mean ${close.join(", ")}?`;
    throw new UsageError(`Undefined command: "${name}". Try "help".${question}`);
  }
}

/** Runs what somebody typed; never throws. */
export async function runLine(table: CommandTable, session: Session, line: string): Promise<Ran> {
  return guarded(session, async () => {
    const [, name = ""] = /^\s*(\S+)/.exec(line) ?? [];
    const command = table.find(name);
    if (command?.statement === true) {
      const rest = line.trim().slice(name.length).trim();
      return runCommand(command, session, rest === "" ? [] : HELP_WORDS.has(rest) ? [rest] : [line.trim()]);
    }
    const words = splitWords(line);
    if (!words.ok) throw new UsageError(words.error.message);
    return runCommand(table.demand(name), session, words.value.slice(1));
  });
}

/** Runs words that a shell has taken apart already; never throws. */
export async function runWords(table: CommandTable, session: Session, words: readonly string[]): Promise<Ran> {
  return guarded(session, async () => {
    const [name = "", ...rest] = words;
    const command = table.demand(name);
    if (command.statement !== true) return runCommand(command, session, rest);
    const isHelp = rest.length === 1 && HELP_WORDS.has(rest[0] ?? "");
    return runCommand(command, session, rest.length === 0 || isHelp ? rest : [words.join(" ")]);
  });
}

async function guarded(session: Session, run: () => Promise<Outcome>): Promise<Ran> {
  try {
    return { ok: true, outcome: await run() };
  } catch (error) {
    return { ok: false, failure: failureOf(error, session.home) };
  }
}

async function runCommand(command: Command, session: Session, words: readonly string[]): Promise<Outcome> {
  if (words.length > 0 && HELP_WORDS.has(words[0] ?? "")) {
    return { text: [helpOf(command)], value: { name: command.name, usage: usageOf(command), about: command.about } };
  }
  const { min, max } = arityOf(command);
  if (words.length < min || words.length > max) throw new UsageError(wrongCount(command, words.length));
  const checked = words.map((word, index) => checkedWord(command, word, index));
  if (command.offline !== true) await session.connected();
  return command.run(session, checked);
}

function checkedWord(command: Command, word: string, index: number): string {
  const argument = argumentAt(command, index);
  if (argument === undefined) return word;
  const plain = wordFor(argument.kind, word);
  const problem = problemOf(argument.kind, plain);
  if (problem === undefined) return plain;
  throw new UsageError(`${argument.name}: ${problem}\nUsage: ${usageOf(command)}`);
}
