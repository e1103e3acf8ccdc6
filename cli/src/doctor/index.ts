/** `tsbcos doctor`: looks at the folders of nodes and at the running nodes, and says what to change. */
import type { Command } from "commander";
import { examine } from "./examine.js";
import { describeFindings } from "./findings.js";

/** Adds `doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("find out what is wrong with a node or a chain, and say what to change")
    .argument("[path]", "config.ini, or the folder of a node, of a machine (<ip>/), or of a whole chain", ".")
    .option("--rpc <urls>", "JSON-RPC of more nodes, on other machines, such as http://10.0.0.2:8545,...")
    .option("--json", "print the findings as JSON")
    .action(async (path: string, options: { rpc?: string; json?: boolean }) => {
      const findings = await examine(path, options.rpc?.split(",") ?? []);
      const isWell = findings.every(({ severity }) => severity !== "error");
      const page =
        options.json === true ? JSON.stringify({ ok: isWell, findings }, null, 2) : describeFindings(findings);
      process.stdout.write(`${page}\n`);
      process.exitCode = isWell ? 0 : 1;
    });
}
