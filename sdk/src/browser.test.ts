import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, test } from "vitest";

const ENTRY = fileURLToPath(new URL("browser.ts", import.meta.url));
const CORE = fileURLToPath(new URL("../../core/src/", import.meta.url));

/** Every module of ours that is loaded when `file` is, and what they ask of others. */
function closureOf(file: string, seen = new Map<string, readonly string[]>()): Map<string, readonly string[]> {
  if (seen.has(file)) return seen;
  const text = readFileSync(file, "utf8");
  // Types are gone before anything runs.
  const statements = text.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/gms);
  const specifiers = [...statements].map(([, named, dynamic]) => named ?? dynamic ?? "");
  seen.set(
    file,
    specifiers.filter((specifier) => !specifier.startsWith(".")),
  );
  for (const specifier of specifiers) {
    if (specifier.startsWith(".")) closureOf(resolve(dirname(file), specifier.replace(/\.js$/, ".ts")), seen);
    const room = /^@tsbcos\/core\/(\w+)$/.exec(specifier)?.[1];
    if (room !== undefined) closureOf(`${CORE}${room}/index.ts`, seen);
  }
  return seen;
}

test("nothing of the browser entry asks for Node.js", () => {
  const closure = closureOf(ENTRY);
  const outside = new Set([...closure.values()].flat().filter((specifier) => !specifier.startsWith("@tsbcos/core/")));
  expect([...outside].filter((specifier) => !specifier.startsWith("@noble/"))).toEqual(["viem"]);
  expect([...closure.keys()].some((file) => file.includes("/channel/"))).toBe(false);
  expect(closure.size).toBeGreaterThan(40);
  for (const file of closure.keys()) {
    const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    expect(code, file).not.toMatch(/\bBuffer\.|\bprocess\.|\brequire\(/);
  }
});

test("it can be bundled for a browser, accounts and ABI included", async () => {
  const result = await build({
    configFile: false,
    logLevel: "silent",
    resolve: { alias: [{ find: /^@tsbcos\/core\/(.+)$/, replacement: `${CORE}$1/index.ts` }] },
    build: { write: false, minify: false, target: "es2022", lib: { entry: ENTRY, formats: ["es"], fileName: "sdk" } },
  });
  const [bundle] = Array.isArray(result) ? result : [result];
  if (bundle === undefined || !("output" in bundle)) throw new Error("nothing was bundled");
  const code = bundle.output.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join("\n");
  expect(code).toContain("accountFromPem");
  expect(code).not.toMatch(/from\s*["'](?:node:|@tsbcos|viem)/);
  expect(code).not.toContain("__vite-browser-external");
});
