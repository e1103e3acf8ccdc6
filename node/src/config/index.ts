/** Configuration files of a node, read and checked in one place. */
export type { EventFilterConfig } from "./genesis-config.js";
export type { FlowControl } from "./flow-control.js";
export type { GroupConfig } from "./group-config.js";
export {
  checkConfiguration,
  groupDataDirectory,
  groupFile,
  listGroups,
  loadChain,
  loadConfiguration,
  loadGroup,
  loadSdkAllowlist,
  loadWhitelist,
} from "./load.js";
export type { GroupFiles, Loaded, NodeFiles } from "./load.js";
export type { LogLevel, NetworkSecurity, NodeConfig } from "./node-config.js";
export { describeProblem } from "./problems.js";
export type { Problem } from "./problems.js";
export { formatHostAndPort, parseHostAndPort } from "./settings.js";
export type { HostAndPort } from "./settings.js";
export { saveStaticPeers } from "./static-peers.js";
