/** Who has to sign a block, by the consensus type: written down once more here, so that consensus cannot judge itself. */
import type { NodeId } from "@tsbcos/core/primitives";
import type { ChainHead, ChainRules } from "@tsbcos/core/ledger";
import { decidingNodes } from "../../replay/sealers.js";

/** Who may sign the next block, and how many of them must. */
export interface Deciders {
  readonly nodes: readonly NodeId[];
  readonly needed: number;
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
        return { nodes, needed: nodes.length - Math.floor((nodes.length - 1) / 3) };
      };
    case "raft":
      return () => ({ nodes: [], needed: 0 });
    case "solo":
      return ({ header, sealers }) => ({ nodes: [sealers[header.number % sealers.length] as NodeId], needed: 1 });
  }
}
