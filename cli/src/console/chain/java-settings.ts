/** `config.toml` of the Java SDK and console, so that people can go on in their folder. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { parse } from "smol-toml";
import { CodedError } from "@tsbcos/core/primitives";

/** What such a file says, as far as it is needed here. Paths are absolute. */
export interface JavaSettings {
  readonly file: string;
  /** The folder that consoles are started in: paths count from it. */
  readonly home: string;
  /** Folder with certificates. */
  readonly certificates: string;
  /** `host:port` of channel ports. */
  readonly peers: readonly string[];
  /** With `ecdsa/` and `gm/` in it. */
  readonly accountFolder: string;
  /** The account to sign with, as a file or as an address in the folder. */
  readonly account: string | undefined;
  readonly password: string | undefined;
}

/** The settings of the console in a folder; undefined when there are none. @throws CodedError `bad-config` */
export function javaSettingsIn(folder: string): JavaSettings | undefined {
  const file = [join(folder, "conf", "config.toml"), join(folder, "config.toml")].find(
    (one) => existsSync(one) && /^\s*\[network\]/m.test(textOf(one)),
  );
  return file === undefined ? undefined : readJavaSettings(file);
}

/** The text of a file that may be anybody's, in a folder above: what cannot be read is not for us. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Reads one file. @throws CodedError `bad-config` that says which line or key is wrong */
export function readJavaSettings(path: string): JavaSettings {
  const file = resolve(path);
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new CodedError("bad-config", `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const home = basename(dirname(file)) === "conf" ? dirname(dirname(file)) : dirname(file);
  const text = (section: string, key: string): string | undefined => {
    const value = (table[section] as Readonly<Record<string, unknown>> | undefined)?.[key];
    if (value === undefined || value === "") return undefined;
    if (typeof value === "string") return value;
    throw new CodedError("bad-config", `${file}: ${key} of [${section}] is a text in quotes.`);
  };
  const absolute = (value: string): string => (isAbsolute(value) ? value : resolve(home, value));
  const peers = (table["network"] as Readonly<Record<string, unknown>> | undefined)?.["peers"];
  if (!Array.isArray(peers) || peers.length === 0 || !peers.every((peer) => typeof peer === "string")) {
    throw new CodedError("bad-config", `${file}: peers of [network] is a list such as ["127.0.0.1:20200"].`);
  }
  const account = text("account", "accountFilePath");
  return {
    file,
    home,
    certificates: absolute(text("cryptoMaterial", "certPath") ?? "conf"),
    peers: peers as readonly string[],
    accountFolder: absolute(text("account", "keyStoreDir") ?? "account"),
    account: account === undefined ? text("account", "accountAddress") : absolute(account),
    password: text("account", "password"),
  };
}
