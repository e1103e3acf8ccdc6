/** What `getConsensusStatus` answers: keys and order of the C++ node. */
import { ModuleId } from "../../protocol/index.js";
import { basicStatus } from "../basic-status.js";
import type { JsonValue } from "../interface.js";
import type { RaftState } from "./state.js";

/** The status as a JSON array of one object. */
export function statusOf(state: RaftState): JsonValue {
  const { head, environment, ownIndex, faulty, leader } = state;
  const { nodeId, rules } = environment;
  const leaderIndex = leader === undefined ? -1 : head.sealers.indexOf(leader);
  const known = leader !== undefined && leaderIndex >= 0;
  return [
    basicStatus(
      { head, nodeId, groupId: rules.groupId, ownIndex, faulty, moduleId: ModuleId.Raft },
      { leaderId: known ? leader : "get leader ID failed", leaderIdx: known ? leaderIndex : "NULL" },
    ),
  ];
}
