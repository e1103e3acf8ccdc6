/** A transaction with everything that proves what became of it. */
import { receiptOf, type Receipt } from "../contracts/receipt.js";
import type { Chain } from "../chain.js";
import { digitsOf } from "../hex.js";
import type { Rpc } from "../rpc/rpc.js";
import type { RpcHeader, RpcReceiptWithProof, RpcTransaction, RpcTransactionWithProof } from "../rpc/types.js";
import { ProofError, verifyHeader, verifyReceiptProof, verifyTransactionProof } from "./verify.js";

/** What was proven, and the evidence: it can be kept, given to others and checked again without any node. */
export interface ProvenTransaction {
  readonly transaction: RpcTransaction;
  readonly receipt: Receipt;
  readonly header: RpcHeader;
  readonly evidence: {
    readonly header: RpcHeader;
    readonly transaction: RpcTransactionWithProof;
    readonly receipt: RpcReceiptWithProof;
  };
}

/**
 * Checks evidence without asking anybody.
 *
 * @param sealers node ids of those who could seal the block, from somewhere that is trusted
 * @throws ProofError when anything does not hold
 */
export function verifyEvidence(
  evidence: ProvenTransaction["evidence"],
  sealers: readonly string[],
  chain: Pick<Chain, "suite" | "supportedVersion">,
): void {
  verifyHeader(evidence.header, sealers, chain.suite);
  verifyTransactionProof(evidence.transaction, evidence.header, chain.suite);
  verifyReceiptProof(evidence.receipt, evidence.header, chain);
  const { transaction } = evidence.transaction;
  const receipt = evidence.receipt.transactionReceipt;
  const isSame =
    receipt.transactionHash === transaction.hash &&
    Number(receipt.transactionIndex) === Number(transaction.transactionIndex) &&
    receipt.from === transaction.from &&
    receipt.to === transaction.to &&
    receipt.input === transaction.input;
  if (!isSame) throw new ProofError("not-the-receipt", `The receipt is not that of ${transaction.hash}.`);
}

/**
 * Asks a node for a transaction, its receipt, and what proves both, and checks it.
 *
 * @returns undefined when no block has it
 * @throws ProofError
 */
export async function proveTransaction(
  rpc: Rpc,
  hash: string,
  sealers: readonly string[],
  chain: Chain,
): Promise<ProvenTransaction | undefined> {
  const transaction = await rpc.getTransactionByHashWithProof(hash);
  const receipt = await rpc.getTransactionReceiptByHashWithProof(hash);
  if (transaction === null || receipt === null) return undefined;
  const header = await rpc.getBlockHeaderByNumber(Number(transaction.transaction.blockNumber), true);
  const evidence = { header, transaction, receipt };
  if (digitsOf(transaction.transaction.hash) !== digitsOf(hash)) {
    throw new ProofError(
      "transaction-hash-wrong",
      `The node answered with ${transaction.transaction.hash} for ${hash}.`,
    );
  }
  verifyEvidence(evidence, sealers, chain);
  return {
    transaction: transaction.transaction,
    receipt: receiptOf(receipt.transactionReceipt),
    header,
    evidence,
  };
}
