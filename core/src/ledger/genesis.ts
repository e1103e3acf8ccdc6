/** Block 0: its mark, its header, its rows. See docs/protocol/ledger.md#genesis-mark. */
import type { ByteString, Hash, Height, NodeId } from "../primitives/index.js";
import {
  ZERO_HASH,
  ascii,
  assert,
  bytesToBigInt,
  hexToBytes,
  utf8ToByteString,
  utf8ToBytes,
} from "../primitives/index.js";
import type { CryptoSuite } from "../crypto/index.js";
import type { BlockHeader, SupportedVersion } from "../protocol/index.js";
import { BLOOM_BYTES, V2_0_0_RC2, V2_4_0, V2_6_0, V2_9_0, headerHash } from "../protocol/index.js";
import type { CommittedRows, StateChanges, Table } from "../state/index.js";
import { BlockTables, Condition, Row, SYS_CONFIG, SYS_CONSENSUS, stateRulesOf } from "../state/index.js";
import type { ChainRules, GenesisConfig } from "./chain.js";

/** Flag of the EVM in the mark for cheap storage: bit 63. */
const FREE_STORAGE_FLAG = (2n ** 63n).toString();

/** Key of all rows of the table of sealers and observers. */
export const NODES_KEY = ascii("node");

/**
 * The text that stands in block 0 and, with the timestamp, decides its hash: two nodes whose genesis files differ in
 * anything it holds are on different chains.
 */
export function genesisMark(config: GenesisConfig, version: SupportedVersion): string {
  return markParts(config, version)
    .map(([, value]) => value)
    .join("-");
}

/** What the mark holds, in its order: the key of the genesis file, and what stands in the mark. */
export function markParts(config: GenesisConfig, version: SupportedVersion): readonly (readonly [string, string])[] {
  // Before 2.9.0 the order of the file counts; that is how two hand-made files came to different chains.
  const nodes = version >= V2_9_0 ? [...config.nodes].sort() : config.nodes;
  const parts: [string, string | number][] = [
    ["group.id", config.groupId],
    [NODES_IN_MARK, nodes.map((id) => `${id},`).join("")],
    ["consensus.consensus_type", config.consensusType],
  ];
  if (version <= V2_0_0_RC2) parts.push(["storage.type", STORAGE_TYPE_OF_RC2]);
  parts.push(["state.type", config.stateType]);
  if (version >= V2_4_0) parts.push([FREE_STORAGE_IN_MARK, config.freeStorage ? FREE_STORAGE_FLAG : "0"]);
  parts.push(["consensus.max_trans_num", config.maxTransactions], ["tx.gas_limit", config.gasLimit]);
  if (isRpbft(config)) {
    parts.push(["consensus.epoch_sealer_num", config.epochSealerCount]);
    parts.push(["consensus.epoch_block_num", config.epochBlockCount]);
  }
  if (version >= V2_6_0) parts.push(["consensus.consensus_timeout", config.consensusTimeoutSeconds]);
  return parts.map(([key, value]) => [key, String(value)]);
}

/** Name of the part of the mark that lists the first sealers, each id with a comma behind it. */
export const NODES_IN_MARK = "consensus.node";
/** Name of the part that is a number of flags and not the word of the file. */
export const FREE_STORAGE_IN_MARK = "evm.enable_free_storage";

/** Up to rc2 the mark names the back end; this implementation has one and gives it the name of the default then. */
const STORAGE_TYPE_OF_RC2 = "LevelDB";

function isRpbft(config: GenesisConfig): boolean {
  return config.consensusType.toLowerCase() === "rpbft";
}

/** Block 0 and what it writes into the tables. */
export interface GenesisBlock {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly changes: StateChanges;
}

/**
 * Makes block 0.
 *
 * @param rows committed rows of the store it is for; nothing may be committed in it
 */
export function genesisBlock(config: GenesisConfig, rules: ChainRules, rows: CommittedRows): GenesisBlock {
  const header: BlockHeader = {
    parentHash: ZERO_HASH,
    stateRoot: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    dbHash: ZERO_HASH,
    logBloom: new Uint8Array(BLOOM_BYTES),
    number: 0 as Height,
    gasLimit: 0n,
    gasUsed: 0n,
    timestamp: config.timestamp,
    extraData: [utf8ToBytes(genesisMark(config, rules.version))],
    sealer: 0n,
    sealerList: [],
  };
  return { header, hash: headerHash(header, rules.suite), changes: initialRows(config, rules, rows) };
}

function initialRows(config: GenesisConfig, rules: ChainRules, rows: CommittedRows): StateChanges {
  assert(rows.lastRowId === 0, "block 0 is made for an empty store");
  const tables = new BlockTables({
    rows,
    rules: stateRulesOf(rules.version, rules.suite),
    parentNumber: -1,
    checkAuthority: false,
  });
  const settings = tables.openTable(SYS_CONFIG);
  const nodes = tables.openTable(SYS_CONSENSUS);
  assert(settings !== undefined && nodes !== undefined, "system tables always exist");
  for (const [key, value] of initialSettings(config, rules.version)) {
    settings.insert(ascii(key), row({ value, enable_num: "0" }));
  }
  for (const id of config.nodes) nodes.insert(NODES_KEY, row({ type: "sealer", node_id: id, enable_num: "0" }));
  if (isRpbft(config) && rules.version >= V2_6_0) markWorkingSealers(nodes, config, rules.suite);
  return tables.commit();
}

function initialSettings(config: GenesisConfig, version: SupportedVersion): [string, string][] {
  const settings: [string, string][] = [
    ["tx_count_limit", String(config.maxTransactions)],
    ["tx_gas_limit", String(config.gasLimit)],
  ];
  if (isRpbft(config)) {
    settings.push(["rpbft_epoch_sealer_num", String(config.epochSealerCount)]);
    settings.push(["rpbft_epoch_block_num", String(config.epochBlockCount)]);
    settings.push(["notify_rotate", "0"]);
  }
  if (version >= V2_6_0) settings.push(["consensus_timeout", String(config.consensusTimeoutSeconds)]);
  return settings;
}

function row(cells: Readonly<Record<string, string>>): Row {
  return new Row(
    Object.entries(cells).map(([column, value]): [ByteString, ByteString] => [ascii(column), utf8ToByteString(value)]),
  );
}

/** rPBFT from 2.6.0 on: which sealers work first is drawn from their ids, so that all nodes draw the same. */
function markWorkingSealers(nodes: Table, config: GenesisConfig, suite: CryptoSuite): void {
  for (const id of firstWorkingSealers(config.nodes, config.epochSealerCount, suite)) {
    const chosen = new Condition().eq(ascii("node_id"), ascii(id));
    nodes.update(NODES_KEY, new Map([[ascii("type"), ascii("wSealer")]]), chosen);
  }
}

/** The sealers that work in the first epoch. */
function firstWorkingSealers(sealers: readonly NodeId[], count: number, suite: CryptoSuite): NodeId[] {
  const drawn = [...sealers].sort();
  if (drawn.length > count) {
    for (let i = drawn.length - 1; i >= 1; i--) {
      const id = drawn[i] as NodeId;
      const j = Number(bytesToBigInt(suite.hash(hexToBytes(id))) % BigInt(i + 1));
      drawn[i] = drawn[j] as NodeId;
      drawn[j] = id;
    }
  }
  return drawn.slice(0, count);
}
