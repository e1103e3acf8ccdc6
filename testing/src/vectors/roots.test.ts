import { describe, expect, test } from "vitest";
import { bytesToHex, hash } from "@tsbcos/core/primitives";
import { smSuite, standardSuite } from "@tsbcos/core/crypto";
import {
  encodeReceipt,
  merkleProof,
  merkleRoot,
  rawTransactionFromJson,
  receiptFromJson,
  receiptLeaves,
  receiptsRoot,
  rootOfProof,
  transactionLeaves,
  transactionsRoot,
} from "@tsbcos/core/protocol";
import { CHAIN_NAMES, loadChain } from "./load.js";
import { plain } from "./records.js";

describe.each(CHAIN_NAMES)("recorded chain %s", (name) => {
  const chain = loadChain(name);
  const { suite, version } = chain;

  test("both roots of every block after genesis", () => {
    const receipts = chain.receipts();
    const blocks = chain.blocks().slice(1);
    for (const json of blocks) {
      const transactions = json.transactions.map((tx) => ({
        hash: hash(plain(tx.hash)),
        raw: rawTransactionFromJson(tx, suite),
      }));
      expect(transactionsRoot(transactions, version, suite)).toBe(plain(json.transactionsRoot));
      const encoded = receipts
        .filter((receipt) => receipt.blockNumber === json.number)
        .map((receipt) => encodeReceipt(receiptFromJson(receipt), version));
      expect(receiptsRoot(encoded, version, suite)).toBe(plain(json.receiptsRoot));
    }
    expect(blocks.length).toBeGreaterThan(0);
  });
});

describe.each(["standard", "sm"] as const)("recorded proofs of %s", (name) => {
  const chain = loadChain(name);
  const { suite, version } = chain;

  test("are the ones we make and lead to the recorded roots", () => {
    const blocks = new Map(chain.blocks().map((block) => [block.hash, block]));
    const receipts = chain.receipts();
    const proofs = chain.proofs();
    expect(proofs.length).toBe(3);
    for (const { tx, receipt } of proofs) {
      const json = receipt.result.transactionReceipt;
      const block = blocks.get(json.blockHash)!;
      const index = Number(json.transactionIndex);

      const leaves = transactionLeaves(block.transactions.map((transaction) => hash(plain(transaction.hash))));
      expect(merkleProof(leaves, index, suite)).toEqual(tx.result.txProof);
      expect(rootOfProof(leaves[index]!, tx.result.txProof, suite)).toBe(plain(block.transactionsRoot));

      const encoded = receipts
        .filter(({ blockHash }) => blockHash === json.blockHash)
        .map((one) => encodeReceipt(receiptFromJson(one), version));
      const receiptTree = receiptLeaves(encoded, suite);
      expect(merkleProof(receiptTree, index, suite)).toEqual(receipt.result.receiptProof);
      expect(rootOfProof(receiptTree[index]!, receipt.result.receiptProof, suite)).toBe(plain(block.receiptsRoot));
    }
  });
});

describe.each([standardSuite, smSuite])("trees of any size, $name", (suite) => {
  test.each([1, 2, 15, 16, 17, 33, 256, 257, 300])("%d leaves: each proof leads to the root", (count) => {
    const hashes = Array.from({ length: count }, (_, i) =>
      hash(bytesToHex(suite.hash(Uint8Array.of(i & 255, i >> 8)))),
    );
    const leaves = transactionLeaves(hashes);
    const root = merkleRoot(leaves, suite);
    for (const index of new Set([0, 1, 15, 16, count >> 1, count - 1].filter((at) => at < count))) {
      const proof = merkleProof(leaves, index, suite);
      expect(rootOfProof(leaves[index]!, proof, suite)).toBe(root);
      expect(proof.at(-1)).toEqual({ left: [], right: [] });
      expect(rootOfProof(leaves[(index + 1) % count]!, proof, suite) === root).toBe(count === 1);
    }
  });
});
