/** `tsbcos console`: everything that operators ask of a chain, at a terminal, in scripts, and one command at a time. */
import { homedir } from "node:os";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { failureOf } from "./failures.js";
import { homeIn } from "./home.js";
import { runConsole, type ConsoleOptions } from "./run.js";
import { EXIT } from "./script.js";

export { destinationOf } from "./chain/connection.js";
export { COMMANDS } from "./commands/index.js";
export { openSession } from "./open.js";
export { runLine, type Ran } from "./runner.js";
export type { Session } from "./session.js";

const list = (text: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  ...text.split(",").filter(Boolean),
];
const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text];

const EXAMPLES = `
Without options the chain is found: in this folder, in ./chain or ./nodes, in a folder above, or by the config.toml of the
Java console. Commands are read from the terminal, or from standard input when that is no terminal.

  tsbcos console                                      at the terminal, in group 1
  tsbcos console 2 -pem account/ecdsa/0x....pem       in group 2, with this account
  tsbcos console getBlockNumber                       one command; the exit code is 0, 1 when it failed, 2 when it was wrong
  tsbcos console --exec "deploy HelloWorld" --exec "call HelloWorld latest get"
  tsbcos console --json getSealerList                 one JSON value for each command
  tsbcos console --rpc http://127.0.0.1:8545          over JSON-RPC, without certificates

\`tsbcos console help\` lists the commands.`;

/** Adds the word `console`. */
export function addConsoleCommand(program: Command, version: string): void {
  program
    .enablePositionalOptions()
    .command("console")
    .description("ask and operate a chain: contracts, accounts, tables, permissions, groups")
    .argument("[words...]", "a group, and a command with its arguments")
    .passThroughOptions()
    .addOption(new Option("--group <id>", "the group; also the first word").hideHelp())
    .option("--pem <file>", "sign with this account file, or the account of this address; also -pem")
    .option("--p12 <file>", "the same for a file with a password; also -p12")
    .option("--password-file <file>", "take the password of an account file from a file instead of asking")
    .option("-e, --exec <command>", "run a command and leave; may be repeated, stops at the first that fails", collect)
    .option("--json", "print one JSON value for each command")
    .option("-l, --plain", "no completion, for terminals that have trouble with it")
    .option("--chain <folder>", "the folder of a chain")
    .option("--nodes <host:port,...>", "channel ports of nodes", list)
    .option("--tls <folder>", "the folder with ca.crt, sdk.crt and sdk.key")
    .option("--rpc <url,...>", "JSON-RPC ports of nodes, in place of channel ports", list)
    .option("--config <file>", "settings of the Java SDK or console (config.toml)")
    .option("--home <folder>", "where accounts, contracts and deploylog.txt are; in the chain's folder by default")
    .option("--solc <file>", "a Solidity compiler in place of those that come along")
    .addHelpText("after", EXAMPLES)
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage);
    })
    .action(async (words: readonly string[], options: ConsoleOptions) => {
      try {
        process.exitCode = await runConsole(words, options, version);
      } catch (error) {
        const home = homeIn(join(homedir(), ".tsbcos", "console"));
        process.stderr.write(`${failureOf(error, home).text.join("\n")}\n`);
        process.exitCode = EXIT.failed;
      }
    });
}

/**
 * The words of a command line with the options of the scripts of old as commander understands them: `-pem`, `-p12`, and
 * the group in front of options.
 */
export function consoleWords(argv: readonly string[]): readonly string[] {
  const [node = "", script = "", name, first, ...rest] = argv;
  if (name !== "console") return argv;
  const words = first === undefined ? [] : /^\d+$/.test(first) ? ["--group", first, ...rest] : [first, ...rest];
  const command = words.findIndex((word, index) => !word.startsWith("-") && !words[index - 1]?.startsWith("-"));
  const end = command < 0 ? words.length : command;
  const old = new Map([
    ["-pem", "--pem"],
    ["-p12", "--p12"],
  ]);
  return [node, script, name, ...words.map((word, index) => (index < end ? (old.get(word) ?? word) : word))];
}
