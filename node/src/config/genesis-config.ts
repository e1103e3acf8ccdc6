/** `group.N.genesis`: equal on all nodes of a group and frozen at block 0. */
import type { GenesisConfig } from "@tsbcos/core/ledger";
import { V2_6_0 } from "@tsbcos/core/protocol";
import type { SupportedVersion } from "@tsbcos/core/protocol";
import type { GroupId } from "@tsbcos/core/primitives";
import type { IniDocument } from "./ini.js";
import type { Problem } from "./problems.js";
import { Settings } from "./settings.js";
import type { SectionSettings } from "./settings.js";

/** Limits of log queries, which stand in the genesis file but are no part of the genesis. */
export interface EventFilterConfig {
  /** Blocks one filter may span; 0: any number. */
  readonly maxBlockRange: number;
  /** Blocks looked through in one go. */
  readonly maxBlocksPerStep: number;
}

/** Shortest time-out of consensus that works well, seconds. Existing chains may have less. */
const CONSENSUS_TIMEOUT_ADVISED_SECONDS = 3;
/** Largest time-out whose milliseconds fit into 32 bits. */
const CONSENSUS_TIMEOUT_MAX_SECONDS = 4_294_966;

const COUNT = { max: Number.MAX_SAFE_INTEGER };

/**
 * Reads `group.N.genesis`.
 *
 * @param options.groupId the number in the file's name
 */
export function readGenesisConfig(
  document: IniDocument,
  problems: Problem[],
  { groupId, version }: { readonly groupId: GroupId; readonly version: SupportedVersion },
): { readonly genesis: GenesisConfig; readonly eventFilter: EventFilterConfig } {
  const settings = new Settings(document, problems);
  const group = settings.section("group");
  const state = settings.section("state");
  const genesis: GenesisConfig = {
    groupId: readGroupId(group, groupId),
    timestamp: readTimestamp(group),
    stateType: readStateType(state),
    gasLimit: settings.section("tx").integer("gas_limit", { default: 300_000_000, min: 0, ...COUNT }),
    freeStorage: settings.section("evm").boolean("enable_free_storage", false),
    ...readConsensus(settings.section("consensus"), version),
  };
  // Only chains of the release candidates name their storage here.
  settings.section("storage").ignore("type", "topic", "max_retry");
  const filter = settings.section("event_filter");
  const eventFilter = {
    maxBlockRange: filter.integer("max_block_range", { default: 0, min: 0, ...COUNT }),
    maxBlocksPerStep: filter.integer("max_block_per_process", { default: 3, min: 1, ...COUNT }),
  };
  settings.warnOfUnknown();
  return { genesis, eventFilter };
}

function readGroupId(group: SectionSettings, expected: GroupId): GroupId {
  const id = group.integer("id", { default: expected, min: 1, max: 32767 });
  if (id !== expected) group.refuse("id", `must be ${String(expected)}, as in the name of the file`);
  return expected;
}

function readTimestamp(group: SectionSettings): number {
  if (group.entry("timestamp") === undefined) {
    group.refuse("timestamp", "is missing: milliseconds since 1970, the same on all nodes of the group");
  }
  return group.integer("timestamp", { default: 0, min: 0, ...COUNT });
}

/** The text goes into the genesis mark as it is, so its case is kept. */
function readStateType(state: SectionSettings): string {
  state.choice("type", ["storage"], "storage");
  return state.text("type", "storage");
}

function readConsensus(
  section: SectionSettings,
  version: SupportedVersion,
): Omit<GenesisConfig, "groupId" | "timestamp" | "stateType" | "gasLimit" | "freeStorage"> {
  section.choice("consensus_type", ["pbft", "rpbft", "raft", "solo"], "pbft");
  const nodes = section.nodeIds("node.");
  if (nodes.length === 0) section.refuse("node.0", "is missing: a group needs at least one sealer");
  // A group of one, and groups made before 2.6.0, may rotate every block.
  const epochBlocksMin = version >= V2_6_0 ? 2 : 1;
  return {
    consensusType: section.text("consensus_type", "pbft"),
    nodes,
    maxTransactions: section.integer("max_trans_num", { default: 1000, min: 1, ...COUNT }),
    consensusTimeoutSeconds: readTimeout(section),
    epochSealerCount: section.integer("epoch_sealer_num", { default: Math.max(1, nodes.length), min: 1, ...COUNT }),
    epochBlockCount: section.integer("epoch_block_num", { default: 1000, min: epochBlocksMin, ...COUNT }),
    minElectTimeMs: section.integer("min_elect_time", { default: 1000, min: 1, max: 3_600_000 }),
    maxElectTimeMs: section.integer("max_elect_time", { default: 2000, min: 1, max: 3_600_000 }),
  };
}

/** The C++ node means to refuse less than 3 s but never does, so chains with less exist. */
function readTimeout(section: SectionSettings): number {
  const seconds = section.integer("consensus_timeout", { default: 3, min: 1, max: CONSENSUS_TIMEOUT_MAX_SECONDS });
  if (seconds < CONSENSUS_TIMEOUT_ADVISED_SECONDS) {
    section.warn("consensus_timeout", "less than 3 seconds leads to needless view changes");
  }
  return seconds;
}
