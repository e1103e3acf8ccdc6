/** Keeps the commands and links of every page true: scripts, options, files and headings that they name are there. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const COMMAND = join(ROOT, "cli", "dist", "main.js");

function pagesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pagesIn(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

const PAGES = [
  ...["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md"].map((name) => join(ROOT, name)),
  ...["docs", "cli/src", "core/src", "node/src", "sdk/src", "testing/src"].flatMap((folder) =>
    pagesIn(join(ROOT, folder)),
  ),
];

interface Line {
  /** Page and command, for messages. */
  readonly where: string;
  readonly words: readonly string[];
}

/** Commands in blocks and in running text; several in a line of shell are taken apart. */
function commandsOf(page: string): Line[] {
  const text = readFileSync(page, "utf8");
  const blocks = [...text.matchAll(/^```(?:bash|sh|shell|console)?\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
    block.replace(/\\\n\s*/g, " ").split("\n"),
  );
  const inline = [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...blocks, ...inline]
    .flatMap((line) => line.replace(/\s#.*$/, "").split(/&&|\|\||;|\|/))
    .map((part) => part.trim().replace(/^\$ /, ""))
    .filter((part) => part !== "")
    .map((part) => ({ where: `${relative(ROOT, page)}: ${part}`, words: part.split(/\s+/) }));
}

const ALL = PAGES.flatMap(commandsOf);

test("scripts of npm that pages name are there", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Readonly<Record<string, string>>;
  };
  const named = ALL.flatMap(({ where, words }) => {
    if (words[0] !== "npm") return [];
    if (words[1] === "run") return [{ where, script: words.slice(2).find((word) => !word.startsWith("-")) }];
    return words[1] === "start" || words[1] === "test" ? [{ where, script: words[1] }] : [];
  });
  expect(named.length).toBeGreaterThan(10);
  for (const { where, script } of named) expect(Object.keys(scripts), where).toContain(script);
});

const run = promisify(execFile);

/** What the command says of itself, by its words. */
const helps = new Map<string, string>();
async function helpOf(words: readonly string[]): Promise<string> {
  const name = words.join(" ");
  const found = helps.get(name);
  if (found !== undefined) return found;
  const { stdout: help } = await run(process.execPath, [COMMAND, ...words, "--help"]);
  helps.set(name, help);
  return help;
}

const subcommandsIn = (help: string): string[] =>
  [...(help.split(/^Commands:$/m)[1] ?? "").matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name = ""]) => name);

test("commands and options of tsbcos that pages name are there", { timeout: 240_000 }, async () => {
  const lines = ALL.map(({ where, words }) => ({ where, words: words[0] === "npx" ? words.slice(1) : words })).filter(
    ({ words }) => words[0] === "tsbcos" && words.length > 1 && /^[a-z-]/.test(words[1] ?? ""),
  );
  expect(lines.length).toBeGreaterThan(10);
  for (const { where, words } of lines) {
    const path: string[] = [];
    let rest = words.slice(1);
    for (let names = subcommandsIn(await helpOf(path)); names.length > 0 && rest.length > 0;) {
      const [next = ""] = rest;
      // A placeholder, or an option of the command so far.
      if (!/^[a-z]/.test(next)) break;
      expect([...names, "help"], where).toContain(next);
      path.push(next);
      rest = rest.slice(1);
      names = subcommandsIn(await helpOf(path));
    }
    for (const option of rest.filter((word) => /^--?[A-Za-z]/.test(word))) {
      const help = `${await helpOf(path)} -h --help --version`;
      const name = option.replace(/=.*$/, "");
      expect(help.match(/(?<![\w-])--?[A-Za-z][\w-]*/g), `${where}: ${name}`).toContain(name);
    }
  }
});

test("programs and scripts that pages run are there", () => {
  const named = ALL.flatMap(({ where, words: [program = "", file = ""] }) =>
    program === "node" && /^[\w./-]+\.m?js$/.test(file) ? [{ where, file }] : [],
  );
  expect(named.length).toBeGreaterThan(1);
  for (const { where, file } of named) expect(existsSync(join(ROOT, file)), where).toBe(true);
  const paths = ALL.flatMap(({ where, words }) =>
    words
      .filter((word) => /^(?:docs|testing|examples|tools|core|node|sdk|cli)\/[\w./-]+\.\w+$/.test(word))
      .map((path) => ({ where, path })),
  );
  const missing = paths.filter(({ path }) => !existsSync(join(ROOT, path)));
  expect(missing.map(({ where }) => where)).toEqual([]);
});

/** Names under which the headings of a page can be reached, as code hosts make them. */
function anchorsOf(page: string): Set<string> {
  const headings = readFileSync(page, "utf8")
    .replace(/^```[\s\S]*?^```$/gm, "")
    .matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/`/g, "")
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-"),
    ),
  );
}

test("links between pages lead somewhere", () => {
  const broken: string[] = [];
  for (const page of PAGES) {
    const text = readFileSync(page, "utf8")
      .replace(/^```[\s\S]*?^```$/gm, "")
      .replace(/`[^`\n]*`/g, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      const isThere = existsSync(file);
      const isHeading = anchor === undefined || (isThere && statSync(file).isFile() && anchorsOf(file).has(anchor));
      if (!isThere || !isHeading) broken.push(`${relative(ROOT, page)}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});
