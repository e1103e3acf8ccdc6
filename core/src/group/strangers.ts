/** What nodes outside a group may say to it. */
import { ModuleId, syncPacketType } from "../protocol/index.js";

/**
 * True for frames that a group takes from nodes that are no members as far as its ledger knows: a ledger that is behind
 * knows the members of former days, and today's must be able to tell it so and to give it blocks. Everything else of
 * strangers is not worth decoding.
 *
 * @see docs/protocol/sync.md#peers
 */
export function strangersMaySend(frame: { readonly moduleId: number; readonly body: Uint8Array }): boolean {
  if (frame.moduleId !== ModuleId.Sync) return false;
  const type = syncPacketType(frame.body);
  return type === "status" || type === "blocks";
}
