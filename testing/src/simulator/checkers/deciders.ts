/** Who has to sign a block, by the consensus type: written down once more here, so that consensus cannot judge itself. */
import type { NodeId } from "@tsbcos/core/primitives";
import type { ChainHead, ChainRules } from "@tsbcos/core/ledger";
import { V2_6_0 } from "@tsbcos/core/protocol";
import { decidingNodes } from "../../replay/sealers.js";

/** Who may sign the next block, and how many of them must. */
export interface Deciders {
  readonly nodes: readonly NodeId[];
  readonly needed: number;
  /** Who proposes in a view; undefined where views decide nothing about that. */
  readonly leaderOf: (view: number) => NodeId | undefined;
}

/** Finds the deciders of the block after a head. */
export type DecidersOf = (head: ChainHead) => Deciders;

/** The rule of a chain. */
export function decidersOf(rules: ChainRules): DecidersOf {
  switch (rules.consensusType) {
    case "pbft":
    case "rpbft":
      return (head) => {
        const nodes = decidingNodes(head, rules);
        const turns = turnsOf(head, rules, nodes);
        return {
          nodes,
          needed: nodes.length - Math.floor((nodes.length - 1) / 3),
          leaderOf: (view) => turns[(view + head.header.number) % turns.length],
        };
      };
    case "raft":
      return () => ({ nodes: [], needed: 0, leaderOf: () => undefined });
    case "solo":
      return ({ header, sealers }) => {
        const leader = sealers[header.number % sealers.length] as NodeId;
        return { nodes: [leader], needed: 1, leaderOf: () => leader };
      };
  }
}

/** The deciders in the order in which they lead: before 2.6.0 rPBFT begins with the one that came in first. */
function turnsOf(head: ChainHead, rules: ChainRules, nodes: readonly NodeId[]): readonly NodeId[] {
  if (rules.consensusType !== "rpbft" || rules.version >= V2_6_0) return nodes;
  const { sealers, settings, header } = head;
  const first = Math.floor((header.number - settings.epochBlockEnabledAt) / settings.epochBlockCount);
  return nodes.map((_, turn) => sealers[(first + turn) % sealers.length] as NodeId);
}
