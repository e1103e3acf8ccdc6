/** The folder that a console keeps its things in: accounts, contracts, what was deployed, what was typed. */
import { accessSync, constants, cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CodedError } from "@tsbcos/core/primitives";

/** Paths, all absolute. */
export interface Home {
  readonly directory: string;
  /** With `ecdsa/` and `gm/` in it. */
  readonly accountFolder: string;
  /** Solidity files that are found by their names. */
  readonly contractFolder: string;
  /** Contracts as they were when they were deployed: `<group>/<name>/<address>/`. */
  readonly compiledFolder: string;
  readonly deployLog: string;
  readonly historyFile: string;
  /** What went wrong in ways that nobody expected. */
  readonly errorLog: string;
}

/** Contracts that come with the command. */
const EXAMPLES = fileURLToPath(new URL("../../contracts", import.meta.url));

/** The paths in a folder; nothing is made yet. */
export function homeIn(directory: string, accountFolder = join(directory, "account")): Home {
  const contracts = join(directory, "contracts");
  return {
    directory,
    accountFolder,
    contractFolder: join(contracts, "solidity"),
    compiledFolder: join(contracts, ".compiled"),
    deployLog: join(directory, "deploylog.txt"),
    historyFile: join(directory, ".console-history"),
    errorLog: join(directory, "console.log"),
  };
}

/**
 * Makes the folder if it is not there, and puts the example contracts where contracts are looked for, unless some are there.
 *
 * @throws CodedError `no-home` when nothing can be written there
 */
export function prepareHome(home: Home): void {
  try {
    mkdirSync(home.directory, { recursive: true });
    accessSync(home.directory, constants.W_OK);
    if (existsSync(home.contractFolder) && readdirSync(home.contractFolder).length > 0) return;
    mkdirSync(home.contractFolder, { recursive: true });
    cpSync(EXAMPLES, home.contractFolder, { recursive: true });
  } catch (cause) {
    throw new CodedError(
      "no-home",
      `Accounts and contracts cannot be kept in ${home.directory} (${(cause as NodeJS.ErrnoException).code ?? String(cause)}). Name a folder of yours with --home.`,
      { cause },
    );
  }
}
