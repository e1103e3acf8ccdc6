/** Groups made, started, stopped, removed and recovered while the node runs. */
import { existsSync } from "node:fs";
import { groupId as checkedGroupId, type GroupId, type NodeId } from "@tsbcos/core/primitives";
import { answer, failure, type Answer } from "./answers.js";
import { readGenerateRequest } from "./generate-request.js";
import { createGroupFiles, readGroupState, writeGroupState, type GroupPaths } from "./group-files.js";
import {
  decisionAtStart,
  doneAnswer,
  refusalOf,
  statusAnswer,
  type GroupOperation,
  type GroupState,
} from "./group-states.js";
import { groupGenesis, groupIni } from "./group-texts.js";

/** What the operations need of the node. */
export interface GroupHost {
  readonly nodeId: NodeId;
  pathsOf(groupId: GroupId): GroupPaths;
  isConnected(nodeId: NodeId): boolean;
  isRunning(groupId: GroupId): boolean;
  /** Reads the files of the group and starts it; rejects with an error whose message is meant for the operator. */
  start(groupId: GroupId): Promise<void>;
  /** Ends the group after its writes. */
  stop(groupId: GroupId): Promise<void>;
  /** Groups that have a genesis file. */
  configuredGroups(): readonly GroupId[];
  /** Told what happened, for the log. */
  report(level: "info" | "warning" | "error", event: string, groupId: GroupId, reason?: string): void;
}

const GROUP_ID_MAX = 32767;

function invalidGroupId(groupId: number): Answer | undefined {
  if (Number.isInteger(groupId) && groupId >= 1 && groupId <= GROUP_ID_MAX) return undefined;
  return answer("invalidParams", `GroupID should be between 1 and ${GROUP_ID_MAX}`);
}

/** Waits until the promise is settled, whatever becomes of it. */
async function quietly(promise: Promise<unknown>): Promise<void> {
  await promise.catch(() => undefined);
}

/** The operations on groups of one node. All of them answer; none throws or rejects. */
export class GroupOperations {
  readonly #host: GroupHost;
  /** Groups that are being started: whatever is asked of them meanwhile waits for the outcome. */
  readonly #starting = new Map<GroupId, Promise<unknown>>();
  readonly #stopping = new Map<GroupId, Promise<unknown>>();
  #isClosed = false;

  constructor(host: GroupHost) {
    this.#host = host;
  }

