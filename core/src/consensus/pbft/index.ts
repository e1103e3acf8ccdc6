import type { Consensus, ConsensusEnvironment, PlantedBugs } from "../interface.js";
import { Pbft } from "./machine.js";

/** A PBFT machine; `started` must be its first input. */
export function createPbft(environment: ConsensusEnvironment, plantedBugs: PlantedBugs = {}): Consensus {
  return new Pbft(environment, plantedBugs);
}
