/** Folders of nodes on this machine. */
export { listSettings, readList, readSetting, writeList, writeSetting } from "./ini.js";
export { findNodeFolders, groupFile, nodeFoldersIn, reachable, readNodeFolder } from "./node-folder.js";
export type { NodeFolder } from "./node-folder.js";
