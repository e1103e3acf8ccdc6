import { ok } from "../../primitives/index.js";
import type { Result } from "../../primitives/index.js";
import type { Consensus, ConsensusEnvironment } from "../interface.js";
import { Raft } from "./machine.js";

/** A Raft machine; `started` must be its first input. */
export function createRaft(environment: ConsensusEnvironment): Result<Consensus, never> {
  return ok(new Raft(environment));
}
