/** Bytes as they arrive after an accident, or from somebody who wants one. */
import type { Random } from "@tsbcos/core/primitives";
import { concatBytes } from "@tsbcos/core/primitives";
import { pick } from "./target.js";

const EDGE_BYTES = [0x00, 0x01, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xbf, 0xc0, 0xf7, 0xf8, 0xff];

function once(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  switch (random.below(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return concatBytes(bytes, random.bytes(random.below(70)));
    case 2: {
      const changed = Uint8Array.from(bytes);
      if (at < changed.length) changed[at] = random.chance(0.5) ? pick(random, EDGE_BYTES) : random.below(256);
      return changed;
    }
    case 3: {
      const changed = Uint8Array.from(bytes);
      // A length, an offset or a count somewhere is suddenly enormous.
      changed.fill(0xff, at, Math.min(at + 1 + random.below(8), changed.length));
      return changed;
    }
    case 4:
      return concatBytes(bytes.subarray(0, at), random.bytes(random.below(9)), bytes.subarray(at));
    case 5:
      return concatBytes(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8)));
    default: {
      const length = random.below(40);
      return concatBytes(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - length)));
    }
  }
}

/** The bytes with one to three damages; the original stays as it is. */
export function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  let result = bytes;
  for (let i = 1 + random.below(3); i > 0; i--) result = once(result, random);
  return result;
}
