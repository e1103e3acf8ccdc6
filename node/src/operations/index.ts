/** What an operator changes while the node runs: groups, static peers, and what signal files ask for. */
export { CODES, type Answer } from "./answers.js";
export { readGroupState, writeGroupState, type GroupPaths } from "./group-files.js";
export { GroupOperations, type GroupHost } from "./group-operations.js";
export { decisionAtStart, type GroupState, type StartDecision } from "./group-states.js";
export { groupGenesis, groupIni, type NewGroup } from "./group-texts.js";
export { changePeers, sortedPeers, type PeerEndpoint, type PeerHost } from "./peer-operations.js";
export { watchSignalFiles, type SignalHandlers, type SignalWatch } from "./signal-files.js";
