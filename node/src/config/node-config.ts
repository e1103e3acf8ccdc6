/** `config.ini`: what concerns the whole node. It may differ from node to node, and between two starts. */
import { parseSupportedVersion, V2_5_0, V2_9_0 } from "@tsbcos/core/protocol";
import type { SupportedVersion } from "@tsbcos/core/protocol";
import type { NodeId } from "@tsbcos/core/primitives";
import type { IniDocument } from "./ini.js";
import type { Problem } from "./problems.js";
import { Settings, formatHostAndPort, parseHostAndPort } from "./settings.js";
import type { HostAndPort, SectionSettings } from "./settings.js";
import { readFlowControl } from "./flow-control.js";
import type { FlowControl } from "./flow-control.js";

/** Level of the log, from most to least. */
export type LogLevel = "trace" | "debug" | "info" | "warning" | "error" | "fatal";

/** Certificates and keys. Paths are as the node opens them: relative ones start at the working directory. */
export interface NetworkSecurity {
  /** Directory of keys and certificates, ending with a slash. */
  readonly dataPath: string;
  /** Private key of the node (signing key on SM chains). */
  readonly keyFile: string;
  /** Certificate of the node, followed by those of its issuers. */
  readonly certificateFile: string;
  /** Certificate of the chain. */
  readonly caFile: string;
  /** Directory with more trusted certificates; empty: none. */
  readonly caPath: string;
  /** SM only: key and certificate for key exchange. */
  readonly encryptionKeyFile: string;
  readonly encryptionCertificateFile: string;
  /** SDKs must have a certificate of our own agency. */
  readonly checkCertificateIssuer: boolean;
}

/** Everything `config.ini` says. */
export interface NodeConfig {
  /** Path of the file, as given. */
  readonly file: string;
  readonly supportedVersion: SupportedVersion;
  /** As written, for answers to clients. */
  readonly supportedVersionText: string;
  readonly chain: {
    readonly id: bigint;
    /** SM3 and SM2 instead of Keccak-256 and secp256k1. */
    readonly sm: boolean;
    /** SM TLS at the SDK channel. */
    readonly smChannel: boolean;
    /** RSA certificates at the SDK channel; only effective from supported_version 2.9.0, which is applied here. */
    readonly rsaChannel: boolean;
  };
  readonly rpc: {
    readonly channel: HostAndPort;
    readonly jsonRpc: HostAndPort;
    readonly disableDynamicGroup: boolean;
    /** Receipts and answers to calls have a member more, which 2.x does not have, when they failed with a reason. */
    readonly revertReasons: boolean;
  };
  readonly p2p: {
    readonly listen: HostAndPort;
    /** Nodes to keep connected, each once, in the order of the file. */
    readonly peers: readonly HostAndPort[];
    readonly compress: boolean;
    /** Endpoints in one addPeers or erasePeers. */
    readonly peersParamLimit: number;
    /** Static nodes after addPeers. */
    readonly maxNodesLimit: number;
  };
  readonly blacklist: readonly NodeId[];
  /** Empty: everybody. */
  readonly whitelist: readonly NodeId[];
  readonly groups: { readonly dataPath: string; readonly configPath: string };
  readonly networkSecurity: NetworkSecurity;
  readonly storageSecurity: {
    readonly enabled: boolean;
    readonly keyManager: HostAndPort;
    readonly cipherDataKey: string;
  };
  readonly log: {
    readonly enabled: boolean;
    readonly path: string;
    readonly level: LogLevel;
    readonly fileBytesMax: number;
    /** Write each line at once instead of in blocks. */
    readonly flush: boolean;
    readonly statistics: boolean;
    readonly statisticsIntervalMs: number;
    /** `text` is the form of the C++ node, `json` one JSON object a line. */
    readonly format: "text" | "json";
    /** Bytes of all log files together; the oldest are removed. 0: no bound. */
    readonly totalBytesMax: number;
  };
  readonly flowControl: FlowControl;
  /** Where metrics are served; undefined: nowhere. */
  readonly metrics: HostAndPort | undefined;
  /** Threads that check signatures; 0: one less than the machine has cores, at least one. */
  readonly verifierThreads: number;
  /** Keep what blocks replace, so that the state after them can be called later. */
  readonly stateHistory: boolean;
  /** How many blocks back from the head; 0: all. */
  readonly stateHistoryBlocks: number;
}

const MEGABYTE = 1024 * 1024;

/**
 * Reads `config.ini`.
 *
 * @param exists tells whether a file is there: chains before 2.5.0 are SM chains when they have an SM key
 * @returns a configuration that is complete but meaningless where `problems` gained errors
 */
