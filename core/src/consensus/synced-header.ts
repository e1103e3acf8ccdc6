/** The checks of a synchronised block that do not depend on who agreed to it. */
import { err, ok } from "../primitives/index.js";
import type { Failure, NodeId, Result } from "../primitives/index.js";
import type { ChainHead } from "../ledger/index.js";
import type { SyncedBlock } from "./interface.js";

/** Why a synchronised block cannot follow the head. */
export interface SyncedHeaderRefused extends Failure {
  readonly code:
    "block-number-not-next" | "block-sealer-list-wrong" | "block-sealer-unknown" | "block-transactions-too-many";
}

/** True for equal lists. */
export function sameNodes(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((node, index) => node === b[index]);
}

/** Checks number, sealer list, proposer and size of a block that is to follow `head`, where all sealers decide. */
export function checkSyncedHeader(block: SyncedBlock, head: ChainHead): Result<void, SyncedHeaderRefused> {
  const { header, transactionCount } = block;
  if (header.number !== head.header.number + 1) return err({ code: "block-number-not-next" });
  if (!sameNodes(header.sealerList, head.sealers)) return err({ code: "block-sealer-list-wrong" });
  if (header.sealer >= BigInt(head.sealers.length)) return err({ code: "block-sealer-unknown" });
  if (transactionCount > head.settings.txCountLimit) return err({ code: "block-transactions-too-many" });
  return ok(undefined);
}
