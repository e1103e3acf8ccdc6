/** The answers that many commands share. */
import { precompiledText, type PrecompiledOutcome } from "@tsbcos/sdk";
import type { Outcome } from "./command.js";
import { formatJson } from "./print.js";

/** JSON, shown over several lines. */
export function jsonAnswer(value: unknown): Outcome {
  return { text: [formatJson(value)], value };
}

/** Lines as they are. */
export function textAnswer(value: unknown, ...lines: readonly string[]): Outcome {
  return { text: lines, value };
}

/** What a contract built into the nodes answered to a transaction, in the form that scripts read. */
export function codeAnswer(done: PrecompiledOutcome): Outcome {
  const { code, receipt } = done;
  const msg = precompiledText(code);
  return {
    text: [`TransactionHash: ${receipt.transactionHash}`, formatJson({ code, msg })],
    value: { code, message: msg, transactionHash: receipt.transactionHash, blockNumber: receipt.blockNumber },
  };
}

/** A list that is empty. */
export const EMPTY_SET = "Empty set.";
