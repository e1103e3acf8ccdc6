/** Addresses 1 to 4: signature recovery, two hashes, identity. */
import { ripemd160 } from "@noble/hashes/legacy.js";
import { keccak256, sha256 } from "../../crypto/index.js";
import type { CryptoSuite } from "../../crypto/index.js";
import { concatBytes } from "../../primitives/index.js";
import { isSignatureInRange } from "../../protocol/index.js";
import type { EthereumContract } from "./contract.js";
import { NO_OUTPUT, ethereumAddress, paddedBytes, paddedWord, wordsOf } from "./contract.js";

/** 20 bytes of an address in a word. */
function addressWord(hash: Uint8Array): Uint8Array {
  return concatBytes(new Uint8Array(12), hash.subarray(12));
}

/**
 * Address 1: recovers the sender of a secp256k1 signature. A bad signature, one with a high s included, gives empty
 * output and counts as success.
 *
 * @param secp256k1 the suite that recovers, whatever the chain signs with
 * @param hash makes an address of a key: Keccak-256, except on sm chains of 2.4.x
 */
export function ecRecover(
  secp256k1: CryptoSuite,
  hash: (data: Uint8Array) => Uint8Array = keccak256,
): EthereumContract {
  return {
    address: ethereumAddress(1),
    gas: () => 3000n,
    run(input) {
      const v = paddedWord(input, 32);
      if (v !== 27n && v !== 28n) return NO_OUTPUT;
      const signature = concatBytes(paddedBytes(input, 64, 64), Uint8Array.of(Number(v) - 27));
      if (!isSignatureInRange(signature)) return NO_OUTPUT;
      const key = secp256k1.recover(paddedBytes(input, 0, 32), signature);
      return key === undefined ? NO_OUTPUT : addressWord(hash(key));
    },
  };
}

/**
 * Address 1 of an sm chain below 2.4.0: hash, public key (two words), r and s as five words. An SM2 signature that
 * verifies gives the address of its key, another one that of the zero key; values out of range give nothing.
 */
export function sm2Recover(suite: CryptoSuite): EthereumContract {
  return {
    address: ethereumAddress(1),
    gas: () => 3000n,
    run(input) {
      const signature = concatBytes(paddedBytes(input, 96, 64), paddedBytes(input, 32, 64));
      if (!isSignatureInRange(signature)) return NO_OUTPUT;
      const key = suite.recover(paddedBytes(input, 0, 32), signature) ?? new Uint8Array(64);
      return addressWord(suite.hash(key));
    },
  };
}

/** Address 2: SHA-256, or the hash that stood in for it on sm chains below 2.4.0. */
export function hash256(hash: (data: Uint8Array) => Uint8Array = sha256): EthereumContract {
  return {
    address: ethereumAddress(2),
    gas: (input) => 60n + 12n * wordsOf(input.length),
    run: (input) => hash(input),
  };
}

/** Address 3: RIPEMD-160, right-aligned in a word. */
export const RIPEMD_160: EthereumContract = {
  address: ethereumAddress(3),
  gas: (input) => 600n + 120n * wordsOf(input.length),
  run: (input) => concatBytes(new Uint8Array(12), ripemd160(input)),
};

/** Address 4: the input as it is. */
export const IDENTITY: EthereumContract = {
  address: ethereumAddress(4),
  gas: (input) => 15n + 3n * wordsOf(input.length),
  run: (input) => input.slice(),
};
