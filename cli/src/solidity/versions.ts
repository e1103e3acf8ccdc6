/** The compilers that come along, and which of them a contract is for. */
import { createRequire } from "node:module";
import { err, ok, type Result } from "@tsbcos/core/primitives";
import semver from "semver";
import type { CompileFailure, EvmVersion } from "./types.js";

/** A compiler that comes along. */
export interface BundledCompiler {
  /** Such as `0.6.10`. */
  readonly version: string;
  /** Path of the compiler's file. */
  readonly file: () => string;
}

const require = createRequire(import.meta.url);

/** One of each line, oldest first. */
export const BUNDLED: readonly BundledCompiler[] = [
  { version: "0.4.26", file: () => require.resolve("solc-0.4/soljson.js") },
  { version: "0.5.17", file: () => require.resolve("solc-0.5/soljson.js") },
  { version: "0.6.10", file: () => require.resolve("solc-0.6/soljson.js") },
  { version: "0.8.37", file: () => require.resolve("solc-0.8/soljson.js") },
];

const LIST = BUNDLED.map(({ version }) => version).join(", ");

/** A pragma and where it stands. */
export interface Requirement {
  readonly file: string;
  readonly range: string;
}

const failure = (code: CompileFailure["code"], message: string): Result<never, CompileFailure> =>
  err({ code, message });

/** The newest compiler that every pragma allows; the newest of all when there is none. */
export function chooseVersion(requirements: readonly Requirement[]): Result<BundledCompiler, CompileFailure> {
  for (const { file, range } of requirements) {
    if (semver.validRange(range) === null) {
      return failure("bad-pragma", `${file}: "pragma solidity ${range};" is no range of versions, such as ^0.6.10.`);
    }
  }
  const allows = (version: string): boolean => requirements.every(({ range }) => semver.satisfies(version, range));
  const chosen = BUNDLED.findLast(({ version }) => allows(version));
  if (chosen !== undefined) return ok(chosen);
  return failure(
    "no-such-version",
    [
      "No compiler here is what the sources ask for:",
      ...requirements.map(({ file, range }) => `  ${file}: pragma solidity ${range};`),
      `There are ${LIST}. Widen the pragma (^0.6.0), or name another compiler's file (solc).`,
    ].join("\n"),
  );
}

/** The compiler of a line (`0.6`) or a version (`0.6.10`). */
export function compilerOf(version: string): Result<BundledCompiler, CompileFailure> {
  const wanted = version.replace(/^v/, "").replace(/\+.*$/, "");
  const found = BUNDLED.find((one) => one.version === wanted || one.version.startsWith(`${wanted}.`));
  if (found !== undefined) return ok(found);
  return failure(
    "no-such-version",
    `There is no Solidity ${version} here, only ${LIST}. Another compiler can be used by naming its file (solc).`,
  );
}

/** The newest rules that a compiler knows and a chain has. */
export function evmVersionFor(version: string, wanted: EvmVersion): EvmVersion {
  // Constantinople was not final when the last of the 0.4 line was made: it stays behind, as its users are used to.
  if (semver.lt(version, "0.5.0")) return "byzantium";
  return wanted === "istanbul" && semver.lt(version, "0.5.13") ? "constantinople" : wanted;
}

/** Other compilers that the pragmas allow. */
export function alternativesTo(version: string, requirements: readonly Requirement[]): readonly string[] {
  const versions = BUNDLED.map((one) => one.version).filter((one) => one !== version);
  return versions.filter((one) => requirements.every(({ range }) => semver.satisfies(one, range)));
}
