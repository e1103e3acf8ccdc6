import { setImmediate as breath } from "node:timers/promises";
import {
  verifyEvidence,
  verifyHeader,
  type ProvenTransaction,
  type RpcHeader,
  type RpcReceiptWithProof,
  type RpcTransactionWithProof,
} from "@tsbcos/sdk";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { describe, expect, test } from "vitest";
import { CHAIN_NAMES, loadChain, type RecordedChain } from "./load.js";
import { requestText, serviceOf } from "./rpc-node.js";

type Evidence = ProvenTransaction["evidence"];

const sealersOf = (chain: RecordedChain): string[] =>
  [...chain.text("group.1.genesis").matchAll(/node\.\d+\s*=\s*([0-9a-f]{128})/g)].map(([, id]) => id ?? "");
const headersOf = (chain: RecordedChain): readonly RpcHeader[] => chain.headers() as unknown as readonly RpcHeader[];

function evidenceOf(chain: RecordedChain): Evidence[] {
  const headers = new Map(headersOf(chain).map((header) => [header.hash, header]));
  return chain.proofs().map(({ tx, receipt }) => {
    const transaction = tx.result as unknown as RpcTransactionWithProof;
    const header = headers.get(String(transaction.transaction.blockHash));
    if (header === undefined) throw new Error("a proof is of a recorded block");
    return { header, transaction, receipt: receipt.result as unknown as RpcReceiptWithProof };
  });
}

/** What is found wrong with evidence; `holds` when nothing is. */
function verdict(chain: RecordedChain, evidence: Evidence, sealers = sealersOf(chain)): string {
  try {
    verifyEvidence(evidence, sealers, { suite: chain.suite, supportedVersion: chain.version });
    return "holds";
  } catch (error) {
    return String((error as { failure?: string }).failure ?? error);
  }
}

describe.each(["standard", "sm", "bursts", "corners", "free-storage"] as const)("recorded proofs of %s", (name) => {
  const chain = loadChain(name);

  test("hold against the sealers of the genesis file, and against no others", () => {
    const evidence = evidenceOf(chain);
    expect(evidence.length).toBeGreaterThanOrEqual(3);
    for (const one of evidence) {
      expect(verdict(chain, one)).toBe("holds");
      const strangers = sealersOf(chain).map((id) => [...id].reverse().join(""));
      expect(verdict(chain, one, strangers)).toBe("signatures-too-few");
      expect(verdict(chain, one, [])).toBe("signatures-too-few");
      // Three of four are enough; of two strangers and two sealers, three are not there.
      expect(verdict(chain, one, [...sealersOf(chain).slice(0, 2), ...strangers.slice(0, 2)])).toBe(
        "signatures-too-few",
      );
    }
  });
});

describe.each(["bursts", "corners", "sm"] as const)("proofs that our service makes for %s", (name) => {
  test("B25: there is one for every transaction and receipt of the chain, and it holds", async () => {
    const chain = loadChain(name);
    const { service } = serviceOf(name, await loadNativeSuites(), { sessions: [], told: [] });
    const ask = async <T>(method: string, hash: string): Promise<T> =>
      (JSON.parse(await service.handle(requestText(1, method, [1, hash]))) as { readonly result: T }).result;
    const headers = headersOf(chain);
    let proven = 0;
    for (const [number, { transactions }] of chain.blocks().entries()) {
      // A service on a replayed chain answers without ever waiting: the reporter must be heard all the same.
      await breath();
      // The first, the last, and one in between: long blocks have proofs of several levels.
      for (const place of new Set([0, Math.floor(transactions.length / 2), transactions.length - 1])) {
        const hash = transactions[place]?.hash;
        if (hash === undefined) continue;
        const transaction = await ask<RpcTransactionWithProof>("getTransactionByHashWithProof", hash);
        const receipt = await ask<RpcReceiptWithProof>("getTransactionReceiptByHashWithProof", hash);
        expect(transaction.txProof.length).toBeGreaterThan(0);
        expect(receipt.receiptProof.length).toBeGreaterThan(0);
        expect(verdict(chain, { header: headers[number] as RpcHeader, transaction, receipt })).toBe("holds");
        proven++;
      }
    }
    expect(proven).toBeGreaterThan(10);
  }, 120_000);
});

