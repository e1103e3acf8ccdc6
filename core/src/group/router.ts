/** Which of a node's groups a frame is for, and whether the group takes it from its sender. */
import type { GroupId, NodeId } from "../primitives/index.js";
import type { P2pFrame } from "../protocol/index.js";
import { strangersMaySend } from "./strangers.js";

/** A frame as far as its way into a group depends on it. */
export type RoutedFrame = Omit<P2pFrame, "version">;

/** A running group, as the network side of its node sees it. */
export interface RoutedGroup {
  /**
   * Takes a frame of this group.
   *
   * @param isMember whether the sender belongs to the group as its ledger knows it
   * @returns false when too much of it waits already: the frame is dropped
   */
  frame(from: NodeId, frame: RoutedFrame, isMember: boolean): boolean;
  /** The sessions of the node are now these. */
  peers(peers: readonly NodeId[]): void;
}

/** The running groups of one node, in front of the sessions that they share. */
export class GroupRouter<Routed extends RoutedGroup = RoutedGroup> {
  readonly #groups = new Map<GroupId, Routed>();
  readonly #members = new Map<GroupId, ReadonlySet<NodeId>>();
  readonly #dropped = new Map<string, number>();
  #sessions: readonly NodeId[] = [];

  /** The running group of that number. */
  find(groupId: GroupId): Routed | undefined {
    return this.#groups.get(groupId);
  }

  /** All running groups with their numbers, ascending. */
  running(): readonly (readonly [GroupId, Routed])[] {
    return [...this.#groups].sort(([a], [b]) => a - b);
  }

  /** Whether a node is sealer or observer of a group, as far as our ledger knows. */
  isMember(groupId: GroupId, nodeId: NodeId): boolean {
    return this.#members.get(groupId)?.has(nodeId) === true;
  }

  /** Frames that reached no group, by reason. */
  droppedFrames(): ReadonlyMap<string, number> {
    return this.#dropped;
  }

  /** A group runs: it is told who is connected, and reached from now on. */
  add(groupId: GroupId, group: Routed): void {
    this.#groups.set(groupId, group);
    group.peers(this.#sessions);
  }

  /** A group is not reached any more; it is returned when it was. */
  remove(groupId: GroupId): Routed | undefined {
    const group = this.#groups.get(groupId);
    this.#groups.delete(groupId);
    this.#members.delete(groupId);
    return group;
  }

  /** Who belongs to a group from now on; may come before {@link add}. */
  setMembers(groupId: GroupId, members: readonly NodeId[]): void {
    this.#members.set(groupId, new Set(members));
  }

  /** The sessions of the node changed: every group hears of it. */
  peersChanged(sessions: readonly NodeId[]): void {
    this.#sessions = sessions;
    for (const group of this.#groups.values()) group.peers(sessions);
  }

  /**
   * A frame came in. It reaches its group when the sender is a member, or when it is one of the few kinds that are also
   * taken from others.
   */
  frame(from: NodeId, frame: RoutedFrame): void {
    const groupId = frame.groupId as GroupId;
    const group = this.#groups.get(groupId);
    if (group === undefined) return this.#refuse("no-such-group");
    if (frame.isResponse) return this.#refuse("answer-to-nothing");
    const isMember = this.isMember(groupId, from);
    if (!isMember && !strangersMaySend(frame)) return this.#refuse("from-no-member");
    if (!group.frame(from, frame, isMember)) this.#refuse("group-too-busy");
  }

  #refuse(reason: string): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }
}
