/** What a client asks for when it generates a group, checked in the order that 2.x clients know. */
import { err, isNodeId, nodeId, ok, type Failure, type NodeId, type Result } from "@tsbcos/core/primitives";
import { answer, type Answer } from "./answers.js";
import type { NewGroup } from "./group-texts.js";

/** A group that a client asks for, checked. */
export interface WantedGroup extends NewGroup {
  /** Ascending, each once. */
  readonly sealers: readonly NodeId[];
}

/** A request that cannot be taken, with the answer to it. */
export interface RequestRefused extends Failure {
  readonly code: "request-refused";
  readonly answer: Answer;
}

const INT64_MAX = 2n ** 63n - 1n;
const CONSENSUS_TYPES: readonly unknown[] = [
  "pbft",
  "rpbft",
  "raft",
  "solo",
] satisfies readonly NewGroup["consensusType"][];

function refuse(message: string): Result<never, RequestRefused> {
  return err({ code: "request-refused", answer: answer("invalidParams", message) });
}

/** Decimal, without sign or leading zeros, within 63 bits. */
function isTimestamp(text: string): boolean {
  return /^(0|[1-9]\d{0,18})$/.test(text) && BigInt(text) <= INT64_MAX;
}

/**
 * Reads the object of `generateGroup`.
 *
 * `consensus_type` is our own addition: 2.x makes every group a PBFT group, which is what a request without it means.
 */
export function readGenerateRequest(
  groupId: number,
  request: Readonly<Record<string, unknown>>,
): Result<WantedGroup, RequestRefused> {
  const { timestamp, sealers, enable_free_storage: freeStorage = false, consensus_type: type = "pbft" } = request;
  if (typeof timestamp !== "string") return refuse("invalid `timestamp` field");
  if (!isTimestamp(timestamp)) return refuse(`invalid timestamp: ${timestamp}`);
  if (!Array.isArray(sealers)) return refuse("invalid `sealers` field");
  if (sealers.length === 0) {
    return refuse("GenerateGroup failed for empty sealer list, expect at least one sealer");
  }
  const ids = new Set<NodeId>();
  for (const [index, sealer] of (sealers as readonly unknown[]).entries()) {
    if (typeof sealer !== "string" || !isNodeId(sealer)) return refuse(`invalid sealer ID at position ${index + 1}`);
    ids.add(nodeId(sealer));
  }
  if (typeof freeStorage !== "boolean") return refuse("invalid `enable_free_storage` field");
  if (!CONSENSUS_TYPES.includes(type)) return refuse("invalid `consensus_type` field");
  const consensusType = type as NewGroup["consensusType"];
  return ok({ groupId, timestamp, sealers: [...ids].sort(), freeStorage, consensusType });
}
