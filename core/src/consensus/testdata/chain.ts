/** A chain whose blocks are executed by pretending: roots are hashes, and transactions that say so change its members. */
import { bytesToHex, bytesToUtf8, concatBytes, groupId, hexToBytes, utf8ToBytes } from "../../primitives/index.js";
import type { Hash, Height, NodeId } from "../../primitives/index.js";
import { hashOf } from "../../crypto/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import { V2_6_0, V2_9_0, headerHash } from "../../protocol/index.js";
import type { BlockHeader, BlockSignature, VerifiedTransaction } from "../../protocol/index.js";
import type {
  ChainHead,
  ChainRules,
  ChainSettings,
  ConsensusType,
  ExecutedBlock,
  GenesisConfig,
} from "../../ledger/index.js";

/** A stored block. */
export interface StoredBlock {
  readonly block: ExecutedBlock;
  readonly signatures: readonly BlockSignature[];
}

/** Wall clock of the genesis block. */
export const GENESIS_MS = 1_600_000_000_000;

/** Rules of a test chain. */
export function testRules(suite: CryptoSuite, kind: Partial<ChainRules> = {}): ChainRules {
  const chain = { version: V2_9_0, suite, chainId: 1n, groupId: groupId(1), freeStorage: false };
  return { ...chain, consensusType: "pbft", ...kind };
}

/** The genesis file of a test chain. */
export function testGenesis(nodes: readonly NodeId[], consensusType: ConsensusType = "pbft"): GenesisConfig {
  return {
    groupId: groupId(1),
    timestamp: GENESIS_MS,
    consensusType,
    stateType: "storage",
    nodes,
    maxTransactions: 1000,
    gasLimit: 300_000_000,
    consensusTimeoutSeconds: 3,
    epochSealerCount: nodes.length,
    epochBlockCount: 1000,
    minElectTimeMs: 1000,
    maxElectTimeMs: 2000,
    freeStorage: false,
  };
}

/** Head of a chain that consists of block 0. */
export function genesisHead(
  suite: CryptoSuite,
  sealers: readonly NodeId[],
  settings: Partial<ChainSettings> = {},
  rules: ChainRules = testRules(suite),
): ChainHead {
  const zero = "0".repeat(64) as Hash;
  const header: BlockHeader = {
    parentHash: zero,
    stateRoot: zero,
    transactionsRoot: zero,
    receiptsRoot: zero,
    dbHash: zero,
    logBloom: new Uint8Array(256),
    number: 0 as Height,
    gasLimit: 0n,
    gasUsed: 0n,
    timestamp: GENESIS_MS,
    extraData: [utf8ToBytes("test")],
    sealer: 0n,
    sealerList: [],
  };
  const hash = headerHash(header, suite);
  const sorted = [...sealers].sort();
  const marked = rules.consensusType === "rpbft" && rules.version >= V2_6_0;
  return {
    header,
    hash,
    genesisHash: hash,
    sealers: sorted,
    workingSealers: marked ? sorted.slice(0, settings.epochSealerCount) : [],
    observers: [],
    settings: {
      txCountLimit: 1000,
      txGasLimit: 300_000_000n,
      consensusTimeoutMs: 3000,
      epochSealerCount: sealers.length,
      epochSealerEnabledAt: 0,
      epochBlockCount: 1000,
      epochBlockEnabledAt: 0,
      notifyRotate: false,
      chargeGas: false,
      freeAccounts: new Set(),
      ...settings,
    },
    totalTransactions: 0,
    failedTransactions: 0,
  };
}

/** Executes by hashing: the same block on the same parent always has the same roots. */
export function executeFake(
  suite: CryptoSuite,
  header: BlockHeader,
  transactions: readonly VerifiedTransaction[],
  salt = "",
): ExecutedBlock {
  const state = concatBytes(hexToBytes(header.parentHash), hexToBytes(header.transactionsRoot), utf8ToBytes(salt));
  const stateRoot = hashOf(suite, state);
  const executed = { ...header, stateRoot, dbHash: stateRoot, receiptsRoot: hashOf(suite, hexToBytes(stateRoot)) };
  return {
    header: executed,
    hash: headerHash(executed, suite),
    transactions,
    receipts: [],
    changes: { number: header.number, rowIdBefore: 0, rowIdAfter: 0, tables: [] },
  };
}

/** The contract of working sealers. */
const ROTATION = "1011";

/** One working sealer makes room for the next in line, or as many come or go as the size of an epoch asks for. */
function rotated({ sealers, workingSealers, settings }: ChainHead, number: number): readonly NodeId[] {
  const size = Math.min(settings.epochSealerCount, sealers.length);
  const working = workingSealers.filter((id) => sealers.includes(id));
  const ends = (number - 1 - settings.epochBlockEnabledAt) % settings.epochBlockCount === 0;
  if (working.length === size && !ends) return working;
  const last = working.at(-1) ?? "";
  const pending = sealers.filter((id) => !working.includes(id));
  const inLine = [...pending.filter((id) => id > last), ...pending.filter((id) => id < last)];
  const coming = inLine.slice(0, Math.max(size - working.length, working.length === size ? 1 : 0));
  const staying = working.slice(Math.max(0, working.length + coming.length - size));
  return [...staying, ...coming].sort();
}

/**
 * The head after a block: `add <node id>`, `remove <node id>`, `rest <node id>`, `tx_count_limit <n>`,
 * `consensus_timeout <ms>`, `epoch_sealer_num <n>`, `epoch_block_num <n>` and calls of the contract of working sealers
 * take effect.
 */
export function headAfter(head: ChainHead, block: ExecutedBlock): ChainHead {
  let sealers = [...head.sealers];
  let settings = head.settings;
  let { workingSealers } = head;
  for (const { data, to } of block.transactions) {
    if (to?.endsWith(ROTATION) === true) workingSealers = rotated(head, block.header.number);
    const [verb, argument = ""] = bytesToUtf8(data).split(" ");
    if (verb === "add") sealers.push(argument as NodeId);
    if (verb === "remove") sealers = sealers.filter((sealer) => sealer !== argument);
    if (verb === "rest") workingSealers = workingSealers.filter((sealer) => sealer !== argument);
    if (verb === "tx_count_limit") settings = { ...settings, txCountLimit: Number(argument) };
    if (verb === "consensus_timeout") settings = { ...settings, consensusTimeoutMs: Number(argument) };
    const since = block.header.number;
    if (verb === "epoch_sealer_num") {
      settings = { ...settings, epochSealerCount: Number(argument), epochSealerEnabledAt: since };
    }
    if (verb === "epoch_block_num") {
      settings = { ...settings, epochBlockCount: Number(argument), epochBlockEnabledAt: since };
    }
  }
  return {
    ...head,
    header: block.header,
    hash: block.hash,
    sealers: sealers.sort(),
    workingSealers: workingSealers.filter((sealer) => sealers.includes(sealer)),
    settings,
    totalTransactions: head.totalTransactions + block.transactions.length,
  };
}

/** Node id of a public key. */
export function nodeIdOf(publicKey: Uint8Array): NodeId {
  return bytesToHex(publicKey) as NodeId;
}
