/** What the tab key offers: commands, then whatever the command's next word may be. */
import { candidatesOf } from "./arguments.js";
import { argumentAt } from "./command.js";
import { chooseNames } from "./contracts/function-names.js";
import type { CommandTable } from "./runner.js";
import type { Session } from "./session.js";

/** Words that may be meant, and the part of the line that they would replace. */
export type Completion = [candidates: string[], replaced: string];

/** Completes a line at its end. */
export async function complete(table: CommandTable, session: Session, line: string): Promise<Completion> {
  const words = line.trimStart().split(/\s+/);
  const given = words.at(-1) ?? "";
  const [name = ""] = words;
  if (words.length <= 1)
    return matching(
      table.commands.map((command) => command.name),
      given,
    );
  const command = table.find(name);
  if (command === undefined || command.statement === true) return [[], given];
  const index = words.length - 2;
  const argument = argumentAt(command, index);
  if (argument === undefined) return [[], given];
  const before = words.slice(1, -1);
  const candidates =
    argument.kind === "function"
      ? await chooseNames(session, before[0] ?? "")
      : await candidatesOf(argument.kind, session, given);
  return matching(candidates, given);
}

/** Those that begin as the word does, whatever the case of its letters. */
function matching(candidates: readonly string[], given: string): Completion {
  const lower = given.toLowerCase();
  const found = candidates.filter((candidate) => candidate.toLowerCase().startsWith(lower));
  // A folder is gone into; anything else is a finished word.
  return [found.map((one) => (one.endsWith("/") ? one : `${one} `)), given];
}
