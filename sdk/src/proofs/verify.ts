/**
 * Proofs: what a node says is checked against signatures of the sealers, so that the node need not be believed.
 *
 * A transaction or receipt is hashed anew from its fields, its way to the root in the header is walked, the header is
 * hashed anew, and enough sealers must have signed that hash.
 */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { bytesToHex, CodedError, concatBytes, hexToBytes } from "@tsbcos/core/primitives";
import {
  encodeReceipt,
  encodeRlpInteger,
  headerFromJson,
  headerHash,
  rawTransactionFromJson,
  receiptFromJson,
  rootOfProof,
  verifyTransaction,
  type SupportedVersion,
} from "@tsbcos/core/protocol";
import { digitsOf, parseHex } from "../hex.js";
import type { RpcHeader, RpcProofLevel, RpcReceiptWithProof, RpcTransactionWithProof } from "../rpc/types.js";

/** What a proof lacks. */
export type ProofFailure =
  | "malformed"
  | "header-hash-wrong"
  | "signatures-too-few"
  | "transaction-hash-wrong"
  | "transaction-signature-wrong"
  | "other-block"
  | "not-the-receipt"
  | "root-wrong";

/** A proof that does not hold: the node is wrong, or lies. */
export class ProofError extends CodedError {
  override readonly name = "ProofError";
  readonly failure: ProofFailure;

  constructor(failure: ProofFailure, message: string, options?: ErrorOptions) {
    super(`proof-${failure}`, message, options);
    this.failure = failure;
  }
}

/** Siblings within one group of sixteen. */
const SIBLINGS_MAX = 15;
/** Enough for more leaves than a block can hold. */
const LEVELS_MAX = 16;

/**
 * Checks that enough of the sealers signed a block.
 *
 * @param header as `getBlockHeaderByNumber(number, true)` gives it
 * @param sealers node ids of those who could seal the block (rPBFT: of those working then). They must come from somewhere
 *   that is trusted, such as the genesis file: the header's own list proves nothing
 * @throws ProofError
 */
export function verifyHeader(header: RpcHeader, sealers: readonly string[], suite: CryptoSuite): void {
  const trusted = new Set(sealers.map((id) => parseHex(id, 64, "A node id").slice(2)));
  const hash = wellFormed("header", () => headerHash(headerFromJson(header), suite));
  if (hash !== digitsOf(header.hash)) {
    throw new ProofError(
      "header-hash-wrong",
      `The fields of block ${header.number} do not have the hash ${header.hash}.`,
    );
  }
  const digest = hexToBytes(hash);
  const signers = new Set<string>();
  for (const { signature } of header.signatureList ?? []) {
    const signer = suite.recover(
      digest,
      wellFormed("signature", () => hexToBytes(signature)),
    );
    if (signer !== undefined && trusted.has(bytesToHex(signer))) signers.add(bytesToHex(signer));
  }
  const needed = trusted.size - Math.floor((trusted.size - 1) / 3);
  if (trusted.size > 0 && signers.size >= needed) return;
  throw new ProofError(
    "signatures-too-few",
    `${signers.size} of the ${trusted.size} trusted sealers signed block ${header.number}; ${needed} are needed.`,
  );
}

/**
 * Checks that a transaction is what its sender signed, and that it is in a block.
 *
 * @param header of that block, checked by {@link verifyHeader}
 * @throws ProofError
 */
export function verifyTransactionProof(proof: RpcTransactionWithProof, header: RpcHeader, suite: CryptoSuite): void {
  const { transaction, txProof } = proof;
  demandBlock(transaction, header);
  const verified = verifyTransaction(
    wellFormed("transaction", () => rawTransactionFromJson(transaction, suite)),
    suite,
  );
  if (!verified.ok || verified.value.sender !== digitsOf(transaction.from)) {
    throw new ProofError("transaction-signature-wrong", `${transaction.hash} was not signed by ${transaction.from}.`);
  }
  const { hash } = verified.value;
  if (hash !== digitsOf(transaction.hash)) {
    throw new ProofError("transaction-hash-wrong", `The fields of ${transaction.hash} have another hash.`);
  }
  demandRoot({
    what: `Transaction ${transaction.hash}`,
    leaf: leafOf(transaction.transactionIndex, hexToBytes(hash)),
    proof: txProof,
    root: header.transactionsRoot,
    suite,
  });
}

/**
 * Checks that a receipt is in a block. Hash, sender, receiver and input of the transaction are printed in receipts and
 * not covered by their hash: {@link verifyTransactionProof} covers them.
 *
 * @param header of that block, checked by {@link verifyHeader}
 * @throws ProofError
 */
export function verifyReceiptProof(
  proof: RpcReceiptWithProof,
  header: RpcHeader,
  { suite, supportedVersion }: { readonly suite: CryptoSuite; readonly supportedVersion: SupportedVersion },
): void {
  const { transactionReceipt: receipt, receiptProof } = proof;
  demandBlock(receipt, header);
  const encoded = wellFormed("receipt", () => encodeReceipt(receiptFromJson(receipt), supportedVersion));
  demandRoot({
    what: `The receipt of ${receipt.transactionHash}`,
    leaf: leafOf(receipt.transactionIndex, suite.hash(encoded)),
    proof: receiptProof,
    root: header.receiptsRoot,
    suite,
  });
}

function demandBlock(place: { readonly blockHash?: string; readonly blockNumber?: string }, header: RpcHeader): void {
  if (place.blockHash === header.hash && Number(place.blockNumber) === header.number) return;
  throw new ProofError("other-block", `The proof is of block ${place.blockHash}, not of ${header.hash}.`);
}

function leafOf(index: string | undefined, hash: Uint8Array): Uint8Array {
  const position = Number(index);
  if (!Number.isSafeInteger(position) || position < 0) throw new ProofError("malformed", "The proof has no index.");
  return concatBytes(encodeRlpInteger(position), hash);
}

function demandRoot(claim: {
  readonly what: string;
  readonly leaf: Uint8Array;
  readonly proof: readonly RpcProofLevel[];
  readonly root: string;
  readonly suite: CryptoSuite;
}): void {
  const { what, leaf, proof, root, suite } = claim;
  const isSmall =
    proof.length <= LEVELS_MAX && proof.every(({ left, right }) => left.length + right.length <= SIBLINGS_MAX);
  if (!isSmall) throw new ProofError("malformed", "The proof is larger than any tree.");
  if (wellFormed("proof", () => rootOfProof(leaf, proof, suite)) === digitsOf(root)) return;
  throw new ProofError("root-wrong", `${what} is not in the block that it claims to be in.`);
}

/** Runs what throws on fields of the wrong form. */
function wellFormed<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new ProofError("malformed", `The ${what} has fields that are not of their form.`, { cause });
  }
}
