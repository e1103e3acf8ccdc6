/** The console at a terminal: lines with history and completion, passwords unseen, Ctrl-C that ends a command only. */
import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";
import { CodedError } from "@tsbcos/core/primitives";
import { Leave } from "./commands/console.js";
import { complete } from "./completion.js";
import { mayBeKept, readHistory, writeHistory } from "./history.js";
import { printable } from "./print.js";
import { runLine, type CommandTable } from "./runner.js";
import type { Person, Session } from "./session.js";

/** Where a person sits. */
export interface TerminalOptions {
  readonly input: ReadStream;
  readonly output: WriteStream;
  /** No completion, for terminals that have trouble with it. */
  readonly isPlain: boolean;
  /** Where lines are kept from one session to the next. */
  readonly historyFile: string;
}

const HISTORY_MAX = 1_000;
const GOES_ON = "The console goes on as soon as a node answers again.";

/** The output of the line editor, which must not show passwords while they are typed. */
class Veil extends Writable {
  isDown = false;
  readonly isTTY = true;
  readonly #output: WriteStream;

  constructor(output: WriteStream) {
    super();
    this.#output = output;
    output.on("resize", () => this.emit("resize"));
  }

  get columns(): number {
    return this.#output.columns;
  }

  get rows(): number {
    return this.#output.rows;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (!this.isDown) this.#output.write(chunk);
    done();
  }
}

interface Question {
  answer(text: string): void;
  breakOff(): void;
}

/** One person at one terminal. */
export class TerminalConsole implements Person {
  readonly #options: TerminalOptions;
  readonly #veil: Veil;
  readonly #table: CommandTable;
  #lines: Interface | undefined;
  #session: Session | undefined;
  #history: readonly string[] = [];
  readonly #waiting: string[] = [];
  #question: Question | undefined;
  #abort: (() => void) | undefined;
  #isBusy = false;
  #isClosed = false;
  #left: (() => void) | undefined;

  constructor(table: CommandTable, options: TerminalOptions) {
    this.#table = table;
    this.#options = options;
    this.#veil = new Veil(options.output);
  }

  /** Takes lines until somebody leaves. */
  async converse(session: Session): Promise<void> {
    this.#session = session;
    const left = new Promise<void>((done) => (this.#left = done));
    this.#open();
    this.#prompt();
    // Lines that came while it was still connecting.
    void this.#work();
    await left;
    writeHistory(this.#options.historyFile, this.#history);
  }

  /** Gives the terminal back, for a session that came to nothing. */
  close(): void {
    this.#lines?.close();
  }

  /** Prints a line without disturbing the one that is being typed. */
  say(text: string): void {
    this.#options.output.write(`${printable(text)}\n`);
  }

  /** Asks with the veil down. @throws CodedError `no-password`, `passwords-differ` */
  async askPassword({ repeat }: { readonly repeat: boolean }): Promise<string> {
    const password = await this.#ask("Password: ");
    if (repeat && (await this.#ask("Once more: ")) !== password) {
      throw new CodedError("passwords-differ", "The two passwords differ; nothing was written.");
    }
    return password;
  }

  #ask(question: string): Promise<string> {
    const lines = this.#open();
    this.#options.output.write(question);
    this.#veil.isDown = true;
    return new Promise<string>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        this.#veil.isDown = false;
        this.#question = undefined;
        this.#options.output.write("\n");
        finish();
      };
      this.#question = {
        answer: (text) => {
          settle(() => {
            resolve(text);
          });
        },
        breakOff: () => {
          clearLine(lines);
          settle(() => {
            reject(new CodedError("no-password", "Broken off; nothing was done."));
          });
        },
      };
    });
  }

  #open(): Interface {
    if (this.#lines !== undefined) return this.#lines;
    const { input, isPlain, historyFile } = this.#options;
    this.#history = readHistory(historyFile);
    const lines = createInterface({
      input,
      output: this.#veil,
      terminal: true,
      history: [...this.#history],
      historySize: HISTORY_MAX,
      removeHistoryDuplicates: true,
      ...(isPlain ? {} : { completer: this.#completer }),
    });
    lines.on("line", (line) => {
      if (this.#question !== undefined) this.#question.answer(line);
      else this.#waiting.push(line);
      void this.#work();
    });
    lines.on("history", (history) => {
      const [latest] = history;
      if (latest !== undefined && (this.#question !== undefined || !mayBeKept(this.#table, latest))) history.shift();
      this.#history = [...history];
    });
    lines.on("SIGINT", () => {
      this.#interrupt(lines);
    });
    lines.on("close", () => {
      this.#isClosed = true;
      this.#question?.breakOff();
      if (!this.#isBusy) this.#leave();
    });
    this.#lines = lines;
    return lines;
  }

  readonly #completer = (line: string, done: (error: null, result: [string[], string]) => void): void => {
    const session = this.#session;
    if (session === undefined || this.#question !== undefined) {
      done(null, [[], line]);
      return;
    }
    void complete(this.#table, session, line).then(
      (completion) => {
        done(null, completion);
      },
      () => {
        done(null, [[], line]);
      },
    );
  };

  /** A command ends; a line that is being typed is thrown away; the console stays. */
  #interrupt(lines: Interface): void {
    if (this.#question !== undefined) this.#question.breakOff();
    else if (this.#abort !== undefined) this.#abort();
    else {
      clearLine(lines);
      this.#options.output.write("^C\n");
      this.#prompt();
    }
  }

  #prompt(): void {
    if (this.#isClosed) return;
    this.#lines?.setPrompt(`[group:${this.#session?.groupId ?? 1}]> `);
    this.#lines?.prompt();
  }

  /** Runs the lines that were typed, one after the other. */
  async #work(): Promise<void> {
    const session = this.#session;
    if (this.#isBusy || session === undefined) return;
    this.#isBusy = true;
    for (let line = this.#waiting.shift(); line !== undefined; line = this.#waiting.shift()) {
      if (line.trim() !== "") await this.#run(session, line);
      if (this.#waiting.length === 0) this.#prompt();
    }
    this.#isBusy = false;
    if (this.#isClosed) this.#leave();
  }

  async #run(session: Session, line: string): Promise<void> {
    const aborted = new Promise<undefined>((done) => {
      this.#abort = () => {
        done(undefined);
      };
    });
    const ran = await Promise.race([runLine(this.#table, session, line), aborted]);
    this.#abort = undefined;
    if (ran === undefined) {
      this.#waiting.length = 0;
      this.say("^C\nNot waited for any longer. A transaction that was sent before may still be executed.\n");
      return;
    }
    if (!ran.ok && ran.failure.code === Leave.CODE) {
      this.#waiting.length = 0;
      this.#lines?.close();
      return;
    }
    const text = ran.ok ? ran.outcome.text : ran.failure.text;
    const isGone = !ran.ok && ran.failure.code === "connection-failed";
    this.say(`${[...text, ...(isGone ? [GOES_ON] : [])].join("\n")}\n`);
  }

  #leave(): void {
    this.#left?.();
    this.#left = undefined;
  }
}

/** Empties the line that is being typed, as its keys for the end and for "delete to the start" do. */
function clearLine(lines: Interface): void {
  lines.write(null as unknown as string, { ctrl: true, name: "e" });
  lines.write(null as unknown as string, { ctrl: true, name: "u" });
}
