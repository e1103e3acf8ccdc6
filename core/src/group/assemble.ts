/** Makes the machines of one group and lets them look at each other. */
import { ok, silentTracer } from "../primitives/index.js";
import type { NodeId, Random, Result, Tracer } from "../primitives/index.js";
import type { KeyPair } from "../crypto/index.js";
import type { ChainHead, GenesisConfig, Ledger } from "../ledger/index.js";
import { TransactionPool } from "../txpool/index.js";
import { createConsensus } from "../consensus/index.js";
import type {
  Consensus,
  ConsensusEnvironment,
  ConsensusOptions,
  ConsensusUnavailable,
  PlantedBugs,
} from "../consensus/index.js";
import { BlockSync } from "../sync/blocks/index.js";
import type { BlockSyncOptions } from "../sync/blocks/index.js";
import { TransactionSync } from "../sync/transactions/index.js";
import type { TransactionSyncOptions } from "../sync/transactions/index.js";

/** Local options of a group: the sections of its `group.N.ini`. They may differ between nodes. */
export interface GroupOptions {
  readonly pool: {
    /** Transactions that may wait. */
    readonly limit: number;
    /** Bytes that they may occupy. */
    readonly memoryBytesMax: number;
    /** A transaction that waits longer is dropped. */
    readonly expirationMs: number;
  };
  readonly consensus: ConsensusOptions;
  readonly blockSync: BlockSyncOptions;
  readonly transactionSync: TransactionSyncOptions;
}

/** Everything a group is made of. */
export interface GroupEnvironment {
  /** Opened over the committed state. Its head moves when the host reports `block-stored`, not through the group. */
  readonly ledger: Ledger;
  readonly genesis: GenesisConfig;
  /** Key of this node: signs votes. */
  readonly key: KeyPair;
  /** Public key of {@link key}, as text. */
  readonly nodeId: NodeId;
  readonly options: GroupOptions;
  readonly random: Random;
  readonly trace?: Tracer;
  /** Deliberate faults, for tests of the simulator only. */
  readonly plantedBugs?: PlantedBugs;
}

/** What several machines look at: written by the group alone. */
export interface Shared {
  /** Head of the chain that all machines have heard of; the ledger may be one block ahead while the report waits. */
  head: ChainHead;
  members: ReadonlySet<NodeId>;
  /** Members with a live session. */
  connected: ReadonlySet<NodeId>;
}

/** The machines of one group. */
export interface Machines {
  readonly shared: Shared;
  readonly pool: TransactionPool;
  readonly consensus: Consensus;
  readonly blockSync: BlockSync;
  readonly transactionSync: TransactionSync;
}

/** Sealers and observers at `head`. */
export function membersOf(head: ChainHead): ReadonlySet<NodeId> {
  return new Set([...head.sealers, ...head.observers]);
}

/** Makes the machines; each sees of the others only what its environment names. */
export function assembleMachines(environment: GroupEnvironment): Result<Machines, ConsensusUnavailable> {
  const { ledger, nodeId, options, random, trace = silentTracer } = environment;
  const { rules } = ledger;
  const head = ledger.head();
  const shared: Shared = { head, members: membersOf(head), connected: new Set() };
  const pool = new TransactionPool({ ...options.pool, chainId: rules.chainId, groupId: rules.groupId, checkIds: true });
  const consensusNodes = (of: ChainHead): readonly NodeId[] => consensus.consensusNodes(of);
  const blockSync = new BlockSync({
    rules,
    nodeId,
    options: options.blockSync,
    encodedBlock: (number) => (number <= shared.head.header.number ? ledger.encodedBlock(number) : undefined),
    checkSyncedBlock: (block, of) => consensus.checkSyncedBlock(block, of),
    consensusNodes,
    pool,
    random: random.split("block-sync"),
    trace,
  });
  const transactionSync = new TransactionSync({
    rules,
    nodeId,
    options: options.transactionSync,
    pool,
    syncPeers: () => blockSync.knownPeers,
    consensusNodes,
    random: random.split("transaction-sync"),
    trace,
  });
  const made = createConsensus(consensusEnvironment(environment, { shared, pool, blockSync }), environment.plantedBugs);
  if (!made.ok) return made;
  // The two synchronisations were made first and ask consensus only in steps, when this is set.
  const consensus = made.value;
  return ok({ shared, pool, consensus, blockSync, transactionSync });
}

function consensusEnvironment(
  environment: GroupEnvironment,
  others: Pick<Machines, "shared" | "pool" | "blockSync">,
): ConsensusEnvironment {
  const { ledger, key, nodeId, genesis, options, random, trace = silentTracer } = environment;
  const { shared, pool, blockSync } = others;
  return {
    rules: ledger.rules,
    key,
    nodeId,
    genesis,
    options: options.consensus,
    pool,
    sync: blockSync,
    hashAt: (number) => (number <= shared.head.header.number ? ledger.hashAt(number) : undefined),
    timeOffsetMs: () => blockSync.timeOffsetMs(),
    random: random.split("consensus"),
    trace,
    peers: () => shared.connected,
  };
}
