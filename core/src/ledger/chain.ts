/** What is fixed for a chain, what holds for its next block, and what execution hands over to be stored. */
import type { Address, GroupId, Hash, NodeId } from "../primitives/index.js";
import type { CryptoSuite } from "../crypto/index.js";
import type { BlockHeader, Receipt, SupportedVersion, VerifiedTransaction } from "../protocol/index.js";
import type { StateChanges } from "../state/index.js";

/** Algorithms by which the sealers of a chain may agree. */
export type ConsensusType = "pbft" | "rpbft" | "raft" | "solo";

/** `group.N.genesis`: equal on all nodes of a group, fixed with block 0. */
export interface GenesisConfig {
  readonly groupId: GroupId;
  /** Timestamp of block 0, milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** As configured, in the letters it was written in: it enters the genesis hash. */
  readonly consensusType: string;
  /** As configured; `storage` on every chain of today. */
  readonly stateType: string;
  /** First sealers, in the order of the file, which enters the genesis hash below supported_version 2.9.0. */
  readonly nodes: readonly NodeId[];
  /** First `tx_count_limit`: transactions in a block. */
  readonly maxTransactions: number;
  /** First `tx_gas_limit`: gas a transaction may use. */
  readonly gasLimit: number;
  /** First `consensus_timeout`; counts from supported_version 2.6.0 on. */
  readonly consensusTimeoutSeconds: number;
  /** rPBFT: sealers that work at a time. */
  readonly epochSealerCount: number;
  /** rPBFT: blocks between two changes of the working sealers. */
  readonly epochBlockCount: number;
  /** Raft: bounds of the election time-out. */
  readonly minElectTimeMs: number;
  readonly maxElectTimeMs: number;
  /** Cheap storage operations, see `evm.enable_free_storage`. */
  readonly freeStorage: boolean;
}

/** What can never change on a chain: version, cryptography, identity. */
export interface ChainRules {
  readonly version: SupportedVersion;
  readonly suite: CryptoSuite;
  readonly chainId: bigint;
  readonly groupId: GroupId;
  readonly freeStorage: boolean;
  readonly consensusType: ConsensusType;
}

/** System configuration in force for the next block. */
export interface ChainSettings {
  /** Transactions a block may hold. */
  readonly txCountLimit: number;
  /** Gas a transaction may use. */
  readonly txGasLimit: bigint;
  /** Time after which a PBFT round without result is given up, before it is stretched; 3000 below 2.6.0. */
  readonly consensusTimeoutMs: number;
  /** rPBFT: sealers that work at a time, and the block that set it. */
  readonly epochSealerCount: number;
  readonly epochSealerEnabledAt: number;
  /** rPBFT: blocks between two changes of the working sealers, and the block that set it. */
  readonly epochBlockCount: number;
  readonly epochBlockEnabledAt: number;
  /** rPBFT from 2.6.0 on: a rotation that failed has to be made up for. */
  readonly notifyRotate: boolean;
  /** Whether gas is charged. */
  readonly chargeGas: boolean;
  /** Senders that are never charged: the chargers and the committee. Empty while nothing is charged. */
  readonly freeAccounts: ReadonlySet<Address>;
}

/** The head of the chain and everything that holds for the next block. */
export interface ChainHead {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly genesisHash: Hash;
  /** All sealers, working or not, ascending: indices of votes count in this list. */
  readonly sealers: readonly NodeId[];
  /** Sealers marked as working in the ledger (rPBFT from 2.6.0 on), ascending; empty elsewhere. */
  readonly workingSealers: readonly NodeId[];
  /** Nodes that follow without voting, ascending. */
  readonly observers: readonly NodeId[];
  readonly settings: ChainSettings;
  /** Transactions in all blocks. */
  readonly totalTransactions: number;
  /** Those whose receipt has a status other than 0. */
  readonly failedTransactions: number;
}

/** A block that was executed on top of the head and is not stored yet. */
export interface ExecutedBlock {
  /** Final header: roots as executed. */
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly transactions: readonly VerifiedTransaction[];
  /** One for each transaction, in their order. */
  readonly receipts: readonly Receipt[];
  /** The receipts encoded, as their root was taken of them; whoever stores the block need not encode them again. */
  readonly encodedReceipts?: readonly Uint8Array[];
  readonly changes: StateChanges;
}
