/** What `getConsensusStatus` answers: keys and order of the C++ node. */
import { NOT_A_SEALER } from "../../primitives/index.js";
import type { NodeIndex } from "../../primitives/index.js";
import { ModuleId } from "../../protocol/index.js";
import { basicStatus } from "../basic-status.js";
import type { JsonValue } from "../interface.js";
import type { PbftState } from "./state.js";

/** The status as a JSON array: this node, then the views it has seen of each sealer. */
export function statusOf(state: PbftState): JsonValue {
  const { head, members, environment } = state;
  const { nodeId, rules } = environment;
  const { ownIndex, faulty } = members;
  const own = basicStatus(
    { head, nodeId, groupId: rules.groupId, ownIndex, faulty, moduleId: ModuleId.Pbft },
    {
      connectedNodes: state.connectedNodes,
      currentView: state.view,
      leaderFailed: state.leaderFailed,
      toView: state.toView,
    },
  );
  return [own, viewsOf(state)];
}

function viewsOf(state: PbftState): JsonValue {
  const { members } = state;
  const views = new Map(state.viewsSeen);
  if (members.ownIndex !== NOT_A_SEALER) views.set(members.ownIndex, state.view);
  return members.sealers.flatMap((nodeId, index) => {
    const view = views.get(index as NodeIndex);
    return view === undefined || members.keys[index] === undefined ? [] : [{ nodeId, view }];
  });
}
