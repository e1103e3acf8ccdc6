/** `tsbcos doctor`: looks at the folders of nodes and at the running nodes, and says what to change. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { CodedError } from "@tsbcos/core/primitives";
import { chainPlaceNear } from "../folders/index.js";
import { examine } from "./examine.js";
import { describeFindings } from "./findings.js";

/** Adds `doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("find out what is wrong with a node or a chain, and say what to change")
    .argument(
      "[path]",
      "config.ini, or the folder of a node, of a machine (<ip>/), or of a whole chain; without it the nearest, as the console finds it",
    )
    .option("--rpc <urls>", "JSON-RPC of more nodes, on other machines, such as http://10.0.0.2:8545,...")
    .option("--json", "print the findings as JSON")
    .action(async (named: string | undefined, options: { rpc?: string; json?: boolean }) => {
      const path = named === undefined ? chainPlaceNear(process.cwd()).place : resolve(named);
      const urls = options.rpc?.split(",") ?? [];
      const wrong = urls.find((url) => !/^https?:\/\/./.test(url));
      if (wrong !== undefined) {
        const message = `--rpc takes URLs of JSON-RPC ports, such as http://10.0.0.2:8545, not "${wrong}".`;
        throw new CodedError("usage", message);
      }
      const { nodes, findings } = await examine(path, urls);
      const isWell = findings.every(({ severity }) => severity !== "error");
      const page =
        options.json === true
          ? JSON.stringify({ ok: isWell, lookedAt: { path, nodes }, findings }, null, 2)
          : `Looked at ${path}: ${nodes.join(", ")}\n\n${describeFindings(findings)}`;
      process.stdout.write(`${page}\n`);
      process.exitCode = isWell ? 0 : 1;
    });
}
