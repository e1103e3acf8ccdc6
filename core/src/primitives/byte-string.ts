/**
 * Byte strings held as JavaScript strings, one char code (0 to 255) a byte.
 *
 * Table names, keys, columns and cell values are byte strings: as `ByteString` they are Map keys, compare byte-wise
 * with `<`, concatenate with `+`, and stay one byte a character in memory. They are never UTF-16 text: text with
 * characters above U+007F must go through {@link utf8ToByteString}.
 */

/** A string in which each char code is one byte, 0 to 255. */
export type ByteString = string & { readonly byteString: unique symbol };

/** The empty byte string. */
export const EMPTY_BYTE_STRING = "" as ByteString;

/** Marks ASCII text (or text known to hold only char codes up to 255 that mean bytes) as a byte string, without a copy. */
export function ascii(text: string): ByteString {
  return text as ByteString;
}

const CHUNK = 8192;

/** The bytes as a byte string. */
export function bytesToByteString(bytes: Uint8Array): ByteString {
  if (bytes.length <= CHUNK) return String.fromCharCode.apply(null, bytes as unknown as number[]) as ByteString;
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + CHUNK) as unknown as number[]);
  }
  return text as ByteString;
}

/** The byte string as bytes, in a new array. */
export function byteStringToBytes(text: ByteString): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Order of two byte strings by their bytes: negative, 0 or positive. */
export function compareByteStrings(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const encoder = new TextEncoder();

/** UTF-8 bytes of any text, as a byte string. */
export function utf8ToByteString(text: string): ByteString {
  return bytesToByteString(encoder.encode(text));
}
