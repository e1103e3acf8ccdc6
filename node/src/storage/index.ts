/** The durable key-value store of a group. */
export { openReader, openStore } from "./level-store.js";
export type { Store, StoreOptions, StoreReader } from "./store.js";
