export { decodeTransactionBatch, encodeTransactionBatch } from "./batch.js";
export { decodeBlock, encodeBlock } from "./block.js";
export type { BlockBody, BlockParts, BlockSignature, DecodedBlock } from "./block.js";
export type { DecodeFailure } from "./failure.js";
export { BLOOM_BYTES, decodeHeader, encodeHeader, headerHash } from "./header.js";
export type { BlockHeader } from "./header.js";
export { decodeReceipt, encodeReceipt, logBloom } from "./receipt.js";
export type { LogEntry, Receipt } from "./receipt.js";
export { RlpReader, RlpWriter, encodeRlpBytes, encodeRlpInteger, encodeRlpList } from "./rlp.js";
export {
  merkleProof,
  merkleRoot,
  receiptLeaves,
  receiptsRoot,
  rootOfProof,
  transactionLeaves,
  transactionsRoot,
} from "./roots.js";
export type { MerkleLevel, RootedTransaction } from "./roots.js";
export { TransactionStatus, statusMessage } from "./status.js";
export {
  contractAddress,
  create2Address,
  decodeTransaction,
  encodeTransaction,
  isSignatureInRange,
  signTransaction,
  signingDigest,
  transactionHash,
  verifyTransaction,
} from "./transaction.js";
export type { SignatureFailure, Transaction, UnsignedTransaction, VerifiedTransaction } from "./transaction.js";
export * from "./version.js";
