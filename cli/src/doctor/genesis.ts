/** The files that must say the same on all nodes of a chain and of a group. */
import { existsSync, readFileSync } from "node:fs";
import { parseSupportedVersion, V2_9_0 } from "@tsbcos/core/protocol";
import { groupFile, listSettings, type NodeFolder } from "../folders/index.js";
import type { Findings } from "./findings.js";

/** Whether the settings that belong to the chain are the same on all nodes. */
export function checkChain(nodes: readonly NodeFolder[], findings: Findings): void {
  for (const [key, name] of [
    ["chainId", "chain.id"],
    ["supportedVersion", "compatibility.supported_version"],
    ["sm", "chain.sm_crypto"],
  ] as const) {
    const values = groupBy(nodes, (node) => String(node[key]));
    if (values.size <= 1) continue;
    const parties = [...values].map(([value, own]) => `${namesOf(own)}: ${value}`).join("\n");
    findings.error(
      "settings",
      `${name} is not the same on all nodes:\n${parties}`,
      "Give all nodes the value that the chain began with.",
    );
  }
}

/** Whether all nodes that have a group have the same genesis file. */
export function checkGenesis(group: number, nodes: readonly NodeFolder[], findings: Findings): void {
  const members = nodes.filter((node) => existsSync(groupFile(node, group, "genesis")));
  const texts = groupBy(members, (node) => meaningOf(node, group));
  if (texts.size > 1) {
    const [[first, some] = ["", []], ...others] = [...texts];
    const parts = others.map(
      ([text, own]) => `${namesOf(some)} and ${namesOf(own)} differ in ${differences(first, text)}`,
    );
    findings.error(
      "genesis",
      `group.${group}.genesis is not the same on all nodes: ${parts.join("; ")}.`,
      `Copy the file of the nodes that have blocks to the others, unchanged, and remove their data/group${group}.`,
    );
  }
  findings.ok(
    "genesis",
    `group.${group}.genesis is the same on ${members.length} ${members.length === 1 ? "node" : "nodes"}`,
  );
}

/** What the file says, without comments and order; the order of nodes counts below 2.9.0 only. */
function meaningOf(node: NodeFolder, group: number): string {
  const settings = listSettings(readFileSync(groupFile(node, group, "genesis"), "utf8"));
  const isNode = (name: string): boolean => name.startsWith("consensus.node.");
  const version = parseSupportedVersion(node.supportedVersion);
  const nodes = settings.filter(([name]) => isNode(name)).map(([, value]) => value.toLowerCase());
  const sealers = version.ok && version.value >= V2_9_0 ? nodes.sort() : nodes;
  const rest = settings.filter(([name]) => !isNode(name)).map(([name, value]) => `${name}=${value}`);
  return [...rest.sort(), `consensus.node=${sealers.join(",")}`].join("\n");
}

function differences(one: string, other: string): string {
  const [left, right] = [new Set(one.split("\n")), new Set(other.split("\n"))];
  const lines = [...left, ...right].filter((line) => left.has(line) !== right.has(line));
  return [...new Set(lines.map((line) => line.slice(0, line.indexOf("="))))].join(", ");
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}

function namesOf(nodes: readonly NodeFolder[]): string {
  return nodes.map((node) => node.name).join(", ");
}
