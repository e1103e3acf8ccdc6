/** What `getConsensusStatus` says of every algorithm: names and order of the C++ node. */
import { NOT_A_SEALER } from "../primitives/index.js";
import type { GroupId, NodeId, NodeIndex } from "../primitives/index.js";
import type { ChainHead } from "../ledger/index.js";
import type { JsonValue } from "./interface.js";

/** What the status is made of. */
export interface BasicStatusParts {
  readonly head: ChainHead;
  readonly nodeId: NodeId;
  readonly groupId: GroupId;
  /** Position of this node among all sealers; {@link NOT_A_SEALER} when it is none. */
  readonly ownIndex: NodeIndex;
  /** Sealers that may fail. */
  readonly faulty: number;
  /** P2P module of the algorithm. */
  readonly moduleId: number;
}

/** The status object of this node, with what the algorithm adds to it. */
export function basicStatus(
  parts: BasicStatusParts,
  more: Readonly<Record<string, JsonValue>>,
): Readonly<Record<string, JsonValue>> {
  const { head, nodeId, groupId, ownIndex, faulty, moduleId } = parts;
  const isSealer = ownIndex !== NOT_A_SEALER;
  const fields: Record<string, JsonValue> = {
    ...more,
    accountType: isSealer ? 1 : 0,
    allowFutureBlocks: true,
    cfgErr: !isSealer,
    consensusedBlockNumber: head.header.number + 1,
    groupId,
    highestblockHash: `0x${head.hash}`,
    highestblockNumber: head.header.number,
    max_faulty_leader: faulty,
    nodeId,
    nodeNum: head.sealers.length,
    node_index: ownIndex,
    omitEmptyBlock: true,
    protocolId: groupId * 0x1_0000 + moduleId,
  };
  head.sealers.forEach((sealer, index) => (fields[`sealer.${index}`] = sealer));
  // Clients compare texts, and the C++ node writes its keys in byte order.
  const names = Object.keys(fields).sort((a, b) => (a < b ? -1 : 1));
  return Object.fromEntries(names.map((name) => [name, fields[name] as JsonValue]));
}
