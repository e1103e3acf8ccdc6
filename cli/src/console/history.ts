/** What was typed, kept from one session to the next, without passwords. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isSecret } from "./arguments.js";
import { argumentAt } from "./command.js";
import type { CommandTable } from "./runner.js";

const LINES_MAX = 1_000;
/** For their owner's eyes only: addresses and parameters may be nobody else's business. */
const PRIVATE_MODE = 0o600;

/** Whether a line may be kept: not when it holds a password. */
export function mayBeKept(table: CommandTable, line: string): boolean {
  const [name = "", ...words] = line.trim().split(/\s+/);
  const command = table.find(name);
  if (command === undefined) return true;
  return !words.some((_word, index) => isSecret(argumentAt(command, index)?.kind ?? "text"));
}

/** Lines of earlier sessions, the latest first. */
export function readHistory(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean).reverse().slice(0, LINES_MAX);
  } catch {
    return [];
  }
}

/** Keeps lines, the latest first. That it cannot be kept is no reason to stop anybody. */
export function writeHistory(file: string, lines: readonly string[]): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${[...lines].slice(0, LINES_MAX).reverse().join("\n")}\n`, { mode: PRIVATE_MODE });
    chmodSync(file, PRIVATE_MODE);
  } catch {
    return;
  }
}
