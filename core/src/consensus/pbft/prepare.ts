/** Prepares: which one this node works on. See docs/protocol/pbft.md#p3-prepare. */
import { PBFT_FUTURE_HEIGHTS_MAX, assert } from "../../primitives/index.js";
import type { Hash, NodeId, NodeIndex } from "../../primitives/index.js";
import type { PbftMessage } from "../../protocol/index.js";
import { executeAccepted } from "./execution.js";
import { isWellSigned } from "./messages.js";
import { beforeExecution, decodeProposal, isEmptyProposal } from "./proposal.js";
import type { Proposal } from "./proposal.js";
import type { PbftState } from "./state.js";

/** What is to be done with a prepare. */
export type PrepareVerdict = "work-on-it" | "keep-for-later" | "drop";

/** A prepare, and as much of its block as is known already. */
export interface ReceivedPrepare {
  readonly message: PbftMessage;
  /** Undefined: still to be decoded from the bytes in the message. */
  readonly proposal: Proposal | undefined;
  readonly from: NodeId;
}

/**
 * The checks of a prepare, cheapest first, in the order of the protocol.
 *
 * @param isEmpty whether its block has no transactions; asked only where it matters. The flag on the packet is not
 * believed: it would let a leader get a second block signed by a node that is bound to a first.
 */
export function checkPrepare(state: PbftState, message: PbftMessage, isEmpty: () => boolean): PrepareVerdict {
  const { height, view, blockHash } = message;
  const { accepted, locked } = state;
  if (accepted?.message.blockHash === blockHash && accepted.message.view >= view) return "drop";
  if (state.isSyncing(height)) return "drop";
  if (height < state.height || (height === state.height && view < state.view)) return "drop";
  // The block of this height is on its way to the disk.
  if (height === state.height && state.storing) return "drop";
  if (locked?.height === height && locked.blockHash !== blockHash && !isEmpty()) {
    state.trace("info", "prepare-against-lock", { hash: blockHash, locked: locked.blockHash });
    return "drop";
  }
  if (height > state.height) return height <= state.height + PBFT_FUTURE_HEIGHTS_MAX ? "keep-for-later" : "drop";
  const leader = view > state.view ? state.members.leaderOf(view) : state.leader;
  if (message.index !== leader) return "drop";
  if (!isWellSigned(state, message)) {
    state.trace("debug", "prepare-badly-signed", { index: message.index });
    return "drop";
  }
  if (view > state.view) return "keep-for-later";
  const acceptedHash = state.acceptedHashes.get(view);
  if (acceptedHash !== undefined && acceptedHash !== blockHash) {
    reportSecondProposal(state, message, acceptedHash);
    return "drop";
  }
  return "work-on-it";
}

function reportSecondProposal(state: PbftState, { index, blockHash }: PbftMessage, first: Hash): void {
  const fields = { index, first, second: blockHash };
  // After a restart peers may still bring what this node itself proposed before.
  if (index === state.members.ownIndex) state.trace("info", "former-proposal", fields);
  else state.trace("warn", "leader-equivocates", fields);
}

/** Handles a prepare that carries its whole block, or whose transactions are all at hand; true when it was of use. */
export function handlePrepare(state: PbftState, prepare: ReceivedPrepare): boolean {
  const { message } = prepare;
  let { proposal } = prepare;
  const decoded = (): Proposal | undefined => (proposal ??= proposalOf(state, message));
  const verdict = checkPrepare(state, message, () => {
    const known = decoded();
    return known !== undefined && isEmptyProposal(known);
  });
  if (verdict === "drop") return false;
  // What a later block was before its execution shows only when its parent is known.
  const isReadable = message.height > state.height || decoded() !== undefined;
  if (!isReadable) return false;
  if (verdict === "keep-for-later") {
    state.trace("debug", "prepare-kept-for-later", { of: message.height, ofView: message.view });
    return state.futurePrepares.add(prepare);
  }
  const known = decoded();
  assert(known !== undefined, "a prepare that is worked on is of the height being decided");
  acceptPrepare(state, message, known);
  return true;
}

/** The proposal in a prepare; undefined when it is none or not the one the prepare was signed for. */
function proposalOf(state: PbftState, message: PbftMessage): Proposal | undefined {
  const { suite, head } = state;
  const decoded = decodeProposal(message.block, suite);
  if (decoded.ok) {
    if (isBlockOf(message, decoded.value)) return decoded.value;
    const proposed = beforeExecution(decoded.value, head, suite);
    if (isBlockOf(message, proposed)) return proposed;
  }
  state.trace("debug", "prepare-malformed", { index: message.index, hash: message.blockHash });
  return undefined;
}

/** True when the message was signed for this block: its hash, recomputed from the header, and its number. */
export function isBlockOf(message: PbftMessage, block: Pick<Proposal, "header" | "hash">): boolean {
  return block.hash === message.blockHash && block.header.number === message.height;
}

/** Works on this prepare from now on. */
export function acceptPrepare(state: PbftState, message: PbftMessage, proposal: Proposal): void {
  state.viewsSeen.set(message.index as NodeIndex, message.view);
  const prepare = { message, proposal };
  state.accepted = prepare;
  state.acceptedHashes.set(message.view, message.blockHash);
  state.executed = undefined;
  state.partial = undefined;
  state.verification = undefined;
  state.execution = undefined;
  const transactions = proposal.rawTransactions.length;
  state.trace("debug", "prepare-accepted", { index: message.index, hash: message.blockHash, transactions });
  state.spreading?.accepted(message);
  executeAccepted(state, prepare);
}

/** Works on a prepare whose turn has come; false when there is none. */
export function handleDuePrepare(state: PbftState): boolean {
  if (state.accepted !== undefined || state.leaderFailed || state.storing || !state.takesPart) return false;
  const due = state.futurePrepares.takeDue(state);
  if (due === undefined) return false;
  handlePrepare(state, due);
  return true;
}
