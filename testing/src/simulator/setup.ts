/** The chain of a simulated cluster: keys, genesis, rules, and the options of its nodes. */
import { assert } from "@tsbcos/core/primitives";
import type { NodeId, Random } from "@tsbcos/core/primitives";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import { V2_5_0, V2_9_0 } from "@tsbcos/core/protocol";
import { Ledger } from "@tsbcos/core/ledger";
import type { ChainHead, ChainRules, ConsensusType, GenesisConfig } from "@tsbcos/core/ledger";
import type { PlantedBugs } from "@tsbcos/core/consensus";
import { MemoryStore } from "@tsbcos/core/state";
import type { GroupOptions } from "@tsbcos/core/group";
import type { GroupShape } from "./options.js";
import type { Bug } from "./planted/bugs.js";
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

/** Shortest epoch in blocks: where sealers are drawn, each end of an epoch is a block, so that 1 would never rest. */
function epochBlocksMin({ takesTurns }: GroupShape): number {
  return takesTurns ? 1 : 2;
}

/** What every node of the chain has in its genesis file. */
export function genesisOf(shape: GroupShape, sealers: readonly NodeId[]): GenesisConfig {
  return {
    groupId: shape.groupId,
    timestamp: GENESIS_MS,
    consensusType: shape.consensus,
    stateType: "storage",
    nodes: sealers,
    maxTransactions: shape.transactionsPerBlockMax,
    gasLimit: 300_000_000,
    consensusTimeoutSeconds: 3,
    epochSealerCount: shape.epochSealers,
    epochBlockCount: Math.max(shape.epochBlocks, epochBlocksMin(shape)),
    minElectTimeMs: 1000,
    maxElectTimeMs: 2000,
    freeStorage: false,
  };
}

/** What can never change on the chain. */
export function rulesOf({ groupId, consensus, takesTurns }: GroupShape, suite: CryptoSuite): ChainRules {
  const version = takesTurns ? V2_5_0 : V2_9_0;
  return { version, suite, chainId: 1n, groupId, freeStorage: false, consensusType: consensus };
}

/** One of so many members may fail. Raft stands more, because nobody lies. */
export function shareOfFaulty(consensus: ConsensusType): number {
  return consensus === "raft" ? 2 : 3;
}

/** The planted fault that consensus is handed, if it is that one: two halves of a cluster may then decide differently. */
export function plantedBugsOf(bug: Bug | undefined, consensus: ConsensusType): PlantedBugs | undefined {
  if (bug !== "quorum-too-small") return undefined;
  return { quorum: (count) => count - Math.floor((count - 1) / shareOfFaulty(consensus)) - 1 };
}

/** Settings that clients change while the chain runs. */
export function settingsOf(shape: GroupShape): readonly Setting[] {
  const { consensus, liarCount, epochSealers } = shape;
  const always = [
    { key: "tx_count_limit", min: 1, max: 50 },
    { key: "consensus_timeout", min: 3, max: 6 },
  ];
  if (consensus !== "rpbft") return always;
  // Fewer working sealers would stand fewer liars.
  const sealersMin = liarCount > 0 ? epochSealers : 1;
  const rotation = [
    { key: "rpbft_epoch_block_num", min: epochBlocksMin(shape), max: 5 },
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

/** What each node has in its `group.N.ini`. */
export function groupOptionsOf(shape: GroupShape): GroupOptions {
  const { trees } = shape;
  return {
    pool: { limit: 10_000, memoryBytesMax: 64 * 1024 * 1024, expirationMs: 600_000 },
    consensus: {
      ttl: 2,
      minBlockGenerationTimeMs: shape.minBlockGenerationTimeMs,
      enableDynamicBlockSize: true,
      blockSizeIncreaseRatio: 0.5,
      enableTtlOptimization: shape.ttlOptimization,
      enablePrepareWithTransactionHashes: shape.prepareWithTransactionHashes,
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
