/** Checksums of stored values: the database itself does not check what it reads back from its tables. */
import { crc32 } from "node:zlib";
import { CodedError } from "@tsbcos/core/primitives";

const CHECKSUM_BYTES = 4;

/** The value with its checksum behind it. */
export function sealValue(value: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(value.length + CHECKSUM_BYTES);
  sealed.set(value);
  new DataView(sealed.buffer).setUint32(value.length, crc32(value));
  return sealed;
}

/**
 * The value without its checksum, in place.
 *
 * @throws CodedError `store-damaged` when they do not belong together
 */
export function unsealValue(sealed: Uint8Array): Uint8Array {
  const length = sealed.length - CHECKSUM_BYTES;
  const value = new Uint8Array(sealed.buffer, sealed.byteOffset, Math.max(0, length));
  const intact =
    length >= 0 &&
    new DataView(sealed.buffer, sealed.byteOffset + length, CHECKSUM_BYTES).getUint32(0) === crc32(value);
  if (!intact) throw new CodedError("store-damaged", "a stored value does not match its checksum");
  return value;
}
