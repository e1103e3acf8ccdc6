import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isVrfPublicKey, proveVrf, verifyVrf, vrfPublicKey } from "@tsbcos/core/crypto";
import { ascii, bytesToByteString, bytesToHex, hexToBytes } from "@tsbcos/core/primitives";
import type { ByteString } from "@tsbcos/core/primitives";

interface Made {
  readonly secret: string;
  readonly input: string;
  readonly publicKey: string;
  readonly proof: string;
  readonly hash: string;
}

interface Tried {
  readonly name: string;
  readonly publicKey: string;
  readonly input: string;
  readonly proof: string;
  readonly validKey: boolean;
  readonly verified: boolean;
  readonly hash?: string;
}

const file = fileURLToPath(new URL("../../vectors/vrf/curve25519.json", import.meta.url));
const { made, tried } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly made: readonly Made[];
  readonly tried: readonly Tried[];
};
const text = (hex: string): ByteString => bytesToByteString(hexToBytes(hex));
const hexOf = (bytes: Uint8Array | undefined): string | undefined => (bytes ? bytesToHex(bytes) : undefined);

describe("proofs of random numbers by the library of FISCO BCOS 2.x", () => {
  test("there are many of them", () => {
    expect(made.length).toBeGreaterThan(50);
    expect(tried.filter(({ verified }) => verified).length).toBeGreaterThan(8);
    expect(tried.filter(({ verified }) => !verified).length).toBeGreaterThan(20);
  });

  test("its keys are ours, its proofs hold, and stand for the same numbers as ours", () => {
    for (const { secret, input, publicKey, proof, hash } of made) {
      expect(vrfPublicKey(text(secret))).toBe(publicKey);
      expect(isVrfPublicKey(ascii(publicKey))).toBe(true);
      expect(hexOf(verifyVrf({ publicKey: ascii(publicKey), input: text(input), proof: ascii(proof) }))).toBe(hash);
      const own = proveVrf(text(secret), text(input));
      expect(own.proof.split("|")[0]).toBe(proof.split("|")[0]);
      expect(hexOf(verifyVrf(own))).toBe(hash);
    }
  });

  test.each(tried)("$name: the same verdict", ({ publicKey, input, proof, validKey, verified, hash }) => {
    expect(isVrfPublicKey(text(publicKey))).toBe(validKey);
    const number = verifyVrf({ publicKey: text(publicKey), input: text(input), proof: text(proof) });
    expect(number !== undefined).toBe(verified);
    expect(hexOf(number)).toBe(hash);
  });
});
