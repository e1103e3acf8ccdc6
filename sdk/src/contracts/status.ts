/** Words for the status of a receipt. */

const TEXTS: ReadonlyMap<number, string> = new Map([
  [0, "Success"],
  [1, "Unknown"],
  [2, "Bad RLP"],
  [3, "Invalid format"],
  [4, "The contract to deploy is too long(or input data is too long)"],
  [5, "Invalid signature"],
  [6, "Invalid nonce"],
  [7, "Not enough cash"],
  [8, "Input data is too long"],
  [9, "Block gas limit reached"],
  [10, "Bad instruction"],
  [11, "Bad jump destination"],
  [12, "Out-of-gas during EVM execution"],
  [13, "Out of stack"],
  [14, "Stack underflow"],
  [15, "Nonce check fail"],
  [16, "Block limit check fail"],
  [17, "Filter check fail"],
  [18, "No deploy permission"],
  [19, "No call permission"],
  [20, "No tx permission"],
  [21, "Precompiled error"],
  [22, "Revert instruction"],
  [23, "Invalid zero signature format"],
  [24, "Address already used"],
  [25, "Permission denied"],
  [26, "Call address error"],
  [27, "Gas overflow"],
  [28, "Transaction pool is full"],
  [29, "Transaction refused"],
  [30, "The contract has been frozen"],
  [31, "The account has been frozen"],
  [32, "The remain gas of the account is less than the required gas"],
  [10000, "Transaction already known"],
  [10001, "Transaction already in chain"],
  [10002, "Invalid chain id"],
  [10003, "Invalid group id"],
  [10004, "The request doesn't belong to the group"],
  [10005, "Malformed transaction"],
  [10006, "Exceeded the group transaction pool capacity limit"],
]);

/** What a status means, in the words that other SDKs use; `Unknown` for a number without a meaning. */
export function statusText(status: number): string {
  return TEXTS.get(status) ?? "Unknown";
}

/** Every status with its text. */
export const STATUS_TEXTS: ReadonlyMap<number, string> = TEXTS;

/** The status that stands behind the words with which a node refuses a transaction over HTTP. */
const REFUSALS: readonly (readonly [words: string, status: number])[] = [
  ["TransactionNonceCheckFail", 15],
  ["TxPoolNonceCheckFail", 15],
  ["BlockLimitCheckFailed", 16],
  ["TransactionPoolIsFull", 28],
  ["TransactionAlreadyKown", 10000],
  ["TransactionAlreadyInChain", 10001],
  ["InvalidChainId", 10002],
  ["InvalidGroupId", 10003],
  ["OverGroupMemoryLimit", 10006],
  ["NodeIsSyncing", 29],
  ["TransactionSubmitFailed", 29],
];

/** Status of a refused transaction by the node's message; undefined when it is no refusal. */
export function statusOfRefusal(message: string): number | undefined {
  return REFUSALS.find(([words]) => message.includes(words))?.[1];
}
