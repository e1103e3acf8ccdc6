/** Door of transaction synchronisation. */
export { TransactionSync } from "./transaction-sync.js";
export type {
  SyncedPool,
  SyncedTransaction,
  TransactionSyncEffect,
  TransactionSyncEnvironment,
  TransactionSyncInput,
  TransactionSyncOptions,
  TransactionSyncPacket,
} from "./messages.js";
