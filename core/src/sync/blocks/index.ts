/** Door of block synchronisation. */
export { BlockSync } from "./block-sync.js";
export type {
  BlockSyncEffect,
  BlockSyncEnvironment,
  BlockSyncInput,
  BlockSyncOptions,
  BlockSyncPacket,
} from "./messages.js";
