#!/usr/bin/env node
/** The command `tsbcos`: words of the command line in, one of the rooms beside this file called, an exit code out. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { CodedError } from "@tsbcos/core/primitives";
import { addAccountCommands } from "./account/index.js";
import { addChainCommands } from "./chain/index.js";
import { addConsoleCommand, consoleWords } from "./console/index.js";
import { addDoctorCommand } from "./doctor/index.js";
import { runNode } from "./processes/index.js";
import { startChain, type StartOptions } from "./start/index.js";

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}

const EXAMPLES = `
To begin with:

  tsbcos start                               a chain of four nodes on this machine, until Ctrl-C
  tsbcos console                             in another terminal: ask and operate it
  tsbcos chain build -l 127.0.0.1:4          only the files of a chain, to be started by its scripts
  tsbcos doctor                              what is wrong with the chain in this folder, and what to change

tsbcos <command> --help tells the options of each.`;

function createProgram(): Command {
  const program = new Command("tsbcos")
    .description("A consortium blockchain, wire-compatible with FISCO BCOS 2.9.1")
    .version(readVersion())
    .showHelpAfterError("(add --help for the options)")
    .addHelpText("after", EXAMPLES);
  addChainCommands(program);
  addDoctorCommand(program);
  program
    .command("node")
    .description("run one node until it is told to stop")
    .option("-c, --config <file>", "its settings, or its folder", "config.ini")
    .action(async (options: { config: string }) => {
      process.exitCode = await runNode(options.config);
    });
  program
    .command("start")
    .description("run a chain of four nodes on this machine, made first if it is not there")
    .option("-d, --directory <folder>", "where the chain is or shall be", "chain")
    .option("-n, --nodes <count>", "nodes of a new chain (default: 4)")
    .option("-p, --ports <p2p,channel,rpc>", "first ports of a new chain (default: 30300,20200,8545)")
    .action(async (options: StartOptions) => {
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