export function readNodeConfig(
  document: IniDocument,
  problems: Problem[],
  exists: (path: string) => boolean,
): NodeConfig {
  const settings = new Settings(document, problems);
  const version = readVersion(settings.section("compatibility"));
  const { groups, dataPath } = readPaths(settings);
  const chain = readChain(settings.section("chain"), version.supportedVersion, () => exists(`${dataPath}gmnode.key`));
  const p2p = readP2p(settings.section("p2p"));
  const own = settings.section("tsbcos");
  const rpc = readRpc(settings.section("rpc"), own);
  const config: NodeConfig = {
    file: document.file,
    ...version,
    chain,
    rpc,
    p2p,
    blacklist: settings.section("certificate_blacklist", "crl").nodeIds("crl."),
    whitelist: readWhitelist(settings),
    groups,
    networkSecurity: readNetworkSecurity(settings.section("network_security", "secure"), dataPath, chain.sm),
    storageSecurity: readStorageSecurity(settings.section("storage_security", "data_secure")),
    log: readLog(settings.section("log"), own),
    flowControl: readFlowControl(settings.section("flow_control")),
    metrics: readMetrics(own),
    verifierThreads: own.integer("verifier_threads", { default: 0, min: 0, max: 256 }),
    stateHistory: own.boolean("state_history", true),
    stateHistoryBlocks: own.integer("state_history_blocks", { default: 0, min: 0, max: Number.MAX_SAFE_INTEGER }),
  };
  settings.section("crypto_provider").ignore("type");
  refuseSharedPorts(config, settings);
  settings.warnOfUnknown();
  return config;
}

/** The white list of a `config.ini`. */
export function readWhitelist(settings: Settings): NodeId[] {
  return settings.section("certificate_whitelist", "cal").nodeIds("cal.");
}

function readVersion(section: SectionSettings): Pick<NodeConfig, "supportedVersion" | "supportedVersionText"> {
  const text = section.text("supported_version", "2.0.0-rc1");
  const parsed = parseSupportedVersion(text);
  if (parsed.ok) return { supportedVersion: parsed.value, supportedVersionText: text };
  const missing = section.entry("supported_version") === undefined ? "is missing, which means 2.0.0-rc1: it " : "";
  section.refuse("supported_version", `${missing}must be a version from 2.0.0-rc2 to 2.9.1, like 2.9.0 or 2.0.0-rc3`);
  return { supportedVersion: V2_9_0, supportedVersionText: text };
}

function readPaths(settings: Settings): { groups: NodeConfig["groups"]; dataPath: string } {
  const group = settings.section("group");
  const groups = {
    dataPath: withSlash(group.text("group_data_path", "data/")),
    configPath: withSlash(group.text("group_config_path", "conf/")),
  };
  return { groups, dataPath: withSlash(settings.section("network_security", "secure").text("data_path", "./conf/")) };
}

function readChain(section: SectionSettings, version: SupportedVersion, hasSmKey: () => boolean): NodeConfig["chain"] {
  const configured = section.boolean("sm_crypto", false);
  const rsaChannel = section.boolean("rsa_crypto_channel", false) && version >= V2_9_0;
  return {
    id: BigInt(section.integer("id", { default: 1, min: 0, max: Number.MAX_SAFE_INTEGER })),
    sm: version < V2_5_0 ? hasSmKey() : configured,
    smChannel: section.boolean("sm_crypto_channel", false),
    rsaChannel,
  };
}

function readRpc(section: SectionSettings, own: SectionSettings): NodeConfig["rpc"] {
  // The old common name stands in for both; without it the two have different defaults.
  const common = section.entry("listen_ip") === undefined ? undefined : section.address("listen_ip", "");
  section.ignore("channel_thread_count", "jsonrpc_thread_count");
  return {
    channel: {
      host: section.address("channel_listen_ip", common ?? "0.0.0.0"),
      port: section.port("channel_listen_port", 20200),
    },
    jsonRpc: {
      host: section.address("jsonrpc_listen_ip", common ?? "127.0.0.1"),
      port: section.port("jsonrpc_listen_port", 8545),
    },
    disableDynamicGroup: section.boolean("disable_dynamic_group", false),
    revertReasons: own.boolean("revert_reasons", false),
  };
}

function readP2p(section: SectionSettings): NodeConfig["p2p"] {
  const listen = { host: section.address("listen_ip", "0.0.0.0"), port: section.port("listen_port", 30300) };
  const peers = new Map<string, HostAndPort>();
  for (const { key, value } of section.list("node.")) {
    const peer = parseHostAndPort(value);
    if (peer === undefined) section.refuse(key, "must be host:port or [IPv6 address]:port, port 1 to 65535");
    else peers.set(formatHostAndPort(peer), peer);
  }
  return {
    listen,
    peers: [...peers.values()],
    compress: section.boolean("enable_compress", true),
    peersParamLimit: section.integer("peers_param_limit", { default: 10, min: 1, max: 10_000 }),
    maxNodesLimit: section.integer("max_nodes_limit", { default: 100, min: 1, max: 10_000 }),
  };
}

