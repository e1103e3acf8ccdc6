/** What this program is and what it is compatible with. */
import { readFileSync } from "node:fs";

/** Version of the C++ node whose behaviour this one has; SDKs choose their ways by it. */
export const COMPATIBLE_VERSION = "2.9.1";

/** Version of this program, as its package says. */
export function programVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { readonly version: unknown }).version);
}

/**
 * The version block that `-v` prints and every start shows.
 *
 * The chain builder of 2.x takes every number in a line with the word "version" for the version of the program it is
 * given, so there is one such line.
 */
export function versionText(): string {
  return [
    `FISCO-BCOS Version : ${COMPATIBLE_VERSION}`,
    `Program            : tsbcos ${programVersion()}`,
    `Build Type         : ${process.platform}/${process.arch}/node-${process.versions.node}`,
  ].join("\n");
}
