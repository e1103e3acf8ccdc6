/** Packing a machine's folder, to be carried there. */
import { spawnSync } from "node:child_process";
import { refuse } from "./refusals.js";

/**
 * Makes `<folder>.tar.gz` beside `directory/<folder>`.
 *
 * @throws ChainBuildError when there is no tar program, or it fails
 */
export function archive(directory: string, folder: string): void {
  // The name of a folder on IPv6 has colons, which tar would take for the name of another machine.
  const words = ["--force-local", "-czf", `${folder}.tar.gz`, folder];
  const { error, status, stderr } = spawnSync("tar", words, { cwd: directory, encoding: "utf8" });
  if (error !== undefined) {
    refuse("no-tar", `-z (and -D) need the program tar, which did not start: ${error.message}.`, error);
  }
  if (status !== 0) refuse("no-tar", `tar could not pack ${folder}: ${stderr.trim()}`);
}
