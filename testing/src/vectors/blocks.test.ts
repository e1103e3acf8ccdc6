import { describe, expect, test } from "vitest";
import { bytesEqual, hexToBytes, ok } from "@tsbcos/core/primitives";
import type { NodeId } from "@tsbcos/core/primitives";
import {
  contractAddress,
  decodeBlock,
  decodeHeader,
  decodeReceipt,
  encodeBlock,
  encodeHeader,
  encodeReceipt,
  headerFromJson,
  headerHash,
  logBloom,
  rawTransactionFromJson,
  receiptFromJson,
  statusMessage,
  verifyTransaction,
} from "@tsbcos/core/protocol";
import { CHAIN_NAMES, loadChain } from "./load.js";
import type { RpcReceipt } from "./load.js";
import { plain, signaturesOf } from "./records.js";

/** Ids of all sealers at rPBFT chains, whose headers name only the working ones. */
function genesisNodes(genesis: string): NodeId[] {
  return [...genesis.matchAll(/^\s*node\.\d+\s*=\s*([0-9a-f]{128})/gm)].map((match) => match[1] as NodeId).sort();
}

describe.each(CHAIN_NAMES)("recorded chain %s", (name) => {
  const chain = loadChain(name);
  const { suite, version } = chain;
  const blocks = chain.blocks();
  const receiptsOfBlock = new Map<string, RpcReceipt[]>();
  for (const receipt of chain.receipts()) {
    const list = receiptsOfBlock.get(receipt.blockNumber) ?? [];
    list.push(receipt);
    receiptsOfBlock.set(receipt.blockNumber, list);
  }

  test("headers encode to their hashes and follow each other", () => {
    let parent = "0".repeat(64);
    for (const json of blocks) {
      const header = headerFromJson(json);
      expect(headerHash(header, suite)).toBe(plain(json.hash));
      expect(decodeHeader(encodeHeader(header))).toEqual(ok(header));
      expect(header.parentHash).toBe(parent);
      parent = plain(json.hash);
    }
    expect(blocks.length).toBeGreaterThan(1);
  });

  // SM2 in pure TypeScript is slow: every fourth transaction, every one elsewhere.
  const stride = name === "sm" ? 4 : 1;
  test("transactions have their hashes and senders", { timeout: 120_000 }, () => {
    const raws = new Map(chain.steps().map((step) => [step.hash, plain(step.raw)]));
    const transactions = blocks.flatMap((block) => block.transactions);
    let fromSteps = 0;
    for (let i = 0; i < transactions.length; i += stride) {
      const json = transactions[i]!;
      const raw = rawTransactionFromJson(json, suite);
      const verified = verifyTransaction(raw, suite);
      expect(verified).toMatchObject({ ok: true, value: { hash: plain(json.hash), sender: plain(json.from) } });
      const sent = raws.get(json.hash);
      if (sent === undefined) continue;
      expect(Buffer.from(raw).toString("hex")).toBe(sent);
      fromSteps++;
    }
    expect(fromSteps).toBeGreaterThan(0);
  });

  test("receipts have blooms, codes, and survive their encoding", () => {
    for (const json of chain.receipts()) {
      const receipt = receiptFromJson(json);
      expect(bytesEqual(logBloom(receipt.logs, suite), receipt.bloom)).toBe(true);
      expect(statusMessage(receipt.status)).toBe(json.statusMsg);
      const encoded = encodeReceipt(receipt, version);
      const decoded = decodeReceipt(encoded, version);
      expect(decoded.ok && bytesEqual(encodeReceipt(decoded.value, version), encoded)).toBe(true);
    }
  });

  test("first creations of each sender have the address of its state nonce", () => {
    const seen = new Set<string>();
    for (const json of chain.receipts()) {
      const created = !/^0x0+$/.test(json.contractAddress);
      if (seen.has(json.from) || !created) continue;
      seen.add(json.from);
      // Failed creations count too, so the first that succeeded is one of the first few.
      const candidates = Array.from({ length: 60 }, (_, nonce) =>
        contractAddress(suite, plain(json.from) as never, BigInt(nonce)),
      );
      expect(candidates).toContain(plain(json.contractAddress));
    }
    expect(seen.size).toBeGreaterThan(0);
  });

  test("blocks survive their encoding", () => {
    for (const json of blocks) {
      const header = headerFromJson(json);
      const parts = {
        header,
        hash: headerHash(header, suite),
        rawTransactions: json.transactions.map((tx) => rawTransactionFromJson(tx, suite)),
        signatures: signaturesOf(json),
        receipts: (receiptsOfBlock.get(json.number) ?? []).map(receiptFromJson),
      };
      expect(parts.receipts.length).toBe(parts.rawTransactions.length);
      const encoded = encodeBlock(parts, version);
      // Comparing bytes, because comparing the objects would take most of the time.
      const decoded = decodeBlock(encoded, suite, version);
      if (!decoded.ok) throw new Error(decoded.error.reason);
      expect(decoded.value.receipts?.length).toBe(parts.receipts.length);
      expect(decoded.value.hash).toBe(parts.hash);
      const again = encodeBlock({ ...decoded.value, receipts: decoded.value.receipts ?? [] }, version);
      expect(bytesEqual(again, encoded)).toBe(true);
    }
  });

  test("signature lists verify against the sealers", { timeout: 120_000 }, () => {
    const everybody = genesisNodes(chain.text("group.1.genesis"));
    const headers = chain.headers();
    let checked = 0;
    for (let i = 1; i < headers.length; i += stride) {
      const json = headers[i]!;
      const sealers = name === "rpbft" ? everybody : headerFromJson(json).sealerList;
      const signatures = signaturesOf(json);
      expect(new Set(signatures.map(({ index }) => index)).size).toBe(signatures.length);
      for (const { index, signature } of signatures) {
        expect(suite.verify(hexToBytes(json.hash), signature, hexToBytes(sealers[index]!))).toBe(true);
        checked++;
      }
    }
    if (name === "raft") expect(checked).toBe(0);
    else expect(checked).toBeGreaterThanOrEqual(2 * Math.floor((headers.length - 1) / stride));
  });
});
