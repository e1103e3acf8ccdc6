/** Kinds of words: what each must look like, how it is explained, and what may complete it. */
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { digitsOf } from "@tsbcos/sdk";
import type { Session } from "./session.js";
import { unquote } from "./words.js";

/** What a word is. */
export type ArgumentKind =
  | "account"
  | "account-file"
  | "account-format"
  | "address"
  | "boolean"
  | "cns-name"
  | "command"
  | "config-key"
  | "contract"
  | "contract-address"
  | "count"
  | "deployed-address"
  | "endpoint"
  | "file"
  | "function"
  | "gas"
  | "group"
  | "hash"
  | "node-id"
  | "number"
  | "parameter"
  | "password"
  | "peer"
  | "sealer"
  | "statement"
  | "table"
  | "text"
  | "timestamp";

/** Keys that `getSystemConfigByKey` knows. */
export const CONFIG_KEYS = [
  "tx_count_limit",
  "tx_gas_limit",
  "consensus_timeout",
  "rpbft_epoch_sealer_num",
  "rpbft_epoch_block_num",
  "enable_charge_mgr",
] as const;

const INT32_MAX = 2 ** 31 - 1;
const GROUP_MAX = 32767;

interface Kind {
  /** For help: "the hash of a block". */
  readonly about: string;
  /** What is wrong with a word; undefined when nothing is. */
  problem?(word: string): string | undefined;
  /** Words that it may be. */
  complete?(session: Session, given: string): Promise<readonly string[]> | readonly string[];
}

const hexadecimal =
  (digits: number, what: string) =>
  (word: string): string | undefined =>
    new RegExp(`^[0-9a-f]{${digits}}$`).test(digitsOf(word))
      ? undefined
      : `${what} is ${digits} hexadecimal digits${digits === 128 ? "" : " behind 0x"}, not "${word}".`;

const between =
  (min: number, max: number, what: string) =>
  (word: string): string | undefined =>
    /^-?\d+$/.test(word) && Number(word) >= min && Number(word) <= max
      ? undefined
      : `${what} is a whole number from ${min} to ${max}, not "${word}".`;

const oneOf =
  (words: readonly string[], what: string) =>
  (word: string): string | undefined =>
    words.includes(word) ? undefined : `${what} is ${words.slice(0, -1).join(", ")} or ${words.at(-1)}, not "${word}".`;

function endpointProblem(word: string): string | undefined {
  const [, port] = /^(?:https?:\/\/)?(?:\[[0-9a-fA-F:.]+\]|[^\s:/]+):(\d{1,5})\/?$/.exec(word) ?? [];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65535
    ? undefined
    : `A node is named as host:port, such as 127.0.0.1:20200, not "${word}".`;
}

/** Files and folders that begin as `given` does. */
function filesLike(given: string): readonly string[] {
  const folder = given.endsWith("/") ? given : dirname(given);
  try {
    const prefix = given.includes("/") ? (folder.endsWith("/") ? folder : `${folder}/`) : "";
    return readdirSync(folder, { withFileTypes: true }).map(
      (entry) => `${prefix}${entry.name}${entry.isDirectory() ? "/" : ""}`,
    );
  } catch {
    return [];
  }
}

