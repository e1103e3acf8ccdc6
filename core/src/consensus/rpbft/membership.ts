/** Who works when: a window over the sorted sealers that moves on by one. See docs/protocol/rpbft.md#w1-who-works. */
import { membershipIn } from "../pbft/membership.js";
import type { MembershipRule } from "../pbft/membership.js";

/** The working sealers of the block after a head, below supported_version 2.6.0. */
export const rotatingSealers: MembershipRule = (head, nodeId, quorum) => {
  const { sealers, settings, header } = head;
  const count = Math.min(settings.epochSealerCount, sealers.length);
  const blocks = header.number - settings.epochBlockEnabledAt;
  const rotations = Math.max(0, Math.floor(blocks / settings.epochBlockCount));
  const turns = Array.from({ length: count }, (_, turn) => (rotations + turn) % sealers.length);
  return membershipIn({ head, nodeId, turns, quorum });
};
