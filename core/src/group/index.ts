/** Door of the group: one ledger with everything that decides about it, and the driver in front of it. */
export type { GroupEnvironment, GroupOptions } from "./assemble.js";
export { Bandwidth } from "./bandwidth.js";
export type { ChargedFrame } from "./bandwidth.js";
export { ChainWorker } from "./chain-worker.js";
export type { ReadOnlyCall } from "./chain-worker.js";
export { GroupDriver } from "./driver.js";
export { Group } from "./group.js";
export type { GroupEffect, GroupEffectOf, GroupInput, GroupPorts } from "./messages.js";
export { PastCalls } from "./past-calls.js";
export { GroupRouter } from "./router.js";
export type { RoutedFrame, RoutedGroup } from "./router.js";
