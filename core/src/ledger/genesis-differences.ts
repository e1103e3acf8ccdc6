/** What differs between the genesis file and the block 0 that a store holds, in words that name the line of the file. */
import type { SupportedVersion } from "../protocol/index.js";
import type { GenesisConfig } from "./chain.js";
import { FREE_STORAGE_IN_MARK, genesisMark, markParts, NODES_IN_MARK } from "./genesis.js";

/** Digits of a node id that are enough to find it in a file. */
const ID_DIGITS_SHOWN = 8;

/** Differences, each a part of a sentence; none when only the hash differs, which cannot be told from here. */
export function genesisDifferences(
  stored: { readonly mark: string; readonly timestamp: number },
  config: GenesisConfig,
  version: SupportedVersion,
): readonly string[] {
  const was = stored.mark.split("-");
  const is = markParts(config, version);
  // Where the kind of consensus is another one the mark has other parts: what follows it cannot be compared.
  const comparable = was.length === is.length ? is : is.slice(0, is.findIndex(([key]) => key.endsWith("_type")) + 1);
  const differences = comparable.flatMap(([key, value], index) => describe(key, was[index] ?? "", value));
  if (differences.length === 0 && was.join("-") !== genesisMark(config, version)) {
    differences.push(`its mark was ${stored.mark} and is ${genesisMark(config, version)}`);
  }
  if (stored.timestamp !== config.timestamp) {
    differences.push(`group.timestamp was ${stored.timestamp} and is ${config.timestamp}`);
  }
  return differences;
}

function describe(key: string, was: string, is: string): string[] {
  if (was === is) return [];
  if (key === NODES_IN_MARK) return describeNodes(was.split(",").slice(0, -1), is.split(",").slice(0, -1));
  if (key === FREE_STORAGE_IN_MARK) return [`${key} was ${String(was !== "0")} and is ${String(is !== "0")}`];
  return [`${key} was ${was} and is ${is}`];
}

function describeNodes(was: readonly string[], is: readonly string[]): string[] {
  const short = (id: string): string => `${id.slice(0, ID_DIGITS_SHOWN)}...`;
  const gone = was.filter((id) => !is.includes(id)).map((id) => `${NODES_IN_MARK} ${short(id)} is missing`);
  const added = is.filter((id) => !was.includes(id)).map((id) => `${NODES_IN_MARK} ${short(id)} was not there`);
  const all = [...gone, ...added];
  return all.length > 0 ? all : [`the lines ${NODES_IN_MARK}.N are in another order, or one is there twice`];
}
