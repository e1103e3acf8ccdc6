/**
 * Settings files as text that people write comments into: single values are read and changed, every other line stays as
 * it is. Whether the values make sense is for the node to say (`doctor` asks it).
 */

interface Line {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

function parseLines(text: string): (Line | undefined)[] {
  let section = "";
  return text.split("\n").map((raw) => {
    const line = raw.trim();
    const header = /^\[([^\]]*)\]/.exec(line);
    if (header !== null) section = (header[1] ?? "").trim();
    const equals = line.indexOf("=");
    if (header !== null || equals <= 0 || line.startsWith(";") || line.startsWith("#")) return undefined;
    return { section, key: line.slice(0, equals).trim(), value: line.slice(equals + 1).trim() };
  });
}

/** Value of `section.key`; undefined when missing or empty. */
export function readSetting(text: string, section: string, key: string): string | undefined {
  const line = parseLines(text).find((entry) => entry?.section === section && entry.key === key);
  return line === undefined || line.value === "" ? undefined : line.value;
}

/** Values of `section.<prefix>N` in the order of the file, empty ones left out. */
export function readList(text: string, section: string, prefix: string): string[] {
  return parseLines(text).flatMap((entry) =>
    entry?.section === section && entry.key.startsWith(prefix) && entry.value !== "" ? [entry.value] : [],
  );
}

/** Everything that is set, as `section.key` and value, in the order of the file; empty values left out. */
export function listSettings(text: string): readonly (readonly [name: string, value: string])[] {
  return parseLines(text).flatMap((entry) =>
    entry === undefined || entry.value === "" ? [] : [[`${entry.section}.${entry.key}`, entry.value] as const],
  );
}

/** The text with another value for `section.key`; a missing key, or section, is added. */
export function writeSetting(text: string, section: string, key: string, value: string): string {
  const lines = text.split("\n");
  const place = parseLines(text).findIndex((entry) => entry?.section === section && entry.key === key);
  if (place >= 0) {
    lines[place] = (lines[place] ?? "").replace(/=.*$/, () => `=${value}`);
    return lines.join("\n");
  }
  return insertLines(text, section, [`    ${key}=${value}`]);
}

/** The text with other values for the list `section.<prefix>N`, numbered from 0. */
export function writeList(text: string, section: string, prefix: string, values: readonly string[]): string {
  const entries = parseLines(text);
  const isOld = (index: number): boolean => {
    const entry = entries[index];
    return entry?.section === section && entry.key.startsWith(prefix);
  };
  const lines = text.split("\n");
  const added = values.map((value, index) => `    ${prefix}${index}=${value}`);
  const first = lines.findIndex((_, index) => isOld(index));
  if (first < 0) return insertLines(text, section, added);
  return lines.flatMap((line, index) => (index === first ? added : isOld(index) ? [] : [line])).join("\n");
}

function insertLines(text: string, section: string, added: readonly string[]): string {
  const lines = text.split("\n");
  const header = lines.findIndex((line) => /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim() === section);
  if (header < 0) return `${text.trimEnd()}\n\n[${section}]\n${added.join("\n")}\n`;
  return [...lines.slice(0, header + 1), ...added, ...lines.slice(header + 1)].join("\n");
}
