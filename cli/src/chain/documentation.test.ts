import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addChainCommands } from "./index.js";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/operating/building-a-chain.md"), "utf8");

const program = new Command();
addChainCommands(program);
const commands = program.commands.flatMap((chain) => chain.commands);

test.each(commands.map((command) => [command.name(), command] as const))("the page tells every option of %s", (name, command) => {
  if (name !== "build") expect(PAGE).toContain(`tsbcos chain ${name} `);
  for (const option of command.options) {
    const { short = "", long = "" } = option;
    // In a table, in an example, or among the refused ones.
    const isTold = [`${short}, ${long}`, `\`${long} `, ` ${short} `, `\`${short}\` (`].some((text) => PAGE.includes(text));
    expect([name, short, long, isTold]).toEqual([name, short, long, true]);
  }
});

test("the page tells no option that is not there", () => {
  const known = new Set(commands.flatMap((command) => command.options).map((option) => option.long));
  const told = [...PAGE.matchAll(/`-\S, (--[a-z0-9-]+)/g)].map((match) => match[1]);
  expect(told.filter((option) => option === undefined || !known.has(option))).toEqual([]);
});
