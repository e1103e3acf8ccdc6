/** Signed transactions: the 13-item form of 2.0.0-rc2 and later. See docs/protocol/data-model.md#transaction. */
import { addressOf, hashOf } from "../crypto/index.js";
import type { CryptoSuite, KeyPair } from "../crypto/index.js";
import { EMPTY_BYTES, assert, bytesToHex, concatBytes, err, hexToBytes, ok } from "../primitives/index.js";
import type { Address, Failure, Hash, Result } from "../primitives/index.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import { RlpReader, RlpWriter } from "./rlp.js";

/** What a client decides and signs. All numbers are unsigned 256-bit. */
export interface UnsignedTransaction {
  /** Unique number that the client draws at random ("random id"); it is no account counter. */
  readonly nonce: bigint;
  /** Carried along, never charged. */
  readonly gasPrice: bigint;
  /** Only bounds the refund; the chain's own gas limit counts. */
  readonly gas: bigint;
  /** Last block that may contain the transaction. */
  readonly blockLimit: bigint;
  /** The contract or account called; undefined creates a contract. */
  readonly to: Address | undefined;
  /** Amount carried; most chains never move any. */
  readonly value: bigint;
  /** Call data, or the init code of a creation. */
  readonly data: Uint8Array;
  /** Must be the chain's. */
  readonly chainId: bigint;
  /** Must be the group's. */
  readonly groupId: bigint;
  /** Anything; part of the signed digest. */
  readonly extraData: Uint8Array;
}

/** A decoded transaction. Its byte arrays are views of `raw`, except the signature. */
export interface Transaction extends UnsignedTransaction {
  /** Byte form of the suite: r, s, recovery id (65 bytes) or r, s, public key (128 bytes). */
  readonly signature: Uint8Array;
  /** The bytes it came in, which are what blocks contain. */
  readonly raw: Uint8Array;
  /** True when `raw` is exactly the encoding of the fields, so that the hash may be taken of it. */
  readonly isCanonical: boolean;
}

/** A transaction whose signature was checked, with what follows from it. */
export interface VerifiedTransaction extends Transaction {
  readonly hash: Hash;
  readonly sender: Address;
}

/** A transaction that decodes, but whose signature is out of range or recovers to nobody. */
export interface SignatureFailure extends Failure {
  readonly code: "transaction-signature-invalid";
}

