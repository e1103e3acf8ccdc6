/** Accounts: a key pair and the address that follows from it. */
import { randomBytes } from "node:crypto";
import { addressOf, standardSuite, type CryptoSuite, type KeyPair } from "@tsbcos/core/crypto";
import { CodedError, hexToBytes, isHex, type Address } from "@tsbcos/core/primitives";

/** Who signs transactions. */
export interface Account {
  /** 40 lower-case hexadecimal digits. */
  readonly address: Address;
  readonly key: KeyPair;
  /** The chain's hash and signatures that the address was computed with. */
  readonly suite: CryptoSuite;
}

/**
 * The account of a private key.
 *
 * @param privateKey 32 bytes, or 64 hexadecimal digits with or without `0x`
 * @param suite hash and signatures of the chain; secp256k1 and Keccak-256 by default
 * @throws CodedError when it is not a private key
 */
export function accountFromPrivateKey(privateKey: string | Uint8Array, suite: CryptoSuite = standardSuite): Account {
  if (typeof privateKey === "string" && !isHex(privateKey.replace(/^0x/, ""))) {
    throw new CodedError("bad-private-key", "A private key is 64 hexadecimal digits.");
  }
  const bytes = typeof privateKey === "string" ? hexToBytes(privateKey) : privateKey;
  if (bytes.length !== 32) throw new CodedError("bad-private-key", `A private key is 32 bytes, not ${bytes.length}.`);
  const key = suite.keyPairOf(bytes);
  return { address: addressOf(suite, key.publicKey), key, suite };
}

/** A new account with a random private key. */
export function createAccount(suite: CryptoSuite = standardSuite): Account {
  return accountFromPrivateKey(randomBytes(32), suite);
}
