/** Nodes that are bound to different blocks: when a stall is the protocol's and not the code's. */
import type { NodeId } from "@tsbcos/core/primitives";
import { decodeBackedUpPrepare } from "@tsbcos/core/protocol";
import type { ChainHead } from "@tsbcos/core/ledger";
import type { DecidersOf } from "./checkers/deciders.js";

/** A living node, as far as its promises matter. */
export interface Bindable {
  readonly nodeId: NodeId;
  readonly group: { readonly head: ChainHead } | undefined;
  readonly disk: { readonly backedUpPrepare: Uint8Array | undefined };
}

/**
 * Whether those who live can decide no block, whatever they do: they are bound to different blocks, and no block has enough
 * sealers who are bound to it or to none.
 *
 * PBFT as 2.9.1 speaks it has no way to let go of such a promise. A backup that is missing on a disk, too few nodes, or a
 * block that could still be agreed on are not forgiven. What counts is the height that the living ones are at: a node
 * that is gone may have stored one of the blocks, and nobody else knows.
 */
export function isLockedApart(living: readonly Bindable[], decidersOf: DecidersOf): boolean {
  const heads = living.flatMap(({ group }) => (group === undefined ? [] : [group.head]));
  const [first] = heads;
  if (first === undefined) return false;
  const head = heads.reduce((highest, other) => (other.header.number > highest.header.number ? other : highest), first);
  const { nodes, needed } = decidersOf(head);
  const sealers = living.filter(({ nodeId }) => nodes.includes(nodeId));
  const boundTo = new Map<string, number>();
  let bound = 0;
  for (const { disk } of sealers) {
    const backup = disk.backedUpPrepare === undefined ? undefined : decodeBackedUpPrepare(disk.backedUpPrepare);
    if (backup?.ok !== true || backup.value.height !== head.header.number + 1) continue;
    boundTo.set(backup.value.blockHash, (boundTo.get(backup.value.blockHash) ?? 0) + 1);
    bound++;
  }
  if (boundTo.size < 2 || sealers.length < needed) return false;
  const free = sealers.length - bound;
  return [...boundTo.values()].every((count) => free + count < needed);
}
