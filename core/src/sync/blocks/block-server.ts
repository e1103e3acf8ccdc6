/** Blocks for those who ask. */
import {
  assert,
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

/** Blocks for one peer, ascending, to be sent in one packet. */
export interface Serving {
  readonly to: NodeId;
  readonly blocks: readonly ServedBlock[];
}

/** One stored block. */
export interface ServedBlock {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * Open requests of all peers.
 *
 * What a request asks beyond our head stays open, and each block goes out as soon as it is stored: a node that is
 * nearly level gets new blocks without asking again.
 *
 * What leaves is limited by the host: blocks are offered to it, one packet at a time, and it says how many of them may go.
 *
 * @see docs/protocol/sync.md#serving
 */
export class BlockServer {
  readonly #encodedBlock: (number: number) => Uint8Array | undefined;
  /** Sorted, neither overlapping nor touching. The peer at the front of the map is served next. */
  readonly #open = new Map<NodeId, Range[]>();
  /** Asked of the host and not answered yet. */
  #offer: (Serving & { readonly token: number }) | undefined;
  #lastToken = 0;

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
    // The host still owes an answer, for nothing now.
    if (this.#offer !== undefined && !peers.has(this.#offer.to)) this.#offer = { ...this.#offer, blocks: [] };
  }

  /** True when something that was asked for is stored, and the host is not being asked. */
  hasWork(headNumber: number): boolean {
    if (this.#offer !== undefined) return false;
    for (const open of this.#open.values()) if (isDue(open, headNumber)) return true;
    return false;
  }

  /**
   * The next packet for one peer: at least one block, and no more than a group may spend on it at once. Undefined when
   * there is none, or while the host has not answered the former one.
   */
  offer(headNumber: number): { readonly token: number; readonly sizes: readonly number[] } | undefined {
    if (this.#offer !== undefined) return undefined;
    for (const [peer, open] of this.#open) {
      if (!isDue(open, headNumber)) continue;
      const blocks = this.#take(open, headNumber);
      // Whoever was served goes to the end of the queue.
      this.#open.delete(peer);
      if (open.length > 0) this.#open.set(peer, open);
      if (blocks.length === 0) continue;
      const token = ++this.#lastToken;
      this.#offer = { token, to: peer, blocks };
      return { token, sizes: blocks.map(({ bytes }) => bytes.length) };
    }
    return undefined;
  }

  /**
   * The host's answer: the first `count` of the offered blocks may go. The others are due again.
   *
   * @returns what is to be sent; undefined when the peer has left meanwhile
   */
  granted(token: number, count: number): Serving | undefined {
    const offer = this.#offer;
    assert(offer?.token === token, "bandwidth was asked for");
    this.#offer = undefined;
    if (offer.blocks.length === 0) return undefined;
    assert(count >= 1 && count <= offer.blocks.length, "at least one block may go, and no more than were offered");
    const left = offer.blocks.slice(count);
    if (left.length > 0) {
      const ranges = left.reduce(
        (open, { number }) => withRange(open, { from: number, to: number }),
        this.#open.get(offer.to) ?? [],
      );
      this.#open.set(offer.to, ranges);
    }
    return { to: offer.to, blocks: offer.blocks.slice(0, count) };
  }

  #take(open: Range[], headNumber: number): ServedBlock[] {
    const blocks: ServedBlock[] = [];
    let size = 0;
    for (let range = open[0]; range !== undefined && range.from <= headNumber; range = open[0]) {
      for (; range.from <= Math.min(range.to, headNumber); range.from++) {
        const bytes = this.#encodedBlock(range.from);
        // Not stored although it should be: there is nothing to wait for.
        if (bytes === undefined) {
          open.shift();
          return blocks;
        }
        if (blocks.length > 0 && size + bytes.length > SYNC_SERVED_BYTES_PER_PASS) return blocks;
        blocks.push({ number: range.from, bytes });
        size += bytes.length;
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
