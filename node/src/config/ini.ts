/**
 * INI text as the C++ node reads it (Boost property tree): sections in brackets, `key=value` with blanks around both
 * dropped, comments are whole lines beginning with `;` or `#`, a value runs to the end of its line, and neither a
 * section nor a key may come twice.
 */
import type { Problem } from "./problems.js";

/** One `key=value`. */
export interface IniEntry {
  readonly key: string;
  readonly value: string;
  /** Line from 1. */
  readonly line: number;
}

/** One section. */
export interface IniSection {
  readonly name: string;
  readonly line: number;
  readonly entries: ReadonlyMap<string, IniEntry>;
}

/** A whole file. Keys before the first section are in the section named by the empty text. */
export interface IniDocument {
  /** Path as given, for messages. */
  readonly file: string;
  readonly sections: ReadonlyMap<string, IniSection>;
}

/** Reads INI text; lines that cannot be read are added to `problems` and left out. */
export function parseIni(text: string, file: string, problems: Problem[]): IniDocument {
  const sections = new Map<string, IniSection & { readonly entries: Map<string, IniEntry> }>();
  let current = { name: "", line: 0, entries: new Map<string, IniEntry>() };
  const refuse = (line: number, message: string): void => {
    problems.push({ severity: "error", file, line, name: undefined, value: undefined, message });
  };
  text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .forEach((raw, index) => {
      const line = index + 1;
      const content = raw.trim();
      if (content === "" || content.startsWith(";") || content.startsWith("#")) return;
      if (content.startsWith("[")) {
        const end = content.indexOf("]");
        if (end < 0) {
          refuse(line, `"${content}": a section name must end with ]`);
          return;
        }
        const name = content.slice(1, end).trim();
        const first = sections.get(name);
        if (first !== undefined) refuse(line, `section [${name}] was already given at line ${String(first.line)}`);
        current = { name, line, entries: first?.entries ?? new Map<string, IniEntry>() };
        if (first === undefined) sections.set(name, current);
        return;
      }
      const equals = content.indexOf("=");
      if (equals <= 0) {
        refuse(line, `"${content}": expected key=value, [section] or a comment beginning with ;`);
        return;
      }
      const key = content.slice(0, equals).trim();
      const earlier = current.entries.get(key);
      if (earlier !== undefined) {
        refuse(line, `${current.name}.${key} was already given at line ${String(earlier.line)}`);
        return;
      }
      if (current.name === "") sections.set("", current);
      current.entries.set(key, { key, value: content.slice(equals + 1).trim(), line });
    });
  return { file, sections };
}
