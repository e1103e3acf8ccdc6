/** Bodies of frames, compressed with snappy in its raw block format. */
import { P2P_FRAME_BYTES_MAX, err, ok } from "@tsbcos/core/primitives";
import type { Failure, Result } from "@tsbcos/core/primitives";
import { compressSync, uncompressSync } from "snappy";

/** A compressed body that no honest node sends. */
export interface CompressionFailure extends Failure {
  readonly code: "compressed-length-invalid" | "compressed-length-too-large" | "compressed-body-broken";
}

/** A copy of three bytes makes at most 64: more than this the format cannot expand. */
const EXPANSION_MAX = 22;

/** The compressed form. */
export function compressBody(body: Uint8Array): Uint8Array {
  return compressSync(body);
}

/** The original body. Its announced length is checked before anything of that size is allocated. */
export function decompressBody(compressed: Uint8Array): Result<Uint8Array, CompressionFailure> {
  const length = announcedLength(compressed);
  if (length === undefined) return err({ code: "compressed-length-invalid" });
  if (length > P2P_FRAME_BYTES_MAX || length > compressed.length * EXPANSION_MAX) {
    return err({ code: "compressed-length-too-large" });
  }
  try {
    const body = uncompressSync(compressed, { asBuffer: true }) as Buffer;
    return ok(new Uint8Array(body.buffer, body.byteOffset, body.length));
  } catch {
    return err({ code: "compressed-body-broken" });
  }
}

/** The length in front: seven bits a byte, the least significant first, at most 32 bits. */
function announcedLength(compressed: Uint8Array): number | undefined {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = compressed[i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return length;
  }
  return undefined;
}
