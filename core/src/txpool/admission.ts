/** Why a transaction is not taken into the pool: codes, receipt statuses, and the texts that clients are shown. */
import { assert } from "../primitives/index.js";
import type { Failure, Hash } from "../primitives/index.js";

/**
 * Every refusal with the receipt status a client gets and the words of the synchronous answer.
 *
 * The spelling of `TransactionAlreadyKown` is that of the C++ node: clients look for it.
 *
 * @see docs/protocol/txpool.md#admission
 */
export const ADMISSION_REFUSALS = {
  "memory-limit-exceeded": { status: 10006, text: "OverGroupMemoryLimit" },
  "pool-full": { status: 28, text: "TransactionPoolIsFull" },
  "already-known": { status: 10000, text: "TransactionAlreadyKown" },
  "already-dropped": { status: 10001, text: "TransactionAlreadyInChain" },
  "nonce-used-on-chain": { status: 15, text: "TransactionNonceCheckFail" },
  "block-limit-out-of-range": { status: 16, text: "BlockLimitCheckFailed" },
  malformed: { status: 10005, text: "TransactionSubmitFailed" },
  "nonce-used-in-pool": { status: 15, text: "TxPoolNonceCheckFail" },
  "chain-id-mismatch": { status: 10002, text: "InvalidChainId" },
  "group-id-mismatch": { status: 10003, text: "InvalidGroupId" },
  "not-in-group": { status: 10004, text: "TransactionSubmitFailed" },
  "node-is-syncing": { status: 29, text: "TransactionSubmitFailed" },
} as const;

/** Name of a refusal. `malformed`, `not-in-group` and `node-is-syncing` are given by those who stand in front of the pool. */
export type AdmissionCode = keyof typeof ADMISSION_REFUSALS;

/** A transaction was refused. */
export interface AdmissionFailure extends Failure {
  readonly code: AdmissionCode;
  /** Status of the receipt that an asynchronous client gets. */
  readonly status: number;
  /** What a synchronous client is told: the reason and the first four bytes of the hash. */
  readonly text: string;
}

/**
 * The refusal named `code`.
 *
 * @param transaction hash, as far as it is known, and the block limit, which `block-limit-out-of-range` needs
 */
export function admissionFailure(
  code: AdmissionCode,
  transaction: { readonly hash?: Hash; readonly blockLimit?: bigint },
): AdmissionFailure {
  const { status, text } = ADMISSION_REFUSALS[code];
  const hash = `${(transaction.hash ?? "").slice(0, 8)}...`;
  if (code !== "block-limit-out-of-range") return { code, status, text: `${text}, txHash=${hash}` };
  assert(transaction.blockLimit !== undefined, "a refusal for its block limit names the limit");
  return { code, status, text: `${text}, txBlockLimit=${transaction.blockLimit}, txHash=${hash}` };
}
