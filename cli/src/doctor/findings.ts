/** What the doctor says. */

/**
 * How bad it is: `error` keeps something from working or soon will, `warning` is worth a look, `note` is good to know,
 * `ok` was looked at and is as it should be.
 */
export type Severity = "error" | "warning" | "note" | "ok";

/** One thing that was looked at. */
export interface Finding {
  readonly severity: Severity;
  /** What it is about: folder of a node, `group 1`, or an URL. */
  readonly subject: string;
  /** What was looked at: `settings`, `certificates`, `ports`, `clock`, `genesis`, `running`, `peers`, `heights`. */
  readonly check: string;
  readonly message: string;
  /** What to change; absent where nothing is to be done. */
  readonly remedy?: string;
}

/** Collects what is found about one subject. */
export class Findings {
  readonly list: Finding[] = [];
  readonly #subject: string;

  constructor(subject: string) {
    this.#subject = subject;
  }

  /** Something is wrong. */
  error(check: string, message: string, remedy: string): void {
    this.list.push({ severity: "error", subject: this.#subject, check, message, remedy });
  }

  /** Something is worth a look. */
  warning(check: string, message: string, remedy: string): void {
    this.list.push({ severity: "warning", subject: this.#subject, check, message, remedy });
  }

  /** Something is good to know. */
  note(check: string, message: string): void {
    this.list.push({ severity: "note", subject: this.#subject, check, message });
  }

  /** Something is as it should be; said only where `check` brought up nothing worse. */
  ok(check: string, message: string): void {
    if (this.list.some((finding) => finding.check === check && finding.severity !== "note")) return;
    this.list.push({ severity: "ok", subject: this.#subject, check, message });
  }
}

/** The findings as a page of text, one paragraph a subject, and a last line that sums up. */
export function describeFindings(findings: readonly Finding[]): string {
  const subjects = [...new Set(findings.map((finding) => finding.subject))];
  const width = Math.max(0, ...findings.map((finding) => finding.check.length));
  const paragraphs = subjects.map((subject) => {
    const own = findings.filter((finding) => finding.subject === subject);
    return [subject, ...own.map((finding) => describe(finding, width))].join("\n");
  });
  return [...paragraphs, summary(findings)].join("\n\n");
}

function describe({ severity, check, message, remedy }: Finding, width: number): string {
  const indent = " ".repeat(2 + 9 + width + 2);
  const text = message.replaceAll("\n", `\n${indent}`);
  const line = `  ${severity.padEnd(9)}${check.padEnd(width)}  ${text}`;
  return remedy === undefined ? line : `${line}\n${indent}-> ${remedy}`;
}

function summary(findings: readonly Finding[]): string {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [count("error"), count("warning")];
  const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? "" : "s"}`;
  if (errors === 0 && warnings === 0) return "Nothing is wrong.";
  return `${plural(errors, "error")}, ${plural(warnings, "warning")}.`;
}
