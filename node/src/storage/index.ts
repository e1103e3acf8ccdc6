/** The durable key-value store of a group. */
export { openStore } from "./level-store.js";
export type { Store, StoreOptions } from "./store.js";
