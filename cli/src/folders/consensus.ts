/** How the sealers of a group agree, and how many of them that takes. */
import { existsSync, readFileSync } from "node:fs";
import { readSetting } from "./ini.js";
import { groupFile, type NodeFolder } from "./node-folder.js";

/** The algorithm that the genesis of a group names, in small letters; PBFT where no folder has it. */
export function consensusIn(folders: readonly NodeFolder[], group: number): string {
  const file = folders.map((node) => groupFile(node, group, "genesis")).find((one) => existsSync(one));
  const text = file === undefined ? "" : readFileSync(file, "utf8");
  return (readSetting(text, "consensus", "consensus_type") ?? "pbft").toLowerCase();
}

/** Sealers that must be there for a block. */
export function quorumOf(consensus: string, sealers: number): number {
  if (consensus === "raft") return Math.floor(sealers / 2) + 1;
  return consensus === "solo" ? sealers : sealers - Math.floor((sealers - 1) / 3);
}
