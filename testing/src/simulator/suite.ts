/**
 * A cheap suite for simulations: the chain's real hash, and keyed checksums in place of signatures.
 *
 * Nobody can sign for a key that the simulation did not hand to it, because a signature is made with the private key and
 * checked by looking that key up. It is of course worth nothing outside a simulation.
 */
import { bytesEqual, concatBytes } from "@tsbcos/core/primitives";
import { sha256 } from "@tsbcos/core/crypto";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";

const SIGNATURE_BYTES = 65;
const HALF_KEY_BYTES = 32;

/** Eight lanes of multiply-and-xor over the input: fast, well spread, and not cryptographic. */
function checksum(...parts: readonly Uint8Array[]): Uint8Array {
  const lanes = new Uint32Array(8);
  for (let lane = 0; lane < 8; lane++) lanes[lane] = 0x811c9dc5 + lane * 0x9e3779b9;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) {
      const lane = i & 7;
      lanes[lane] = Math.imul((lanes[lane] as number) ^ (part[i] as number) ^ (i << 8), 0x01000193);
    }
  }
  for (let round = 0; round < 2; round++) {
    for (let lane = 0; lane < 8; lane++) {
      const mixed = (lanes[lane] as number) ^ ((lanes[(lane + 7) & 7] as number) >>> 13);
      lanes[lane] = Math.imul(mixed, 0x85ebca6b) + (lanes[(lane + 3) & 7] as number);
    }
  }
  return belowHalf(new Uint8Array(lanes.buffer));
}

/** Both halves of a signature must be small numbers, as transactions demand it of real ones. */
function belowHalf(bytes: Uint8Array): Uint8Array {
  bytes[0] = (bytes[0] as number) & 0x7f;
  return bytes;
}

function firstBytes(bytes: Uint8Array): number {
  let first = 0;
  for (let i = 0; i < 4; i++) first = (first << 8) | (bytes[i] ?? 0);
  return first;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}

/**
 * A suite that knows the keys made with it, and no others.
 *
 * @param real whose hashes are used, so that addresses, selectors and roots are the real ones
 */
export function createSimulatedSuite(real: CryptoSuite): CryptoSuite {
  /** Private keys by the first bytes of the public key, whose first half stands in each signature. */
  const known = new Map<number, KeyPair[]>();

  function keyOf(signature: Uint8Array): KeyPair | undefined {
    const half = signature.subarray(0, HALF_KEY_BYTES);
    return known.get(firstBytes(half))?.find((key) => startsWith(key.publicKey, half));
  }

  function recover(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
    if (signature.length !== SIGNATURE_BYTES || signature[64] !== 0 || digest.length !== 32) return undefined;
    const key = keyOf(signature);
    if (key === undefined) return undefined;
    const expected = checksum(key.privateKey, digest);
    return startsWith(signature.subarray(HALF_KEY_BYTES), expected) ? key.publicKey : undefined;
  }

  return {
    name: "standard",
    signatureBytes: SIGNATURE_BYTES,
    hash: (data) => real.hash(data),
    legacyTableHash: (data) => real.legacyTableHash(data),
    keyPairOf(privateKey) {
      const publicKey = concatBytes(belowHalf(sha256(privateKey)), sha256(sha256(privateKey)));
      const key = { privateKey, publicKey };
      const alike = known.get(firstBytes(publicKey)) ?? [];
      known.set(firstBytes(publicKey), [...alike, key]);
      return key;
    },
    sign: (digest, key) =>
      concatBytes(key.publicKey.subarray(0, HALF_KEY_BYTES), checksum(key.privateKey, digest), new Uint8Array(1)),
    verify(digest, signature, publicKey) {
      const signer = recover(digest, signature);
      return signer !== undefined && bytesEqual(signer, publicKey);
    },
    recover,
  };
}
