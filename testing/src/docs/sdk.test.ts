/** Keeps the tables of `docs/reference/sdk.md` equal to the code: `npx vitest run -u` on this file writes them anew. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as sdk from "@tsbcos/sdk";
import { expect, test } from "vitest";

const PAGE = fileURLToPath(new URL("../../../docs/reference/sdk.md", import.meta.url));

function table(head: string, texts: ReadonlyMap<number, string>): string {
  const rows = [...texts].map(([code, text]) => [String(code), text] as const);
  const width = Math.max(head.length, ...rows.map(([code]) => code.length));
  const textWidth = Math.max("text".length, ...rows.map(([, text]) => text.length));
  const line = (code: string, text: string): string => `| ${code.padEnd(width)} | ${text.padEnd(textWidth)} |\n`;
  return (
    line(head, "text") +
    `| ${"-".repeat(width)} | ${"-".repeat(textWidth)} |\n` +
    rows.map(([code, text]) => line(code, text)).join("")
  );
}

test("the tables of codes say what the code says", async () => {
  const page = readFileSync(PAGE, "utf8");
  const withTable = (text: string, mark: string, rows: string): string => {
    const parts = text.split(`<!-- ${mark} -->\n`);
    expect(parts, `the page has a place for ${mark}`).toHaveLength(2);
    const [before = "", after = ""] = parts;
    // A table reaches to the next heading, or to the end.
    const rest = /^#[\s\S]*/m.exec(after)?.[0];
    return `${before}<!-- ${mark} -->\n\n${rows}${rest === undefined ? "" : `\n${rest}`}`;
  };
  const expected = withTable(
    withTable(page, "status", table("status", sdk.STATUS_TEXTS)),
    "codes",
    table("code", sdk.PRECOMPILED_TEXTS),
  );
  await expect(expected).toMatchFileSnapshot(PAGE);
});

test("every class of errors is on the page", () => {
  const page = readFileSync(PAGE, "utf8");
  const classes = Object.keys(sdk).filter((name) => name.endsWith("Error"));
  expect(classes.length).toBeGreaterThan(8);
  for (const name of classes) expect(page, name).toContain(`\`${name}\``);
});
