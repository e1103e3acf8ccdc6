/** Commands without a terminal: of the command line, or of a script on standard input. */
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { Leave } from "./commands/console.js";
import { jsonOf, printable } from "./print.js";
import { runLine, runWords, type CommandTable, type Ran } from "./runner.js";
import type { Session } from "./session.js";

/** Where what commands say goes. */
export interface Streams {
  readonly output: Pick<Writable, "write">;
  readonly errors: Pick<Writable, "write">;
  /** One JSON value a command, in one line. */
  readonly json: boolean;
}

/** Exit codes: everything done; a command failed; a command was called in a wrong way. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Runs lines in turn until one fails. Gives the exit code. */
export async function runStatements(
  table: CommandTable,
  session: Session,
  statements: readonly string[],
  streams: Streams,
): Promise<number> {
  for (const statement of statements) {
    if (statement.trim() === "") continue;
    const ran = await runLine(table, session, statement);
    if (isGoodbye(ran)) return EXIT.done;
    const code = report(ran, session, streams, undefined);
    if (code !== EXIT.done) return code;
  }
  return EXIT.done;
}

/** Runs one command whose words a shell has taken apart. Gives the exit code. */
export async function runShellWords(
  table: CommandTable,
  session: Session,
  words: readonly string[],
  streams: Streams,
): Promise<number> {
  const ran = await runWords(table, session, words);
  return isGoodbye(ran) ? EXIT.done : report(ran, session, streams, undefined);
}

/** Runs the lines of a script until one fails; blank lines and those behind `#` are nothing. Gives the exit code. */
export async function runScript(
  table: CommandTable,
  session: Session,
  input: Readable,
  streams: Streams,
): Promise<number> {
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number++;
    if (/^\s*(#|$)/.test(line)) continue;
    const ran = await runLine(table, session, line);
    if (isGoodbye(ran)) return EXIT.done;
    const code = report(ran, session, streams, number);
    if (code !== EXIT.done) return code;
  }
  return EXIT.done;
}

const isGoodbye = (ran: Ran): boolean => !ran.ok && ran.failure.code === Leave.CODE;

function report(ran: Ran, session: Session, { output, errors, json }: Streams, line: number | undefined): number {
  // What a person should know, and no program has asked for.
  for (const note of session.notes.splice(0)) errors.write(`${printable(note)}\n`);
  if (ran.ok) {
    output.write(
      json ? `${JSON.stringify(jsonOf(ran.outcome.value))}\n` : `${printable(ran.outcome.text.join("\n"))}\n`,
    );
    return EXIT.done;
  }
  const { code, message, text, isUsage } = ran.failure;
  if (json) output.write(`${JSON.stringify({ code, message, ...(line === undefined ? {} : { line }) })}\n`);
  else {
    if (line !== undefined) errors.write(`Line ${line}: the command failed.\n`);
    output.write(`${printable(text.join("\n"))}\n`);
  }
  return isUsage ? EXIT.usage : EXIT.failed;
}
