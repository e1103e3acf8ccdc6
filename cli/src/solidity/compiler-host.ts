/** Runs compilers in processes of their own: ours go on, whatever becomes of theirs. */
import { execFile, fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { err, ok, type Result } from "@tsbcos/core/primitives";
import type { CompileAnswer, CompileRequest } from "./compiler-process.js";
import type { CompileFailure } from "./types.js";

/** Processes are started from what is built, also by tests that run on the sources. */
const PROGRAM = fileURLToPath(new URL("../../dist/solidity/compiler-process.js", import.meta.url));

/** How long one compilation may take. */
const COMPILE_MS = 180_000;
/** How long a process is kept for the next compilation. */
const IDLE_MS = 30_000;
/** Most of what a compiler printed about its end that is shown. */
const STDERR_BYTES = 2_000;

/** Which compiler. */
export interface CompilerChoice {
  /** A `soljson` file, or a native program. */
  readonly file: string;
  /** The hash that it is to use; a native program has its own. */
  readonly hash: CryptoSuite["name"];
}

const failed = (message: string): Result<never, CompileFailure> => err({ code: "compiler-failed", message });

/** Runs one compiler at a time, and keeps it for a while. */
export class CompilerHost {
  #child: ChildProcess | undefined;
  #key = "";
  #stderr = "";
  #sent = 0;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** Hands the compiler its JSON and gives its answer. An empty input asks for the version. */
  run(choice: CompilerChoice, input: string): Promise<Result<string, CompileFailure>> {
    const next = this.#last.then(() =>
      choice.file.endsWith(".js") ? this.#ask(choice, input) : runNative(choice.file, input),
    );
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #ask(choice: CompilerChoice, input: string): Promise<Result<string, CompileFailure>> {
    clearTimeout(this.#idle);
    const child = this.#processFor(choice);
    holdOpen(child, true);
    const request: CompileRequest = { id: ++this.#sent, input };
    const result = await new Promise<Result<string, CompileFailure>>((done) => {
      const finish = (outcome: Result<string, CompileFailure>): void => {
        clearTimeout(timer);
        child.off("message", onMessage);
        child.off("exit", onExit);
        child.off("error", onError);
        done(outcome);
      };
      const onMessage = ({ id, output, error }: CompileAnswer): void => {
        if (id !== request.id) return;
        finish(output === undefined ? failed(`The compiler failed: ${error ?? "no answer"}`) : ok(output));
      };
      const onExit = (code: number | null, signal: string | null): void => {
        const tail = this.#stderr.slice(-STDERR_BYTES).trim();
        finish(failed(`The compiler's process ended (${signal ?? `exit ${String(code)}`}). ${tail}`.trim()));
      };
      const onError = (error: Error): void => {
        finish(failed(`The compiler could not be started: ${error.message}`));
      };
      const timer = setTimeout(() => {
        finish(failed(`The compiler gave no answer within ${COMPILE_MS / 1000} s.`));
        this.#end();
      }, COMPILE_MS);
      child.on("message", onMessage);
      child.on("exit", onExit);
      child.on("error", onError);
      child.send(request, (error) => {
        if (error !== null) onError(error);
      });
    });
    // A compiler that failed may have left anything in its memory.
    if (!result.ok) this.#end();
    else {
      this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
      holdOpen(child, false);
    }
    return result;
  }

  #processFor({ file, hash }: CompilerChoice): ChildProcess {
    const key = `${hash} ${file}`;
    if (this.#child !== undefined && this.#key === key && this.#child.connected) return this.#child;
    this.#end();
    const child = fork(PROGRAM, [file, hash], { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: [] });
    this.#stderr = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString("utf8")).slice(-STDERR_BYTES);
    });
    this.#child = child;
    this.#key = key;
    return child;
  }

  #end(): void {
    clearTimeout(this.#idle);
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  /** Ends the process, after what runs. */
  async close(): Promise<void> {
    await this.#last;
    const child = this.#child;
    const isRunning = child !== undefined && child.exitCode === null && child.signalCode === null;
    const gone = isRunning ? new Promise((done) => child.once("exit", done)) : undefined;
    // Who waits for its end must still be there when it comes.
    if (child !== undefined) holdOpen(child, true);
    this.#end();
    await gone;
  }
}

/** Whether our process waits for the other; an idle compiler is no reason to stay. */
function holdOpen(child: ChildProcess, isBusy: boolean): void {
  const parts = [child, child.channel, child.stderr as { ref?(): void; unref?(): void } | null];
  for (const part of parts)
    if (isBusy) part?.ref?.();
    else part?.unref?.();
}

/** The most that a native compiler may answer with. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

function runNative(file: string, input: string): Promise<Result<string, CompileFailure>> {
  const words = input === "" ? ["--version"] : ["--standard-json"];
  return new Promise((done) => {
    const child = execFile(
      file,
      words,
      { timeout: COMPILE_MS, maxBuffer: ANSWER_BYTES_MAX },
      (error, stdout, stderr) => {
        if (error === null) done(ok(input === "" ? (/Version: (\S+)/.exec(stdout)?.[1] ?? stdout.trim()) : stdout));
        else done(failed(`${file} failed: ${(stderr || error.message).slice(0, STDERR_BYTES).trim()}`));
      },
    );
    // It may end before it has read all.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}
