import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "./commands/index.js";
import { usageOf } from "./help.js";

const ROOT = join(import.meta.dirname, "../../..");
const PAGE = readFileSync(join(ROOT, "docs/reference/console.md"), "utf8");
const TRANSCRIPTS = join(ROOT, "testing/src/e2e/console");

/** What the transcripts of the end-to-end test hold: each command with what it said, every time. */
const said = new Set(
  readdirSync(TRANSCRIPTS).flatMap((file) =>
    readFileSync(join(TRANSCRIPTS, file), "utf8")
      .split(/^> /m)
      .slice(1)
      .map((step) => step.trimEnd()),
  ),
);

test("the page tells of exactly the commands that there are, as they are used", () => {
  const told = [...PAGE.matchAll(/^\| `(\w+[^`]*)` +\| (.*?) *\|$/gm)].map(([, usage, about]) => ({ usage, about }));
  const section = PAGE.slice(PAGE.indexOf("## Commands"));
  const rows = told.filter(({ usage }) => section.includes(`| \`${usage ?? ""}\``));
  expect(rows).toEqual(
    COMMANDS.commands.map((command) => {
      const also = (command.aliases ?? []).filter((alias) => !alias.startsWith("-")).map((alias) => `\`${alias}\``);
      const others = also.length === 0 ? "" : ` (also ${also.join(", ")})`;
      return { usage: usageOf(command), about: `${command.about}${others}` };
    }),
  );
});

test("what the page shows was typed and printed in the end-to-end test", () => {
  const blocks = [...PAGE.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  const steps = blocks.flatMap((block) => block.split("[group:1]> ").slice(1)).map((step) => step.trimEnd());
  expect(steps.length).toBeGreaterThan(30);
  expect(steps.filter((step) => !said.has(step))).toEqual([]);
});

test("the compiled contracts of the examples are of the sources that come along", () => {
  for (const name of ["HelloWorld", "Token"]) {
    const { contract, source, abi } = JSON.parse(
      readFileSync(join(ROOT, "examples", "contracts", `${name}.json`), "utf8"),
    ) as Readonly<Record<"contract" | "source", string>> & {
      readonly abi: readonly { readonly name?: string; readonly type: string }[];
    };
    expect(contract).toBe(name);
    const text = readFileSync(join(ROOT, source), "utf8");
    const written = [...text.matchAll(/^\s*function (\w+)/gm)].map(([, called]) => called);
    const known = abi.flatMap((item) => (item.type === "function" ? [item.name] : []));
    expect(written.length).toBeGreaterThan(0);
    // Variables that are public are functions of the ABI, too.
    expect(written.filter((called) => !known.includes(called))).toEqual([]);
  }
});
