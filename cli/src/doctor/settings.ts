/** The settings of a node, as the node itself reads them. */
import { spawnSync } from "node:child_process";
import { basename } from "node:path";
import type { NodeFolder } from "../folders/index.js";
import { nodeProgram } from "../processes/index.js";
import type { Findings } from "./findings.js";

const CHECK = "settings";
const PATIENCE_MS = 30_000;

/** Lets the node's program check `config.ini` and the files of its groups. */
export function checkSettings(node: NodeFolder, findings: Findings): void {
  const words = [nodeProgram(), "-c", basename(node.configFile), "--check"];
  // In the node's folder, where the paths in the file begin.
  const { status, stdout, stderr, error } = spawnSync(process.execPath, words, {
    cwd: node.directory,
    encoding: "utf8",
    timeout: PATIENCE_MS,
  });
  const lines = stdout.split("\n").flatMap((line) => /^(error|warning): (.*)$/.exec(line) ?? []);
  for (let index = 0; index < lines.length; index += 3) {
    const [severity, message = ""] = lines.slice(index + 1, index + 3);
    if (severity === "error") findings.error(CHECK, message, "Correct the line; the node does not start with it.");
    else findings.warning(CHECK, message, "Correct the line; it has no effect as it is.");
  }
  if (lines.length === 0 && status !== 0) {
    const reason = error?.message ?? stderr.trim();
    findings.error(CHECK, `The settings could not be checked: ${reason}`, "Reinstall the packages of this program.");
  }
  findings.ok(CHECK, `${basename(node.configFile)} and the files of group ${node.groups.join(", ") || "(none)"}`);
}
