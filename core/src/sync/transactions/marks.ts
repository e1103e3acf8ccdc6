/** Who is known to have which transaction: one bit a peer. */
import { SYNC_MARKED_PEERS_MAX, assert } from "../../primitives/index.js";
import type { NodeId } from "../../primitives/index.js";

const WORD_BITS = 32;

/** A set of peers as bits. */
export interface Marks {
  /** Bits 0 to 31. */
  knownBy: number;
  /** Bits from 32 on, one word for 32 of them; absent in small groups. */
  knownByMore: number[] | undefined;
}

/** Bit of a peer in all marks. */
export type MarkBit = number & { readonly brand: "MarkBit" };

/** Our own bit. */
export const OWN_BIT = 0 as MarkBit;

/** An empty set. */
export function noMarks(): Marks {
  return { knownBy: 0, knownByMore: undefined };
}

/** True when nobody is marked, not even ourselves. */
export function isUnmarked(marks: Marks): boolean {
  return marks.knownBy === 0 && (marks.knownByMore === undefined || marks.knownByMore.every((word) => word === 0));
}

/** True when that peer is marked. */
export function isMarked(marks: Marks, bit: MarkBit): boolean {
  const flag = 1 << (bit % WORD_BITS);
  if (bit < WORD_BITS) return (marks.knownBy & flag) !== 0;
  return ((marks.knownByMore?.[Math.floor(bit / WORD_BITS) - 1] ?? 0) & flag) !== 0;
}

/** Marks that peer. */
export function mark(marks: Marks, bit: MarkBit): void {
  const flag = 1 << (bit % WORD_BITS);
  if (bit < WORD_BITS) {
    marks.knownBy |= flag;
    return;
  }
  const more = (marks.knownByMore ??= []);
  const word = Math.floor(bit / WORD_BITS) - 1;
  while (more.length <= word) more.push(0);
  more[word] = (more[word] as number) | flag;
}

/** Marks everybody who is in `added`. */
export function addMarks(marks: Marks, added: Marks): void {
  marks.knownBy |= added.knownBy;
  if (added.knownByMore === undefined) return;
  const more = (marks.knownByMore ??= []);
  added.knownByMore.forEach((word, index) => (more[index] = (more[index] ?? 0) | word));
}

/** Takes everybody out who is in `removed`. */
export function removeMarks(marks: Marks, removed: Marks): void {
  marks.knownBy &= ~removed.knownBy;
  removed.knownByMore?.forEach((word, index) => {
    const kept = marks.knownByMore?.[index];
    if (marks.knownByMore !== undefined && kept !== undefined) marks.knownByMore[index] = kept & ~word;
  });
}

/**
 * Gives peers their bits. A transaction then costs a few bytes for its marks, however many peers there are; a set of
 * node ids for each transaction is what made memory grow without end elsewhere.
 */
export class MarkBits {
  readonly #bits = new Map<NodeId, MarkBit>();
  readonly #free: MarkBit[] = [];
  #used = OWN_BIT + 1;

  /** The bit of a peer; undefined when all are taken, which only means that the peer may be told something twice. */
  bitOf(peer: NodeId): MarkBit | undefined {
    let bit = this.#bits.get(peer);
    if (bit !== undefined) return bit;
    bit = this.#free.pop() ?? (this.#used < SYNC_MARKED_PEERS_MAX ? (this.#used++ as MarkBit) : undefined);
    if (bit !== undefined) this.#bits.set(peer, bit);
    return bit;
  }

  /** The marks of several peers. */
  marksOf(peers: Iterable<NodeId>): Marks {
    const marks = noMarks();
    for (const peer of peers) {
      const bit = this.bitOf(peer);
      if (bit !== undefined) mark(marks, bit);
    }
    return marks;
  }

  /**
   * Takes the bits of all peers back that are not in `stay`.
   *
   * @returns the bits taken back, which must be removed wherever marks are kept before the next {@link bitOf}; undefined when there are none
   */
  release(stay: ReadonlySet<NodeId>): Marks | undefined {
    const released = noMarks();
    for (const [peer, bit] of this.#bits) {
      if (stay.has(peer)) continue;
      this.#bits.delete(peer);
      this.#free.push(bit);
      mark(released, bit);
    }
    assert(!isMarked(released, OWN_BIT), "our own bit is never given away");
    return isUnmarked(released) ? undefined : released;
  }
}
