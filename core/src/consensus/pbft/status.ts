/** What `getConsensusStatus` answers: keys and order of the C++ node. */
import { NOT_A_SEALER } from "../../primitives/index.js";
import type { NodeIndex } from "../../primitives/index.js";
import { ModuleId } from "../../protocol/index.js";
import type { JsonValue } from "../interface.js";
import type { PbftState } from "./state.js";

/** The status as a JSON array: this node, then the views it has seen of each sealer. */
export function statusOf(state: PbftState): JsonValue {
  const { head, members, environment } = state;
  const { groupId } = environment.rules;
  const fields: Record<string, JsonValue> = {
    accountType: state.isSealer ? 1 : 0,
    allowFutureBlocks: true,
    cfgErr: !state.isSealer,
    connectedNodes: state.connectedNodes,
    consensusedBlockNumber: state.height,
    currentView: state.view,
    groupId,
    highestblockHash: `0x${head.hash}`,
    highestblockNumber: head.header.number,
    leaderFailed: state.leaderFailed,
    max_faulty_leader: members.faulty,
    nodeId: environment.nodeId,
    nodeNum: members.sealers.length,
    node_index: members.ownIndex,
    omitEmptyBlock: true,
    protocolId: groupId * 0x1_0000 + ModuleId.Pbft,
    toView: state.toView,
  };
  members.sealers.forEach((sealer, index) => (fields[`sealer.${index}`] = sealer));
  // Clients compare texts, and the C++ node writes its keys in byte order.
  const sorted = Object.keys(fields).sort((a, b) => (a < b ? -1 : 1));
  return [Object.fromEntries(sorted.map((key) => [key, fields[key] as JsonValue])), viewsOf(state)];
}

function viewsOf(state: PbftState): JsonValue {
  const { members } = state;
  const views = new Map(state.viewsSeen);
  if (members.ownIndex !== NOT_A_SEALER) views.set(members.ownIndex, state.view);
  return members.sealers.flatMap((nodeId, index) => {
    const view = views.get(index as NodeIndex);
    return view === undefined ? [] : [{ nodeId, view }];
  });
}
