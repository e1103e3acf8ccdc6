/** The JSON objects that several methods answer with: transaction, receipt, header, block. */
import { ZERO_ADDRESS, type Address, type Hash } from "@tsbcos/core/primitives";
import { revertReason, statusMessage } from "@tsbcos/core/protocol";
import type { BlockHeader, BlockSignature, Receipt, Transaction, VerifiedTransaction } from "@tsbcos/core/protocol";
import { hexBytes, hexNumber, hexText } from "./formats.js";
import type { Json } from "@tsbcos/core/protocol";

/** Where something is on the chain. */
export interface BlockPosition {
  readonly blockHash: Hash;
  readonly blockNumber: number;
  /** Position of the transaction in its block. */
  readonly index: number;
}

const ECDSA_SIGNATURE_BYTES = 65;

/** r, s and v of a signature: v is the recovery id as a decimal number, or the signer's public key on SM chains. */
function signatureJson(signature: Uint8Array): Json {
  const v = signature.length === ECDSA_SIGNATURE_BYTES ? `0x${signature[64] ?? 0}` : hexBytes(signature.subarray(64));
  return {
    r: hexBytes(signature.subarray(0, 32)),
    s: hexBytes(signature.subarray(32, 64)),
    signature: hexBytes(signature),
    v,
  };
}

/** A transaction; without a position it is one that still waits. */
export function transactionJson(tx: VerifiedTransaction, position: BlockPosition | undefined): Json {
  return {
    ...(position === undefined
      ? {}
      : {
          blockHash: hexText(position.blockHash),
          blockNumber: hexNumber(position.blockNumber),
          transactionIndex: hexNumber(position.index),
        }),
    blockLimit: hexNumber(tx.blockLimit),
    chainId: hexNumber(tx.chainId),
    extraData: hexBytes(tx.extraData),
    from: hexText(tx.sender),
    gas: hexNumber(tx.gas),
    gasPrice: hexNumber(tx.gasPrice),
    groupId: hexNumber(tx.groupId),
    hash: hexText(tx.hash),
    input: hexBytes(tx.data),
    nonce: hexNumber(tx.nonce),
    signature: signatureJson(tx.signature),
    to: hexText(tx.to ?? ZERO_ADDRESS),
    value: hexNumber(tx.value),
  };
}

/** What is added to the objects of 2.x. */
export interface Additions {
  /** The reason of a failure in words, where the contract gave one. */
  readonly revertReasons: boolean;
}

/** The reason of a failure as a member of its own, or no member. */
export function reasonJson(
  { status, output }: Pick<Receipt, "status" | "output">,
  { revertReasons }: Additions,
): Record<string, Json> {
  const reason = revertReasons && status !== 0 ? revertReason(output) : undefined;
  return reason === undefined ? {} : { revertReason: reason };
}

/** What the short and the full form of a receipt share. */
function receiptCore(
  receipt: Receipt,
  tx: { readonly hash: Hash; readonly sender: Address; readonly to: Transaction["to"] },
  index: number,
  additions: Additions,
): Record<string, Json> {
  return {
    ...reasonJson(receipt, additions),
    contractAddress: hexText(receipt.contractAddress),
    from: hexText(tx.sender),
    gasUsed: hexNumber(receipt.gasUsed),
    logs: receipt.logs.map((log) => ({
      address: hexText(log.address),
      data: hexBytes(log.data),
      topics: log.topics.map(hexText),
    })),
    output: hexBytes(receipt.output),
    status: hexNumber(receipt.status),
    to: hexText(tx.to ?? ZERO_ADDRESS),
    transactionHash: hexText(tx.hash),
    transactionIndex: hexNumber(index),
  };
}

/** A receipt as `getTransactionReceipt` prints it. */
export function receiptJson(
  receipt: Receipt,
  tx: VerifiedTransaction,
  position: BlockPosition,
  additions: Additions,
): Record<string, Json> {
  return {
    ...receiptCore(receipt, tx, position.index, additions),
    blockHash: hexText(position.blockHash),
    blockNumber: hexNumber(position.blockNumber),
    input: hexBytes(tx.data),
    logsBloom: hexBytes(receipt.bloom),
    remainGas: hexNumber(receipt.remainGas),
    root: hexText(receipt.stateRoot),
    statusMsg: statusMessage(receipt.status),
  };
}

/** A receipt as the batch methods print it. */
export function batchReceiptJson(receipt: Receipt, tx: VerifiedTransaction, index: number, additions: Additions): Json {
  return receiptCore(receipt, tx, index, additions);
}

function signatureListJson(signatures: readonly BlockSignature[]): Json {
  return signatures.map(({ index, signature }) => ({ index: hexNumber(index), signature: hexBytes(signature) }));
}

function headerCore(header: BlockHeader, hash: Hash): Record<string, Json> {
  return {
    dbHash: hexText(header.dbHash),
    extraData: header.extraData.map(hexBytes),
    gasLimit: hexNumber(header.gasLimit),
    gasUsed: hexNumber(header.gasUsed),
    hash: hexText(hash),
    logsBloom: hexBytes(header.logBloom),
    parentHash: hexText(header.parentHash),
    receiptsRoot: hexText(header.receiptsRoot),
    sealer: hexNumber(header.sealer),
    sealerList: header.sealerList,
    stateRoot: hexText(header.stateRoot),
    timestamp: hexNumber(header.timestamp),
    transactionsRoot: hexText(header.transactionsRoot),
  };
}

/** A block read from the store. */
export interface StoredBlock {
  readonly header: BlockHeader;
  readonly hash: Hash;
  readonly transactions: readonly VerifiedTransaction[];
  readonly signatures: readonly BlockSignature[];
  readonly receipts: readonly Receipt[];
}

/** A block: `full` gives whole transactions and the signature list, otherwise transaction hashes only. */
export function blockJson(block: StoredBlock, full: boolean): Json {
  const blockNumber = block.header.number;
  return {
    ...headerCore(block.header, block.hash),
    // Blocks print the number as text and headers as a number: clients rely on both.
    number: hexNumber(blockNumber),
    transactions: block.transactions.map((tx, index) =>
      full ? transactionJson(tx, { blockHash: block.hash, blockNumber, index }) : hexText(tx.hash),
    ),
    ...(full ? { signatureList: signatureListJson(block.signatures) } : {}),
  };
}

/** A header, with its signature list when asked for. */
export function headerJson(block: Omit<StoredBlock, "transactions" | "receipts">, withSignatures: boolean): Json {
  return {
    ...headerCore(block.header, block.hash),
    number: block.header.number,
    ...(withSignatures ? { signatureList: signatureListJson(block.signatures) } : {}),
  };
}
