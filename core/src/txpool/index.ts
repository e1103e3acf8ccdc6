/** Door of the transaction pool. */
export { ADMISSION_REFUSALS, admissionFailure } from "./admission.js";
export type { AdmissionCode, AdmissionFailure } from "./admission.js";
export { nonceWindowStart } from "./nonce-window.js";
export type { PendingTransaction } from "./pending-list.js";
export { TransactionPool } from "./pool.js";
export type { AbandonedTransaction, PoolOptions } from "./pool.js";
