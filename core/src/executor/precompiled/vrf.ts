/**
 * Verifiable random numbers, which rPBFT from 2.6.0 on draws its working sealers with.
 *
 * The curve of the C++ node's library is not implemented: the contracts that need it are complete but for this seam,
 * and behave as if every key and proof were invalid.
 *
 * @see docs/protocol/precompiled.md#random-numbers
 */
import type { ByteString } from "../../primitives/index.js";

/** Verifies proofs. */
export interface VrfVerifier {
  /** True when the text is the hexadecimal form of a public key. */
  isPublicKey(publicKey: ByteString): boolean;
  /** The 32 bytes that a valid proof stands for; undefined when it is invalid for the key and the input. */
  verify(proof: {
    readonly publicKey: ByteString;
    readonly input: ByteString;
    readonly proof: ByteString;
  }): Uint8Array | undefined;
}

/** Accepts nothing. */
export const refusingVrf: VrfVerifier = {
  isPublicKey: () => false,
  verify: () => undefined,
};
