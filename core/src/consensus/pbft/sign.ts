/** The sign phase: our vote for an executed block, and what a quorum of signs leads to. See docs/protocol/pbft.md#p4-sign. */
import { PbftPacketId, encodeBackedUpPrepare } from "../../protocol/index.js";
import type { ExecutedBlock } from "../../ledger/index.js";
import { broadcast } from "./broadcast.js";
import { ballotOf, storeIfAgreed } from "./commit.js";
import { signedMessage } from "./messages.js";
import { encodeWholeProposal } from "./proposal.js";
import type { AcceptedPrepare, PbftState } from "./state.js";

/** Signs the block that the accepted prepare turned into. */
export function signExecuted(state: PbftState, prepare: AcceptedPrepare, block: ExecutedBlock): void {
  const { view } = prepare.message;
  const signedBefore = state.signedHashes.get(view);
  if (signedBefore !== undefined && signedBefore !== block.hash) {
    // Only an execution that is not deterministic leads here. Other nodes would take two signs for treason.
    state.trace("warn", "execution-not-deterministic", { signed: signedBefore, executed: block.hash });
    return;
  }
  state.signedHashes.set(view, block.hash);
  state.executed = { prepare, block, quorumSigned: false };
  const sign = signedMessage(state, { height: state.height, view, blockHash: block.hash });
  broadcast(state, PbftPacketId.Sign, sign);
  state.signs.add(sign);
  state.trace("debug", "sign-sent", { hash: block.hash, transactions: block.transactions.length });
  lockIfSigned(state);
}

/** Binds this node to the prepare once enough distinct sealers have signed its block. */
export function lockIfSigned(state: PbftState): void {
  const { executed } = state;
  if (executed === undefined || executed.quorumSigned) return;
  const ballot = ballotOf(executed);
  if (state.signs.count(ballot) < state.members.quorum) return;
  executed.quorumSigned = true;
  const { message, proposal } = executed.prepare;
  const locked = { ...message, block: encodeWholeProposal(proposal, state.environment.rules.version) };
  const token = state.nextToken();
  state.locked = locked;
  state.lockedAs = ballot.hash;
  state.persisting = {
    token,
    commit: signedMessage(state, { height: state.height, view: ballot.view, blockHash: ballot.hash }),
  };
  state.timers.lastSignMs = state.now.steadyMs;
  state.trace("debug", "locked", { hash: message.blockHash });
  state.emit({ type: "persist-prepare", token, bytes: encodeBackedUpPrepare(locked) });
  storeIfAgreed(state);
}
