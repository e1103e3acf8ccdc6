/** `tsbcos account`: makes account files, and shows whose they are. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { CodedError } from "@tsbcos/core/primitives";
import {
  accountFromPrivateKey,
  createAccount,
  readAccountFile,
  suiteOf,
  writeAccountFiles,
  type LocalAccount,
  type SuiteName,
} from "@tsbcos/sdk";
import { readPassword } from "./password.js";

export { askHidden, PASSWORD_VARIABLE, readPassword, type Terminal } from "./password.js";

interface WriteOptions {
  readonly sm?: boolean;
  readonly p12?: boolean;
  readonly out?: string;
  readonly passwordFile?: string;
}

/** Folders of the scripts that made accounts for 2.x, so that everything is found where it is looked for. */
const FOLDERS: Readonly<Record<SuiteName, string>> = { standard: "accounts", sm: "accounts_gm" };

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function write(account: LocalAccount, options: WriteOptions): Promise<void> {
  const directory = options.out ?? FOLDERS[account.suite.name];
  const kind = options.p12 === true ? "p12" : "pem";
  if (kind === "pem" && options.passwordFile !== undefined) {
    throw new CodedError("usage", "--password-file is for files with a password: add --p12.");
  }
  const files = await writeAccountFiles(
    account,
    directory,
    kind === "p12"
      ? { format: "p12", password: await readPassword({ file: options.passwordFile, repeat: true }) }
      : { format: "pem" },
  );
  say(`Account Address   : ${account.address}`);
  say(`Private Key (${kind}) : ${files.privateKeyFile}`);
  say(`Public  Key (pem) : ${files.publicKeyFile}`);
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    throw new CodedError("no-key-file", `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Adds the words after `tsbcos account`. */
export function addAccountCommands(program: Command): void {
  const account = program.command("account").description("make and show accounts");
  const writing = (name: string, description: string): Command =>
    account
      .command(name)
      .description(description)
      .option("--sm", "for a chain with SM2 and SM3, instead of secp256k1 and Keccak-256")
      .option("--p12", "as a PKCS#12 file with a password, instead of a PEM file without one")
      .option("-o, --out <folder>", "where to put the files (default: accounts, accounts_gm with --sm)")
      .option("--password-file <file>", "take the password from a file instead of asking");
  writing("new", "make an account with a random key").action((options: WriteOptions) =>
    write(createAccount(suiteOf(options.sm === true ? "sm" : "standard")), options),
  );
  writing("import", "make account files of a private key: 64 hexadecimal digits in a file, - for standard input")
    .argument("<file>", "a file, because other users of the machine can read command lines")
    .action((file: string, options: WriteOptions) => {
      return write(accountFromPrivateKey(readText(file), suiteOf(options.sm === true ? "sm" : "standard")), options);
    });
  account
    .command("show")
    .description("print the address of an account file, PEM or PKCS#12")
    .argument("<file>")
    .option("--password-file <file>", "take the password from a file instead of asking")
    .action(async (file: string, options: { readonly passwordFile?: string }) => {
      const { address, suite } = await readAccountFile(file, () => readPassword({ file: options.passwordFile }));
      say(`Account Address   : ${address}`);
      say(`Account Type      : ${suite.name === "sm" ? "SM2" : "secp256k1"}`);
    });
}
