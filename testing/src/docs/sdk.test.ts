/** Keeps the tables of `docs/reference/sdk.md` equal to the code: `npx vitest run -u` on this file writes them anew. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
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

test("the packages that a program is told to install are the SDK and what it needs of ours", () => {
  const manifestOf = (folder: string): { name: string; dependencies?: Readonly<Record<string, string>> } =>
    JSON.parse(readFileSync(fileURLToPath(new URL(`../../../${folder}/package.json`, import.meta.url)), "utf8")) as {
      name: string;
    };
  const [, packed = ""] = /^npm pack (.*) --pack-destination/m.exec(readFileSync(PAGE, "utf8")) ?? [];
  const manifests = [...packed.matchAll(/-w (\S+)/g)].map(([, folder = ""]) => manifestOf(folder));
  const names = manifests.map(({ name }) => name);
  const needed = manifests.flatMap(({ dependencies = {} }) => Object.keys(dependencies));
  expect(names).toContain("@tsbcos/sdk");
  expect(new Set(names)).toEqual(new Set(["@tsbcos/sdk", ...needed.filter((name) => name.startsWith("@tsbcos/"))]));
});

test("every class of errors is on the page", () => {
  const page = readFileSync(PAGE, "utf8");
  const classes = Object.keys(sdk).filter((name) => name.endsWith("Error"));
  expect(classes.length).toBeGreaterThan(8);
  for (const name of classes) expect(page, name).toContain(`\`${name}\``);
});

/** Codes that the sources of the SDK raise: the first argument of whatever makes an error. */
function codesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "testdata" ? [] : codesIn(path);
    if (!entry.name.endsWith(".ts") || entry.name.endsWith(".test.ts")) return [];
    const calls = readFileSync(path, "utf8").matchAll(/(\w+)\(\s*"([a-z]+(?:-[a-z]+)+)"/g);
    return [...calls].flatMap(([, name, code = ""]) => (name === "import" ? [] : [code]));
  });
}

test("every code that the SDK raises is on its pages, and no other", () => {
  const raised = new Set(codesIn(fileURLToPath(new URL("../../../sdk/src", import.meta.url))));
  const sections = [PAGE, PAGE.replace("sdk.md", "accounts.md")].map((page) => {
    const [, errors = ""] = readFileSync(page, "utf8").split("\n## Errors\n");
    return errors.split(/^### /m)[0] ?? "";
  });
  const written = new Set(
    sections.flatMap((text) => [...text.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, code = ""]) => code)),
  );
  expect(raised.size).toBeGreaterThan(30);
  expect([...written].sort()).toEqual([...raised].sort());
});