const RECOVERY_BASE = 27;
const SECP256K1_ORDER = hexToBytes("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
const SECP256K1_HALF_ORDER = hexToBytes("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

interface Parsed {
  readonly transaction: Transaction;
  /** Where the ten signed items begin and end in `raw`. */
  readonly signedStart: number;
  readonly signedEnd: number;
}

/**
 * Decodes a transaction without checking its signature.
 *
 * As lenient as the C++ node: `to` may be the empty list, `extraData` a list (read as empty), further items are
 * ignored. Hashes are taken of a re-encoding, so such bytes have the hash of the plain form.
 */
export function decodeTransaction(raw: Uint8Array, suite: CryptoSuite): Result<Transaction, DecodeFailure> {
  const parsed = parse(raw, suite);
  return parsed === undefined ? malformed("transaction") : ok(parsed.transaction);
}

function parse(raw: Uint8Array, suite: CryptoSuite): Parsed | undefined {
  const reader = new RlpReader(raw);
  reader.enterOnlyList();
  const signedStart = reader.offset;
  const nonce = reader.readInteger();
  const gasPrice = reader.readInteger();
  const gas = reader.readInteger();
  const blockLimit = reader.readInteger();
  let isCanonical = true;
  let to: Address | undefined;
  if (reader.nextIsEmpty()) {
    isCanonical = !reader.nextIsList();
    reader.skip();
  } else {
    to = reader.readAddress();
  }
  const value = reader.readInteger();
  const data = reader.readBytes();
  const chainId = reader.readInteger();
  const groupId = reader.readInteger();
  if (reader.nextIsList()) isCanonical = false;
  const extraData = reader.readBytesOrList();
  const signedEnd = reader.offset;
  const signature = signatureArray(suite.signatureBytes);
  const isKeyWhole = readSignature(reader, signature);
  if (reader.failed) return undefined;
  isCanonical = isCanonical && isKeyWhole && reader.atEnd;
  return {
    transaction: {
      nonce,
      gasPrice,
      gas,
      blockLimit,
      to,
      value,
      data,
      chainId,
      groupId,
      extraData,
      signature,
      raw,
      isCanonical,
    },
    signedStart,
    signedEnd,
  };
}

/** Signatures are cut from slabs: arrays of 65 bytes each would cost more than decoding the rest. */
const SLAB_BYTES = 8192;
let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

function signatureArray(length: number): Uint8Array {
  if (slabUsed + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  slabUsed += length;
  return slab.subarray(slabUsed - length, slabUsed);
}

/** Reads the three items of a signature into its byte form. False when a public key lacked its leading zeros. */
function readSignature(reader: RlpReader, into: Uint8Array): boolean {
  let isKeyWhole = true;
  if (into.length === 65) {
    // The C++ node subtracts in one byte, so 0 to 26 wrap; they stay what they are when written again.
    into[64] = reader.readNumber(1) - RECOVERY_BASE;
  } else {
    const key = reader.readBytes();
    isKeyWhole = key.length === 64;
    if (key.length > 64) reader.fail();
    else into.set(key, 128 - key.length);
  }
  reader.readIntegerInto(into, 0, 32);
  reader.readIntegerInto(into, 32, 32);
  return isKeyWhole;
}

function writeFields(writer: RlpWriter, tx: UnsignedTransaction): void {
  writer.integer(tx.nonce).integer(tx.gasPrice).integer(tx.gas).integer(tx.blockLimit);
  if (tx.to === undefined) writer.bytes(EMPTY_BYTES);
  else writer.hex(tx.to);
  writer.integer(tx.value).bytes(tx.data).integer(tx.chainId).integer(tx.groupId).bytes(tx.extraData);
}

function writeSignature(writer: RlpWriter, signature: Uint8Array): void {
  if (signature.length === 65) writer.number(((signature[64] as number) + RECOVERY_BASE) & 255);
  else writer.bytes(signature.subarray(64));
  writer.integerBytes(signature.subarray(0, 32)).integerBytes(signature.subarray(32, 64));
}

function write(tx: UnsignedTransaction, signature: Uint8Array | undefined): RlpWriter {
  const writer = new RlpWriter(1024 + tx.data.length + tx.extraData.length);
  const list = writer.openList();
  writeFields(writer, tx);
  if (signature !== undefined) writeSignature(writer, signature);
  return writer.closeList(list);
}

/** The canonical bytes of a signed transaction, whatever it was decoded from. */
export function encodeTransaction(tx: UnsignedTransaction, signature: Uint8Array): Uint8Array {
  return write(tx, signature).toBytes();
}

/** The 32 bytes that the sender signs: hash of the ten fields without the signature. */
export function signingDigest(tx: UnsignedTransaction, suite: CryptoSuite): Uint8Array {
  return write(tx, undefined).use((bytes) => suite.hash(bytes));
}

/** The transaction's hash: of the canonical encoding with signature. */
export function transactionHash(tx: Transaction, suite: CryptoSuite): Hash {
  return hashOf(suite, tx.isCanonical ? tx.raw : encodeTransaction(tx, tx.signature));
}

/**
 * True when the signature is in the range that transactions demand, stricter than what the curve accepts: a low s and
 * recovery id 0 or 1 on a standard chain, which leaves one signature for each key and digest; non-zero parts below the
 * order of secp256k1 on an SM chain.
 */
export function isSignatureInRange(signature: Uint8Array): boolean {
  if (isZero(signature, 0, 32) || isZero(signature, 32, 64)) return false;
  if (compare32(signature, 0, SECP256K1_ORDER) >= 0) return false;
  if (signature.length === 65)
    return (signature[64] as number) <= 1 && compare32(signature, 32, SECP256K1_HALF_ORDER) <= 0;
  return compare32(signature, 32, SECP256K1_ORDER) < 0 && !isZero(signature, 64, signature.length);
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}

function compare32(bytes: Uint8Array, start: number, bound: Uint8Array): number {
  for (let i = 0; i < 32; i++) {
    const difference = (bytes[start + i] as number) - (bound[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** What checking a transaction costs time for, as bytes: 32 and 20. */
export interface TransactionVerdict {
  readonly hash: Uint8Array;
  readonly sender: Uint8Array;
}

/** Decodes a transaction, checks its signature and derives hash and sender: everything that costs time, once. */
export function verifyTransaction(
  raw: Uint8Array,
  suite: CryptoSuite,
): Result<VerifiedTransaction, DecodeFailure | SignatureFailure> {
  const parsed = parse(raw, suite);
  if (parsed === undefined) return malformed("transaction");
  const verdict = verdictOf(parsed, suite);
  if (verdict === undefined) return err({ code: "transaction-signature-invalid" });
  return ok(withVerdict(parsed.transaction, verdict));
}

/** As {@link verifyTransaction}, for whoever only passes the result on; undefined for whatever fails. */
export function judgeTransaction(raw: Uint8Array, suite: CryptoSuite): TransactionVerdict | undefined {
  const parsed = parse(raw, suite);
  return parsed === undefined ? undefined : verdictOf(parsed, suite);
}

/** Decodes what {@link judgeTransaction} gave a verdict on; undefined when it does not even decode. */
export function judgedTransaction(
  raw: Uint8Array,
  verdict: TransactionVerdict,
  suite: CryptoSuite,
): VerifiedTransaction | undefined {
  const parsed = parse(raw, suite);
  return parsed === undefined ? undefined : withVerdict(parsed.transaction, verdict);
}

function verdictOf(parsed: Parsed, suite: CryptoSuite): TransactionVerdict | undefined {
  const tx = parsed.transaction;
  if (!isSignatureInRange(tx.signature)) return undefined;
  const digest = tx.isCanonical ? digestOf(parsed, suite) : signingDigest(tx, suite);
  const signer = suite.recover(digest, tx.signature);
  if (signer === undefined) return undefined;
  const hash = suite.hash(tx.isCanonical ? tx.raw : encodeTransaction(tx, tx.signature));
  // As addressOf, without the text.
  return { hash, sender: suite.hash(signer).subarray(12) };
}

/** Field by field: spreading would cost more than decoding, and take four times the memory. */
function withVerdict(tx: Transaction, verdict: TransactionVerdict): VerifiedTransaction {
  return {
    nonce: tx.nonce,
    gasPrice: tx.gasPrice,
    gas: tx.gas,
    blockLimit: tx.blockLimit,
    to: tx.to,
    value: tx.value,
    data: tx.data,
    chainId: tx.chainId,
    groupId: tx.groupId,
    extraData: tx.extraData,
    signature: tx.signature,
    raw: tx.raw,
    isCanonical: tx.isCanonical,
    hash: bytesToHex(verdict.hash) as Hash,
    sender: bytesToHex(verdict.sender) as Address,
  };
}

/** The signing digest without encoding anything: what is signed stands in `raw`, only its list prefix does not. */
function digestOf({ transaction, signedStart, signedEnd }: Parsed, suite: CryptoSuite): Uint8Array {
  const writer = new RlpWriter(signedEnd - signedStart + 9);
  const list = writer.openList();
  const fields = transaction.raw.subarray(signedStart, signedEnd);
  return writer
    .raw(fields)
    .closeList(list)
    .use((bytes) => suite.hash(bytes));
}

/** Signs a transaction and gives it the form in which it travels. */
export function signTransaction(tx: UnsignedTransaction, key: KeyPair, suite: CryptoSuite): VerifiedTransaction {
  const signature = suite.sign(signingDigest(tx, suite), key);
  assert(signature.length === suite.signatureBytes, "a suite signs in its own byte form");
  const raw = encodeTransaction(tx, signature);
  const hash = hashOf(suite, raw);
  return { ...tx, signature, raw, isCanonical: true, hash, sender: addressOf(suite, key.publicKey) };
}

/**
 * Address of a contract created by a transaction or by CREATE.
 *
 * @param nonce state nonce of the creator before the creation, 0 for its first; never the transaction's nonce
 */
export function contractAddress(suite: CryptoSuite, creator: Address, nonce: bigint): Address {
  const writer = new RlpWriter(64);
  const list = writer.openList();
  const encoded = writer.hex(creator).integer(nonce).closeList(list).toBytes();
  return addressOf(suite, encoded);
}

/** Address of a contract created by CREATE2 with a 32-byte salt. */
export function create2Address(suite: CryptoSuite, creator: Address, salt: Uint8Array, initCode: Uint8Array): Address {
  assert(salt.length === 32, "a salt is 32 bytes");
  const preimage = concatBytes(Uint8Array.of(0xff), hexToBytes(creator), salt, suite.hash(initCode));
  return addressOf(suite, preimage);
}
