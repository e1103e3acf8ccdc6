/** DER as far as key files need it. */
import { concatBytes } from "@tsbcos/core/primitives";

/** Tags of the values that key files are made of. */
export const DerTag = {
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  Null: 0x05,
  ObjectId: 0x06,
  BmpString: 0x1e,
  Sequence: 0x30,
  Set: 0x31,
  /** What stands for `[0]`; `[1]` is one more. */
  Context: 0xa0,
} as const;

/** One value. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The bytes of a value whose content is these parts. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...parts);
  const { length } = content;
  if (length < 0x80) return concatBytes(Uint8Array.of(tag, length), content);
  if (length < 0x100) return concatBytes(Uint8Array.of(tag, 0x81, length), content);
  return concatBytes(Uint8Array.of(tag, 0x82, length >> 8, length & 0xff), content);
}

/** The values one after the other in `bytes`; undefined when something is cut or left over. */
export function readDer(bytes: Uint8Array): DerValue[] | undefined {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] as number;
    const first = bytes[at + 1];
    if (first === undefined) return undefined;
    let start = at + 2;
    let length = first;
    if (first > 0x80) {
      const count = first & 0x7f;
      // Key files are small: more than two bytes of length are nonsense, and so is an indefinite length.
      if (count > 2 || start + count > bytes.length) return undefined;
      length = 0;
      for (const byte of bytes.subarray(start, start + count)) length = length * 256 + byte;
      start += count;
    } else if (first === 0x80) return undefined;
    if (start + length > bytes.length) return undefined;
    values.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return values;
}

/** The values inside the only value of `bytes`, if that has `tag`. */
export function readDerInside(bytes: Uint8Array, tag: number): DerValue[] | undefined {
  const [only, ...others] = readDer(bytes) ?? [];
  return only?.tag === tag && others.length === 0 ? readDer(only.content) : undefined;
}
