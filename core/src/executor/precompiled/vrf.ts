/**
 * Verifiable random numbers, which rPBFT from 2.6.0 on draws its working sealers with. A seam, so that tests of the
 * rotation need no proofs.
 *
 * @see docs/protocol/precompiled.md#random-numbers
 */
import { isVrfPublicKey, verifyVrf } from "../../crypto/index.js";
import type { VrfClaim } from "../../crypto/index.js";
import type { ByteString } from "../../primitives/index.js";

/** Verifies proofs. */
export interface VrfVerifier {
  /** True when the text is the hexadecimal form of a public key. */
  isPublicKey(publicKey: ByteString): boolean;
  /** The 32 bytes that a valid proof stands for; undefined when it is invalid for the key and the input. */
  verify(claim: VrfClaim): Uint8Array | undefined;
}

/** The function of 2.x. */
export const ristrettoVrf: VrfVerifier = { isPublicKey: isVrfPublicKey, verify: verifyVrf };
