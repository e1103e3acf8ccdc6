/** Keeps the tables of `docs/reference/sdk.md` equal to the code: `npx vitest run -u` on this file writes them anew. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as sdk from "@tsbcos/sdk";
import { expect, test } from "vitest";
import { withTable } from "./tables.js";

const PAGE = fileURLToPath(new URL("../../../docs/reference/sdk.md", import.meta.url));

test("the tables of codes say what the code says", async () => {
  const page = readFileSync(PAGE, "utf8");
  const rowsOf = (texts: ReadonlyMap<number, string>): string[][] =>
    [...texts].map(([code, text]) => [String(code), text]);
  const withStatus = withTable(page, "status", ["status", "text"], rowsOf(sdk.STATUS_TEXTS));
  const expected = withTable(withStatus, "codes", ["code", "text"], rowsOf(sdk.PRECOMPILED_TEXTS));
  await expect(expected).toMatchFileSnapshot(PAGE);
});

test("every class of errors is on the page", () => {
  const page = readFileSync(PAGE, "utf8");
  const classes = Object.keys(sdk).filter((name) => name.endsWith("Error"));
  expect(classes.length).toBeGreaterThan(8);
  for (const name of classes) expect(page, name).toContain(`\`${name}\``);
});
