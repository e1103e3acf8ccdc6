/** Accounts: who signs transactions, and the address that follows from the public key. */
import { addressOf, smSuite, standardSuite, type CryptoSuite, type KeyPair } from "@tsbcos/core/crypto";
import { bytesEqual, CodedError, concatBytes, hexToBytes } from "@tsbcos/core/primitives";
import { digitsOf, toHex, type Hex } from "../hex.js";

/** Who signs transactions. The key may be in this process, or anywhere that can be asked for signatures. */
export interface Account {
  /** Last 20 bytes of the hash of the public key. */
  readonly address: Hex;
  /** 64 bytes: x, then y. */
  readonly publicKey: Uint8Array;
  /** Hash and signatures of the chains that the account can act on. */
  readonly suite: CryptoSuite;
  /** Signature in the suite's byte form (65 or 128 bytes) over a 32-byte digest. */
  sign(digest: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** An account whose private key is in this process. */
export interface LocalAccount extends Account {
  /** 32 bytes. */
  readonly privateKey: Uint8Array;
  sign(digest: Uint8Array): Uint8Array;
}

/** The chain's two kinds of keys, by name. */
export type SuiteName = CryptoSuite["name"];

/** The suite of that name. */
export function suiteOf(name: SuiteName): CryptoSuite {
  return name === "sm" ? smSuite : standardSuite;
}

function localAccount(key: KeyPair, suite: CryptoSuite): LocalAccount {
  return {
    address: `0x${addressOf(suite, key.publicKey)}`,
    publicKey: key.publicKey,
    privateKey: key.privateKey,
    suite,
    sign: (digest) => suite.sign(digest, key),
  };
}

/**
 * The account of a private key.
 *
 * @param privateKey 32 bytes, or 64 hexadecimal digits with or without `0x`
 * @param suite hash and signatures of the chain; secp256k1 and Keccak-256 by default
 * @throws CodedError `bad-private-key` when it is not a private key of the suite's curve
 */
export function accountFromPrivateKey(
  privateKey: string | Uint8Array,
  suite: CryptoSuite = standardSuite,
): LocalAccount {
  // The message never shows what was given: a mistyped key is still nearly a key.
  const problem = new CodedError(
    "bad-private-key",
    "A private key is 32 bytes (64 hexadecimal digits), at least 1 and below the order of its curve.",
  );
  try {
    const bytes = typeof privateKey === "string" ? hexToBytes(digitsOf(privateKey.trim())) : privateKey;
    return localAccount(suite.keyPairOf(bytes), suite);
  } catch {
    throw problem;
  }
}

/** A new account with a random private key. */
export function createAccount(suite: CryptoSuite = standardSuite): LocalAccount {
  for (;;) {
    const bytes = globalThis.crypto.getRandomValues(new Uint8Array(32));
    // Some readers of key files trip over a leading zero byte; the script that others make accounts with avoids it too.
    if (bytes[0] === 0) continue;
    try {
      return localAccount(suite.keyPairOf(bytes), suite);
    } catch {
      // Not below the order of the curve: as good as impossible, and drawn again.
    }
  }
}

/** A key that somebody else holds: a vault, a hardware module, a database. */
export interface ExternalKey {
  /** Its public key: 64 bytes, or 65 with the leading 4. */
  readonly publicKey: Uint8Array;
  /** The kind of key; secp256k1 and Keccak-256 by default. */
  readonly suite?: CryptoSuite;
  /**
   * Signs a 32-byte digest and gives r and s, 32 bytes each; what follows them is not looked at.
   * For SM2 the digest is the message: identity and key are hashed in front of it (`1234567812345678`).
   */
  sign(digest: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * The account of a key that is asked for signatures.
 *
 * Each signature is completed to the form that transactions have, and checked before it is used.
 *
 * @throws CodedError `bad-public-key`
 */
export function accountFromSigner(key: ExternalKey): Account {
  const suite = key.suite ?? standardSuite;
  const publicKey = key.publicKey.length === 65 ? key.publicKey.subarray(1) : key.publicKey;
  if (publicKey.length !== 64) {
    throw new CodedError("bad-public-key", `A public key is 64 bytes (x, then y), not ${publicKey.length}.`);
  }
  return {
    address: `0x${addressOf(suite, publicKey)}`,
    publicKey,
    suite,
    async sign(digest) {
      const signature = completeSignature(await key.sign(digest), { digest, publicKey, suite });
      if (signature !== undefined) return signature;
      throw new CodedError(
        "bad-signature",
        `What the signer gave is no signature by ${toHex(publicKey).slice(0, 18)}... over the digest it was asked to sign.`,
      );
    },
  };
}

/** r and s made to the suite's byte form; undefined when they were not made by the key. */
function completeSignature(
  given: Uint8Array,
  {
    digest,
    publicKey,
    suite,
  }: { readonly digest: Uint8Array; readonly publicKey: Uint8Array; readonly suite: CryptoSuite },
): Uint8Array | undefined {
  if (given.length < 64) return undefined;
  const r = given.subarray(0, 32);
  if (suite.name === "sm") {
    const signature = concatBytes(given.subarray(0, 64), publicKey);
    return suite.verify(digest, signature, publicKey) ? signature : undefined;
  }
  const s = lowS(given.subarray(32, 64));
  for (const recoveryId of [0, 1]) {
    const signature = concatBytes(r, s, Uint8Array.of(recoveryId));
    const signer = suite.recover(digest, signature);
    if (signer !== undefined && bytesEqual(signer, publicKey)) return signature;
  }
  return undefined;
}

/** Vaults may give either of the two values of s; transactions allow the lower one only. */
function lowS(s: Uint8Array): Uint8Array {
  const value = BigInt(toHex(s));
  if (value <= SECP256K1_ORDER / 2n || value >= SECP256K1_ORDER) return s;
  return hexToBytes((SECP256K1_ORDER - value).toString(16).padStart(64, "0"));
}
