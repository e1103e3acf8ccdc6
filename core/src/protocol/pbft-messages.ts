/** Packets and messages of PBFT and rPBFT. See docs/protocol/pbft-messages.md. */
import type { CryptoSuite } from "../crypto/index.js";
import { EMPTY_BYTES, NODE_LIST_MAX, SIGNATURE_BYTES_MAX, bytesToHex, ok } from "../primitives/index.js";
import type { Hash, NodeId, Result } from "../primitives/index.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import { RlpReader, RlpWriter } from "./rlp.js";

/** P2P packet types of module PBFT; any other value is treated as `Message`. */
export const PbftPacketType = {
  /** A packet: prepare with whole block, sign, commit, view change. */
  Message: 0,
  /** A packet: prepare with transaction hashes. */
  HashPrepare: 1,
  MissedTransactionsRequest: 2,
  MissedTransactionsResponse: 3,
  /** rPBFT only: what a node has to offer. */
  RawPrepareStatus: 4,
  /** rPBFT only. */
  RawPrepareRequest: 5,
  /** rPBFT only: a packet, prepare with whole block. */
  RawPrepareResponse: 6,
} as const;

/** What a packet carries. */
export const PbftPacketId = { Prepare: 0, Sign: 1, Commit: 2, ViewChange: 3 } as const;

/** One of {@link PbftPacketId}. */
export type PbftPacketId = (typeof PbftPacketId)[keyof typeof PbftPacketId];

/** The envelope in which messages are sent and forwarded. Nothing of it is signed. */
export interface PbftPacket {
  readonly packetId: PbftPacketId;
  /** Hops left, 0 to 127. */
  readonly ttl: number;
  /** The enclosed prepare has an empty block. */
  readonly emptyBlock: boolean;
  /** An encoded {@link PbftMessage}. */
  readonly message: Uint8Array;
  /** Nodes that the sender could not reach; undefined where the chain does not forward by this list. */
  readonly forwardNodes: readonly NodeId[] | undefined;
}

/** What {@link PbftMessage.sig2} covers. */
export interface PbftFields {
  /** Number of the block; of the sender's highest block in a view change. At most 32 bits. */
  readonly height: number;
  /** At most 32 bits. */
  readonly view: number;
  /** Position of the author in the sorted list of all sealers. */
  readonly index: number;
  /** The author's wall clock, milliseconds; nobody checks it. */
  readonly timestamp: bigint;
}

/** A prepare, sign, commit or view change. */
export interface PbftMessage extends PbftFields {
  /**
   * Prepare: hash of the proposal before execution. Sign and commit: hash of the executed header. View change: hash of
   * the sender's highest block.
   */
  readonly blockHash: Hash;
  /** Over `blockHash`. */
  readonly sig: Uint8Array;
  /** Over {@link pbftFieldsDigest}. */
  readonly sig2: Uint8Array;
  /** Prepare: the proposal, whole or in hash form. Empty in all others. */
  readonly block: Uint8Array;
}

/** Who offers or asks for a prepare, in the tree broadcast of rPBFT. Unsigned. */
export interface RawPrepareStatus {
  readonly height: number;
  readonly view: number;
  readonly index: number;
  readonly blockHash: Hash;
}

const EMPTY_BLOCK_FLAG = 0x80;

/** Encodes a packet. */
export function encodePbftPacket(packet: PbftPacket): Uint8Array {
  const writer = new RlpWriter(packet.message.length + 64);
  const list = writer.openList();
  const content = writer.openList();
  writer.number(packet.packetId).number(packet.ttl | (packet.emptyBlock ? EMPTY_BLOCK_FLAG : 0));
  writer.bytes(packet.message);
  if (packet.forwardNodes !== undefined) {
    const nodes = writer.openList();
    for (const id of packet.forwardNodes) writer.hex(id);
    writer.closeList(nodes);
  }
  return writer.closeBytes(content).closeList(list).toBytes();
}

