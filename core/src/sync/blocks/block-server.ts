/** Blocks for those who ask. */
import {
  SYNC_PENDING_REQUESTS_PER_PEER_MAX,
  SYNC_SERVED_AHEAD_BLOCKS_MAX,
  SYNC_SERVED_BYTES_PER_PASS,
} from "../../primitives/index.js";
import type { NodeId } from "../../primitives/index.js";

/** Block numbers from `from` to `to`, both included. */
export interface Range {
  from: number;
  to: number;
}

/** Blocks for one peer, to be sent in one packet. */
export interface Serving {
  readonly to: NodeId;
  readonly blocks: readonly Uint8Array[];
}

/**
 * Open requests of all peers.
 *
 * What a request asks beyond our head stays open, and each block goes out as soon as it is stored: a node that is
 * nearly level gets new blocks without asking again.
 *
 * @see docs/protocol/sync.md#serving
 */
export class BlockServer {
  readonly #encodedBlock: (number: number) => Uint8Array | undefined;
  /** Sorted, neither overlapping nor touching. The peer at the front of the map is served next. */
  readonly #open = new Map<NodeId, Range[]>();

  constructor(encodedBlock: (number: number) => Uint8Array | undefined) {
    this.#encodedBlock = encodedBlock;
  }

  /**
   * Notes a request for `size` blocks from `from`.
   *
   * @returns false when it asks for nothing, or the peer has too many open
   */
  request(peer: NodeId, request: { readonly from: number; readonly size: number }, headNumber: number): boolean {
    const range = {
      from: request.from,
      to: Math.min(request.from + request.size - 1, headNumber + SYNC_SERVED_AHEAD_BLOCKS_MAX),
    };
    if (range.to < range.from) return false;
    const open = this.#open.get(peer) ?? [];
    if (open.length >= SYNC_PENDING_REQUESTS_PER_PEER_MAX) return false;
    this.#open.set(peer, withRange(open, range));
    return true;
  }

  /** Drops the requests of all but these peers. */
  keepOnly(peers: ReadonlySet<NodeId>): void {
    for (const peer of this.#open.keys()) if (!peers.has(peer)) this.#open.delete(peer);
  }

  /** True when something that was asked for is stored. */
  hasWork(headNumber: number): boolean {
    for (const open of this.#open.values()) if (isDue(open, headNumber)) return true;
    return false;
  }

  /** The next packet for one peer: at least one block, and no more than a group may spend on it at once. */
  next(headNumber: number): Serving | undefined {
    for (const [peer, open] of this.#open) {
      if (!isDue(open, headNumber)) continue;
      const blocks = this.#take(open, headNumber);
      // Whoever was served goes to the end of the queue.
      this.#open.delete(peer);
      if (open.length > 0) this.#open.set(peer, open);
      if (blocks.length > 0) return { to: peer, blocks };
    }
    return undefined;
  }

  #take(open: Range[], headNumber: number): Uint8Array[] {
    const blocks: Uint8Array[] = [];
    let bytes = 0;
    for (let range = open[0]; range !== undefined && range.from <= headNumber; range = open[0]) {
      for (; range.from <= Math.min(range.to, headNumber); range.from++) {
        const block = this.#encodedBlock(range.from);
        // Not stored although it should be: there is nothing to wait for.
        if (block === undefined) {
          open.shift();
          return blocks;
        }
        if (blocks.length > 0 && bytes + block.length > SYNC_SERVED_BYTES_PER_PASS) return blocks;
        blocks.push(block);
        bytes += block.length;
      }
      if (range.from <= range.to) return blocks;
      open.shift();
    }
    return blocks;
  }
}

function isDue(open: readonly Range[], headNumber: number): boolean {
  const first = open[0];
  return first !== undefined && first.from <= headNumber;
}

/** Sorted ranges with one more: what overlaps or touches becomes one. */
function withRange(open: readonly Range[], added: Range): Range[] {
  const merged: Range[] = [];
  for (const range of [...open, added].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to + 1) last.to = Math.max(last.to, range.to);
    else merged.push(range);
  }
  return merged;
}
