/** Signs or commits as a 2.9.1 node keeps them: by block and signature, those that came early unchecked. */
import { bytesToHex } from "../../../primitives/index.js";
import type { Hash } from "../../../primitives/index.js";
import type { PbftMessage } from "../../../protocol/index.js";

interface Vote {
  readonly message: PbftMessage;
  readonly cameEarly: boolean;
  isChecked: boolean;
}

/** The votes of one phase. */
export class ModelVotes {
  readonly #byHash = new Map<Hash, Map<string, Vote>>();
  readonly #isSigned: (message: PbftMessage) => boolean;

  constructor(isSigned: (message: PbftMessage) => boolean) {
    this.#isSigned = isSigned;
  }

  /** True when that signature for that block is here, whatever its view. */
  has({ blockHash, sig }: PbftMessage): boolean {
    return this.#byHash.get(blockHash)?.has(bytesToHex(sig)) === true;
  }

  /** Keeps a vote. */
  add(message: PbftMessage, cameEarly: boolean): void {
    if (this.has(message)) return;
    const votes = this.#byHash.get(message.blockHash) ?? new Map<string, Vote>();
    votes.set(bytesToHex(message.sig), { message, cameEarly, isChecked: !cameEarly });
    this.#byHash.set(message.blockHash, votes);
  }

  /**
   * How many there are. From a quorum on, those that came early are checked.
   *
   * @param isLimited of those that came early, one less than a quorum counts at most
   */
  count(blockHash: Hash, quorum: number, isLimited: boolean): number {
    const votes = this.#byHash.get(blockHash);
    if (votes === undefined) return 0;
    if (votes.size < quorum) return votes.size;
    let inTime = 0;
    let early = 0;
    for (const vote of votes.values()) {
      vote.isChecked ||= this.#isSigned(vote.message);
      if (!vote.cameEarly) inTime++;
      else if (vote.isChecked) early++;
    }
    return inTime + (isLimited ? Math.min(early, quorum - 1) : early);
  }

  /** All votes for the block. */
  of(blockHash: Hash): readonly PbftMessage[] {
    return [...(this.#byHash.get(blockHash)?.values() ?? [])].map(({ message }) => message);
  }

  /** Forgets the votes for the block that are of another view. */
  keepView(blockHash: Hash, view: number): void {
    this.#drop(blockHash, (message) => message.view !== view);
  }

  /** Forgets the votes of views that are over. */
  dropBelow(view: number): void {
    for (const blockHash of this.#byHash.keys()) this.#drop(blockHash, (message) => message.view < view);
  }

  /** Forgets the votes for blocks that `others` knows nothing of. */
  keepKnownTo(others: ModelVotes): void {
    for (const blockHash of this.#byHash.keys()) if (!others.#byHash.has(blockHash)) this.#byHash.delete(blockHash);
  }

  /** Forgets the votes for the block. */
  forget(blockHash: Hash): void {
    this.#byHash.delete(blockHash);
  }

  #drop(blockHash: Hash, isOver: (message: PbftMessage) => boolean): void {
    const votes = this.#byHash.get(blockHash);
    for (const [sig, { message }] of votes ?? []) if (isOver(message)) votes?.delete(sig);
  }
}
