import { ok } from "../../primitives/index.js";
import type { Result } from "../../primitives/index.js";
import type { Consensus, ConsensusEnvironment } from "../interface.js";
import { Solo } from "./machine.js";

/** A machine that asks nobody; `started` must be its first input. */
export function createSolo(environment: ConsensusEnvironment): Result<Consensus, never> {
  return ok(new Solo(environment));
}