const KINDS: Readonly<Record<ArgumentKind, Kind>> = {
  account: {
    about: "address of an account",
    problem: hexadecimal(40, "An address"),
    complete: (session) => session.accounts.list().map(({ address }) => address),
  },
  "account-file": {
    about: "an account file (.pem, .p12), or the address of one in the account folder",
    complete: (session, given) => [
      ...session.accounts.list().map(({ address }) => address),
      ...filesLike(given).filter((file) => /\/$|\.(pem|p12|pfx)$/.test(file)),
    ],
  },
  "account-format": {
    about: "pem or p12",
    problem: oneOf(["pem", "p12"], "The form of an account file"),
    complete: () => ["pem", "p12"],
  },
  address: { about: "an address: 40 hexadecimal digits behind 0x", problem: hexadecimal(40, "An address") },
  boolean: {
    about: "true or false",
    problem: oneOf(["true", "false"], "This"),
    complete: () => ["true", "false"],
  },
  "cns-name": { about: "name of a contract, or name:version", complete: (session) => session.contracts.names() },
  command: { about: "name of a command", complete: (session) => session.commandNames },
  "config-key": {
    about: CONFIG_KEYS.join(", "),
    problem: oneOf(CONFIG_KEYS, "A key of the system configuration"),
    complete: () => CONFIG_KEYS,
  },
  contract: {
    about: "name of a contract in the contracts folder, or path of a Solidity file (file.sol:Name for one of several)",
    complete: (session, given) => [
      ...session.contracts.names(),
      ...(given.includes("/") ? filesLike(given).filter((file) => /\/$|\.sol$/.test(file)) : []),
    ],
  },
  "contract-address": {
    about: "address of a contract",
    problem: hexadecimal(40, "An address"),
    complete: (session) => session.deployments.all(session.groupId).map(({ address }) => address),
  },
  count: { about: "a whole number", problem: between(-1, INT32_MAX, "This") },
  "deployed-address": {
    about: "address of the contract, or latest for the one deployed last from here",
    complete: (session) => ["latest", ...session.deployments.all(session.groupId).map(({ address }) => address)],
  },
  endpoint: {
    about: "one of the nodes that are connected, as host:port",
    problem: endpointProblem,
    complete: (session) => session.endpoints(),
  },
  file: { about: "path of a file", complete: (_session, given) => filesLike(given) },
  function: { about: "name of a function; with its types, as in set(uint256), where there are several" },
  gas: {
    about: "a whole number above 0",
    problem: (word) =>
      /^(\d+|0x[0-9a-f]+)$/i.test(word) && BigInt(word) > 0n
        ? undefined
        : `Gas is a whole number above 0, decimal or behind 0x, not "${word}".`,
  },
  group: {
    about: "number of a group",
    problem: between(1, GROUP_MAX, "A group"),
    complete: (session) => session.groups(),
  },
  hash: { about: "a hash: 64 hexadecimal digits behind 0x", problem: hexadecimal(64, "A hash") },
  "node-id": {
    about: "a node id: 128 hexadecimal digits",
    problem: hexadecimal(128, "A node id"),
    complete: (session) => session.nodeIds(),
  },
  number: {
    about: "a whole number, decimal or behind 0x",
    problem: (word) =>
      /^(\d+|0x[0-9a-f]+)$/i.test(word) && BigInt(word) <= BigInt(Number.MAX_SAFE_INTEGER)
        ? undefined
        : `This is a whole number, decimal or behind 0x, not "${word}".`,
  },
  parameter: {
    about: 'a number, true, "text", 0x address, hex://00ff, base64://AP8=, [1,2], ["a","b"], {"name":"a"}',
  },
  password: { about: "password of the file; asked for when it is left out" },
  peer: { about: "host:port of a node's P2P port", problem: endpointProblem },
  sealer: {
    about: "node ids of the first sealers; true before them lets the group compute without gas (free storage)",
    problem: (word) =>
      word === "true" || word === "false" ? undefined : hexadecimal(128, "A node id (or true, or false)")(word),
    complete: (session) => session.nodeIds(),
  },
  statement: { about: "a statement" },
  table: { about: "name of a table" },
  text: { about: "a text" },
  timestamp: {
    about: "milliseconds since 1970",
    problem: (word) => (/^\d{1,16}$/.test(word) ? undefined : `A time is given in milliseconds, not as "${word}".`),
  },
};

/** What a kind is, in a few words. */
export function aboutKind(kind: ArgumentKind): string {
  return KINDS[kind].about;
}

/** What is wrong with a word as one of this kind; undefined when nothing is. */
export function problemOf(kind: ArgumentKind, word: string): string | undefined {
  return KINDS[kind].problem?.(word);
}

/** The word as a command wants it: parameters of contracts keep their quotes, nothing else does. */
export function wordFor(kind: ArgumentKind, word: string): string {
  return kind === "parameter" || kind === "statement" ? word : unquote(word);
}

/** Words of a kind that may be meant; what cannot be asked for just now is left out. */
export async function candidatesOf(kind: ArgumentKind, session: Session, given: string): Promise<readonly string[]> {
  try {
    return [...new Set(await (KINDS[kind].complete?.(session, given) ?? []))];
  } catch {
    return [];
  }
}

/** Whether words of this kind are secrets, which no history keeps. */
export function isSecret(kind: ArgumentKind): boolean {
  return kind === "password";
}
