/** Nodes as processes: how they are started, watched and stopped. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CodedError } from "@tsbcos/core/primitives";

/** Absolute path of the program that is one node. */
export function nodeProgram(): string {
  return fileURLToPath(import.meta.resolve("@tsbcos/node/main"));
}

/**
 * Options of the JavaScript engine for a node. New objects get 8 MB a thread in place of 32: a node stays a tenth smaller
 * under load, at the same CPU time. Only its main thread needs to be told; the others the node starts like that.
 */
export const NODE_ENGINE_OPTIONS: readonly string[] = ["--max-semi-space-size=4"];

/** Starts a node in the folder of its `config.ini`. */
export function spawnNode(configFile: string, stdio: "inherit" | "pipe"): ChildProcess {
  const config = resolve(configFile);
  return spawn(process.execPath, [...NODE_ENGINE_OPTIONS, nodeProgram(), "-c", config], {
    cwd: dirname(config),
    stdio: ["ignore", stdio, stdio],
    // In its own process group, so that Ctrl-C in the terminal reaches only us and the nodes stop in our order.
    detached: true,
  });
}

/** Whether a process is over, and if so how, for a sentence: `exit 1`, or `killed by SIGKILL`. */
export function howEnded(child: ChildProcess): string | undefined {
  if (child.signalCode !== null) return `killed by ${child.signalCode}`;
  return child.exitCode === null ? undefined : `exit ${child.exitCode}`;
}

/** How a process ended: its exit code, or 128 when a signal ended it. */
export function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      done(child.exitCode ?? 128);
      return;
    }
    child.once("exit", (code) => {
      done(code ?? 128);
    });
  });
}

/**
 * Asks a process to stop, and ends it when it does not within `patienceMs`.
 *
 * @returns its exit code
 */
export async function stopProcess(child: ChildProcess, patienceMs: number): Promise<number> {
  const ended = exitOf(child);
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  const code = await ended;
  clearTimeout(force);
  return code;
}

/**
 * Runs one node, named by its settings or its folder, in the foreground; SIGINT and SIGTERM are passed on to it, and the end of its terminal is its own.
 *
 * @returns the node's exit code
 * @throws CodedError when the settings file is not there
 */
export async function runNode(file: string): Promise<number> {
  const isFolder = existsSync(file) && statSync(file).isDirectory();
  const configFile = isFolder ? join(file, "config.ini") : file;
  if (!existsSync(configFile)) {
    throw new CodedError(
      "no-config",
      `There is no ${resolve(configFile)}. Name the node's folder, or its config.ini, with -c.`,
    );
  }
  const child = spawnNode(configFile, "inherit");
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on("SIGINT", pass).on("SIGTERM", pass);
  // Asked now: a terminal that is gone does not look like one. Where there is none, nohup or a service means it to go on.
  const hasTerminal = process.stdout.isTTY;
  process.on("SIGHUP", () => {
    if (hasTerminal) pass("SIGTERM");
  });
  return exitOf(child);
}
