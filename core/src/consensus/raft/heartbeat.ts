/** Heartbeats as they leave, and the count that both sides keep of them. See docs/protocol/raft.md#r5-heartbeats. */
import { EMPTY_BYTES } from "../../primitives/index.js";
import { HEARTBEATS_PER_TIMEOUT, heartbeatIntervalMs } from "./clock.js";
import type { Leadership, RaftState } from "./state.js";

/** A first vote is forgotten after so many heartbeats: by then there is a leader. */
const HEARTBEATS_PER_FIRST_VOTE = 2 * HEARTBEATS_PER_TIMEOUT;

/** Sends a heartbeat when its time has come. */
export function sendDueHeartbeat(state: RaftState, leadership: Leadership): void {
  if (state.isAlone || state.now.steadyMs < leadership.lastHeartbeatMs + heartbeatIntervalMs(state.clock)) return;
  sendHeartbeat(state, leadership);
}

/** Sends a heartbeat, with the block that is offered. */
export function sendHeartbeat(state: RaftState, leadership: Leadership): void {
  leadership.lastHeartbeatMs = state.now.steadyMs;
  const { offered } = state;
  state.send("all", {
    type: "heartbeat",
    ...state.sender(),
    leader: state.ownIndex,
    uncommittedBlock: offered?.bytes ?? EMPTY_BYTES,
    uncommittedBlockNumber: offered === undefined ? 0 : state.height,
  });
  countHeartbeat(state);
}

/** Counts a heartbeat, sent or heard: a first vote is not remembered for ever. */
export function countHeartbeat(state: RaftState): void {
  if (state.firstVote === undefined) return;
  state.heartbeatsSinceVote += 1;
  if (state.heartbeatsSinceVote < HEARTBEATS_PER_FIRST_VOTE) return;
  state.heartbeatsSinceVote = 0;
  state.firstVote = undefined;
}
