/** Receipts, log blooms and status codes. See docs/protocol/data-model.md#receipt. */
import type { CryptoSuite } from "../crypto/index.js";
import { bytesToHex, hexToBytes, ok } from "../primitives/index.js";
import type { Address, Hash, Result } from "../primitives/index.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import { BLOOM_BYTES } from "./header.js";
import { RlpReader, RlpWriter } from "./rlp.js";
import { V2_9_0 } from "./version.js";
import type { SupportedVersion } from "./version.js";

/** LOG0 to LOG4. */
const TOPICS_MAX = 4;

/** An event that a contract emitted. */
export interface LogEntry {
  readonly address: Address;
  /** None to four. */
  readonly topics: readonly Hash[];
  readonly data: Uint8Array;
}

/** What a transaction did. */
export interface Receipt {
  /** State root of the whole block, the same in each of its receipts. */
  readonly stateRoot: Hash;
  /** Gas of this transaction; below 2.9.0 the sum over the block up to and including it. */
  readonly gasUsed: bigint;
  /** The created contract; zero when none was. */
  readonly contractAddress: Address;
  /** 256 bytes, the union over `logs`. */
  readonly bloom: Uint8Array;
  /** See {@link TransactionStatus}. */
  readonly status: number;
  readonly output: Uint8Array;
  /** Gas left to the sender's account where gas is charged; encoded from 2.9.0 on, 0 below. */
  readonly remainGas: bigint;
  readonly logs: readonly LogEntry[];
}

/** RLP of a receipt in the layout of `version`. */
export function encodeReceipt(receipt: Receipt, version: SupportedVersion): Uint8Array {
  return writeReceipt(new RlpWriter(1024), receipt, version).toBytes();
}

/** RLP of each receipt, as views of one array: an array for each would cost as much as the encoding. */
export function encodeReceipts(receipts: readonly Receipt[], version: SupportedVersion): Uint8Array[] {
  const writer = new RlpWriter(1024 * receipts.length);
  const starts = receipts.map((receipt) => {
    const start = writer.size;
    writeReceipt(writer, receipt, version);
    return start;
  });
  const all = writer.toBytes();
  return starts.map((start, index) => all.subarray(start, starts[index + 1]));
}

/** Appends a receipt as one item. */
export function writeReceipt(writer: RlpWriter, receipt: Receipt, version: SupportedVersion): RlpWriter {
  const list = writer.openList();
  writer.hex(receipt.stateRoot).integer(receipt.gasUsed).hex(receipt.contractAddress).bytes(receipt.bloom);
  writer.number(receipt.status).bytes(receipt.output);
  if (version >= V2_9_0) writer.integer(receipt.remainGas);
  const logs = writer.openList();
  for (const log of receipt.logs) {
    const entry = writer.openList();
    writer.hex(log.address);
    const topics = writer.openList();
    for (const topic of log.topics) writer.hex(topic);
    writer.closeList(topics).bytes(log.data).closeList(entry);
  }
  return writer.closeList(logs).closeList(list);
}

/** Decodes a receipt that fills `bytes`, in the layout of `version`. */
export function decodeReceipt(bytes: Uint8Array, version: SupportedVersion): Result<Receipt, DecodeFailure> {
  const reader = new RlpReader(bytes);
  const receipt = readReceipt(reader, version);
  return reader.failed || !reader.atEnd ? malformed("receipt") : ok(receipt);
}

/** Reads a receipt as one item; meaningless when the reader has failed. */
export function readReceipt(reader: RlpReader, version: SupportedVersion): Receipt {
  const outer = reader.enterList();
  const receipt: Receipt = {
    stateRoot: bytesToHex(reader.readPadded(32)) as Hash,
    gasUsed: reader.readInteger(),
    contractAddress: bytesToHex(reader.readPadded(20)) as Address,
    bloom: reader.readPadded(BLOOM_BYTES),
    status: reader.readNumber(4),
    output: reader.readBytesOrList(),
    remainGas: version >= V2_9_0 ? reader.readInteger() : 0n,
    logs: reader.readListOrNothing(Infinity, () => readLog(reader)),
  };
  reader.leaveList(outer);
  return receipt;
}

function readLog(reader: RlpReader): LogEntry {
  const outer = reader.enterList();
  const log = {
    address: bytesToHex(reader.readPadded(20)) as Address,
    topics: reader.readListOrNothing(TOPICS_MAX, () => bytesToHex(reader.readPadded(32)) as Hash),
    data: reader.readBytesOrList(),
  };
  if (!reader.atEnd) reader.fail();
  reader.leaveList(outer);
  return log;
}

/** The three bits of an address or topic, counted from the least significant, taken from its hash. */
function bloomBits(item: string, suite: CryptoSuite): readonly number[] {
  const hash = suite.hash(hexToBytes(item));
  return [0, 2, 4].map((at) => (((hash[at] as number) << 8) | (hash[at + 1] as number)) & 0x7ff);
}

/**
 * Bloom of the addresses and topics of `logs`, 256 bytes: three bits for each, taken from its hash.
 *
 * @param known bits of items met before, extended here; it saves most of the hashing where the same contracts and
 *   events come again and again. Whoever hands it in bounds it
 * @param bloom 256 zero bytes to fill, if they are at hand
 */
export function logBloom(
  logs: readonly LogEntry[],
  suite: CryptoSuite,
  known = new Map<string, readonly number[]>(),
  bloom = new Uint8Array(BLOOM_BYTES),
): Uint8Array {
  for (const log of logs) {
    for (const item of [log.address, ...log.topics]) {
      let bits = known.get(item);
      if (bits === undefined) {
        bits = bloomBits(item, suite);
        known.set(item, bits);
      }
      for (const bit of bits) {
        const at = BLOOM_BYTES - 1 - (bit >> 3);
        bloom[at] = (bloom[at] as number) | (1 << (bit & 7));
      }
    }
  }
  return bloom;
}
