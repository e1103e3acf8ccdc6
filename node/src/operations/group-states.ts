/** The states of a group on a node and what each operation makes of them. Pure: files and threads are elsewhere. */
import { answer, type Answer, type CODES } from "./answers.js";

/**
 * State of a group on this node. All but two are a word in a file of the group's data directory: INEXISTENT is a group
 * without that file or without a genesis file, UNKNOWN one whose file holds another word.
 */
export type GroupState = "INEXISTENT" | "RUNNING" | "STOPPING" | "STOPPED" | "DELETED" | "UNKNOWN";

/** What an operator can do with a group. */
export type GroupOperation = "generate" | "start" | "stop" | "remove" | "recover";

type Words = readonly [code: keyof typeof CODES, text: string];

/** Why an operation cannot be done: what the group is instead. A state that is not named is the right one. */
const REFUSALS: Readonly<Record<GroupOperation, Partial<Record<GroupState, Words>>>> = {
  generate: {
    RUNNING: ["groupExists", "already exists"],
    STOPPING: ["groupExists", "already exists"],
    STOPPED: ["groupExists", "already exists"],
    DELETED: ["groupExists", "already exists"],
  },
  start: {
    INEXISTENT: ["groupMissing", "not found"],
    RUNNING: ["groupRunning", "is already running"],
    STOPPING: ["groupStopping", "is stopping"],
    DELETED: ["groupDeleted", "has been deleted"],
  },
  stop: {
    INEXISTENT: ["groupMissing", "not found"],
    STOPPING: ["groupStopping", "is stopping"],
    STOPPED: ["groupStopped", "has already been stopped"],
    DELETED: ["groupDeleted", "has already been deleted"],
  },
  remove: {
    INEXISTENT: ["groupMissing", "not found"],
    RUNNING: ["groupRunning", "is running"],
    STOPPING: ["groupStopping", "is stopping"],
    DELETED: ["groupDeleted", "has already been deleted"],
  },
  recover: {
    INEXISTENT: ["groupMissing", "not found"],
    RUNNING: ["groupNotDeleted", "has not been deleted"],
    STOPPING: ["groupNotDeleted", "has not been deleted"],
    STOPPED: ["groupNotDeleted", "has not been deleted"],
  },
};

const DONE: Readonly<Record<GroupOperation, string>> = {
  generate: "generated successfully",
  start: "started successfully",
  stop: "stopped successfully",
  remove: "deleted successfully",
  recover: "recovered successfully",
};

const LOOK_AT_THE_FILE = "Please check `.group_status` file of the group";

/** Why the operation cannot be done in that state; undefined when it can. */
export function refusalOf(operation: GroupOperation, state: GroupState, groupId: number): Answer | undefined {
  if (state === "UNKNOWN") return answer("failed", LOOK_AT_THE_FILE);
  const words = REFUSALS[operation][state];
  return words === undefined ? undefined : answer(words[0], `Group ${groupId} ${words[1]}`);
}

/** The answer once the operation is done. */
export function doneAnswer(operation: GroupOperation, groupId: number): Answer {
  return answer("done", `Group ${groupId} ${DONE[operation]}`);
}

/** What `queryGroupStatus` answers. */
export function statusAnswer(state: GroupState): Answer & { readonly status: GroupState } {
  const said = state === "UNKNOWN" ? answer("failed", LOOK_AT_THE_FILE) : answer("done", "");
  return { ...said, status: state };
}

/** What becomes of a group that is found when the process starts, or when it looks for new groups. */
export interface StartDecision {
  /** Whether the group is started. */
  readonly starts: boolean;
  /** The word to be written before anything else happens. */
  readonly rewrite: "STOPPED" | undefined;
}

/** A group that an operator stopped or removed stays so; one that was being stopped when the process ended is stopped. */
export function decisionAtStart(state: GroupState): StartDecision {
  return {
    starts: state === "RUNNING" || state === "INEXISTENT",
    rewrite: state === "STOPPING" ? "STOPPED" : undefined,
  };
}
