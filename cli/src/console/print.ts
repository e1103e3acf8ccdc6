/** The printed forms that scripts of the Java console read, and tables for everything else. */

const LINE_WIDTH = 93;
const INDENT = "    ";
/** Columns of the tables of rights are this wide, their content centred. */
const RIGHTS_COLUMN = 45;

/** The line between the parts of an answer. */
export const SEPARATOR = "-".repeat(LINE_WIDTH);

/** Characters that steer terminals; line ends and tabs are left. */
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** A text that is safe to print: contracts and tables hold what anybody wrote, escape sequences included. */
export function printable(text: string): string {
  return text.replace(STEERING, "·");
}

/** JSON in its plain values: big numbers become decimal text, bytes hexadecimal text. */
export function jsonOf(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== "object" || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (one === undefined ? [] : [[key, jsonOf(one)]])),
  );
}

/** JSON over several lines: four blanks a level, no blank behind a colon. */
export function formatJson(value: unknown): string {
  return lay(jsonOf(value), "");
}

function lay(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = indent + INDENT;
  const parts = Array.isArray(value)
    ? value.map((one) => lay(one, inner))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${lay(one, inner)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return `${open}${close}`;
  return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
}

/** Between two lines, in the middle of wide columns: how lists of rights are printed. */
export function rightsTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `|${cells.map((cell) => centred(cell)).join("|")}|`;
  return [SEPARATOR, line(headers), ...rows.map(line), SEPARATOR].join("\n");
}

function centred(text: string): string {
  const left = Math.max(0, Math.floor((RIGHTS_COLUMN - text.length) / 2));
  return " ".repeat(left) + text.padEnd(RIGHTS_COLUMN - left);
}

/** Columns as wide as their longest cell, two blanks apart. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
