/** Folders of nodes on this machine: where they are, and what their settings say. */
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import { parseSupportedVersion, V2_5_0, V2_9_0 } from "@tsbcos/core/protocol";
import { readList, readSetting } from "./ini.js";

/** One node's folder, with what its settings say. All paths are absolute. */
export interface NodeFolder {
  /** Name of the folder. */
  readonly name: string;
  readonly directory: string;
  readonly configFile: string;
  /** Text of `config.ini`. */
  readonly config: string;
  readonly p2pPort: number;
  readonly channelPort: number;
  readonly rpcPort: number;
  /** Addresses that the ports listen on. */
  readonly p2pListen: string;
  readonly channelListen: string;
  readonly rpcListen: string;
  /** Address to reach its RPC port from this machine. */
  readonly rpcHost: string;
  /** URL of its RPC port from this machine. */
  readonly rpcUrl: string;
  /** `host:port` of the nodes it connects to. */
  readonly peers: readonly string[];
  readonly chainId: string;
  readonly supportedVersion: string;
  readonly sm: boolean;
  readonly smChannel: boolean;
  /** SDKs come with RSA certificates. */
  readonly rsaChannel: boolean;
  /** Folder of keys and certificates. */
  readonly keyFolder: string;
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly caFile: string;
  /** On SM chains: the pair for key exchange. */
  readonly encryptionKeyFile: string;
  readonly encryptionCertificateFile: string;
  /** Folder of `group.N.genesis` and `group.N.ini`. */
  readonly groupFolder: string;
  /** Numbers of the groups that have a genesis file there, ascending. */
  readonly groups: readonly number[];
}

/**
 * Reads one node's `config.ini`.
 *
 * @throws CodedError `not-a-node` when there is none, or it cannot be read
 */
export function readNodeFolder(directory: string): NodeFolder {
  return readNodeConfig(join(directory, "config.ini"));
}

/** The same for a settings file of any name. */
export function readNodeConfig(file: string): NodeFolder {
  const configFile = resolve(file);
  let config: string;
  try {
    config = readFileSync(configFile, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      const message = `There is no ${configFile}. Name the folder of a node, such as nodes/127.0.0.1/node0.`;
      throw new CodedError("not-a-node", message, { cause });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError("not-a-node", `${configFile} cannot be read: ${reason}`, { cause });
  }
  const directory = dirname(configFile);
  const of = (section: string, key: string, fallback: string): string => readSetting(config, section, key) ?? fallback;
  const port = (section: string, key: string, initial: string): number => Number(of(section, key, initial));
  const rpcListen = of("rpc", "jsonrpc_listen_ip", of("rpc", "listen_ip", "127.0.0.1"));
  const rpcHost = reachable(rpcListen);
  const rpcPort = port("rpc", "jsonrpc_listen_port", "8545");
  const groupFolder = resolve(directory, of("group", "group_config_path", "conf/"));
  return {
    name: basename(directory),
    directory,
    configFile,
    config,
    p2pPort: port("p2p", "listen_port", "30300"),
    channelPort: port("rpc", "channel_listen_port", "20200"),
    rpcPort,
    p2pListen: of("p2p", "listen_ip", "0.0.0.0"),
    channelListen: of("rpc", "channel_listen_ip", of("rpc", "listen_ip", "0.0.0.0")),
    rpcListen,
    rpcHost,
    rpcUrl: `http://${rpcHost.includes(":") ? `[${rpcHost}]` : rpcHost}:${rpcPort}`,
    peers: readList(config, "p2p", "node."),
    ...readCryptography(config, directory),
    groupFolder,
    groups: listGroups(groupFolder),
  };
}

/** Address to reach a listener from its own machine. */
export function reachable(listenIp: string): string {
  if (listenIp === "0.0.0.0") return "127.0.0.1";
  return listenIp === "::" ? "::1" : listenIp;
}

/** Path of a group's file in a node's folder. */
export function groupFile(node: NodeFolder, group: number, kind: "genesis" | "ini"): string {
  return join(node.groupFolder, `group.${group}.${kind}`);
}

type Cryptography = Pick<
  NodeFolder,
  | "chainId"
  | "supportedVersion"
  | "sm"
  | "smChannel"
  | "rsaChannel"
  | "keyFolder"
  | "keyFile"
  | "certificateFile"
  | "caFile"
  | "encryptionKeyFile"
  | "encryptionCertificateFile"
>;

function readCryptography(config: string, directory: string): Cryptography {
  const is = (key: string): boolean => ["true", "1"].includes(readSetting(config, "chain", key) ?? "false");
  // The section had another name in old versions.
  const security = (key: string): string | undefined =>
    readSetting(config, "network_security", key) ?? readSetting(config, "secure", key);
  const supportedVersion = readSetting(config, "compatibility", "supported_version") ?? "2.0.0-rc1";
  const version = parseSupportedVersion(supportedVersion);
  const keyFolder = resolve(directory, security("data_path") ?? "conf/");
  const isOld = !version.ok || version.value < V2_5_0;
  const sm = isOld ? existsSync(join(keyFolder, "gmnode.key")) : is("sm_crypto");
  const prefix = sm ? "gm" : "";
  return {
    chainId: readSetting(config, "chain", "id") ?? "1",
    supportedVersion,
    sm,
    smChannel: sm && is("sm_crypto_channel"),
    rsaChannel: is("rsa_crypto_channel") && version.ok && version.value >= V2_9_0,
    keyFolder,
    keyFile: join(keyFolder, security("key") ?? `${prefix}node.key`),
    certificateFile: join(keyFolder, security("cert") ?? `${prefix}node.crt`),
    caFile: join(keyFolder, security("ca_cert") ?? `${prefix}ca.crt`),
    encryptionKeyFile: join(keyFolder, security("en_key") ?? "gmennode.key"),
    encryptionCertificateFile: join(keyFolder, security("en_cert") ?? "gmennode.crt"),
  };
}

function listGroups(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => /^group\.([1-9]\d{0,4})\.genesis$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** The folders directly below `directory` that hold a `config.ini`, by name. */
export function nodeFoldersIn(directory: string): NodeFolder[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(directory, entry.name, "config.ini")))
    .map((entry) => readNodeFolder(join(directory, entry.name)))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

/**
 * The nodes that `path` means: a settings file, the folder of a node, of a machine (`<ip>/`), or of a whole chain.
 *
 * @throws CodedError `not-a-chain` when there is none, with what to do
 */
export function findNodeFolders(path: string): readonly NodeFolder[] {
  const place = resolve(path);
  if (!existsSync(place)) throw new CodedError("not-a-chain", `There is no ${place}. Name another folder.`);
  if (statSync(place).isFile()) return [readNodeConfig(place)];
  if (existsSync(join(place, "config.ini"))) return [readNodeFolder(place)];
  const hosts = readdirSync(place, { withFileTypes: true }).filter((host) => host.isDirectory());
  const direct = hosts.length > 0 ? nodeFoldersIn(place) : [];
  const nodes = direct.length > 0 ? direct : hosts.flatMap((host) => nodeFoldersIn(join(place, host.name)));
  if (nodes.length > 0) return nodes;
  throw new CodedError(
    "not-a-chain",
    `${place} holds no nodes (no config.ini, no nodeN/config.ini, no <ip>/nodeN/config.ini). Name another folder.`,
  );
}
