export * from "./amop.js";
export { decodeTransactionBatch, encodeTransactionBatch } from "./batch.js";
export { decodeBlock, encodeBlock } from "./block.js";
export type { BlockBody, BlockParts, BlockSignature, DecodedBlock } from "./block.js";
export * from "./channel-events.js";
export * from "./channel-frame.js";
export {
  CHANNEL_VERSIONS,
  blockTopic,
  decodeBlockNotification,
  decodeHandshake,
  decodeHandshakeReply,
  decodeTopics,
  encodeBlockNotification,
  encodeHandshake,
  encodeHandshakeReply,
  encodeHeartbeat,
  encodeTopics,
  heartbeatReply,
  negotiateChannelVersion,
} from "./channel-session.js";
export type { BlockNotification, ChannelVersion, Handshake, HandshakeReply } from "./channel-session.js";
export type { DecodeFailure } from "./failure.js";
export type { FrameFailure } from "./frame-cutter.js";
export { BLOOM_BYTES, decodeHeader, encodeHeader, headerHash } from "./header.js";
export type { BlockHeader } from "./header.js";
export { readJson, writeIndentedJson, writeJson } from "./json.js";
export type { Json } from "./json.js";
export { parseHashText, parseWholeText } from "./lenient-text.js";
export { ModuleId, P2P_COMPRESSED, P2P_HEADER_BYTES, P2pFrameReader, encodeP2pFrame } from "./p2p-frame.js";
export type { P2pFrame } from "./p2p-frame.js";
export * from "./pbft-messages.js";
export * from "./proposal.js";
export * from "./raft-messages.js";
export { decodeReceipt, encodeReceipt, encodeReceipts, logBloom } from "./receipt.js";
export type { LogEntry, Receipt } from "./receipt.js";
export { RlpReader, RlpWriter, encodeRlpBytes, encodeRlpInteger, encodeRlpList } from "./rlp.js";
export {
  MerkleTree,
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
export { decodeSyncPacket, encodeSyncPacket, syncPacketType } from "./sync-packets.js";
export type {
  BlocksPacket,
  RequestBlocksPacket,
  RequestTransactionsPacket,
  StatusPacket,
  SyncPacket,
  TransactionsPacket,
  TransactionsStatusPacket,
} from "./sync-packets.js";
export { headerFromJson, rawTransactionFromJson, receiptFromJson } from "./json-records.js";
export type { HeaderJson, ReceiptJson, TransactionJson } from "./json-records.js";
export { revertReason } from "./revert-reason.js";
export {
  contractAddress,
  create2Address,
  decodeTransaction,
  encodeTransaction,
  isSignatureInRange,
  judgedTransaction,
  judgeTransaction,
  signTransaction,
  signingDigest,
  transactionHash,
  verifyTransaction,
} from "./transaction.js";
export type {
  SignatureFailure,
  Transaction,
  TransactionVerdict,
  UnsignedTransaction,
  VerifiedTransaction,
} from "./transaction.js";
export * from "./version.js";