function readNetworkSecurity(section: SectionSettings, dataPath: string, sm: boolean): NetworkSecurity {
  const prefix = sm ? "gm" : "";
  if (section.choice("crypto_provider", ["ssm", "hsm"], "ssm") === "hsm") {
    section.refuse("crypto_provider", "hardware security modules are not supported; use ssm");
  }
  section.ignore("key_id", "enckey_id");
  return {
    dataPath,
    keyFile: dataPath + section.text("key", `${prefix}node.key`),
    certificateFile: dataPath + section.text("cert", `${prefix}node.crt`),
    caFile: dataPath + section.text("ca_cert", `${prefix}ca.crt`),
    caPath: directoryBelow(dataPath, section.text("ca_path", "")),
    encryptionKeyFile: dataPath + section.text("en_key", "gmennode.key"),
    encryptionCertificateFile: dataPath + section.text("en_cert", "gmennode.crt"),
    checkCertificateIssuer: section.boolean("check_cert_issuer", true),
  };
}

function readStorageSecurity(section: SectionSettings): NodeConfig["storageSecurity"] {
  const enabled = section.boolean("enable", false);
  const keyManager = {
    host: section.text("key_manager_ip", ""),
    port: section.integer("key_manager_port", { default: 20000, min: 1, max: 65535 }),
  };
  const cipherDataKey = section.text("cipher_data_key", "");
  if (enabled && keyManager.host === "") section.refuse("key_manager_ip", "is needed when enable=true");
  if (enabled && !/^([0-9a-fA-F]{2})+$/.test(cipherDataKey)) {
    section.refuse("cipher_data_key", "must be the hexadecimal text made by the key manager when enable=true");
  }
  return { enabled, keyManager, cipherDataKey };
}

function readLog(section: SectionSettings, own: SectionSettings): NodeConfig["log"] {
  const levels = ["trace", "debug", "info", "warning", "error", "fatal"] as const;
  return {
    enabled: section.boolean("enable", true),
    path: section.text("log_path", "log"),
    level: section.choice("level", levels, "info"),
    fileBytesMax: section.integer("max_log_file_size", { default: 200, min: 1, max: 1_000_000 }) * MEGABYTE,
    flush: section.boolean("flush", true),
    statistics: section.boolean("enable_statistic", false),
    statisticsIntervalMs: section.integer("stat_flush_interval", { default: 60, min: 1, max: 86_400 }) * 1000,
    format: own.choice("log_format", ["text", "json"], "text"),
    // Logs that a C++ node left in this folder look like ours: without being told to, nothing is removed.
    totalBytesMax: own.integer("log_total_size", { default: 0, min: 0, max: 100_000_000 }) * MEGABYTE,
  };
}

function readMetrics(own: SectionSettings): HostAndPort | undefined {
  const host = own.address("metrics_listen_ip", "127.0.0.1");
  const port = own.integer("metrics_listen_port", { default: 0, min: 0, max: 65535 });
  return port === 0 ? undefined : { host, port };
}

/** Two listeners cannot have one port, unless on different addresses. */
function refuseSharedPorts(config: NodeConfig, settings: Settings): void {
  const listeners: [string, HostAndPort][] = [
    ["rpc.channel_listen_port", config.rpc.channel],
    ["rpc.jsonrpc_listen_port", config.rpc.jsonRpc],
    ["p2p.listen_port", config.p2p.listen],
  ];
  if (config.metrics !== undefined) listeners.push(["tsbcos.metrics_listen_port", config.metrics]);
  listeners.forEach(([name, listener], index) => {
    const clash = listeners.slice(0, index).find(([, other]) => overlaps(listener, other));
    if (clash === undefined) return;
    const [section = "", key = ""] = name.split(".");
    const entry = settings.document.sections.get(section)?.entries.get(key);
    settings.refuse(name, entry, `port ${String(listener.port)} is taken by ${clash[0]}`);
  });
}

function overlaps(a: HostAndPort, b: HostAndPort): boolean {
  const everywhere = ["0.0.0.0", "::"];
  return a.port === b.port && (a.host === b.host || everywhere.includes(a.host) || everywhere.includes(b.host));
}

/** Like the files, a directory is named from the data path on; an absolute one stays as it is. */
function directoryBelow(dataPath: string, path: string): string {
  return path === "" || path.startsWith("/") ? path : dataPath + path;
}

function withSlash(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}
