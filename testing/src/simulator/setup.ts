/** The chain of a simulated cluster: keys, genesis, rules, and the options of its nodes. */
import { assert, createRandom, groupId } from "@tsbcos/core/primitives";
import type { NodeId, Random } from "@tsbcos/core/primitives";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import { V2_5_0, V2_9_0 } from "@tsbcos/core/protocol";
import { Ledger } from "@tsbcos/core/ledger";
import type { ChainHead, ChainRules, ConsensusType, GenesisConfig } from "@tsbcos/core/ledger";
import type { PlantedBugs } from "@tsbcos/core/consensus";
import { MemoryStore } from "@tsbcos/core/state";
import type { GroupOptions } from "@tsbcos/core/group";
import type { RunOptions } from "./options.js";
import type { Setting } from "./workload.js";

const GENESIS_MS = 1_699_999_000_000;

/** Keys of the nodes. */
export function drawKeys(random: Random, suite: CryptoSuite, count: number): KeyPair[] {
  return Array.from({ length: count }, () => {
    const privateKey = random.bytes(32);
    // Below the order of the curve, and not zero, whatever was drawn.
    privateKey[0] = 1;
    return suite.keyPairOf(privateKey);
  });
}

/** Every second rPBFT chain is of the kind before 2.6.0, on which the working sealers take turns instead of being drawn. */
function takesTurns({ seed, consensus }: RunOptions): boolean {
  return consensus === "rpbft" && createRandom(`turns/${seed}`).chance(0.5);
}

/** Shortest epoch in blocks: where sealers are drawn, each end of an epoch is a block, so that 1 would never rest. */
function epochBlocksMin(options: RunOptions): number {
  return takesTurns(options) ? 1 : 2;
}

/** What every node of the chain has in its genesis file. */
export function genesisOf(options: RunOptions, sealers: readonly NodeId[]): GenesisConfig {
  return {
    groupId: groupId(1),
    timestamp: GENESIS_MS,
    consensusType: options.consensus,
    stateType: "storage",
    nodes: sealers,
    maxTransactions: options.transactionsPerBlockMax,
    gasLimit: 300_000_000,
    consensusTimeoutSeconds: 3,
    epochSealerCount: options.epochSealers,
    epochBlockCount: Math.max(options.epochBlocks, epochBlocksMin(options)),
    minElectTimeMs: 1000,
    maxElectTimeMs: 2000,
    freeStorage: false,
  };
}

/** What can never change on the chain. */
export function rulesOf(options: RunOptions, suite: CryptoSuite): ChainRules {
  const version = takesTurns(options) ? V2_5_0 : V2_9_0;
  const { consensus: consensusType } = options;
  return { version, suite, chainId: 1n, groupId: groupId(1), freeStorage: false, consensusType };
}

/** One of so many members may fail. Raft stands more, because nobody lies. */
export function shareOfFaulty(consensus: ConsensusType): number {
  return consensus === "raft" ? 2 : 3;
}

/** The planted fault that consensus is handed, if it is that one: two halves of a cluster may then decide differently. */
export function plantedBugsOf({ bug, consensus }: RunOptions): PlantedBugs | undefined {
  if (bug !== "quorum-too-small") return undefined;
  return { quorum: (count) => count - Math.floor((count - 1) / shareOfFaulty(consensus)) - 1 };
}

/** Settings that clients change while the chain runs. */
export function settingsOf(options: RunOptions): readonly Setting[] {
  const { consensus, liarCount, epochSealers } = options;
  const always = [
    { key: "tx_count_limit", min: 1, max: 50 },
    { key: "consensus_timeout", min: 3, max: 6 },
  ];
  if (consensus !== "rpbft") return always;
  // Fewer working sealers would stand fewer liars.
  const sealersMin = liarCount > 0 ? epochSealers : 1;
  const rotation = [
    { key: "rpbft_epoch_block_num", min: epochBlocksMin(options), max: 5 },
    { key: "rpbft_epoch_sealer_num", min: sealersMin, max: sealersMin + 4 },
  ];
  return [...always, ...rotation];
}

/** The head of the chain before its first block. */
export function genesisHeadOf(rules: ChainRules, genesis: GenesisConfig): ChainHead {
  const opened = Ledger.open(new MemoryStore(), rules, genesis);
  assert(opened.ok, "a ledger opens over an empty store");
  return opened.value.ledger.head();
}

/** What each node has in its `group.1.ini`. */
export function groupOptionsOf(options: RunOptions): GroupOptions {
  const { trees } = options;
  return {
    pool: { limit: 10_000, memoryBytesMax: 64 * 1024 * 1024, expirationMs: 600_000 },
    consensus: {
      ttl: 2,
      minBlockGenerationTimeMs: options.minBlockGenerationTimeMs,
      enableDynamicBlockSize: true,
      blockSizeIncreaseRatio: 0.5,
      enableTtlOptimization: options.ttlOptimization,
      enablePrepareWithTransactionHashes: options.prepareWithTransactionHashes,
      broadcastPrepareByTree: true,
      prepareStatusBroadcastPercent: 33,
      maxRequestMissedTransactionsWaitMs: 100,
      maxRequestPrepareWaitMs: 100,
    },
    blockSync: {
      syncBlockByTree: trees,
      gossipIntervalMs: 1000,
      gossipPeersNumber: 3,
      downloadBytesMax: 512 * 1024 * 1024,
    },
    transactionSync: { sendTransactionsByTree: trees, transactionGossipPeersMax: 5, idleWaitMs: 200 },
  };
}
