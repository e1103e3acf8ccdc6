#!/usr/bin/env node
/** The command `tsbcos`: words of the command line in, one of the rooms beside this file called, an exit code out. */
import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { CodedError } from "@tsbcos/core/primitives";
import { addAccountCommands } from "./account/index.js";
import { buildChain, planChain, type ChainWords } from "./chain/index.js";
import { nodeProgram, runNode } from "./processes/index.js";
import { startChain } from "./start/index.js";

interface BuildOptions extends Omit<ChainWords, "ports"> {
  readonly ports: string;
  readonly output: string;
}

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}

async function chainBuild(options: BuildOptions): Promise<void> {
  const plan = planChain(options);
  process.stdout.write(`Making keys and certificates for ${plan.nodes.length} nodes...\n`);
  const built = await buildChain(plan, options.output, nodeProgram());
  for (const node of built.nodes) {
    process.stdout.write(
      `  ${node.name.padEnd(6)} ${node.ip}  P2P ${node.p2pPort}  channel ${node.channelPort}  RPC ${node.rpcPort}  ${node.nodeId.slice(0, 8)}...\n`,
    );
  }
  const host = built.nodes[0]?.ip ?? "";
  process.stdout.write(`All completed. Files in ${built.directory}\n`);
  process.stdout.write(`Start the nodes with:  bash ${built.directory}/${host}/start_all.sh\n`);
}

function createProgram(): Command {
  const program = new Command("tsbcos")
    .description("A consortium blockchain, wire-compatible with FISCO BCOS 2.9.1")
    .version(readVersion())
    .showHelpAfterError("(add --help for the options)");
  const chain = program.command("chain").description("make and change the files of a chain");
  chain
    .command("build")
    .description("make certificates, genesis and settings for a new chain")
    .requiredOption("-l, --hosts <ip:count,...>", "addresses and how many nodes on each, such as 127.0.0.1:4")
    .option("-o, --output <folder>", "folder to make; it must not exist", "nodes")
    .option("-p, --ports <p2p,channel,rpc>", "first ports; each further node of an ip adds 1", "30300,20200,8545")
    .option("-i, --open-rpc", "let JSON-RPC listen on every address (it has no authentication)")
    .option("-C, --chain-id <number>", "chain id", "1")
    .option("-v, --supported-version <version>", "rules of the chain", "2.9.0")
    .option("-X, --days <number>", "validity of the certificates in days", "36500")
    .option("-E, --free-storage", "storage operations cost next to nothing")
    .option("-T, --debug-log", "log at level debug")
    .action(chainBuild);
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
  addAccountCommands(program);
  return program;
}

try {
  await createProgram().parseAsync();
} catch (error) {
  // Mistakes that have a code were written for the reader; anything else is ours and shows where it happened.
  const text = error instanceof CodedError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
