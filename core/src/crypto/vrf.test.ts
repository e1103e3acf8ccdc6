import { ristretto255 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ascii, bigIntToBytes, bytesToHex } from "../primitives/index.js";
import { isVrfPublicKey, verifyVrf, vrfPoint, vrfScalar } from "./vrf.js";

const { BASE, Fn } = ristretto255.Point;
const scalarText = (scalar: bigint): string => bytesToHex(bigIntToBytes(scalar, 32).reverse());

/** A proof as a node with the secret makes it; `nonce` would be random. */
function prove(secretText: string, input: string, nonce: bigint) {
  const secret = vrfScalar(secretText);
  const publicKey = BASE.multiply(secret).toHex();
  const subject = `${publicKey}|${input}`;
  const point = vrfPoint(subject);
  const gamma = point.multiply(secret).toHex();
  const challenge = vrfScalar(
    `${subject}|${publicKey}${gamma}${BASE.multiply(nonce).toHex()}${point.multiply(nonce).toHex()}`,
  );
  const response = Fn.create(nonce - challenge * secret);
  return {
    publicKey: ascii(publicKey),
    input: ascii(input),
    proof: ascii(`${gamma}|${scalarText(challenge)}|${scalarText(response)}`),
  };
}

describe("verifiable random numbers", () => {
  const claim = prove("11".repeat(32), "ab".repeat(32), 123456789n);

  test("a proof stands for one number, whatever nonce it was made with", () => {
    expect(isVrfPublicKey(claim.publicKey)).toBe(true);
    const number = verifyVrf(claim);
    expect(number?.length).toBe(32);
    expect(verifyVrf(prove("11".repeat(32), "ab".repeat(32), 987654321n))).toEqual(number);
    expect(verifyVrf(prove("12".repeat(32), "ab".repeat(32), 987654321n))).not.toEqual(number);
  });

  test("another key, input or proof is refused", () => {
    const other = prove("22".repeat(32), "ab".repeat(32), 5n);
    expect(verifyVrf({ ...claim, publicKey: other.publicKey })).toBeUndefined();
    expect(verifyVrf({ ...claim, input: ascii("ac".repeat(32)) })).toBeUndefined();
    expect(verifyVrf({ ...claim, proof: other.proof })).toBeUndefined();
    expect(verifyVrf({ ...claim, proof: ascii(`${claim.proof}|`) })).toBeUndefined();
    expect(verifyVrf({ ...claim, proof: ascii(claim.proof.toUpperCase()) })).toBeUndefined();
  });

  test("B14: no text makes it throw", () => {
    const text = fc.string().map((one) => ascii(one));
    fc.assert(
      fc.property(text, text, text, (publicKey, input, proof) => {
        expect(isVrfPublicKey(publicKey)).toBe(false);
        expect(verifyVrf({ publicKey, input, proof })).toBeUndefined();
      }),
    );
    for (let at = 0; at < claim.proof.length; at += 7) {
      const damaged = ascii(`${claim.proof.slice(0, at)}f${claim.proof.slice(at + 1)}`);
      if (damaged !== claim.proof) expect(verifyVrf({ ...claim, proof: damaged })).toBeUndefined();
    }
  });
});
