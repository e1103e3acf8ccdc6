/** Just enough DER to read names, key and one extension of a certificate. */

/** One element: its tag and where its content lies. */
export interface DerElement {
  readonly tag: number;
  /** The content bytes, a view. */
  readonly content: Uint8Array;
}

/** Tags used in certificates. */
export const DerTag = {
  Boolean: 0x01,
  BitString: 0x03,
  OctetString: 0x04,
  Oid: 0x06,
  BmpString: 0x1e,
  Utf8String: 0x0c,
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
    elements.push({ tag, content: bytes.subarray(length.end, length.end + length.value) });
    at = length.end + length.value;
  }
  return elements;
}

/** The elements inside the first element of `bytes`, which must have the tag. */
export function readInside(bytes: Uint8Array, tag: number): DerElement[] | undefined {
  const element = readDer(bytes)?.[0];
  return element?.tag === tag ? readDer(element.content) : undefined;
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
