/**
 * Many byte strings in one buffer, for messages between threads.
 *
 * A message copies the whole buffer behind each array it holds, so slices of network buffers would drag megabytes
 * along: everything is packed into one buffer of exactly the right size, which is moved, not copied.
 */

/** Byte strings one after the other. */
export interface PackedBytes {
  readonly lengths: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Packs `parts`, in order. */
export function packBytes(parts: readonly Uint8Array[]): PackedBytes {
  const lengths = new Uint32Array(parts.length);
  let total = 0;
  for (let i = 0; i < parts.length; i++) {
    const length = parts[i]?.length ?? 0;
    lengths[i] = length;
    total += length;
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { lengths, bytes };
}

/** The byte strings again, as views into the one buffer. */
export function unpackBytes({ lengths, bytes }: PackedBytes): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

/** What a message must move rather than copy. */
export function buffersOf(packed: PackedBytes): ArrayBuffer[] {
  return [packed.lengths.buffer, packed.bytes.buffer];
}
