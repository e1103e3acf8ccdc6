/** Errors of the compiler as people read them: place, line, caret. */
import { shown } from "./sources.js";

/** An error or a warning in the compiler's JSON. */
export interface Diagnostic {
  readonly severity: "error" | "warning" | "info";
  readonly type?: string;
  readonly message?: string;
  readonly formattedMessage?: string;
  readonly sourceLocation?: { readonly file: string; readonly start: number; readonly end: number };
}

/** A source by the compiler's name for it. */
export type FindSource = (unit: string) => { readonly file: string; readonly text: string } | undefined;

/**
 * One diagnostic:
 *
 * ```
 * Token.sol:7:5: ParserError: Expected ';' but got 'return'
 *     return 1
 *     ^^^^^^
 * ```
 */
export function formatDiagnostic(diagnostic: Diagnostic, find: FindSource): string {
  const { sourceLocation: place } = diagnostic;
  const source = place === undefined ? undefined : find(place.file);
  const text = `${diagnostic.type ?? diagnostic.severity}: ${(diagnostic.message ?? diagnostic.formattedMessage ?? "").trim()}`;
  if (place === undefined || source === undefined || place.start < 0) return text;
  // Places are counted in bytes.
  const bytes = Buffer.from(source.text, "utf8");
  const before = bytes.subarray(0, place.start).toString("utf8");
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = /^[^\r\n]*/.exec(source.text.slice(lineStart))?.[0] ?? "";
  const column = before.length - lineStart;
  const width = bytes.subarray(place.start, Math.max(place.start, place.end)).toString("utf8").length;
  const carets = "^".repeat(Math.max(1, Math.min(width, line.length - column)));
  const padding = line.slice(0, column).replace(/[^\t]/g, " ");
  const lineNumber = before.split("\n").length;
  return `${shown(source.file)}:${lineNumber}:${column + 1}: ${text}\n${line}\n${padding}${carets}`;
}
