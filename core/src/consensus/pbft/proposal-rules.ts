/**
 * What a proposal must look like before it is executed, and a synchronised block before it is believed.
 *
 * The C++ node checks less of a proposal; an honest one never sends what is refused here. See
 * docs/protocol/pbft.md#p3-prepare.
 */
import {
  BLOCK_SIGNATURES_PER_SEALER_MAX,
  PBFT_TIMESTAMP_AHEAD_MS_MAX,
  ZERO_HASH,
  err,
  hexToBytes,
  ok,
} from "../../primitives/index.js";
import type { Failure, Result } from "../../primitives/index.js";
import { transactionsRoot } from "../../protocol/index.js";
import type { BlockHeader, PbftMessage } from "../../protocol/index.js";
import type { ChainHead } from "../../ledger/index.js";
import type { ConsensusEnvironment, SyncedBlock } from "../interface.js";
import { sameNodes } from "../synced-header.js";
import type { Membership } from "./membership.js";
import type { VerifiedProposal } from "./proposal.js";
import type { PbftState } from "./state.js";

/** Why a block was refused. */
export interface BlockRefused extends Failure {
  readonly code:
    | "block-number-not-next"
    | "block-parent-unknown"
    | "block-sealer-list-wrong"
    | "block-sealer-unknown"
    | "block-transactions-too-many"
    | "block-transactions-root-wrong"
    | "block-transactions-repeated"
    | "block-transaction-not-includable"
    | "block-opening-wrong"
    | "block-header-not-a-proposal"
    | "block-timestamp-out-of-range"
    | "block-signatures-too-few"
    | "block-signatures-too-many"
    | "block-signature-invalid";
}

type Checked = Result<void, BlockRefused>;

const FINE: Checked = ok(undefined);

function refused(code: BlockRefused["code"]): Checked {
  return err({ code });
}

/** Checks the header of a proposal that is to follow the head, and its number of transactions. */
export function checkProposalHeader(state: PbftState, header: BlockHeader, transactionCount: number): Checked {
  const { head, members } = state;
  const parent = head.header;
  if (header.number !== state.height) return refused("block-number-not-next");
  if (header.parentHash !== head.hash) return refused("block-parent-unknown");
  if (!sameNodes(header.sealerList, members.working)) return refused("block-sealer-list-wrong");
  // A block that is proposed again names its first proposer, so any sealer may stand here.
  if (!isWorking(members, header.sealer)) return refused("block-sealer-unknown");
  if (transactionCount > head.settings.txCountLimit) return refused("block-transactions-too-many");
  const untouched = header.receiptsRoot === ZERO_HASH && header.dbHash === ZERO_HASH && header.gasUsed === 0n;
  const inherited = header.stateRoot === parent.stateRoot && header.gasLimit === parent.gasLimit;
  const bare = header.extraData.length === 0 && header.logBloom.every((byte) => byte === 0);
  if (!untouched || !inherited || !bare) return refused("block-header-not-a-proposal");
  return checkTimestamp(state, header);
}

function checkTimestamp(state: PbftState, header: BlockHeader): Checked {
  const parentMs = state.head.header.timestamp;
  // A parent far in the future leaves only the next millisecond, to everybody.
  const latestMs = Math.max(parentMs + 1, clockMs(state.environment, state.now.wallMs) + PBFT_TIMESTAMP_AHEAD_MS_MAX);
  const inRange = header.timestamp > parentMs && header.timestamp <= latestMs;
  return inRange ? FINE : refused("block-timestamp-out-of-range");
}

/** Our clock, corrected by the median of the peers'. */
export function clockMs(environment: ConsensusEnvironment, wallMs: number): number {
  return wallMs + environment.timeOffsetMs();
}

/** Checks the transactions of a proposal against its header and the chain; their signatures were checked before. */
export function checkProposalTransactions(state: PbftState, prepare: PbftMessage, proposal: VerifiedProposal): Checked {
  const { pool, rules } = state.environment;
  const { header, transactions } = proposal;
  if (transactionsRoot(transactions, rules.version, rules.suite) !== header.transactionsRoot) {
    return refused("block-transactions-root-wrong");
  }
  // Transactions are told apart by nonce alone; a hash that repeats has a nonce that repeats.
  const nonces = new Set<bigint>();
  for (const [index, transaction] of transactions.entries()) {
    nonces.add(transaction.nonce);
    const opens = index === 0 && state.opening?.isIncludable(transaction) === true;
    if (!opens && pool.isIncludable?.(transaction) === false) return refused("block-transaction-not-includable");
  }
  if (nonces.size !== transactions.length) return refused("block-transactions-repeated");
  return state.opening?.isFine(prepare, proposal) === false ? refused("block-opening-wrong") : FINE;
}

/**
 * Checks a block that came by synchronisation: as the C++ node does, except that the quorum is one of distinct
 * sealers.
 */
export function checkSyncedBlock(
  environment: ConsensusEnvironment,
  members: Membership,
  block: SyncedBlock,
  head: ChainHead,
): Checked {
  const { header, signatures } = block;
  if (header.number !== head.header.number + 1) return refused("block-number-not-next");
  if (!sameNodes(header.sealerList, members.working)) return refused("block-sealer-list-wrong");
  if (!isWorking(members, header.sealer)) return refused("block-sealer-unknown");
  if (signatures.length > members.working.length * BLOCK_SIGNATURES_PER_SEALER_MAX) {
    return refused("block-signatures-too-many");
  }
  if (new Set(signatures.map(({ index }) => index)).size < members.quorum) return refused("block-signatures-too-few");
  if (block.transactionCount > head.settings.txCountLimit) return refused("block-transactions-too-many");
  const digest = hexToBytes(block.hash);
  for (const { index, signature } of signatures) {
    const key = members.keys[index];
    if (key === undefined || !environment.rules.suite.verify(digest, signature, key)) {
      return refused("block-signature-invalid");
    }
  }
  return FINE;
}

/** True for the position of a sealer that takes part. */
function isWorking(members: Membership, index: bigint): boolean {
  return index < BigInt(members.sealers.length) && members.keys[Number(index)] !== undefined;
}
