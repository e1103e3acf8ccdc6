/** The texts of help, made from the table of commands. */
import { aboutKind } from "./arguments.js";
import { arityOf, type Command, type Family } from "./command.js";
import { columns } from "./print.js";
import { editDistance } from "./words.js";

/** `getCode <address>`: how a command is written. */
export function usageOf(command: Command): string {
  const words = command.arguments.map(({ name, optional, repeated }) => {
    const word = repeated === true ? `${name}...` : name;
    return optional === true ? `[${word}]` : `<${word}>`;
  });
  return [command.name, ...words].join(" ");
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const lines = [command.about, "Usage:", usageOf(command)];
  if (command.arguments.length > 0) {
    const rows = command.arguments.map(({ name, kind, about, optional }) => [
      `* ${name}`,
      `${about ?? aboutKind(kind)}${optional === true ? " (may be left out)" : ""}`,
    ]);
    lines.push("", columns(rows));
  }
  if (command.details !== undefined) lines.push("", ...command.details);
  if (command.aliases !== undefined) lines.push("", `Also: ${command.aliases.join(", ")}`);
  lines.push("", `For example: ${command.examples.join("\n             ")}`);
  return lines.join("\n");
}

/** All commands with a line each, by family. */
export function overview(commands: readonly Command[]): string {
  const families = [...new Set(commands.map(({ family }) => family))];
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const part = (family: Family): string => {
    const rows = commands
      .filter((command) => command.family === family)
      .map(({ name, about }) => `* ${name.padEnd(width)}${about}`);
    return [`${family}:`, ...rows].join("\n");
  };
  return [...families.map(part), "`help COMMAND` or `COMMAND -h` explains one command."].join("\n\n");
}

/** The commands below a heading of the list, by the heading or the first word of it; none when there is no such heading. */
export function familyOf(heading: string, commands: readonly Command[]): readonly Command[] {
  const wanted = heading.toLowerCase();
  return commands.filter(({ family }) => family.toLowerCase() === wanted || family.split(" ")[0] === wanted);
}

/** What is wrong with the number of words, and how the command is used. */
export function wrongCount(command: Command, given: number): string {
  const { min, max } = arityOf(command);
  const count = (number: number): string => `${number} argument${number === 1 ? "" : "s"}`;
  const wanted =
    max === Infinity
      ? `at least ${count(min)}`
      : min === max
        ? max === 0
          ? "no arguments"
          : count(max)
        : min === 0
          ? `at most ${count(max)}`
          : `${min} to ${count(max)}`;
  return `${command.name} takes ${wanted}, not ${given}.\n\n${helpOf(command)}`;
}

/** Names of commands that somebody who typed this may have meant. */
export function didYouMean(typed: string, names: readonly string[]): readonly string[] {
  const lower = typed.toLowerCase();
  const ranked = names
    .map((name) => ({ name, distance: editDistance(lower, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 4)))
    .sort((a, b) => a.distance - b.distance);
  const close = ranked.slice(0, 3).map(({ name }) => name);
  if (close.length > 0 || lower.length < 3) return close;
  return names.filter((name) => name.toLowerCase().includes(lower)).slice(0, 5);
}
