/** The running groups of a node: who belongs to them, and how frames and requests reach them. */
import type { GroupId, NodeId } from "@tsbcos/core/primitives";
import { refusedSubmission, RpcError, type GroupGateway } from "./rpc/index.js";
import { ReadFailed, SubmissionRefused, type CommittedBlock, type GroupThread } from "./runtime/index.js";
import type { Log } from "./telemetry/index.js";

/** What a group's thread reports here. */
export interface GroupReports {
  onMembers(members: readonly NodeId[]): void;
  onBlock(block: CommittedBlock): void;
}

/** The line that 2.x tools count transactions by: wording and order of pairs are part of it. */
function reportLine(groupId: GroupId, block: CommittedBlock): string {
  const { number, sealer, hash, transactions, nodeIndex } = block;
  return (
    `[g:${groupId}][CONSENSUS][PBFT]^^^^^^^^Report,num=${number},sealerIdx=${sealer},hash=${hash.slice(0, 8)}...,` +
    `next=${number + 1},tx=${transactions},nodeIdx=${nodeIndex},failed=${block.failed}`
  );
}

async function submit(thread: GroupThread, raw: Uint8Array): Promise<string> {
  try {
    return await thread.submit(raw);
  } catch (error) {
    if (!(error instanceof SubmissionRefused)) throw error;
    throw refusedSubmission({ code: error.code, text: error.message });
  }
}

async function read(thread: GroupThread, method: string, params: readonly unknown[]): Promise<string> {
  try {
    return await thread.read(method, params);
  } catch (error) {
    if (!(error instanceof ReadFailed)) throw error;
    throw new RpcError(error.error, { withData: error.error.withData });
  }
}

/** All groups of one node. */
export class GroupRegistry {
  readonly #nodeId: NodeId;
  readonly #log: Log;
  readonly #threads = new Map<GroupId, GroupThread>();
  readonly #members = new Map<GroupId, ReadonlySet<NodeId>>();
  #sessions: readonly NodeId[] = [];

  constructor(nodeId: NodeId, log: Log) {
    this.#nodeId = nodeId;
    this.#log = log;
  }

  /** The running group of that number. */
  find(groupId: GroupId): GroupThread | undefined {
    return this.#threads.get(groupId);
  }

  /** Numbers of the running groups in which this node is sealer or observer, ascending. */
  groupsOfNode(): readonly GroupId[] {
    return [...this.#threads.keys()]
      .filter((groupId) => this.#members.get(groupId)?.has(this.#nodeId) === true)
      .sort((a, b) => a - b);
  }

  /** The group as JSON-RPC reaches it. */
  gateway(groupId: GroupId): GroupGateway | undefined {
    const thread = this.#threads.get(groupId);
    if (thread === undefined) return undefined;
    return {
      read: (method, params) => read(thread, method, params),
      submit: (raw) => submit(thread, raw),
    };
  }

  /** What to do with the reports of a group; they may come before {@link add}. */
  eventsOf(groupId: GroupId): GroupReports {
    return {
      onMembers: (members) => {
        this.#members.set(groupId, new Set(members));
      },
      onBlock: (block) => {
        this.#log.line("info", reportLine(groupId, block));
      },
    };
  }

  /** A group runs: it is told who is connected, and reached from now on. */
  add(groupId: GroupId, thread: GroupThread): void {
    this.#threads.set(groupId, thread);
    thread.peers(this.#sessions);
  }

  /** The sessions of the node changed: every group hears of it. */
  peersChanged(sessions: readonly NodeId[]): void {
    this.#sessions = sessions;
    for (const thread of this.#threads.values()) thread.peers(sessions);
  }

  /** Stops every group, each after its writes. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#threads.values()].map((thread) => thread.stop()));
    this.#threads.clear();
  }
}