  /** State of the group, as `queryGroupStatus` answers it. */
  status(groupId: number): Answer & { readonly status: GroupState | "" } {
    const invalid = invalidGroupId(groupId);
    if (invalid !== undefined) return { ...invalid, status: "" };
    return statusAnswer(this.#stateOf(checkedGroupId(groupId)));
  }

  /** Writes the files of a new group, which is stopped then. */
  async generate(groupId: number, request: Readonly<Record<string, unknown>>): Promise<Answer> {
    const invalid = invalidGroupId(groupId);
    if (invalid !== undefined) return invalid;
    const wanted = readGenerateRequest(groupId, request);
    if (!wanted.ok) return wanted.error.answer;
    const absent = wanted.value.sealers.filter(
      (sealer) => sealer !== this.#host.nodeId && !this.#host.isConnected(sealer),
    );
    if (absent.length > 0) return answer("peersNotConnected", `Peer(s) not connected: ${absent.join(", ")}`);
    return this.#operate("generate", groupId, (paths) => {
      if (existsSync(paths.genesisFile)) {
        return answer("genesisExists", `Genesis config file for group ${groupId} already exists`);
      }
      if (existsSync(paths.settingsFile)) {
        return answer("settingsExist", `Group config file for group ${groupId} already exists`);
      }
      createGroupFiles(paths, { genesis: groupGenesis(wanted.value), settings: groupIni() });
      return undefined;
    });
  }

  /** Starts a stopped group. */
  async start(groupId: number): Promise<Answer> {
    const invalid = invalidGroupId(groupId);
    if (invalid !== undefined) return invalid;
    const paths = this.#host.pathsOf(checkedGroupId(groupId));
    // Asked before the state, so that a group that was never there is told apart by the file that it lacks.
    if (!existsSync(paths.genesisFile)) {
      return answer("genesisMissing", `Genesis config file for group ${groupId} not found`);
    }
    if (!existsSync(paths.settingsFile)) {
      return answer("settingsMissing", `Group config file for group ${groupId} not found`);
    }
    return this.#operate("start", groupId, async (_paths, id) => {
      await this.#startNow(id);
    });
  }

  /** Stops a running group. */
  async stop(groupId: number): Promise<Answer> {
    return this.#operate("stop", groupId, async (paths, id) => {
      writeGroupState(paths, "STOPPING");
      const stopped = this.#host.stop(id);
      this.#stopping.set(id, stopped);
      try {
        await stopped;
      } finally {
        this.#stopping.delete(id);
      }
      writeGroupState(paths, "STOPPED");
    });
  }

  /** Marks a stopped group as removed; its files stay. */
  async remove(groupId: number): Promise<Answer> {
    return this.#operate("remove", groupId, (paths) => {
      writeGroupState(paths, "DELETED");
    });
  }

  /** Takes the mark of {@link remove} back: the group is stopped then. */
  async recover(groupId: number): Promise<Answer> {
    return this.#operate("recover", groupId, (paths) => {
      writeGroupState(paths, "STOPPED");
    });
  }

  /** Starts every group with a genesis file that neither runs nor was stopped by an operator. One that fails is reported. */
  async startNewGroups(): Promise<void> {
    for (const id of this.#host.configuredGroups()) {
      for (let other = this.#starting.get(id); other !== undefined; other = this.#starting.get(id))
        await quietly(other);
      const state = this.#stateOf(id);
      if (state === "UNKNOWN") this.#host.report("error", "state-unknown", id, "its .group_status holds no known word");
      if (this.#isClosed || this.#host.isRunning(id) || !decisionAtStart(state).starts) continue;
      await this.#startNow(id).catch((error: unknown) => {
        this.#host.report("error", "start-failed", id, failure(error).message);
      });
    }
  }

  /** Refuses what comes from now on and waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#starting.values(), ...this.#stopping.values()]);
  }

  #stateOf(groupId: GroupId): GroupState {
    return readGroupState(this.#host.pathsOf(groupId));
  }

  async #startNow(groupId: GroupId): Promise<void> {
    const work = this.#host.isRunning(groupId) ? Promise.resolve() : this.#host.start(groupId);
    const started = work.then(() => {
      writeGroupState(this.#host.pathsOf(groupId), "RUNNING");
    });
    this.#starting.set(groupId, started);
    try {
      await started;
    } finally {
      this.#starting.delete(groupId);
    }
    this.#host.report("info", "started", groupId);
  }

  /** Does `work` when the group's state allows the operation. The answer it gives instead of nothing is the answer. */
  async #operate(
    operation: GroupOperation,
    groupId: number,
    work: (paths: GroupPaths, id: GroupId) => Answer | undefined | Promise<Answer | undefined> | void | Promise<void>,
  ): Promise<Answer> {
    const invalid = invalidGroupId(groupId);
    if (invalid !== undefined) return invalid;
    const id = checkedGroupId(groupId);
    // Asked again after each wait, and with no turn in between: of two that wait only one goes on at a time.
    for (let other = this.#starting.get(id); other !== undefined; other = this.#starting.get(id)) await quietly(other);
    if (this.#isClosed) return answer("failed", "the node is stopping");
    const refusal = refusalOf(operation, this.#stateOf(id), groupId);
    if (refusal !== undefined) return refusal;
    try {
      const instead = await work(this.#host.pathsOf(id), id);
      return instead ?? doneAnswer(operation, groupId);
    } catch (error) {
      this.#host.report("error", `${operation}-failed`, id, failure(error).message);
      return failure(error);
    }
  }
}
