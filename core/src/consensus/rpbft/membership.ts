/** Who works when: read from the ledger, or by counting blocks on old chains. See docs/protocol/rpbft.md#w1-who-works. */
import type { NodeId } from "../../primitives/index.js";
import { membershipIn } from "../pbft/membership.js";
import type { MembershipRule } from "../pbft/membership.js";

/** From supported_version 2.6.0 on: those whom the ledger marks, in the order of their ids. */
export const markedSealers: MembershipRule = (head, nodeId, quorum) => {
  const marked = new Set(head.workingSealers);
  const turns = [...head.sealers.keys()].filter((index) => marked.has(head.sealers[index] as NodeId));
  // The last of them may have been made a plain sealer; then the first sealer has to call others to work.
  if (turns.length === 0 && head.sealers.length > 0) turns.push(0);
  return membershipIn({ head, nodeId, turns, quorum });
};

/** Below supported_version 2.6.0: a window over the sorted sealers that moves on by one. */
export const rotatingSealers: MembershipRule = (head, nodeId, quorum) => {
  const { sealers, settings, header } = head;
  const count = Math.min(settings.epochSealerCount, sealers.length);
  const blocks = header.number - settings.epochBlockEnabledAt;
  const rotations = Math.max(0, Math.floor(blocks / settings.epochBlockCount));
  const turns = Array.from({ length: count }, (_, turn) => (rotations + turn) % sealers.length);
  return membershipIn({ head, nodeId, turns, quorum });
};
