/** Account files: names and contents as `get_account.sh` and `get_gm_account.sh` make them. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import type { LocalAccount } from "./account.js";
import { accountFromPem, encodePrivateKeyPem, encodePublicKeyPem } from "./pem.js";
import { accountFromPkcs12, encodePkcs12 } from "./pkcs12.js";

/** Private keys are for their owner's eyes only. */
const PRIVATE_MODE = 0o600;

/** Where an account was written. */
export interface AccountFiles {
  /** `0x<address>.pem` or `0x<address>.p12`. */
  readonly privateKeyFile: string;
  /** `0x<address>.public.pem`. */
  readonly publicKeyFile: string;
}

/** How an account is written. */
export type AccountFormat = { readonly format: "pem" } | { readonly format: "p12"; readonly password: string };

/**
 * Writes an account into a folder, which is made if it is not there.
 *
 * @throws CodedError `account-exists` rather than overwrite a key; `bad-password`
 */
export async function writeAccountFiles(
  account: LocalAccount,
  directory: string,
  format: AccountFormat = { format: "pem" },
): Promise<AccountFiles> {
  const content = format.format === "p12" ? await encodePkcs12(account, format.password) : encodePrivateKeyPem(account);
  const privateKeyFile = join(directory, `${account.address}.${format.format}`);
  const publicKeyFile = join(directory, `${account.address}.public.pem`);
  await mkdir(directory, { recursive: true });
  try {
    await writeFile(privateKeyFile, content, { mode: PRIVATE_MODE, flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new CodedError("account-exists", `${privateKeyFile} is there already, and is not overwritten.`, { cause });
  }
  await writeFile(publicKeyFile, encodePublicKeyPem(account));
  return { privateKeyFile, publicKeyFile };
}

/**
 * The account in a PEM or PKCS#12 file; its content says which, and the key's curve says of which kind the account is.
 *
 * @param password of a PKCS#12 file; a function is asked only when it is needed
 * @throws CodedError `no-key-file`, `bad-key-file`, `wrong-password`
 */
export async function readAccountFile(
  file: string,
  password: string | (() => string | Promise<string>) = "",
): Promise<LocalAccount> {
  const content = await readFile(file).catch((cause: unknown) => {
    throw new CodedError("no-key-file", `${file} cannot be read: ${(cause as Error).message}`, { cause });
  });
  try {
    if (content.includes("-----BEGIN ")) return accountFromPem(content.toString("utf8"));
    return await accountFromPkcs12(content, typeof password === "string" ? password : await password());
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new CodedError(error.code, `${file}: ${error.message}`, { cause: error });
  }
}
