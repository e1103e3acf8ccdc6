/** Keeps `docs/reference` true: every method with its parameters, every code with its words, and examples that are run. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { statusMessage, TransactionStatus } from "@tsbcos/core/protocol";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { CODES } from "@tsbcos/node/operations";
import { CHANNEL_ERRORS, INTERNAL_ERROR, METHODS, NODE_ERRORS, PROTOCOL_ERRORS } from "@tsbcos/node/rpc";
import { describe, expect, test } from "vitest";
import { loadChain } from "./load.js";
import { serviceOf } from "./rpc-node.js";
import type { RecordedSurroundings } from "./rpc-node.js";

/** The chain that the examples speak of. */
const CHAIN = "standard";

function page(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../docs/reference/${name}`, import.meta.url)), "utf8");
}

const methods = page("json-rpc.md");
const codes = page("error-codes.md");

/** Text from each heading of that level to the next heading of any level. */
function sections(text: string, mark: string): Map<string, string> {
  const parts = text.split(new RegExp(`^(?=#{1,${String(mark.length)}} )`, "m"));
  return new Map(
    parts
      .filter((part) => part.startsWith(`${mark} `))
      .map((part) => [part.slice(mark.length + 1, part.indexOf("\n")), part] as const),
  );
}

/** Rows of the first table in a section, without its header. */
function rows(section: string): string[][] {
  return section
    .split("\n")
    .filter((line) => /^\| *-?\d+ *\|/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe("json-rpc.md", () => {
  const described = sections(methods, "###");

  test("describes the methods that there are", () => {
    expect([...described.keys()].sort()).toEqual([...METHODS.keys()].sort());
  });

  test.each([...METHODS])("%s: parameters and result", (name, { parameters, optional = [] }) => {
    const section = described.get(name) ?? "";
    const [, line = ""] = /^Parameters: (.*)$/m.exec(section) ?? [];
    const types = [...line.matchAll(/`\w+` (int or str|int|str|bool|obj)\b/g)].map(([, type]) => type);
    if (parameters === undefined) expect(line).toMatch(/^(anything|`hosts`, an array)/);
    else expect(types).toEqual([...parameters, ...optional]);
    expect(section).toMatch(/^Result: ./m);
    expect(section).toMatch(/^```(rpc|text)\n→ .*\n← /m);
  });

  test("every error that a method names is in the table of codes", () => {
    const known = new Set(rows(sections(codes, "##").get("JSON-RPC errors") ?? "").map(([code]) => code));
    const named = [...methods.matchAll(/-(?:32|40|10)\d{3,4}\b/g)].map(([code]) => code);
    expect(named.filter((code) => !known.has(code))).toEqual([]);
  });

  test("the codes of changes of groups and peers are those of the code", () => {
    const section = sections(methods, "##").get("Changing groups and peers") ?? "";
    const written = [...section.matchAll(/\| `(0x[0-9a-f]+)` \| \w/g)].map(([, code]) => code);
    expect(written.sort()).toEqual(Object.values(CODES).sort());
  });

  test("the examples are what a node answers", { timeout: 120_000 }, async () => {
    const calls = loadChain(CHAIN).calls() as Readonly<Record<string, { readonly result: unknown }>>;
    const sessions = calls['["getPeers",1]']?.result as RecordedSurroundings["sessions"];
    const { peers } = calls['["getSyncStatus",1]']?.result as { readonly peers: RecordedSurroundings["told"] };
    const { service } = serviceOf(CHAIN, await loadNativeSuites(), { sessions, told: peers });
    const examples = [...methods.matchAll(/```rpc\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
      [...block.matchAll(/^→ (.*)\n← (.*)$/gm)].map(([, request = "", answer = ""]) => ({ request, answer })),
    );
    expect(examples.length).toBeGreaterThan(40);
    for (const { request, answer } of examples) {
      const pattern = answer.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
      expect((await service.handle(request)).trim(), request).toMatch(new RegExp(`^${pattern.join(".*?")}$`));
    }
  });
});

describe("error-codes.md", () => {
  const tables = sections(codes, "##");

  test("the JSON-RPC errors are those of the code, with their words", () => {
    const errors = [PROTOCOL_ERRORS, NODE_ERRORS, CHANNEL_ERRORS].flatMap((table) => Object.values(table));
    const expected = [...errors, INTERNAL_ERROR].map(({ code, message }) => [String(code), message.trim()]);
    const written = rows(tables.get("JSON-RPC errors") ?? "").map(([code, message]) => [code, message]);
    expect(written.sort()).toEqual(expected.sort());
  });

  test("the receipt statuses are those of the code, with their words", () => {
    const expected = Object.values(TransactionStatus).map((status) => [String(status), statusMessage(status)]);
    const written = rows(tables.get("Receipt statuses") ?? "").map(([status, message]) => [status, message]);
    expect(written).toEqual(expected);
  });
});
