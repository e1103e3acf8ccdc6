/** How the commands about chains speak to whoever typed them. */
import { relative } from "node:path";

/** Prints a line. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A path as a person in this folder would write it. */
export function shorten(path: string): string {
  const short = relative(process.cwd(), path);
  if (short === "") return ".";
  return short.startsWith("..") ? path : short;
}
