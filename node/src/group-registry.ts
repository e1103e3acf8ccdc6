/** The running groups of a node: who belongs to them, and how frames and requests reach them. */
import { CodedError, type GroupId, type NodeId } from "@tsbcos/core/primitives";
import { GroupRouter } from "@tsbcos/core/group";
import type { P2pFrame } from "@tsbcos/core/protocol";
import { nodeError, refusedSubmission, RpcError, type GroupGateway } from "./rpc/index.js";
import { ReadFailed, SubmissionRefused, type CommittedBlock, type GroupThread } from "./runtime/index.js";

/** A running group. */
export interface RunningGroup {
  readonly groupId: GroupId;
  readonly thread: GroupThread;
}

/** What the registry tells of groups. */
export interface RegistryEvents {
  onBlock(groupId: GroupId, block: CommittedBlock): void;
}

/** What a group's thread reports here. */
export interface GroupReports {
  onMembers(members: readonly NodeId[]): void;
  onBlock(block: CommittedBlock): void;
}

/** A failure of a group's thread as the client shall see it. */
function shown(error: unknown): unknown {
  if (error instanceof SubmissionRefused) return refusedSubmission({ code: error.code, text: error.message });
  if (error instanceof ReadFailed) return new RpcError(error.error, { withData: error.error.withData });
  // Stopped while the request was under way: the group is not there any more.
  if (error instanceof CodedError && error.code === "group-stopped") return nodeError("groupMissing");
  return error;
}

/** All groups of one node. */
export class GroupRegistry {
  readonly #nodeId: NodeId;
  readonly #events: RegistryEvents;
  readonly #router = new GroupRouter<GroupThread>();
  readonly #heights = new Map<GroupId, number>();

  constructor(nodeId: NodeId, events: RegistryEvents) {
    this.#nodeId = nodeId;
    this.#events = events;
  }

  /** The running group of that number. */
  find(groupId: GroupId): GroupThread | undefined {
    return this.#router.find(groupId);
  }

  /** All running groups, ascending. */
  running(): readonly RunningGroup[] {
    return this.#router.running().map(([groupId, thread]) => ({ groupId, thread }));
  }

  /** Numbers of the running groups in which this node is sealer or observer, ascending. */
  groupsOfNode(): readonly GroupId[] {
    const groups = this.running().map(({ groupId }) => groupId);
    return groups.filter((groupId) => this.#router.isMember(groupId, this.#nodeId));
  }

  /** Number of the latest block of a running group. */
  heightOf(groupId: GroupId): number {
    return this.#heights.get(groupId) ?? 0;
  }

  /** Frames of groups that reached no group, by reason. */
  droppedFrames(): ReadonlyMap<string, number> {
    return this.#router.droppedFrames();
  }

  /** The group as JSON-RPC reaches it. */
  gateway(groupId: GroupId): GroupGateway | undefined {
    const thread = this.#router.find(groupId);
    if (thread === undefined) return undefined;
    const failed = (error: unknown): never => {
      throw shown(error);
    };
    return {
      read: (method, params) => thread.read(method, params).catch(failed),
      submit: (raw, receipt) => thread.submit(raw, receipt).catch(failed),
    };
  }

  /** A frame came in: it goes to its group, if that takes it. */
  frame(from: NodeId, frame: P2pFrame): void {
    this.#router.frame(from, frame);
  }

  /** What to do with the reports of a group; they may come before {@link add}. */
  eventsOf(groupId: GroupId): GroupReports {
    return {
      onMembers: (members) => {
        this.#router.setMembers(groupId, members);
      },
      onBlock: (block) => {
        this.#heights.set(groupId, block.number);
        this.#events.onBlock(groupId, block);
      },
    };
  }

  /**
   * A group runs: it is told who is connected, and reached from now on.
   *
   * @param height number of its latest block when it was opened
   */
  add(groupId: GroupId, thread: GroupThread, height: number): void {
    this.#heights.set(groupId, Math.max(height, this.#heights.get(groupId) ?? 0));
    this.#router.add(groupId, thread);
  }

  /** Stops one group after its writes. It cannot be reached from the beginning of this call on. */
  async stop(groupId: GroupId): Promise<void> {
    const thread = this.#router.remove(groupId);
    this.#heights.delete(groupId);
    await thread?.stop();
  }

  /** The sessions of the node changed: every group hears of it. */
  peersChanged(sessions: readonly NodeId[]): void {
    this.#router.peersChanged(sessions);
  }

  /** Stops every group, each after its writes. */
  async stopAll(): Promise<void> {
    await Promise.all(this.#router.running().map(([groupId]) => this.stop(groupId)));
  }
}
