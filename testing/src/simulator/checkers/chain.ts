/** One chain: every node stores the same blocks, each follows from its parent, and each was agreed by enough sealers. */
import { hexToBytes } from "@tsbcos/core/primitives";
import type { Hash, NodeId } from "@tsbcos/core/primitives";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import type { BlockSignature } from "@tsbcos/core/protocol";
import type { ChainHead, ExecutedBlock, Ledger } from "@tsbcos/core/ledger";
import { check } from "../failure.js";
import type { Deciders, DecidersOf } from "./deciders.js";

/** A block of the chain, as the first node that stored it reported it. */
export interface ChainBlock {
  readonly hash: Hash;
  /** Node that stored it first. */
  readonly node: number;
  /** Sealers of the next block: signatures name them by their position. */
  readonly sealers: readonly NodeId[];
  /** Those who have to sign it. */
  readonly deciders: Deciders;
  /** Who follows without signing. */
  readonly observers: readonly NodeId[];
}

/** Compares what all nodes store. */
export class ChainChecker {
  readonly #suite: CryptoSuite;
  readonly #decidersOf: DecidersOf;
  readonly #blocks: ChainBlock[] = [];
  readonly #heightOf = new Map<Hash, number>();
  readonly #nonces = new Set<bigint>();
  /** Highest block that each node has reported as stored. */
  readonly #reported: number[];

  constructor(suite: CryptoSuite, nodeCount: number, genesis: ChainHead, deciders: DecidersOf) {
    this.#suite = suite;
    this.#decidersOf = deciders;
    this.#reported = Array.from({ length: nodeCount }, () => 0);
    const { hash, sealers, observers } = genesis;
    this.#blocks.push({ hash, node: 0, sealers, deciders: deciders(genesis), observers });
  }

  /** Number of the highest block. */
  get height(): number {
    return this.#blocks.length - 1;
  }

  /** True when the node signs the block after the highest one. */
  isSealer(node: NodeId): boolean {
    return (this.#blocks.at(-1) as ChainBlock).sealers.includes(node);
  }

  /** True when the node belongs to the group after the highest block. */
  isMember(node: NodeId): boolean {
    const { sealers, observers } = this.#blocks.at(-1) as ChainBlock;
    return sealers.includes(node) || observers.includes(node);
  }

  /** Who decides a height, and what its leaders are; undefined while nobody has the block before. */
  decidersAt(height: number): Deciders | undefined {
    return this.#blocks[height - 1]?.deciders;
  }

  /** Highest block that the node has reported as stored. */
  reportedBy(node: number): number {
    return this.#reported[node] ?? 0;
  }

  /** True when a transaction in a block has this nonce. */
  isNonceUsed(nonce: bigint): boolean {
    return this.#nonces.has(nonce);
  }

  /** Height of the block that holds the transaction. */
  heightOf(transaction: Hash): number | undefined {
    return this.#heightOf.get(transaction);
  }

  /** A node is about to store a block: enough different sealers must have signed it. */
  storing(node: number, block: ExecutedBlock, signatures: readonly BlockSignature[]): void {
    const { number } = block.header;
    const parent = this.#blocks[number - 1];
    check(parent !== undefined, `n${node} stores block ${number}, and nobody has block ${number - 1}`);
    const { sealers, deciders } = parent;
    const digest = hexToBytes(block.hash);
    const signers = new Set<number>();
    for (const { index, signature } of signatures) {
      const sealer = sealers[index];
      const valid = sealer !== undefined && this.#suite.verify(digest, signature, hexToBytes(sealer));
      check(
        valid && deciders.nodes.includes(sealer),
        `n${node} stores block ${number} with a false signature of sealer ${index}`,
      );
      signers.add(index);
    }
    const { needed } = deciders;
    const text = [...signers].join(", ");
    check(signers.size >= needed, `n${node} stores block ${number} signed by (${text}) only, and ${needed} are needed`);
  }

  /** A node reports a stored block. */
  stored(node: number, head: ChainHead, block: ExecutedBlock): void {
    const { number, parentHash } = block.header;
    check(head.hash === block.hash, `the head of n${node} is not the block ${number} that it stored`);
    check(number === (this.#reported[node] as number) + 1, `n${node} stored block ${number} out of order`);
    this.#reported[node] = number;
    const parent = this.#blocks[number - 1] as ChainBlock;
    check(parentHash === parent.hash, `block ${number} of n${node} does not follow block ${number - 1}`);
    const known = this.#blocks[number];
    if (known === undefined) return this.#extend(node, head, block);
    const what = `n${node} stored ${block.hash} at height ${number}, and n${known.node} stored ${known.hash}`;
    check(known.hash === block.hash, what);
    check(known.sealers.join() === head.sealers.join(), `n${node} has other sealers after block ${number}`);
  }

  /** A node has (re)started from its disk. */
  restarted(node: number, ledger: Ledger): void {
    const reported = this.#reported[node] as number;
    const { number: height } = ledger.head().header;
    check(height >= reported, `n${node} had reported block ${reported}, and has only ${height} after its restart`);
    // One block may have reached the disk right before the crash without a report.
    check(height <= reported + 1, `n${node} has blocks up to ${height} and reported ${reported}`);
    this.#reported[node] = height;
    if (height > this.height) {
      const block = ledger.block(height);
      check(block !== undefined, `n${node} does not have the block ${height} that is its head`);
      this.#extend(node, ledger.head(), block);
    }
    for (let number = 0; number <= height; number++) {
      const same = ledger.hashAt(number) === this.#blocks[number]?.hash;
      check(same, `block ${number} on the disk of n${node} is not that of the chain`);
    }
  }

  #extend(node: number, head: ChainHead, block: Pick<ExecutedBlock, "header" | "hash" | "transactions">): void {
    const { number } = block.header;
    for (const { hash, nonce } of block.transactions) {
      const before = this.#heightOf.get(hash);
      check(before === undefined, `transaction ${hash} is in blocks ${before ?? ""} and ${number}`);
      check(!this.#nonces.has(nonce), `block ${number} uses a nonce for the second time, in ${hash}`);
      this.#heightOf.set(hash, number);
      this.#nonces.add(nonce);
    }
    const { sealers, observers } = head;
    this.#blocks.push({ hash: block.hash, node, sealers, deciders: this.#decidersOf(head), observers });
  }
}
