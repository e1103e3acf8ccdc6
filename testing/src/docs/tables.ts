/** Tables in pages of the documentation, found by a comment in front of them. */
import { assert } from "@tsbcos/core/primitives";

/** A page with the table behind a mark exchanged; the table reaches to the next heading, or to the end. */
export function withTable(
  page: string,
  mark: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const [before, after, more] = page.split(`<!-- ${mark} -->\n`);
  assert(before !== undefined && after !== undefined && more === undefined, "the page has one place for the table");
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const table = line(head) + line(widths.map((width) => "-".repeat(width))) + rows.map(line).join("");
  const rest = /^#[\s\S]*/m.exec(after)?.[0];
  return `${before}<!-- ${mark} -->\n\n${table}${rest === undefined ? "" : `\n${rest}`}`;
}

/** The cells of the table behind a mark, without its head. */
export function markedTable(page: string, mark: string): string[][] {
  const [, after = ""] = page.split(`<!-- ${mark} -->\n`);
  const [section = ""] = after.split(/^#/m);
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  const cells = lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return cells.slice(2);
}
