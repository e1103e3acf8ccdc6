import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ascii } from "../primitives/index.js";
import { isVrfPublicKey, proveVrf, verifyVrf, vrfPublicKey } from "./vrf.js";

describe("verifiable random numbers", () => {
  const secret = ascii("11".repeat(32));
  const input = ascii("ab".repeat(32));
  const claim = proveVrf(secret, input);

  test("a secret and an input stand for one number", () => {
    expect(claim.publicKey).toBe(vrfPublicKey(secret));
    expect(isVrfPublicKey(claim.publicKey)).toBe(true);
    const number = verifyVrf(claim);
    expect(number?.length).toBe(32);
    expect(verifyVrf(proveVrf(secret, input))).toEqual(number);
    expect(verifyVrf(proveVrf(ascii("12".repeat(32)), input))).not.toEqual(number);
    expect(verifyVrf(proveVrf(secret, ascii("ac".repeat(32))))).not.toEqual(number);
  });

  test("two inputs never share what blinds their proofs, or they would give the secret away", () => {
    const other = proveVrf(secret, ascii("ac".repeat(32)));
    const [, challenge, response] = claim.proof.split("|");
    expect(other.proof).not.toContain(challenge);
    expect(other.proof).not.toContain(response);
  });

  test("another key, input or proof is refused", () => {
    const other = proveVrf(ascii("22".repeat(32)), input);
    expect(verifyVrf({ ...claim, publicKey: other.publicKey })).toBeUndefined();
    expect(verifyVrf({ ...claim, input: ascii("ac".repeat(32)) })).toBeUndefined();
    expect(verifyVrf({ ...claim, proof: other.proof })).toBeUndefined();
    expect(verifyVrf({ ...claim, proof: ascii(`${claim.proof}|`) })).toBeUndefined();
    expect(verifyVrf({ ...claim, proof: ascii(claim.proof.toUpperCase()) })).toBeUndefined();
  });

  test("B14: no text makes it throw", () => {
    const text = fc.string().map((one) => ascii(one));
    fc.assert(
      fc.property(text, text, text, (publicKey, anyInput, proof) => {
        expect(isVrfPublicKey(publicKey)).toBe(false);
        expect(verifyVrf({ publicKey, input: anyInput, proof })).toBeUndefined();
      }),
    );
    for (let at = 0; at < claim.proof.length; at += 7) {
      const damaged = ascii(`${claim.proof.slice(0, at)}f${claim.proof.slice(at + 1)}`);
      if (damaged !== claim.proof) expect(verifyVrf({ ...claim, proof: damaged })).toBeUndefined();
    }
  });
});
