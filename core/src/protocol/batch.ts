/**
 * Many transactions in one byte string with a table of offsets, so that they can be decoded independently.
 * See docs/protocol/data-model.md#batch.
 */
import { BATCH_TRANSACTIONS_MAX, EMPTY_BYTES, ok } from "../primitives/index.js";
import type { Result } from "../primitives/index.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";

const WORD_BYTES = 4;

/** One byte string of transactions as they came in: count, offsets and end in little-endian words, then the bytes. No transactions are no bytes. */
export function encodeTransactionBatch(raws: readonly Uint8Array[]): Uint8Array {
  if (raws.length === 0) return EMPTY_BYTES;
  const dataStart = WORD_BYTES * (raws.length + 2);
  const batch = new Uint8Array(raws.reduce((size, raw) => size + raw.length, dataStart));
  const view = new DataView(batch.buffer);
  view.setUint32(0, raws.length, true);
  let offset = 0;
  raws.forEach((raw, i) => {
    view.setUint32(WORD_BYTES * (i + 1), offset, true);
    batch.set(raw, dataStart + offset);
    offset += raw.length;
  });
  view.setUint32(WORD_BYTES * (raws.length + 1), offset, true);
  return batch;
}

/**
 * The transactions of a batch, as views of it and not yet decoded.
 *
 * Each must lie inside the batch and hold at least one byte; bytes before the first and behind the last are ignored.
 */
export function decodeTransactionBatch(batch: Uint8Array): Result<Uint8Array[], DecodeFailure> {
  if (batch.length === 0) return ok([]);
  if (batch.length < WORD_BYTES) return malformed("transaction-batch", "no count");
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const count = view.getUint32(0, true);
  const dataStart = WORD_BYTES * (count + 2);
  if (count > BATCH_TRANSACTIONS_MAX) return malformed("transaction-batch", "too many transactions");
  if (dataStart >= batch.length) return malformed("transaction-batch", "no room for its offsets");
  const dataBytes = batch.length - dataStart;
  const raws: Uint8Array[] = [];
  let start = view.getUint32(WORD_BYTES, true);
  for (let i = 0; i < count; i++) {
    const end = view.getUint32(WORD_BYTES * (i + 2), true);
    if (end <= start || end > dataBytes) return malformed("transaction-batch", "an offset is out of order or outside");
    raws.push(batch.subarray(dataStart + start, dataStart + end));
    start = end;
  }
  return ok(raws);
}