/** Decodes a packet; the message in it stays encoded. */
export function decodePbftPacket(bytes: Uint8Array): Result<PbftPacket, DecodeFailure> {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  reader.enterBytes();
  const packetId = reader.readNumber(1);
  const extendedTtl = reader.readNumber(1);
  const message = reader.readBytesOrList();
  const forwardNodes = reader.atEnd
    ? undefined
    : reader.readListOrNothing(NODE_LIST_MAX, () => bytesToHex(reader.readPadded(64)) as NodeId);
  if (reader.failed || !isPacketId(packetId)) return malformed("pbft-packet");
  const emptyBlock = (extendedTtl & EMPTY_BLOCK_FLAG) !== 0;
  return ok({ packetId, ttl: extendedTtl & ~EMPTY_BLOCK_FLAG, emptyBlock, message, forwardNodes });
}

function isPacketId(value: number): value is PbftPacketId {
  return value <= PbftPacketId.ViewChange;
}

/** Encodes a message; the block only where there is one, that is, in a prepare. */
export function encodePbftMessage(message: PbftMessage): Uint8Array {
  const writer = new RlpWriter(message.block.length + 512);
  const list = writer.openList();
  const content = writer.openList();
  writeFields(writer, message);
  writer.hex(message.blockHash).bytes(message.sig).bytes(message.sig2);
  if (message.block.length > 0) writer.bytes(message.block);
  return writer.closeBytes(content).closeList(list).toBytes();
}

/**
 * Decodes a message. Signatures are copies; the block of a prepare is a view of `bytes`. What stands behind the
 * signatures of any other message is not even looked at.
 *
 * @param packetId what the packet says that the message is
 */
export function decodePbftMessage(bytes: Uint8Array, packetId: PbftPacketId): Result<PbftMessage, DecodeFailure> {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  reader.enterBytes();
  const message: PbftMessage = {
    height: reader.readNumber(4),
    view: reader.readNumber(4),
    index: reader.readNumber(2),
    timestamp: reader.readInteger(),
    blockHash: reader.readHash(),
    sig: readSignature(reader),
    sig2: readSignature(reader),
    block: packetId === PbftPacketId.Prepare ? reader.readBytes() : EMPTY_BYTES,
  };
  return reader.failed ? malformed("pbft-message") : ok(message);
}

function readSignature(reader: RlpReader): Uint8Array {
  const signature = reader.readBytesOrList();
  // Votes are kept while their frames are not.
  if (signature.length <= SIGNATURE_BYTES_MAX) return signature.slice();
  reader.fail();
  return EMPTY_BYTES;
}

function writeFields(writer: RlpWriter, fields: PbftFields): void {
  writer.number(fields.height).number(fields.view).number(fields.index).integer(fields.timestamp);
}

/** The 32 bytes that `sig2` signs: computed from the decoded fields, so that none of them can be changed. */
export function pbftFieldsDigest(fields: PbftFields, suite: CryptoSuite): Uint8Array {
  const writer = new RlpWriter(64);
  writeFields(writer, fields);
  return writer.use((bytes) => suite.hash(bytes));
}

/** Encodes an offer of or a request for a prepare. */
export function encodeRawPrepareStatus(status: RawPrepareStatus): Uint8Array {
  const writer = new RlpWriter(64);
  const list = writer.openList();
  const content = writer.openList();
  writer.number(status.height).number(status.view).number(status.index).hex(status.blockHash);
  return writer.closeBytes(content).closeList(list).toBytes();
}

/** Decodes an offer of or a request for a prepare. */
export function decodeRawPrepareStatus(bytes: Uint8Array): Result<RawPrepareStatus, DecodeFailure> {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  reader.enterBytes();
  const status = {
    height: reader.readNumber(4),
    view: reader.readNumber(4),
    index: reader.readNumber(2),
    blockHash: reader.readHash(),
  };
  return reader.failed ? malformed("raw-prepare-status") : ok(status);
}

/** The stored form of the prepare that this node has voted for. */
export function encodeBackedUpPrepare(prepare: PbftMessage): Uint8Array {
  return encodePbftMessage(prepare);
}

/** Decodes the stored form of a prepare. */
export function decodeBackedUpPrepare(bytes: Uint8Array): Result<PbftMessage, DecodeFailure> {
  return decodePbftMessage(bytes, PbftPacketId.Prepare);
}
