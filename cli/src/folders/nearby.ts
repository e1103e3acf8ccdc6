/** Finding a chain without being told where it is: the same for every command that can do without. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import { readList } from "./ini.js";

/** Where the files of a chain were found. Paths are absolute. */
export interface ChainPlace {
  /** What is nearest: the folder of a node, of a machine, or of a whole chain. */
  readonly place: string;
  /** The folder of the whole chain that it belongs to. */
  readonly root: string;
}

/** Where `npm start` and `chain build` put chains by default. */
const USUAL_NAMES = ["chain", "nodes"];
const ADDRESS = /^(\d{1,3}\.){3}\d{1,3}$|^[0-9a-fA-F]*:[0-9a-fA-F:]*$/;
/** What a machine's folder has beside its nodes. */
const START_SCRIPT = "start_all.sh";
/** What the settings of a node have, and those of other programs do not. */
const SETTINGS_OF_A_NODE = /^\s*(channel|jsonrpc)_listen_port\s*=/m;

/** For people who are told that there is none. */
export const WHERE_CHAINS_ARE_LOOKED_FOR = "There is no chain here, in ./chain, in ./nodes or in a folder above";

/** The folder and all that it is in, the nearest first. */
export function ancestorsOf(folder: string): readonly string[] {
  const place = resolve(folder);
  return dirname(place) === place ? [place] : [place, ...ancestorsOf(dirname(place))];
}

/** The chain in this folder, or in one below it of the usual name; undefined when there is none. */
export function chainPlaceIn(folder: string): ChainPlace | undefined {
  const place = [folder, ...USUAL_NAMES.map((name) => join(folder, name))].find(isChain);
  return place === undefined ? undefined : { place: resolve(place), root: resolve(rootOf(place)) };
}

/**
 * The nearest chain: in this folder, in one below it of the usual name, or the same for each folder above.
 *
 * @throws CodedError `no-chain` that says where it was looked for
 */
export function chainPlaceNear(folder: string): ChainPlace {
  for (const one of ancestorsOf(folder)) {
    const found = chainPlaceIn(one);
    if (found !== undefined) return found;
  }
  throw new CodedError("no-chain", `${WHERE_CHAINS_ARE_LOOKED_FOR} (${resolve(folder)}). Name its folder.`);
}

/** True for the folder of a machine, which is named after an address: one of the net, or one that its nodes name. */
export function isMachine(folder: string): boolean {
  const name = basename(folder);
  if (ADDRESS.test(name)) return true;
  // A folder of any other name that holds nodes may be one that a machine's folder was carried to.
  if (!existsSync(join(folder, START_SCRIPT))) return false;
  return namesIn(folder).some((node) => hostsIn(join(folder, node)).includes(name));
}

/** Hosts that the settings of a node name as those of the chain. */
function hostsIn(node: string): readonly string[] {
  if (!isNode(node)) return [];
  const config = readFileSync(join(node, "config.ini"), "utf8");
  return readList(config, "p2p", "node.").map((peer) => peer.replace(/:\d+$/, ""));
}

/** The folder of a node, or one that holds those of nodes or machines. */
function isChain(place: string): boolean {
  if (existsSync(join(place, "config.ini"))) return isNode(place);
  return namesIn(place)
    .map((name) => join(place, name))
    .some(
      (folder) => isNode(folder) || (isMachine(folder) && namesIn(folder).some((node) => isNode(join(folder, node)))),
    );
}

/** Any other program may have a `config.ini`. */
function isNode(folder: string): boolean {
  try {
    return SETTINGS_OF_A_NODE.test(readFileSync(join(folder, "config.ini"), "utf8"));
  } catch {
    return false;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

/** The whole chain, for somebody who stands in the folder of a node or of a machine. */
function rootOf(place: string): string {
  const machine = existsSync(join(place, "config.ini")) ? dirname(place) : place;
  return isMachine(machine) ? dirname(machine) : machine;
}
