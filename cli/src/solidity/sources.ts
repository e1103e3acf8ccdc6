/** Every file that takes part in a compilation, found by following imports. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, posix, relative, resolve, sep } from "node:path";
import { err, ok, type Result } from "@tsbcos/core/primitives";
import { adaptInterface, interfaceFiles, readInterface } from "./interfaces.js";
import { scan } from "./scan.js";
import type { CompileFailure } from "./types.js";
import type { Requirement } from "./versions.js";

/** A file as the compiler is to see it. */
export interface SourceUnit {
  /** The compiler's name for it: the same wherever the folder lies, because it goes into the code's metadata. */
  readonly unit: string;
  /** Where it is; for interfaces of built-in contracts, where it comes from. */
  readonly file: string;
  readonly text: string;
  readonly isInterface: boolean;
}

/** What is handed to the compiler. */
export interface SourceSet {
  /** The file that was asked for first. */
  readonly units: readonly SourceUnit[];
  /** Imports that the compiler would look for under another name, in its own notation. */
  readonly remappings: readonly string[];
  readonly requirements: readonly Requirement[];
}

interface Found {
  /** Absolute path, or `tsbcos/Table.sol`. */
  readonly id: string;
  readonly text: string;
  readonly imports: { readonly path: string; readonly id: string }[];
}

const INTERFACES = "tsbcos/";

/** Follows imports from a file. Looked at in turn: beside the file, the folder of contracts, node_modules, the built-in ones. */
export function collectSources(entry: string, contractsFolder: string): Result<SourceSet, CompileFailure> {
  const found = new Map<string, Found>();
  const requirements: Requirement[] = [];
  const missing: string[] = [];
  const queue = [resolve(entry)];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
    if (found.has(id)) continue;
    const text = textOf(id);
    const { ranges, imports } = scan(text);
    const one: Found = { id, text, imports: [] };
    found.set(id, one);
    if (!id.startsWith(INTERFACES)) requirements.push(...ranges.map((range) => ({ file: shown(id), range })));
    for (const { path, line } of imports) {
      const candidates = candidatesFor(path, id, contractsFolder);
      const target = candidates.find(isFile) ?? builtIn(path);
      if (target === undefined) missing.push(complaint(path, `${shown(id)}:${line}`, candidates));
      else {
        one.imports.push({ path, id: target });
        queue.push(target);
      }
    }
  }
  if (missing.length > 0) return err({ code: "missing-import", message: missing.join("\n\n") });
  return ok(named([...found.values()], contractsFolder, requirements));
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

function textOf(id: string): string {
  return id.startsWith(INTERFACES) ? readInterface(id.slice(INTERFACES.length)) : readFileSync(id, "utf8");
}

/** A path as a person would write it from here. */
export function shown(path: string): string {
  if (!isAbsolute(path)) return path;
  const short = relative(process.cwd(), path);
  return short.startsWith(`..${sep}..`) || short === "" ? path : short;
}

function candidatesFor(path: string, importer: string, contractsFolder: string): string[] {
  if (isAbsolute(path)) return [path];
  const folders = importer.startsWith(INTERFACES) ? [] : [dirname(importer)];
  const stripped = path.replace(/^(?:\.{1,2}\/)+/, "");
  const candidates = [...folders.map((folder) => resolve(folder, path)), resolve(contractsFolder, stripped)];
  if (!path.startsWith(".")) {
    for (const start of [...folders, resolve(contractsFolder)]) {
      for (let folder = start; ; folder = dirname(folder)) {
        candidates.push(join(folder, "node_modules", path));
        if (dirname(folder) === folder) break;
      }
    }
  }
  return [...new Set(candidates)];
}

function builtIn(path: string): string | undefined {
  const name = path.startsWith(INTERFACES) ? path.slice(INTERFACES.length) : basename(path);
  const isPlain = path === name || path === `./${name}` || path === `../${name}` || path === `${INTERFACES}${name}`;
  return isPlain && interfaceFiles().includes(name) ? `${INTERFACES}${name}` : undefined;
}

function complaint(path: string, where: string, candidates: readonly string[]): string {
  const plain = candidates.filter((candidate) => !candidate.includes(`${sep}node_modules${sep}`));
  const packages = plain.length < candidates.length;
  return [
    `${where} imports "${path}", which was not found. Looked for:`,
    ...plain.map((candidate) => `  ${shown(candidate)}`),
    ...(packages ? [`  node_modules/${path}, here and in the folders above`] : []),
    `  the interfaces of built-in contracts (${interfaceFiles().join(", ")})`,
    packages && path.includes("/")
      ? `Put the file into one of these places, or install its package: npm install ${packageOf(path)}`
      : "Put the file into one of these places, or correct the path.",
  ].join("\n");
}

const packageOf = (path: string): string => path.split("/", path.startsWith("@") ? 2 : 1).join("/");

function named(files: readonly Found[], contractsFolder: string, requirements: readonly Requirement[]): SourceSet {
  const project = files.filter(({ id }) => !id.startsWith(INTERFACES) && !id.includes(`${sep}node_modules${sep}`));
  const base = baseOf(
    project.map(({ id }) => dirname(id)),
    resolve(contractsFolder),
  );
  const unitOf = (id: string): string => {
    if (id.startsWith(INTERFACES)) return id;
    const packages = id.lastIndexOf(`${sep}node_modules${sep}`);
    const path = packages < 0 ? relative(base, id) : id.slice(packages + "/node_modules/".length);
    return path.split(sep).join("/");
  };
  const remappings = files.flatMap(({ id, imports }) => {
    const context = unitOf(id);
    return imports.flatMap(({ path, id: target }) => {
      const expected = path.startsWith(".") ? relativeUnit(context, path) : path;
      return expected === unitOf(target) ? [] : [`${context}:${expected}=${unitOf(target)}`];
    });
  });
  const units = files.map(({ id, text }) => {
    const isInterface = id.startsWith(INTERFACES);
    return { unit: unitOf(id), file: id, text, isInterface };
  });
  return { units, remappings, requirements };
}

/** What the compiler makes of a relative import: it does not leave its root. */
function relativeUnit(context: string, path: string): string {
  return posix.normalize(posix.join(posix.dirname(context), path)).replace(/^(?:\.\.\/)+/, "");
}

/** The folder that names are counted from: that of the contracts, unless files lie beside it. */
function baseOf(folders: readonly string[], contractsFolder: string): string {
  const inside = (folder: string, base: string): boolean => folder === base || folder.startsWith(join(base, sep));
  if (folders.every((folder) => inside(folder, contractsFolder))) return contractsFolder;
  let base = folders[0] ?? contractsFolder;
  while (!folders.every((folder) => inside(folder, base))) base = dirname(base);
  return base;
}

/** The texts by name, interfaces in the form for a version. */
export function textsFor(set: SourceSet, version: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    set.units.map(({ unit, text, isInterface }) => [unit, isInterface ? adaptInterface(text, version) : text]),
  );
}
