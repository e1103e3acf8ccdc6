import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { groupId } from "@tsbcos/core/primitives";
import { V2_9_0 } from "@tsbcos/core/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { readGenesisConfig } from "./genesis-config.js";
import { readGroupConfig } from "./group-config.js";
import { parseIni } from "./ini.js";
import { readNodeConfig } from "./node-config.js";
import { Settings } from "./settings.js";

const text = readFileSync(fileURLToPath(new URL("../../../docs/operating/configuration.md", import.meta.url)), "utf8");

/** Keys in the tables of one chapter. */
function documented(chapter: string): string[] {
  const body = text.split(/^## /m).find((part) => part.startsWith(`${chapter}\n`)) ?? "";
  return [...body.matchAll(/^\| `([^`]+)` +\|/gm)].map((match) => match[1] ?? "").sort();
}

/** Keys that reading a document asks for. */
function known(read: (document: ReturnType<typeof parseIni>) => void): string[] {
  const names = new Set<string>();
  vi.spyOn(Settings.prototype, "warnOfUnknown").mockImplementation(function (this: Settings) {
    for (const name of this.knownNames()) names.add(name);
  });
  read(parseIni("", "x", []));
  return [...names].sort();
}

afterEach(() => {
  vi.restoreAllMocks();
});

const options = { groupId: groupId(1), version: V2_9_0 };

test.each([
  ["config.ini", known((document) => readNodeConfig(document, [], () => false))],
  ["group.N.genesis", known((document) => readGenesisConfig(document, [], options))],
  ["group.N.ini", known((document) => readGroupConfig(document, [], options))],
])("every key of %s that is read is documented, and no other", (chapter, keys) => {
  expect(documented(chapter)).toEqual(keys);
});
