/** Who decides a block, derived from the chain alone: a check of the header's list that is independent of consensus. */
import type { ChainHead, ChainRules } from "@tsbcos/core/ledger";
import type { NodeId } from "@tsbcos/core/primitives";
import { V2_6_0 } from "@tsbcos/core/protocol";

/** The nodes that decide the block after `head`, ascending: what its header must list. */
export function decidingNodes(head: ChainHead, rules: ChainRules): readonly NodeId[] {
  if (rules.consensusType !== "rpbft") return head.sealers;
  if (rules.version >= V2_6_0) {
    return head.workingSealers.length > 0 ? head.workingSealers : head.sealers.slice(0, 1);
  }
  const { sealers, settings } = head;
  const working = Math.min(settings.epochSealerCount, sealers.length);
  const round = Math.floor((head.header.number - settings.epochBlockEnabledAt) / settings.epochBlockCount);
  return Array.from({ length: working }, (_, i) => sealers[(round + i) % sealers.length] as NodeId).sort();
}
