/** Packets of block and transaction synchronisation. See docs/protocol/sync-packets.md. */
import { BATCH_TRANSACTIONS_MAX, SYNC_HASHES_MAX, ok, unreachable } from "../primitives/index.js";
import type { Hash, Height, Result } from "../primitives/index.js";
import { decodeTransactionBatch, encodeTransactionBatch } from "./batch.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import { RlpReader, RlpWriter } from "./rlp.js";
import { V2_6_0 } from "./version.js";
import type { SupportedVersion } from "./version.js";

/** Head of the sender's chain. */
export interface StatusPacket {
  readonly type: "status";
  readonly number: Height;
  readonly genesisHash: Hash;
  readonly latestHash: Hash;
  /** The sender's wall clock in milliseconds, from 2.6.0 on; undefined below. */
  readonly time: number | undefined;
}

/** Transactions as they came in. */
export interface TransactionsPacket {
  readonly type: "transactions";
  readonly rawTransactions: readonly Uint8Array[];
  /** Index of the consensus node at which the relay tree begins; undefined where transactions are not sent by tree. */
  readonly consensusIndex: number | undefined;
}

/** Whole stored blocks, encoded. */
export interface BlocksPacket {
  readonly type: "blocks";
  readonly blocks: readonly Uint8Array[];
}

/** Asks for the blocks `from` to `from + size − 1`. */
export interface RequestBlocksPacket {
  readonly type: "request-blocks";
  readonly from: Height;
  readonly size: number;
}

/** Hashes of transactions that the sender has. */
export interface TransactionsStatusPacket {
  readonly type: "transactions-status";
  readonly number: Height;
  /** Ascending when encoded, whatever their order here. */
  readonly hashes: readonly Hash[];
}

/** Asks for transactions by hash. */
export interface RequestTransactionsPacket {
  readonly type: "request-transactions";
  readonly hashes: readonly Hash[];
}

/** Everything that module Sync sends. */
export type SyncPacket =
  | StatusPacket
  | TransactionsPacket
  | BlocksPacket
  | RequestBlocksPacket
  | TransactionsStatusPacket
  | RequestTransactionsPacket;

/** First byte of each packet. */
const TYPE_BYTE = {
  status: 1,
  transactions: 2,
  blocks: 3,
  "request-blocks": 4,
  "transactions-status": 5,
  "request-transactions": 6,
} as const satisfies Record<SyncPacket["type"], number>;

/** What the packet in `body` claims to be, without decoding it; undefined for none of the kinds. */
export function syncPacketType(body: Uint8Array): SyncPacket["type"] | undefined {
  const found = Object.entries(TYPE_BYTE).find(([, byte]) => byte === body[0]);
  return found?.[0] as SyncPacket["type"] | undefined;
}

/** Encodes a packet; `version` decides whether a status carries the time. */
export function encodeSyncPacket(packet: SyncPacket, version: SupportedVersion): Uint8Array {
  const writer = new RlpWriter();
  writer.raw(Uint8Array.of(TYPE_BYTE[packet.type]));
  const list = writer.openList();
  writeItems(writer, packet, version);
  return writer.closeList(list).toBytes();
}

function writeItems(writer: RlpWriter, packet: SyncPacket, version: SupportedVersion): void {
  switch (packet.type) {
    case "status":
      writer.number(packet.number).hex(packet.genesisHash).hex(packet.latestHash);
      if (version >= V2_6_0) writer.number(packet.time ?? 0);
      return;
    case "transactions":
      writer.bytes(encodeTransactionBatch(packet.rawTransactions));
      if (packet.consensusIndex !== undefined) writer.number(packet.consensusIndex);
      return;
    case "blocks":
      for (const block of packet.blocks) writer.bytes(block);
      return;
    case "request-blocks":
      writer.number(packet.from).number(packet.size);
      return;
    case "transactions-status":
      writer.number(packet.number);
      writeHashes(writer, [...packet.hashes].sort());
      return;
    case "request-transactions":
      writeHashes(writer, packet.hashes);
      return;
    default:
      unreachable(packet);
  }
}

function writeHashes(writer: RlpWriter, hashes: readonly Hash[]): void {
  const list = writer.openList();
  for (const hash of hashes) writer.hex(hash);
  writer.closeList(list);
}

/** Decodes the body of a frame of module Sync. Transactions and blocks stay encoded, as views of it. */
export function decodeSyncPacket(body: Uint8Array, version: SupportedVersion): Result<SyncPacket, DecodeFailure> {
  if (body.length < 2) return malformed("sync-packet", "too short");
  const reader = new RlpReader(body, 1);
  reader.enterOnlyList();
  const packet = readPacket(reader, body[0] as number, version);
  return packet === undefined || reader.failed ? malformed("sync-packet") : ok(packet);
}

function readPacket(reader: RlpReader, typeByte: number, version: SupportedVersion): SyncPacket | undefined {
  switch (typeByte) {
    case TYPE_BYTE.status:
      return readStatus(reader, version);
    case TYPE_BYTE.transactions:
      return readTransactions(reader);
    case TYPE_BYTE.blocks: {
      const blocks: Uint8Array[] = [];
      while (!reader.atEnd && blocks.length < BATCH_TRANSACTIONS_MAX) blocks.push(reader.readBytes());
      return { type: "blocks", blocks };
    }
    case TYPE_BYTE["request-blocks"]: {
      const packet = {
        type: "request-blocks",
        from: reader.readNumber() as Height,
        size: reader.readNumber(4),
      } as const;
      if (!reader.atEnd) reader.fail();
      return packet;
    }
    case TYPE_BYTE["transactions-status"]:
      return { type: "transactions-status", number: reader.readNumber() as Height, hashes: readHashes(reader) };
    case TYPE_BYTE["request-transactions"]:
      return { type: "request-transactions", hashes: readHashes(reader) };
    default:
      return undefined;
  }
}

function readStatus(reader: RlpReader, version: SupportedVersion): StatusPacket {
  const packet: StatusPacket = {
    type: "status",
    number: reader.readNumber() as Height,
    genesisHash: reader.readHash(),
    latestHash: reader.readHash(),
    time: version >= V2_6_0 ? reader.readNumber() : undefined,
  };
  // A node of another version sends more or fewer items: neither side understands the other.
  if (!reader.atEnd) reader.fail();
  return packet;
}

function readTransactions(reader: RlpReader): TransactionsPacket | undefined {
  const batch = decodeTransactionBatch(reader.readBytesOrList());
  if (!batch.ok) return undefined;
  const consensusIndex = reader.atEnd ? undefined : reader.readNumber();
  return { type: "transactions", rawTransactions: batch.value, consensusIndex };
}

function readHashes(reader: RlpReader): Hash[] {
  return reader.readList(SYNC_HASHES_MAX, () => reader.readHash());
}
