import { expect, test } from "vitest";
import { COMMANDS } from "./commands/index.js";
import { familyOf, overview, wrongCount } from "./help.js";

const { commands } = COMMANDS;

test.each(["governance", "Gas", "life cycle of contracts", "tables (SQL)", "names"])(
  "help %s lists the commands below that heading",
  (heading) => {
    const found = familyOf(heading, commands);
    const [family = ""] = new Set(found.map((command) => command.family));
    expect(family.toLowerCase().startsWith(heading.toLowerCase())).toBe(true);
    expect(found).toEqual(commands.filter((command) => command.family === family));
    expect(overview(found)).toMatch(new RegExp(`^${family.replace(/[()]/g, "\\$&")}:\n\\* ${found[0]?.name ?? ""} `));
  },
);

test("no command is called like the first word of a heading, where help would explain the command alone", () => {
  const firsts = new Set(commands.map(({ family }) => family.split(" ")[0] ?? ""));
  expect([...firsts].filter((word) => COMMANDS.find(word) !== undefined)).toEqual([]);
  expect(familyOf("nothing", commands)).toEqual([]);
});

test("how many words a command takes", () => {
  const told = (name: string, given: number): string | undefined =>
    wrongCount(COMMANDS.demand(name), given).split("\n")[0];
  expect(told("help", 2)).toBe("help takes at most 1 argument, not 2.");
  expect(told("getBlockByNumber", 0)).toBe("getBlockByNumber takes 1 to 2 arguments, not 0.");
  expect(told("switch", 0)).toBe("switch takes 1 argument, not 0.");
});
