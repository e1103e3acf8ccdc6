/** Downloaded blocks that wait for their turn. */
import { assert } from "../../primitives/index.js";
import type { Hash, NodeId } from "../../primitives/index.js";
import type { BlockHeader, BlockSignature, VerifiedTransaction } from "../../protocol/index.js";

/** Bytes of memory for a byte of an encoded block: it is decoded, verified and executed beside its own bytes. */
const MEMORY_PER_BYTE = 3;

/** Weight of the newest block in the average size. */
const AVERAGE_WEIGHT = 0.1;

/** A downloaded block. */
export interface QueuedBlock {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly rawTransactions: readonly Uint8Array[];
  readonly signatures: readonly BlockSignature[];
  /** Length of its encoding. */
  readonly bytes: number;
  /** Who sent it. */
  readonly from: NodeId;
  /** Enough sealers agreed on it. Known only once it is the next block. */
  agreed: boolean;
  verification: "not-asked" | "asked" | "done";
  /** By position, undefined until verified. */
  readonly transactions: (VerifiedTransaction | undefined)[];
}

/** At most one block a height. */
export class BlockQueue {
  readonly #memoryBytesMax: number;
  readonly #blocks = new Map<number, QueuedBlock>();
  #bytes = 0;
  #averageBytes = 0;

  constructor(memoryBytesMax: number) {
    this.#memoryBytesMax = memoryBytesMax;
  }

  /** Blocks waiting. */
  get size(): number {
    return this.#blocks.size;
  }

  /** Memory that a block will take, judged by those seen so far; 0 before the first. */
  get blockMemoryBytes(): number {
    return this.#averageBytes * MEMORY_PER_BYTE;
  }

  /** Memory that is left. */
  get freeMemoryBytes(): number {
    return this.#memoryBytesMax - this.#bytes * MEMORY_PER_BYTE;
  }

  /** The block of that height. */
  get(number: number): QueuedBlock | undefined {
    return this.#blocks.get(number);
  }

  /** True when the block of that height is here. */
  has(number: number): boolean {
    return this.#blocks.has(number);
  }

  /**
   * Takes a block of a height that is not here. When memory is short, higher blocks make room for a lower one.
   *
   * @returns false when there is no room
   */
  add(block: QueuedBlock): boolean {
    const { number } = block.header;
    assert(!this.#blocks.has(number), "a queued block is not replaced");
    if (!this.#makeRoom(number, block.bytes)) return false;
    this.#blocks.set(number, block);
    this.#bytes += block.bytes;
    this.#averageBytes =
      this.#averageBytes === 0 ? block.bytes : this.#averageBytes + AVERAGE_WEIGHT * (block.bytes - this.#averageBytes);
    return true;
  }

  /** Takes a block out, if it is here. */
  delete(number: number): void {
    const block = this.#blocks.get(number);
    if (block === undefined) return;
    this.#blocks.delete(number);
    this.#bytes -= block.bytes;
  }

  /** Takes out all blocks up to `number`. */
  dropThrough(number: number): void {
    for (const queued of this.#blocks.keys()) if (queued <= number) this.delete(queued);
  }

  /** Takes out everything that came from `peer`. */
  dropFrom(peer: NodeId): void {
    for (const [number, block] of this.#blocks) if (block.from === peer) this.delete(number);
  }

  /** Takes out everything. */
  clear(): void {
    this.#blocks.clear();
    this.#bytes = 0;
  }

  /** @throws InvariantError when the sums are wrong */
  invariants(): void {
    let bytes = 0;
    for (const [number, block] of this.#blocks) {
      assert(block.header.number === number, "a block is queued under its number");
      bytes += block.bytes;
    }
    assert(bytes === this.#bytes, "the queue counts the bytes of its blocks");
  }

  #makeRoom(number: number, bytes: number): boolean {
    const needed = bytes * MEMORY_PER_BYTE;
    if (this.#blocks.size === 0 || needed <= this.freeMemoryBytes) return true;
    const higher = [...this.#blocks.keys()].filter((queued) => queued > number).sort((a, b) => b - a);
    for (const highest of higher) {
      this.delete(highest);
      if (needed <= this.freeMemoryBytes) return true;
    }
    return this.#blocks.size === 0;
  }
}
