/** Block headers. See docs/protocol/data-model.md#header. */
import { hashOf } from "../crypto/index.js";
import type { CryptoSuite } from "../crypto/index.js";
import { HEADER_EXTRA_DATA_ITEMS_MAX, NODE_LIST_MAX, bytesToHex, ok } from "../primitives/index.js";
import type { Hash, Height, NodeId, Result } from "../primitives/index.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import { RlpReader, RlpWriter } from "./rlp.js";

/** Bytes of a log bloom. */
export const BLOOM_BYTES = 256;

/** Everything that a block's hash covers. */
export interface BlockHeader {
  readonly parentHash: Hash;
  /** Equal to `dbHash` once executed; the parent's in a proposal. */
  readonly stateRoot: Hash;
  readonly transactionsRoot: Hash;
  /** All zero in a proposal: that is how one is told from an executed block. */
  readonly receiptsRoot: Hash;
  readonly dbHash: Hash;
  /** 256 bytes, always zero on existing chains. */
  readonly logBloom: Uint8Array;
  readonly number: Height;
  /** Always 0 on existing chains. */
  readonly gasLimit: bigint;
  /** Always 0 on existing chains. */
  readonly gasUsed: bigint;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Genesis: one item, the mark of the group. Otherwise empty. */
  readonly extraData: readonly Uint8Array[];
  /** Index of the proposer in the sorted list of all sealers; 2^256 − 1 in an empty proposal of the C++ node. */
  readonly sealer: bigint;
  /** Nodes that decide this block, ascending: all sealers, or the working ones under rPBFT. */
  readonly sealerList: readonly NodeId[];
}

/** RLP of a header: the preimage of the block hash. */
export function encodeHeader(header: BlockHeader): Uint8Array {
  const writer = new RlpWriter(1024);
  return writeHeader(writer, header).toBytes();
}

/** Appends a header as one item. */
export function writeHeader(writer: RlpWriter, header: BlockHeader): RlpWriter {
  const list = writer.openList();
  writer.hex(header.parentHash).hex(header.stateRoot).hex(header.transactionsRoot).hex(header.receiptsRoot);
  writer.hex(header.dbHash).bytes(header.logBloom).number(header.number);
  writer.integer(header.gasLimit).integer(header.gasUsed).number(header.timestamp);
  const extraData = writer.openList();
  for (const item of header.extraData) writer.bytes(item);
  writer.closeList(extraData).integer(header.sealer);
  const sealerList = writer.openList();
  for (const id of header.sealerList) writer.hex(id);
  return writer.closeList(sealerList).closeList(list);
}

/** Decodes a header that fills `bytes`. */
export function decodeHeader(bytes: Uint8Array): Result<BlockHeader, DecodeFailure> {
  const reader = new RlpReader(bytes);
  const header = readHeader(reader);
  return reader.failed || !reader.atEnd ? malformed("header") : ok(header);
}

/** Reads a header as one item; meaningless when the reader has failed. */
export function readHeader(reader: RlpReader): BlockHeader {
  const outer = reader.enterList();
  const header: BlockHeader = {
    parentHash: reader.readHash(),
    stateRoot: reader.readHash(),
    transactionsRoot: reader.readHash(),
    receiptsRoot: reader.readHash(),
    dbHash: reader.readHash(),
    logBloom: reader.readFixed(BLOOM_BYTES),
    number: reader.readNumber() as Height,
    gasLimit: reader.readInteger(),
    gasUsed: reader.readInteger(),
    timestamp: reader.readNumber(),
    extraData: reader.readListOrNothing(HEADER_EXTRA_DATA_ITEMS_MAX, () => reader.readBytesOrList()),
    sealer: reader.readInteger(),
    sealerList: reader.readListOrNothing(NODE_LIST_MAX, () => bytesToHex(reader.readPadded(64)) as NodeId),
  };
  reader.leaveList(outer);
  return header;
}

/** Hash of a header, which is the hash of its block. */
export function headerHash(header: BlockHeader, suite: CryptoSuite): Hash {
  return hashOf(suite, encodeHeader(header));
}
