/** What is wrong with a configuration, said all at once. */
import { CodedError } from "@tsbcos/core/primitives";

/** One finding in a configuration file. */
export interface Problem {
  /** An `error` keeps the node from starting; a `warning` is logged. */
  readonly severity: "error" | "warning";
  /** Path of the file as it was given. */
  readonly file: string;
  /** Line from 1; undefined for what is missing. */
  readonly line: number | undefined;
  /** `section.key`, or undefined when the line itself cannot be read. */
  readonly name: string | undefined;
  /** The value as written. */
  readonly value: string | undefined;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** One line of text: file, line, name, value, what is allowed. */
export function describeProblem(problem: Problem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${String(problem.line)}`;
  if (problem.name === undefined) return `${place}: ${problem.message}`;
  const subject = problem.value === undefined ? problem.name : `${problem.name} = "${problem.value}"`;
  return `${place}: ${subject}: ${problem.message}`;
}

/**
 * Ends in one message that lists every error.
 *
 * @throws CodedError `configuration-invalid` when there is an error among the problems
 */
export function refuseErrors(problems: readonly Problem[]): void {
  const errors = problems.filter((problem) => problem.severity === "error");
  if (errors.length === 0) return;
  const count = errors.length === 1 ? "1 problem" : `${String(errors.length)} problems`;
  const lines = errors.map((problem) => `  ${describeProblem(problem)}`);
  throw new CodedError("configuration-invalid", [`The configuration has ${count}:`, ...lines].join("\n"));
}

/** The name in `candidates` that `name` was probably meant to be: few letters differ. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const distanceMax = Math.max(1, Math.min(3, Math.floor(name.length / 3)));
  let best: string | undefined;
  let bestDistance = distanceMax + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Letters to insert, remove or replace to make `b` of `a`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const current = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (previous[j] as number) + (a[i] === b[j] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j + 1] as number) + 1, (current[j] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}
