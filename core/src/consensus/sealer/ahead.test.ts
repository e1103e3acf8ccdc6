import { describe, expect, test } from "vitest";
import type { Hash, Height } from "../../primitives/index.js";
import type { VerifiedTransaction } from "../../protocol/index.js";
import type { TransactionSource } from "../interface.js";
import { Sealer } from "./sealer.js";

const now = { steadyMs: 0, wallMs: 0 };
const tx = (name: string, nonce: bigint) => ({ hash: name as Hash, nonce, blockLimit: 500n }) as VerifiedTransaction;

describe("a draft made ahead", () => {
  test("B27: loses transactions whose nonce the block before has used", () => {
    const [stored, rival, other] = [tx("stored", 1n), tx("rival", 1n), tx("other", 2n)];
    const used = new Set<bigint>();
    let waiting = [stored, rival, other];
    const pool: TransactionSource = {
      select(limit, avoid) {
        const chosen = waiting.filter(({ hash, nonce }) => !avoid.has(hash) && !used.has(nonce)).slice(0, limit);
        for (const { hash } of chosen) avoid.add(hash);
        return chosen;
      },
      find: (hash) => waiting.find((transaction) => transaction.hash === hash),
      isIncludable: ({ nonce }) => !used.has(nonce),
      get size() {
        return waiting.length;
      },
    };
    const sealer = new Sealer(pool, { minMs: 0, emptyMs: 1000 });
    sealer.prepareAhead(8 as Height, [stored.hash], 2, now);
    used.add(1n);
    waiting = [rival, other];
    sealer.blockStored(7 as Height, [stored.hash]);
    const answer = sealer.next({ height: 8 as Height, sinceMs: 0, maxTransactions: 2 }, now);
    expect(answer).toEqual({ due: true, transactions: [other] });
  });
});
