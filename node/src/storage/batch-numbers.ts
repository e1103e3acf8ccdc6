/**
 * Numbers of batches, written with them, so that a lost batch is noticed.
 *
 * The database recovers from a damaged log by leaving out what it cannot read and going on behind it. A block in the
 * middle would then be missing while later ones are there. Each batch therefore writes its number to one slot of a
 * ring; when the store is opened, the slots must hold an unbroken row of numbers. The ring is longer than the number of
 * batches that the log can hold.
 */
import type { ByteString } from "@tsbcos/core/primitives";
import { ascii, assert } from "@tsbcos/core/primitives";

/** Slots of the ring. Two logs of 16 MiB with batches of 2 KiB, the size of an empty block, fit in. */
export const BATCH_RING_SLOTS = 16_384;

/** Keys of the store itself begin with this; names of tables never do. */
export const OWN_PREFIX = "\0tsbcos/";

/** Key that holds the number of the newest batch. */
export const BATCH_COUNT_KEY = ascii(`${OWN_PREFIX}batches`);

/** Key of the slot of a batch. */
export function batchSlotKey(batch: number): ByteString {
  return ascii(`${OWN_PREFIX}batch/${(batch % BATCH_RING_SLOTS).toString(36)}`);
}

/** A batch number as stored. */
export function encodeBatchNumber(batch: number): Uint8Array {
  assert(Number.isSafeInteger(batch) && batch > 0, "a batch number is a whole number above 0");
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(batch));
  return bytes;
}

/** The number of stored bytes; NaN when there are none or too few. */
export function decodeBatchNumber(bytes: Uint8Array | undefined): number {
  if (bytes?.length !== 8) return Number.NaN;
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0));
}

/** The newest batch of those up to `newest` that did not write its slot; undefined when none is missing. */
export function findMissingBatch(newest: number, get: (key: ByteString) => Uint8Array | undefined): number | undefined {
  const oldest = Math.max(1, newest - BATCH_RING_SLOTS + 1);
  for (let batch = newest; batch >= oldest; batch--) {
    if (decodeBatchNumber(get(batchSlotKey(batch))) !== batch) return batch;
  }
  return undefined;
}
