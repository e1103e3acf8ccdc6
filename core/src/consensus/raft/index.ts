import { ok } from "../../primitives/index.js";
import type { Result } from "../../primitives/index.js";
import type { Consensus, ConsensusEnvironment, PlantedBugs } from "../interface.js";
import { Raft } from "./machine.js";

/** A Raft machine; `started` must be its first input. */
export function createRaft(environment: ConsensusEnvironment, plantedBugs: PlantedBugs = {}): Result<Consensus, never> {
  return ok(new Raft(environment, plantedBugs));
}
