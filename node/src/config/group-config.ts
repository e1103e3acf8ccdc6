/** `group.N.ini`: local options of a group. They may differ from node to node, and between two starts. */
import type { GroupOptions } from "@tsbcos/core/group";
import { V2_0_0_RC2, V2_1_0, V2_2_0 } from "@tsbcos/core/protocol";
import type { SupportedVersion } from "@tsbcos/core/protocol";
import type { NodeId } from "@tsbcos/core/primitives";
import { readFlowControl } from "./flow-control.js";
import type { FlowControl } from "./flow-control.js";
import type { IniDocument } from "./ini.js";
import type { Problem } from "./problems.js";
import { Settings } from "./settings.js";
import type { SectionSettings } from "./settings.js";

/** Everything `group.N.ini` says. */
export interface GroupConfig {
  /** For the machines of the group. */
  readonly options: GroupOptions;
  /** Bytes of rows kept in memory. */
  readonly storageCacheBytesMax: number;
  readonly flowControl: FlowControl;
  /** Public keys of the SDKs that may use the group; empty: all. */
  readonly sdkAllowlist: readonly NodeId[];
}

const MEGABYTE = 1024 * 1024;
/** So that bytes stay safe integers. */
const MEGABYTES_MAX = Math.floor(Number.MAX_SAFE_INTEGER / MEGABYTE);
const TTL_MAX = 5;
const BLOCK_SIZE_RATIO_DEFAULT = 0.5;

/** Reads `group.N.ini`; an empty document gives the defaults. */
export function readGroupConfig(
  document: IniDocument,
  problems: Problem[],
  { version }: { readonly version: SupportedVersion },
): GroupConfig {
  const settings = new Settings(document, problems);
  const sync = settings.section("sync");
  const config: GroupConfig = {
    options: {
      pool: readPool(settings.section("tx_pool")),
      consensus: readConsensus(settings.section("consensus"), version),
      blockSync: readBlockSync(sync, version),
      transactionSync: readTransactionSync(sync, version),
    },
    storageCacheBytesMax: readStorage(settings.section("storage")),
    flowControl: readFlowControl(settings.section("flow_control")),
    sdkAllowlist: readSdkAllowlist(settings),
  };
  settings.section("tx_execute").ignore("enable_parallel");
  settings.warnOfUnknown();
  return config;
}

/** The list of SDKs of a `group.N.ini`. */
export function readSdkAllowlist(settings: Settings): NodeId[] {
  return settings.section("sdk_allowlist").nodeIds("public_key.");
}

function readPool(section: SectionSettings): GroupOptions["pool"] {
  section.ignore("notify_worker_num");
  return {
    limit: section.integer("limit", { default: 102_400, min: 1, max: 10_000_000 }),
    memoryBytesMax: section.integer("memory_limit", { default: 512, min: 1, max: MEGABYTES_MAX }) * MEGABYTE,
    expirationMs: section.integer("txs_expiration_time", { default: 600, min: 1, max: 1_000_000_000 }) * 1000,
  };
}

function readConsensus(section: SectionSettings, version: SupportedVersion): GroupOptions["consensus"] {
  const optimised = version >= V2_2_0;
  return {
    ttl: section.integer("ttl", { default: 2, min: 0, max: TTL_MAX }),
    minBlockGenerationTimeMs: readBlockTime(section),
    enableDynamicBlockSize: section.boolean("enable_dynamic_block_size", true),
    blockSizeIncreaseRatio: readBlockSizeRatio(section),
    enableTtlOptimization: section.boolean("enable_ttl_optimization", optimised),
    enablePrepareWithTransactionHashes: section.boolean("enable_prepare_with_txsHash", optimised),
    broadcastPrepareByTree: section.boolean("broadcast_prepare_by_tree", true),
    prepareStatusBroadcastPercent: section.integer("prepare_status_broadcast_percent", {
      default: 33,
      min: 25,
      max: 100,
    }),
    maxRequestMissedTransactionsWaitMs: section.integer("max_request_missedTxs_waitTime", {
      default: 100,
      min: 5,
      max: 1000,
    }),
    maxRequestPrepareWaitMs: section.integer("max_request_prepare_waitTime", { default: 100, min: 10, max: 1000 }),
  };
}

/** Blocks come at least once a second, so a longer minimum means just under a second. */
function readBlockTime(section: SectionSettings): number {
  const timeMs = section.integer("min_block_generation_time", { default: 500, min: 0, max: 2_147_483_647 });
  if (timeMs < 1000) return timeMs;
  section.warn("min_block_generation_time", "1000 ms and more work like 999");
  return 999;
}

function readBlockSizeRatio(section: SectionSettings): number {
  const ratio = section.decimal("block_size_increase_ratio", {
    default: BLOCK_SIZE_RATIO_DEFAULT,
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    allowed: "a number from 0 to 2",
  });
  if (ratio >= 0 && ratio <= 2) return ratio;
  // Existing files may have such a value: the C++ node goes on with the default, and so do we.
  section.warn("block_size_increase_ratio", `is not from 0 to 2; ${String(BLOCK_SIZE_RATIO_DEFAULT)} is used`);
  return BLOCK_SIZE_RATIO_DEFAULT;
}

function readBlockSync(section: SectionSettings, version: SupportedVersion): GroupOptions["blockSync"] {
  return {
    syncBlockByTree: section.boolean("sync_block_by_tree", version > V2_1_0),
    gossipIntervalMs: section.integer("gossip_interval_ms", { default: 1000, min: 1000, max: 3000 }),
    gossipPeersNumber: section.integer("gossip_peers_number", { default: 3, min: 1, max: 1_000_000 }),
    downloadBytesMax:
      section.integer("max_block_sync_memory_size", { default: 512, min: 32, max: MEGABYTES_MAX }) * MEGABYTE,
  };
}

function readTransactionSync(section: SectionSettings, version: SupportedVersion): GroupOptions["transactionSync"] {
  const byTree = section.boolean("send_txs_by_tree", version > V2_1_0);
  return {
    sendTransactionsByTree: byTree && version >= V2_0_0_RC2,
    transactionGossipPeersMax: section.integer("txs_max_gossip_peers_num", { default: 5, min: 0, max: 1_000_000 }),
    idleWaitMs: section.integer("idle_wait_ms", { default: 200, min: 1, max: 60_000 }),
  };
}

/** All embedded kinds of storage are one here; remote databases are refused rather than silently replaced. */
function readStorage(section: SectionSettings): number {
  const kinds = ["rocksdb", "scalable", "leveldb", "mysql", "external"] as const;
  const kind = section.choice("type", kinds, "rocksdb");
  if (kind === "mysql" || kind === "external") {
    section.refuse("type", `${kind} is not supported; use rocksdb, which means the embedded store`);
  }
  section.ignore(
    "binary_log",
    "scroll_threshold_multiple",
    "cached_storage",
    "max_forward_block",
    "max_retry",
    "topic",
  );
  section.ignore("db_type", "db_ip", "db_port", "db_username", "db_passwd", "db_name", "db_charset");
  section.ignore("init_connections", "max_connections");
  return section.integer("max_capacity", { default: 32, min: 0, max: MEGABYTES_MAX }) * MEGABYTE;
}
