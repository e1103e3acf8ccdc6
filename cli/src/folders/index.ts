/** Folders of nodes on this machine. */
export { consensusIn, quorumOf } from "./consensus.js";
export { listSettings, readList, readSetting, writeList, writeSetting } from "./ini.js";
export { findNodeFolders, groupFile, nodeFoldersIn, reachable, readNodeFolder } from "./node-folder.js";
export type { NodeFolder } from "./node-folder.js";
export { ancestorsOf, chainPlaceIn, chainPlaceNear, isMachine, WHERE_CHAINS_ARE_LOOKED_FOR } from "./nearby.js";
export type { ChainPlace } from "./nearby.js";
