/** Keeps `docs/operating/limits.md` equal to the bounds in the code: `npx vitest run -u` on this file writes it anew. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as primitives from "@tsbcos/core/primitives";
import { expect, test } from "vitest";

const SOURCE = fileURLToPath(new URL("../../../core/src/primitives/limits.ts", import.meta.url));
const PAGE = fileURLToPath(new URL("../../../docs/operating/limits.md", import.meta.url));

const INTRODUCTION = `# Limits

Everything that a peer, a client or a contract could make grow has a bound. They stand in one file of the core, each with its unit in its name and its reason beside it; this page is made from that file. What an operator can choose is in \`configuration.md\`.
`;

function format(name: string, value: number): string {
  const digits = String(value).replace(/\B(?=(\d{3})+$)/g, " ");
  const mebibytes = value / (1024 * 1024);
  return name.includes("BYTES") && mebibytes >= 1 && Number.isInteger(mebibytes)
    ? `${digits} (${String(mebibytes)} MiB)`
    : digits;
}

test("the page of limits says what the code says", async () => {
  const values = primitives as unknown as Readonly<Record<string, unknown>>;
  const source = readFileSync(SOURCE, "utf8");
  const entries = [...source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export const (\w+) =/g)].map((match) => {
    const [, comment = "", name = ""] = match;
    const value = values[name];
    expect(value, `${name} is a number that the core exports`).toBeTypeOf("number");
    const reason = comment
      .replace(/^\s*\* ?/gm, "")
      .replace(/\s+/g, " ")
      .trim();
    return `- **${name}**: ${format(name, value as number)}. ${reason}\n`;
  });
  expect(entries).toHaveLength([...source.matchAll(/^export const /gm)].length);
  await expect(`${INTRODUCTION}\n${entries.join("")}`).toMatchFileSnapshot(PAGE);
});