describe("evidence that was changed does not hold", () => {
  const chain = loadChain("standard");
  const [whole] = evidenceOf(chain);
  const evidence = whole!;
  const { header, transaction, receipt } = evidence;
  const withHeader = (change: Partial<RpcHeader>): Evidence => ({ ...evidence, header: { ...header, ...change } });
  const withTransaction = (change: object): Evidence => ({
    ...evidence,
    transaction: { ...transaction, transaction: { ...transaction.transaction, ...change } },
  });
  const withReceipt = (change: object): Evidence => ({
    ...evidence,
    receipt: { ...receipt, transactionReceipt: { ...receipt.transactionReceipt, ...change } },
  });
  const zero = `0x${"0".repeat(64)}`;
  const signatures = header.signatureList ?? [];

  test.each<readonly [string, Evidence, string]>([
    ["another root", withHeader({ transactionsRoot: zero }), "header-hash-wrong"],
    ["another hash", withHeader({ hash: zero }), "header-hash-wrong"],
    ["a field that is none", withHeader({ parentHash: "0x12" }), "malformed"],
    ["a signature less", withHeader({ signatureList: signatures.slice(0, 2) }), "signatures-too-few"],
    [
      "one signature three times",
      withHeader({ signatureList: [0, 1, 2].map(() => signatures[0]!) }),
      "signatures-too-few",
    ],
    ["no list of signatures", withHeader({ signatureList: null }), "signatures-too-few"],
    [
      "signatures that are none",
      withHeader({ signatureList: signatures.map((one) => ({ ...one, signature: "0x" })) }),
      "signatures-too-few",
    ],
    ["another input", withTransaction({ input: "0x00" }), "transaction-signature-wrong"],
    ["another sender", withTransaction({ from: `0x${"00".repeat(20)}` }), "transaction-signature-wrong"],
    ["another transaction hash", withTransaction({ hash: zero }), "transaction-hash-wrong"],
    ["another block", withTransaction({ blockHash: zero }), "other-block"],
    ["another place", withTransaction({ transactionIndex: "0x1" }), "root-wrong"],
    ["no place", withTransaction({ transactionIndex: "first" }), "malformed"],
    ["another status", withReceipt({ status: "0x16" }), "root-wrong"],
    ["another output", withReceipt({ output: "0x01" }), "root-wrong"],
    ["a log more", withReceipt({ logs: [{ address: `0x${"00".repeat(20)}`, data: "0x", topics: [] }] }), "root-wrong"],
    ["the receipt of another transaction", withReceipt({ transactionHash: zero }), "not-the-receipt"],
    ["another receiver in the receipt", withReceipt({ to: `0x${"01".repeat(20)}` }), "not-the-receipt"],
    [
      "siblings that are no hexadecimal text",
      { ...evidence, transaction: { ...transaction, txProof: [{ left: ["zz"], right: [] }] } },
      "malformed",
    ],
    [
      "a proof of ten thousand levels",
      {
        ...evidence,
        transaction: { ...transaction, txProof: Array.from({ length: 10_000 }, () => ({ left: [], right: [] })) },
      },
      "malformed",
    ],
  ])("%s", (_what, changed, failure) => {
    expect(verdict(chain, changed)).toBe(failure);
  });
});

test.each(CHAIN_NAMES.filter((name) => name !== "raft" && name !== "rpbft"))(
  "%s: headers after genesis are signed by enough sealers",
  (name) => {
    const chain = loadChain(name);
    // Nodes leave and come back on some of these chains: whoever could seal a block stands in its header, and all of them
    // are nodes of the genesis file.
    const nodes = new Set(sealersOf(chain));
    // Every tenth: checking signatures takes its time.
    const headers = headersOf(chain).filter(({ number }) => number % 10 === 1);
    for (const header of headers) {
      expect(header.sealerList.every((id) => nodes.has(id))).toBe(true);
      expect(() => verifyHeader(header, header.sealerList, chain.suite)).not.toThrow();
    }
    expect(headers.length).toBeGreaterThan(0);
  },
);
