/** Just enough DER to read certificates, and to write the few structures that SM TLS sends. */
import { concatBytes } from "../primitives/index.js";

/** One element: its tag and where it lies. */
export interface DerElement {
  readonly tag: number;
  /** The content bytes, a view. */
  readonly content: Uint8Array;
  /** Tag, length and content, a view. */
  readonly whole: Uint8Array;
}

/** Tags used in certificates. */
export const DerTag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  Oid: 0x06,
  BmpString: 0x1e,
  Utf8String: 0x0c,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  Sequence: 0x30,
  Set: 0x31,
  Version: 0xa0,
  Extensions: 0xa3,
} as const;

/** The elements that lie one after the other in `bytes`; undefined when they do not fill it exactly. */
export function readDer(bytes: Uint8Array): DerElement[] | undefined {
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] as number;
    const length = readLength(bytes, at + 1);
    if (length === undefined || length.end + length.value > bytes.length) return undefined;
    const end = length.end + length.value;
    elements.push({ tag, content: bytes.subarray(length.end, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return elements;
}

/** The elements inside the first element of `bytes`, which must have the tag. */
export function readInside(bytes: Uint8Array, tag: number): DerElement[] | undefined {
  const element = readDer(bytes)?.[0];
  return element?.tag === tag ? readDer(element.content) : undefined;
}

/** The content with tag and length before it. Contents of 64 KiB and more are not for certificates. */
export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...contents);
  const { length } = content;
  if (length < 0x80) return concatBytes(Uint8Array.of(tag, length), content);
  const header = length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return concatBytes(Uint8Array.from(header), content);
}

/** A whole number that is not negative, given big-endian, as an INTEGER. */
export function writeDerInteger(number: Uint8Array): Uint8Array {
  let start = 0;
  while (start < number.length - 1 && number[start] === 0) start++;
  const digits = number.subarray(start);
  return writeDer(DerTag.Integer, ...((digits[0] ?? 0) >= 0x80 ? [Uint8Array.of(0), digits] : [digits]));
}

/** The number in an INTEGER, big-endian in exactly `length` bytes; undefined when it is negative or does not fit. */
export function readDerInteger(element: DerElement | undefined, length: number): Uint8Array | undefined {
  if (element?.tag !== DerTag.Integer) return undefined;
  let { content } = element;
  if (content.length === 0 || (content[0] as number) >= 0x80) return undefined;
  while (content.length > 1 && content[0] === 0) content = content.subarray(1);
  if (content.length > length) return undefined;
  const number = new Uint8Array(length);
  number.set(content, length - content.length);
  return number;
}

function readLength(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { value: first, end: at + 1 };
  const digits = first & 0x7f;
  if (digits === 0 || digits > 4 || at + 1 + digits > bytes.length) return undefined;
  let value = 0;
  for (let i = 1; i <= digits; i++) value = value * 256 + (bytes[at + i] as number);
  return { value, end: at + 1 + digits };
}
