/** Receipts as they are pushed over the channel to whoever sent the transaction. */
import { EMPTY_BYTES, ZERO_ADDRESS, ZERO_HASH, type Hash } from "@tsbcos/core/primitives";
import {
  BLOOM_BYTES,
  encodeReceipt,
  MerkleTree,
  receiptLeaves,
  transactionLeaves,
  V2_2_0,
  writeIndentedJson,
  type BlockHeader,
  type Json,
  type Receipt,
  type SupportedVersion,
  type VerifiedTransaction,
} from "@tsbcos/core/protocol";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { receiptJson, type Additions } from "./objects.js";

/** A block with everything that its receipts show. */
export interface ReceiptSource {
  readonly header: Pick<BlockHeader, "number">;
  readonly hash: Hash;
  readonly transactions: readonly VerifiedTransaction[];
  readonly receipts: readonly Receipt[];
}

/** How receipts of a chain are written. */
interface PrintingRules extends Additions {
  readonly version: SupportedVersion;
  readonly suite: CryptoSuite;
}

/** Writes the receipts of one block. */
export class ReceiptPrinter {
  readonly #block: ReceiptSource;
  readonly #rules: PrintingRules;
  #trees: { readonly transactions: MerkleTree; readonly receipts: MerkleTree } | undefined;

  constructor(block: ReceiptSource, rules: PrintingRules) {
    this.#block = block;
    this.#rules = rules;
  }

  /** The receipt of transaction `index`; chains before 2.2.0 have no proofs. */
  text(index: number, options: { readonly withProof: boolean }): string {
    const { header, hash: blockHash, transactions, receipts } = this.#block;
    const position = { blockHash, blockNumber: header.number, index };
    const transaction = transactions[index] as VerifiedTransaction;
    const receipt = receiptJson(receipts[index] as Receipt, transaction, position, this.#rules);
    const hasProof = options.withProof && this.#rules.version >= V2_2_0;
    return writeIndentedJson(hasProof ? { ...receipt, ...this.#proofs(index) } : receipt);
  }

  #proofs(index: number): Record<string, Json> {
    const { transactions, receipts } = this.#block;
    const { suite, version } = this.#rules;
    this.#trees ??= {
      transactions: new MerkleTree(transactionLeaves(transactions.map(({ hash }) => hash)), suite),
      receipts: new MerkleTree(
        receiptLeaves(
          receipts.map((one) => encodeReceipt(one, version)),
          suite,
        ),
        suite,
      ),
    };
    const json = (tree: MerkleTree): Json => tree.proof(index).map(({ left, right }) => ({ left, right }));
    return { txProof: json(this.#trees.transactions), receiptProof: json(this.#trees.receipts) };
  }
}

const NO_RECEIPT: Omit<Receipt, "status"> = {
  stateRoot: ZERO_HASH,
  gasUsed: 0n,
  contractAddress: ZERO_ADDRESS,
  bloom: new Uint8Array(BLOOM_BYTES),
  output: EMPTY_BYTES,
  remainGas: 0n,
  logs: [],
};

const NO_TRANSACTION: VerifiedTransaction = {
  nonce: 0n,
  gasPrice: 0n,
  gas: 0n,
  blockLimit: 0n,
  to: undefined,
  value: 0n,
  data: EMPTY_BYTES,
  chainId: 0n,
  groupId: 0n,
  extraData: EMPTY_BYTES,
  signature: EMPTY_BYTES,
  raw: EMPTY_BYTES,
  isCanonical: true,
  hash: ZERO_HASH,
  sender: ZERO_ADDRESS,
};

const NOTHING_ADDED: Additions = { revertReasons: false };

/** The receipt of a transaction that is in no block: a status, and nothing else. */
export function refusedReceiptText(status: number): string {
  const position = { blockHash: ZERO_HASH, blockNumber: 0, index: 0 };
  return writeIndentedJson(receiptJson({ ...NO_RECEIPT, status }, NO_TRANSACTION, position, NOTHING_ADDED));
}
