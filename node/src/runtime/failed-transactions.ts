/** Failed transactions for the log of whoever debugs a contract. */
import type { TraceEvent } from "@tsbcos/core/primitives";
import type { ExecutedBlock } from "@tsbcos/core/ledger";
import { revertReason, statusMessage } from "@tsbcos/core/protocol";

/** Characters of a reason that are shown: a contract may give megabytes. */
const REASON_LENGTH_MAX = 200;

/** One event for each transaction of the block that failed, with the reason its contract gave. */
export function failedTransactions(block: ExecutedBlock): TraceEvent[] {
  return block.receipts.flatMap(({ status, output }, index) => {
    if (status === 0) return [];
    const fields = {
      number: block.header.number,
      index,
      hash: block.transactions[index]?.hash ?? "",
      status,
      message: statusMessage(status),
      reason: revertReason(output)?.slice(0, REASON_LENGTH_MAX) ?? "",
    };
    return [{ room: "EXECUTOR", level: "debug", event: "transaction-failed", fields }];
  });
}
