export type { StoredBlock, StoredHeader } from "./block-reader.js";
export type { ChainHead, ChainRules, ChainSettings, ConsensusType, ExecutedBlock, GenesisConfig } from "./chain.js";
export { genesisBlock, genesisMark } from "./genesis.js";
export type { GenesisBlock } from "./genesis.js";
export { Ledger } from "./ledger.js";
export type { OpenedLedger } from "./ledger.js";
export type { BlockDamage, OpenFailure } from "./opening.js";
export type { TransactionPlace } from "./records.js";
