/** A program of the operator's own to run the nodes with, such as the C++ node. */
import { spawnSync } from "node:child_process";
import { refuse } from "./refusals.js";

/**
 * Asks the program for its version.
 *
 * @throws ChainBuildError when it is no node, or older than the rules of the chain
 */
export function checkProgram(program: string, supportedVersion: string): void {
  const { error, stdout } = spawnSync(program, ["-v"], { encoding: "utf8", timeout: 20_000 });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") refuse("bad-program", `-e: there is no ${program}.`, error);
  if (error !== undefined) refuse("bad-program", `-e: ${program} does not start: ${error.message}.`, error);
  const version = /FISCO-BCOS Version\s*:\s*(\d+)\.(\d+)\.(\d+)/.exec(stdout);
  if (version === null) refuse("bad-program", `-e: ${program} is no node: its -v prints no FISCO-BCOS version.`);
  const own = version.slice(1).map(Number);
  const wanted = supportedVersion.split(".").map(Number);
  const difference = own.map((part, index) => part - (wanted[index] ?? 0)).find((part) => part !== 0) ?? 0;
  if (difference < 0) {
    refuse("bad-program", `-e: ${program} is version ${own.join(".")}, older than the rules of the chain (-v ${supportedVersion}).`);
  }
}
