#!/usr/bin/env node
/** The command `tsbcos`: words of the command line in, one of the rooms beside this file called, an exit code out. */
import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { CodedError } from "@tsbcos/core/primitives";
import { addAccountCommands } from "./account/index.js";
import { addChainCommands } from "./chain/index.js";
import { addConsoleCommand, consoleWords } from "./console/index.js";
import { addDoctorCommand } from "./doctor/index.js";
import { runNode } from "./processes/index.js";
import { startChain } from "./start/index.js";

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}

function createProgram(): Command {
  const program = new Command("tsbcos")
    .description("A consortium blockchain, wire-compatible with FISCO BCOS 2.9.1")
    .version(readVersion())
    .showHelpAfterError("(add --help for the options)");
  addChainCommands(program);
  addDoctorCommand(program);
  program
    .command("node")
    .description("run one node until it is told to stop")
    .option("-c, --config <file>", "its settings", "config.ini")
    .action(async (options: { config: string }) => {
      process.exitCode = await runNode(options.config);
    });
  program
    .command("start")
    .description("run a chain of four nodes on this machine, made first if it is not there")
    .option("-d, --directory <folder>", "where the chain is or shall be", "chain")
    .option("-n, --nodes <count>", "nodes of a new chain", "4")
    .addOption(new Option("-p, --ports <p2p,channel,rpc>", "first ports of a new chain").default("30300,20200,8545"))
    .action(async (options: { directory: string; nodes: string; ports: string }) => {
      process.exitCode = await startChain(options);
    });
  addConsoleCommand(program, readVersion());
  addAccountCommands(program);
  return program;
}

try {
  await createProgram().parseAsync([...consoleWords(process.argv)]);
} catch (error) {
  // Mistakes that have a code were written for the reader; anything else is ours and shows where it happened.
  const text = error instanceof CodedError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
