/** Account files in the folders that consoles keep them in: `account/ecdsa` and `account/gm`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import {
  createAccount,
  digitsOf,
  readAccountFile,
  writeAccountFiles,
  type AccountFormat,
  type CryptoSuite,
  type LocalAccount,
} from "@tsbcos/sdk";

/** An account file. */
export interface AccountFile {
  readonly address: string;
  /** Name of the file. */
  readonly name: string;
  readonly path: string;
}

/** Remembers which account acts, from one start to the next. */
const CURRENT = ".current";

/** The account files for one kind of chain. */
export class AccountFolder {
  readonly directory: string;
  readonly #suite: CryptoSuite;

  /** @param base the folder with `ecdsa/` and `gm/` */
  constructor(base: string, suite: CryptoSuite) {
    this.#suite = suite;
    this.directory = join(base, suite.name === "sm" ? "gm" : "ecdsa");
  }

  /** Every account file, by name. */
  list(): readonly AccountFile[] {
    if (!existsSync(this.directory)) return [];
    return readdirSync(this.directory)
      .flatMap((name) => {
        const [, address] = /^(0x[0-9a-f]{40})\.(?:pem|p12|pfx)$/.exec(name) ?? [];
        return address === undefined ? [] : [{ address, name, path: join(this.directory, name) }];
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** A new account, written into the folder. */
  async create(format: AccountFormat): Promise<{ readonly account: LocalAccount; readonly file: string }> {
    const account = createAccount(this.#suite);
    const files = await writeAccountFiles(account, this.directory, format);
    return { account, file: files.privateKeyFile };
  }

  /** The file that a path, or an address with or without an ending, means. @throws CodedError `no-key-file` */
  find(pathOrAddress: string): string {
    if (existsSync(pathOrAddress) && statSync(pathOrAddress).isFile()) return resolve(pathOrAddress);
    const wanted = `0x${digitsOf(pathOrAddress)}`;
    const file = this.list().find(({ address, name }) => name === wanted || address === wanted);
    if (file !== undefined) return file.path;
    throw new CodedError(
      "no-key-file",
      `There is no account file ${pathOrAddress}, here or in ${this.directory}. listAccount shows what is there.`,
    );
  }

  /** Reads an account, and demands that it is of the chain's kind. @throws CodedError */
  async read(file: string, password: () => Promise<string>): Promise<LocalAccount> {
    const account = await readAccountFile(file, password);
    if (account.suite.name === this.#suite.name) return account;
    const kind = (suite: CryptoSuite): string => (suite.name === "sm" ? "SM2" : "secp256k1");
    throw new CodedError(
      "wrong-account",
      `${file} has a ${kind(account.suite)} key, and this chain signs with ${kind(this.#suite)}. newAccount makes an account for it.`,
    );
  }

  /** Remembers the account file that acts, for the next start. */
  remember(file: string): void {
    mkdirSync(this.directory, { recursive: true });
    writeFileSync(join(this.directory, CURRENT), `${file}\n`);
  }

  /** The file that was remembered, if it is still there. */
  remembered(): string | undefined {
    try {
      const file = readFileSync(join(this.directory, CURRENT), "utf8").trim();
      return existsSync(file) ? file : undefined;
    } catch {
      return undefined;
    }
  }
}
