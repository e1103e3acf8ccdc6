/**
 * The change of working sealers from 2.6.0 on: when one is due, the leader's first transaction proves a random number to
 * the contract that keeps the sealers. See docs/protocol/rpbft.md#w4-rotation.
 */
import { EMPTY_BYTES, ascii, bytesToBigInt, bytesToHex, concatBytes, hexToBytes } from "../../primitives/index.js";
import type { Address, NodeId } from "../../primitives/index.js";
import { addressOf, proveVrf } from "../../crypto/index.js";
import { signTransaction } from "../../protocol/index.js";
import type { PbftMessage, VerifiedTransaction } from "../../protocol/index.js";
import type { ChainHead } from "../../ledger/index.js";
import type { Opening } from "../pbft/opening.js";
import type { VerifiedProposal } from "../pbft/proposal.js";
import type { PbftState } from "../pbft/state.js";
import { rotationCall } from "./rotation-call.js";

/** The contract that keeps the working sealers. */
export const WORKING_SEALERS = "0000000000000000000000000000000000001011" as Address;

/** Blocks for which the transaction could be stored, as the C++ node has it; it is for the next one. */
const BLOCK_LIMIT_AHEAD = 500n;

/** What is known of the next block: whether it must begin with a rotation. Where nobody can know, some nodes expect one. */
export type RotationNeed = "due" | "not-due" | "unknown";

/** Sealers that are to work at a time. */
function epochSize({ settings, sealers }: ChainHead): number {
  return Math.min(settings.epochSealerCount, sealers.length);
}

/**
 * Whether the block after `head` must begin with a rotation.
 *
 * @param former head before; without it nobody can tell whether the size of an epoch has just changed
 * @param workingCount those who work at that height
 */
export function rotationNeed(head: ChainHead, former: ChainHead | undefined, workingCount: number): RotationNeed {
  const { number } = head.header;
  const { settings } = head;
  const { notifyRotate, epochBlockCount, epochBlockEnabledAt } = settings;
  if (number === 0) return "not-due";
  const size = epochSize(head);
  if (notifyRotate || workingCount < size || (number - epochBlockEnabledAt) % epochBlockCount === 0) return "due";
  if (former?.header.number !== number - 1) return "unknown";
  if (epochSize(former) === size) return "not-due";
  // Fewer sealers than an epoch asks for. A C++ node notices that only if it has not seen enough of them since its start.
  return former.settings.epochSealerCount === settings.epochSealerCount ? "unknown" : "due";
}

/** The rotations of one machine. */
export class Rotation implements Opening {
  readonly #state: PbftState;

  constructor(state: PbftState) {
    this.#state = state;
  }

  isDue(): boolean {
    // One too many changes nothing, and others may expect one.
    return this.#need() !== "not-due";
  }

  make(): VerifiedTransaction {
    const { environment, head, suite } = this.#state;
    const { key, rules, random } = environment;
    const claim = proveVrf(ascii(bytesToHex(key.privateKey)), ascii(head.hash));
    // The hash of the head is new each time, however often the generator should start anew.
    const nonce = bytesToBigInt(suite.hash(concatBytes(random.bytes(32), hexToBytes(head.hash))));
    const unsigned = {
      nonce,
      gasPrice: 0n,
      gas: 0n,
      blockLimit: BigInt(head.header.number) + BLOCK_LIMIT_AHEAD,
      to: WORKING_SEALERS,
      value: 0n,
      data: rotationCall(claim, suite),
      // The C++ node has these two the wrong way round, and so has everybody who is to look like it.
      chainId: BigInt(rules.groupId),
      groupId: rules.chainId,
      extraData: EMPTY_BYTES,
    };
    this.#state.trace("info", "rotation-proposed");
    return signTransaction(unsigned, key, suite);
  }

  isFine({ index, height }: PbftMessage, { header, transactions }: VerifiedProposal): boolean {
    const [first] = transactions;
    if (first === undefined || this.#need() !== "due") return true;
    if (first.to !== WORKING_SEALERS) return false;
    const { locked, members } = this.#state;
    // What was agreed on in a former view is proposed again by somebody else.
    if (locked?.height === height) return true;
    const makers = [members.sealers[index], members.sealers[Number(header.sealer)]];
    return makers.some((id) => id !== undefined && this.#accountOf(id) === first.sender);
  }

  isIncludable(transaction: VerifiedTransaction): boolean {
    if (transaction.to !== WORKING_SEALERS) return false;
    const { chainId, groupId } = transaction;
    return (
      this.#state.environment.pool.isIncludable?.({ ...transaction, chainId: groupId, groupId: chainId }) !== false
    );
  }

  #need(): RotationNeed {
    const { head, formerHead, members } = this.#state;
    return rotationNeed(head, formerHead, members.working.length);
  }

  #accountOf(id: NodeId): Address {
    return addressOf(this.#state.suite, hexToBytes(id));
  }
}
