/** Rows of the ledger in the key-value store: keys and codecs. The form is ours alone; see this room's README. */
import type { Address, ByteString, Hash } from "../primitives/index.js";
import { ascii, assert, bytesToHex, bytesToUtf8, concatBytes, hexToBytes, utf8ToBytes } from "../primitives/index.js";
import { RlpReader, RlpWriter } from "../protocol/index.js";

/** Layout of the rows of this file and of the table rows; a store with another number is refused. */
export const STORE_FORMAT = 1;

/** Key of the record that tells which chain the store holds; written with block 0. */
export const CHAIN_KEY = ascii("chain");
/** Key of the record that moves with every block. */
export const HEAD_KEY = ascii("head");

/** Key of the record that tells of which blocks the state can be read; moves with every block while history is kept. */
export const HISTORY_KEY = ascii("history");

/** Key of a block in its wire encoding, receipts and signatures included. */
export const blockKey = (number: number): ByteString => ascii(`b${number}`);
/** Key of the same block without transactions and receipts. */
export const headerKey = (number: number): ByteString => ascii(`h${number}`);
/** Key of the senders of a block's transactions, 20 bytes each. */
export const sendersKey = (number: number): ByteString => ascii(`f${number}`);
/** Key of the nonces of a block's transactions. */
export const noncesKey = (number: number): ByteString => ascii(`o${number}`);
/** Key of the number of the block with a hash. */
export const numberKey = (hash: Hash): ByteString => ascii(`n${hash}`);
/** Key of the place of a transaction. */
export const transactionKey = (hash: Hash): ByteString => ascii(`t${hash}`);

/** Which chain a store holds. */
export interface ChainRecord {
  readonly format: number;
  readonly version: number;
  readonly suite: string;
  readonly genesisHash: Hash;
}

/** How far a store has come. */
export interface HeadRecord {
  readonly number: number;
  readonly hash: Hash;
  readonly totalTransactions: number;
  readonly failedTransactions: number;
  /** Highest row id of the tables after this block. */
  readonly lastRowId: number;
}

/** Bytes of a {@link ChainRecord}. */
export function encodeChainRecord(record: ChainRecord): Uint8Array {
  return encodeList((writer) =>
    writer.number(record.format).number(record.version).bytes(utf8ToBytes(record.suite)).hex(record.genesisHash),
  );
}

/** A {@link ChainRecord} from its bytes, undefined when they are damaged. Only the format is read of other formats. */
export function decodeChainRecord(bytes: Uint8Array): ChainRecord | undefined {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  const format = reader.readNumber();
  if (!reader.failed && format !== STORE_FORMAT) return { format, version: 0, suite: "", genesisHash: "" as Hash };
  const record = {
    format,
    version: reader.readNumber(),
    suite: bytesToUtf8(reader.readBytes()),
    genesisHash: reader.readHash(),
  };
  return reader.failed || !reader.atEnd ? undefined : record;
}

/** Bytes of a {@link HeadRecord}. */
export function encodeHeadRecord(record: HeadRecord): Uint8Array {
  return encodeList((writer) =>
    writer
      .number(record.number)
      .hex(record.hash)
      .number(record.totalTransactions)
      .number(record.failedTransactions)
      .number(record.lastRowId),
  );
}

/** A {@link HeadRecord} from its bytes, undefined when they are damaged. */
export function decodeHeadRecord(bytes: Uint8Array): HeadRecord | undefined {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  const record = {
    number: reader.readNumber(),
    hash: reader.readHash(),
    totalTransactions: reader.readNumber(),
    failedTransactions: reader.readNumber(),
    lastRowId: reader.readNumber(),
  };
  return reader.failed || !reader.atEnd ? undefined : record;
}

/** Blocks after which the state can be read: none between the two is missing. */
export interface HistoryRecord {
  readonly from: number;
  /** Last block whose changes were kept. Behind the head: later ones were stored without, and the way back is cut. */
  readonly to: number;
}

/** Bytes of a {@link HistoryRecord}. */
export function encodeHistoryRecord({ from, to }: HistoryRecord): Uint8Array {
  return encodeList((writer) => writer.number(from).number(to));
}

/** A {@link HistoryRecord} from its bytes, undefined when they are damaged. */
export function decodeHistoryRecord(bytes: Uint8Array): HistoryRecord | undefined {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  const record = { from: reader.readNumber(), to: reader.readNumber() };
  return reader.failed || !reader.atEnd ? undefined : record;
}

/** Where a transaction stands. */
export interface TransactionPlace {
  /** Number of its block. */
  readonly number: number;
  /** Its position in the block, from 0. */
  readonly index: number;
}

/** Bytes of a {@link TransactionPlace}. */
export function encodePlace({ number, index }: TransactionPlace): Uint8Array {
  // One for each transaction: worth the small buffer.
  const writer = new RlpWriter(24);
  const list = writer.openList();
  return writer.number(number).number(index).closeList(list).toBytes();
}

/** A {@link TransactionPlace} from its bytes, undefined when they are damaged. */
export function decodePlace(bytes: Uint8Array): TransactionPlace | undefined {
  const reader = new RlpReader(bytes);
  reader.enterOnlyList();
  const place = { number: reader.readNumber(), index: reader.readNumber() };
  return reader.failed || !reader.atEnd ? undefined : place;
}

/** Bytes of the nonces of a block, in order of its transactions. */
export function encodeNonces(nonces: readonly bigint[]): Uint8Array {
  return encodeList((writer) => {
    for (const nonce of nonces) writer.integer(nonce);
  });
}

/** The nonces of a block from their bytes, undefined when they are damaged. */
export function decodeNonces(bytes: Uint8Array): bigint[] | undefined {
  const reader = new RlpReader(bytes);
  const nonces = reader.readList(bytes.length, () => reader.readInteger());
  return reader.failed || !reader.atEnd ? undefined : nonces;
}

/** Bytes of the senders of a block, in order of its transactions. */
export function encodeSenders(senders: readonly Address[]): Uint8Array {
  return concatBytes(...senders.map((sender) => hexToBytes(sender)));
}

/** The senders of a block from their bytes, undefined when they are damaged. */
export function decodeSenders(bytes: Uint8Array): Address[] | undefined {
  if (bytes.length % 20 !== 0) return undefined;
  const senders: Address[] = [];
  for (let at = 0; at < bytes.length; at += 20) senders.push(bytesToHex(bytes.subarray(at, at + 20)) as Address);
  return senders;
}

/** Bytes of a block number under its hash. */
export function encodeNumber(number: number): Uint8Array {
  return new RlpWriter(16).number(number).toBytes();
}

/** A block number from its bytes, undefined when they are damaged. */
export function decodeNumber(bytes: Uint8Array): number | undefined {
  const reader = new RlpReader(bytes);
  const number = reader.readNumber();
  return reader.failed || !reader.atEnd ? undefined : number;
}

/** What a reader of a record found, or the end of the group: the store lost or changed something it had. */
export function undamaged<T>(value: T | undefined, what: string): T {
  assert(value !== undefined, `the store holds ${what}, undamaged`);
  return value;
}

function encodeList(write: (writer: RlpWriter) => unknown): Uint8Array {
  const writer = new RlpWriter();
  const list = writer.openList();
  write(writer);
  return writer.closeList(list).toBytes();
}
