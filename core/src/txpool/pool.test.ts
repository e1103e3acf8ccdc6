import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EMPTY_BYTES, ZERO_ADDRESS, groupId, hash, hexToBytes } from "../primitives/index.js";
import type { Hash, Instant } from "../primitives/index.js";
import type { VerifiedTransaction } from "../protocol/index.js";
import { ADMISSION_REFUSALS, TransactionPool, admissionFailure, nonceWindowStart } from "./index.js";
import { nonceKey } from "./nonce-window.js";
import type { PoolOptions } from "./index.js";

const options: PoolOptions = {
  limit: 10,
  memoryBytesMax: 10_000,
  expirationMs: 600_000,
  chainId: 1n,
  groupId: groupId(1),
  checkIds: true,
};

/** A transaction as it leaves the verifiers. Its hash follows from its nonce unless another one is given. */
function transaction(nonce: bigint, changes: Partial<VerifiedTransaction> = {}): VerifiedTransaction {
  return {
    nonce,
    gasPrice: 0n,
    gas: 0n,
    blockLimit: 100n,
    to: ZERO_ADDRESS,
    value: 0n,
    data: EMPTY_BYTES,
    chainId: 1n,
    groupId: 1n,
    extraData: EMPTY_BYTES,
    signature: EMPTY_BYTES,
    raw: hexToBytes("c0".repeat(100)),
    isCanonical: true,
    hash: hash((nonce % 2n ** 256n).toString(16).padStart(64, "0")),
    sender: ZERO_ADDRESS,
    ...changes,
  };
}

function at(steadyMs: number): Instant {
  return { steadyMs, wallMs: 1_700_000_000_000 + steadyMs };
}

const start = at(0);

function codeOf(result: ReturnType<TransactionPool["import"]>): string {
  return result.ok ? "admitted" : result.error.code;
}

function hashes(transactions: readonly VerifiedTransaction[]): Hash[] {
  return transactions.map((tx) => tx.hash);
}

describe("admission", () => {
  test("a sound transaction is admitted and found by its hash", () => {
    const pool = new TransactionPool(options);
    const tx = transaction(1n);
    expect(pool.import(tx, "client", start)).toEqual({ ok: true, value: tx.hash });
    expect(pool.find(tx.hash)).toBe(tx);
    expect(pool.has(tx.hash)).toBe(true);
    expect(pool.size).toBe(1);
    pool.invariants();
  });

  test("codes, receipt statuses and texts are those that clients know", () => {
    const shown = Object.keys(ADMISSION_REFUSALS).map((code) => {
      const failure = admissionFailure(code as keyof typeof ADMISSION_REFUSALS, {
        hash: hash("ab12cd34".padEnd(64, "0")),
        blockLimit: 7n,
      });
      return [failure.code, failure.status, failure.text];
    });
    expect(shown).toEqual([
      ["memory-limit-exceeded", 10006, "OverGroupMemoryLimit, txHash=ab12cd34..."],
      ["pool-full", 28, "TransactionPoolIsFull, txHash=ab12cd34..."],
      ["already-known", 10000, "TransactionAlreadyKown, txHash=ab12cd34..."],
      ["already-dropped", 10001, "TransactionAlreadyInChain, txHash=ab12cd34..."],
      ["nonce-used-on-chain", 15, "TransactionNonceCheckFail, txHash=ab12cd34..."],
      ["block-limit-out-of-range", 16, "BlockLimitCheckFailed, txBlockLimit=7, txHash=ab12cd34..."],
      ["malformed", 10005, "TransactionSubmitFailed, txHash=ab12cd34..."],
      ["nonce-used-in-pool", 15, "TxPoolNonceCheckFail, txHash=ab12cd34..."],
      ["chain-id-mismatch", 10002, "InvalidChainId, txHash=ab12cd34..."],
      ["group-id-mismatch", 10003, "InvalidGroupId, txHash=ab12cd34..."],
      ["not-in-group", 10004, "TransactionSubmitFailed, txHash=ab12cd34..."],
      ["node-is-syncing", 29, "TransactionSubmitFailed, txHash=ab12cd34..."],
    ]);
  });

  test("the first check that fails gives the answer, in the order of the protocol", () => {
    // Everything is wrong with this one; each round repairs what was complained about last.
    const pool = new TransactionPool({ ...options, limit: 2, memoryBytesMax: 250 });
    pool.loadNonces(1, [5n]);
    const dropped = transaction(77n, { blockLimit: 2n });
    pool.import(dropped, "peer", start);
    pool.blockCommitted({ height: 2, transactions: [] });
    expect(pool.select(10, new Set(), start)).toEqual([]);
    const first = transaction(1n);
    const second = transaction(2n);
    pool.import(first, "peer", start);
    pool.import(second, "peer", start);

    const bad = { chainId: 9n, groupId: 9n, blockLimit: 1n };
    const attempt = (tx: VerifiedTransaction): string => codeOf(pool.import(tx, "peer", start));
    expect(attempt(transaction(5n, { ...bad, hash: first.hash }))).toBe("memory-limit-exceeded");
    const light = { ...bad, raw: hexToBytes("c0") };
    expect(attempt(transaction(5n, { ...light, hash: first.hash }))).toBe("pool-full");
    pool.blockCommitted({ height: 3, transactions: [second] });
    expect(attempt(transaction(5n, { ...light, hash: first.hash }))).toBe("already-known");
    expect(attempt(transaction(5n, { ...light, hash: dropped.hash }))).toBe("already-dropped");
    expect(attempt(transaction(5n, light))).toBe("nonce-used-on-chain");
    expect(attempt(transaction(1n, { ...light, hash: hash("f".repeat(64)) }))).toBe("block-limit-out-of-range");
    const timely = { ...light, blockLimit: 50n };
    expect(attempt(transaction(1n, { ...timely, hash: hash("f".repeat(64)) }))).toBe("nonce-used-in-pool");
    expect(attempt(transaction(6n, timely))).toBe("chain-id-mismatch");
    expect(attempt(transaction(6n, { ...timely, chainId: 1n }))).toBe("group-id-mismatch");
    expect(attempt(transaction(6n, { ...timely, chainId: 1n, groupId: 1n }))).toBe("admitted");
    pool.invariants();
  });

  test("a transaction with the wrong chain id does not keep its nonce from a corrected one", () => {
    const pool = new TransactionPool(options);
    const wrong = transaction(1n, { chainId: 2n });
    const corrected = transaction(1n, { hash: hash("c".repeat(64)) });
    expect(codeOf(pool.import(wrong, "client", start))).toBe("chain-id-mismatch");
    expect(codeOf(pool.import(corrected, "client", start))).toBe("admitted");
  });

  test("chain and group are not looked at where transactions do not name them", () => {
    const pool = new TransactionPool({ ...options, checkIds: false });
    expect(codeOf(pool.import(transaction(1n, { chainId: 0n, groupId: 0n }), "client", start))).toBe("admitted");
  });

  test("a block limit is good from the next block to a thousand blocks ahead", () => {
    const pool = new TransactionPool(options);
    pool.loadNonces(7, []);
    const limits = [7n, 8n, 1007n, 1008n, 2n ** 256n - 1n];
    const codes = limits.map((blockLimit, i) =>
      codeOf(pool.import(transaction(BigInt(i), { blockLimit }), "peer", start)),
    );
    const outside = "block-limit-out-of-range";
    expect(codes).toEqual([outside, "admitted", "admitted", outside, outside]);
  });

  test("the largest nonce is no nonce", () => {
    const pool = new TransactionPool(options);
    expect(codeOf(pool.import(transaction(2n ** 256n - 1n), "peer", start))).toBe("nonce-used-on-chain");
    expect(codeOf(pool.import(transaction(2n ** 256n - 2n), "peer", start))).toBe("admitted");
  });

  test("the memory limit counts data, encoding and extra data", () => {
    const pool = new TransactionPool({ ...options, memoryBytesMax: 110 });
    const data = hexToBytes("00".repeat(6));
    const extraData = hexToBytes("00".repeat(5));
    expect(codeOf(pool.import(transaction(1n, { data, extraData }), "peer", start))).toBe("memory-limit-exceeded");
    const fitting = transaction(2n, { data, extraData: hexToBytes("00".repeat(4)) });
    expect(codeOf(pool.import(fitting, "peer", start))).toBe("admitted");
    expect(pool.memoryBytes).toBe(110);
    pool.blockCommitted({ height: 1, transactions: [fitting] });
    expect(pool.memoryBytes).toBe(0);
  });
});

describe("nonces", () => {
  test("B16: after a restart the nonces of stored blocks are refused again", () => {
    const before = new TransactionPool(options);
    const stored = transaction(4n);
    before.blockCommitted({ height: 1, transactions: [stored] });
    const after = new TransactionPool(options);
    after.loadNonces(1, [4n]);
    const again = transaction(4n, { hash: hash("a".repeat(64)) });
    expect(codeOf(before.import(again, "client", start))).toBe("nonce-used-on-chain");
    expect(codeOf(after.import(again, "client", start))).toBe("nonce-used-on-chain");
  });

  test("a nonce is refused for a thousand blocks after its own", () => {
    const pool = new TransactionPool(options);
    pool.blockCommitted({ height: 1, transactions: [transaction(4n)] });
    const again = transaction(4n, { blockLimit: 1500n });
    for (let height = 2; height <= 1001; height++) pool.blockCommitted({ height, transactions: [] });
    expect(codeOf(pool.import(again, "peer", start))).toBe("nonce-used-on-chain");
    pool.blockCommitted({ height: 1002, transactions: [] });
    expect(codeOf(pool.import(again, "peer", start))).toBe("admitted");
    expect([nonceWindowStart(0), nonceWindowStart(1001), nonceWindowStart(1002)]).toEqual([1, 1, 2]);
  });

  test("a nonce that two blocks used is free only when the later one is old", () => {
    const pool = new TransactionPool(options);
    pool.blockCommitted({ height: 1, transactions: [transaction(4n)] });
    pool.blockCommitted({ height: 2, transactions: [transaction(4n, { hash: hash("b".repeat(64)) })] });
    for (let height = 3; height <= 1002; height++) pool.blockCommitted({ height, transactions: [] });
    expect(codeOf(pool.import(transaction(4n, { blockLimit: 1500n }), "peer", start))).toBe("nonce-used-on-chain");
  });

  test("nonces that agree in their lowest 64 bits are told apart, by keys that the engine hashes whole", () => {
    const nonces = Array.from({ length: 1000 }, (_, i) => (BigInt(i) << 64n) + 5n);
    const pool = new TransactionPool({ ...options, limit: nonces.length, memoryBytesMax: 1e9 });
    for (const nonce of nonces) expect(codeOf(pool.import(transaction(nonce), "peer", start))).toBe("admitted");
    expect(pool.size).toBe(nonces.length);
    // Of integers it hashes only those bits: a map of these would look at all of them for each.
    for (const nonce of nonces) expect(nonceKey(nonce)).toBeTypeOf("string");
    expect(new Set(nonces.map(nonceKey)).size).toBe(nonces.length);
  });
});

describe("proposals of others", () => {
  test("B27: hold no used nonce, no passed or far block limit, no foreign transaction", () => {
    const pool = new TransactionPool(options);
    pool.blockCommitted({ height: 50, transactions: [transaction(1n)] });
    expect(pool.isIncludable(transaction(2n))).toBe(true);
    expect(pool.isIncludable(transaction(1n, { hash: hash("ab".repeat(32)) }))).toBe(false);
    const limits = [49n, 50n, 51n, 1050n, 1051n].map((blockLimit) =>
      pool.isIncludable(transaction(2n, { blockLimit })),
    );
    expect(limits).toEqual([false, true, true, true, false]);
    expect(pool.isIncludable(transaction(2n, { chainId: 2n }))).toBe(false);
    expect(pool.isIncludable(transaction(2n, { groupId: 2n }))).toBe(false);
    expect(pool.isIncludable(transaction(2n ** 256n - 1n))).toBe(false);
  });
});

describe("selection", () => {
  function filled(count: number): { pool: TransactionPool; all: VerifiedTransaction[] } {
    const pool = new TransactionPool(options);
    const all = Array.from({ length: count }, (_, i) => transaction(BigInt(i + 1)));
    all.forEach((tx, i) => pool.import(tx, i % 2 === 0 ? "client" : "peer", at(i)));
    return { pool, all };
  }

  test("is first come first served, and never twice what is avoided", () => {
    const { pool, all } = filled(5);
    const avoid = new Set<Hash>([all[1]!.hash]);
    expect(pool.select(2, avoid, at(10))).toEqual([all[0], all[2]]);
    expect(pool.select(10, avoid, at(10))).toEqual([all[3], all[4]]);
    expect(pool.select(10, avoid, at(10))).toEqual([]);
    expect(pool.size).toBe(5);
  });

  test("gives up what is past its block limit, with what the client is owed", () => {
    const { pool, all } = filled(4);
    pool.blockCommitted({ height: 100, transactions: [] });
    expect(pool.select(10, new Set(), at(10))).toEqual([]);
    expect(pool.size).toBe(0);
    expect(pool.takeAbandoned()).toEqual([
      { transaction: all[0], status: 29, reason: "block-limit-passed" },
      { transaction: all[2], status: 29, reason: "block-limit-passed" },
    ]);
    expect(pool.takeAbandoned()).toEqual([]);
    expect(codeOf(pool.import(all[0]!, "client", at(10)))).toBe("already-dropped");
  });

  test("B24: what expired is reported as refused, never as a success", () => {
    const { pool, all } = filled(3);
    expect(pool.select(10, new Set(), at(600_002))).toEqual([all[2]]);
    const owed = pool.takeAbandoned();
    expect(owed.map(({ transaction: tx, status, reason }) => [tx, status, reason])).toEqual([[all[0], 29, "expired"]]);
  });

  test("B24: what is being agreed on is not given up under the feet of the block", () => {
    const { pool, all } = filled(1);
    const inAgreement = new Set([all[0]!.hash]);
    expect(pool.select(10, inAgreement, at(10_000_000))).toEqual([]);
    expect(pool.takeAbandoned()).toEqual([]);
    expect(pool.has(all[0]!.hash)).toBe(true);
  });

  test("keeps but never proposes a transaction whose nonce another one used up", () => {
    const { pool, all } = filled(2);
    const rival = transaction(1n, { hash: hash("e".repeat(64)) });
    pool.blockCommitted({ height: 1, transactions: [rival] });
    expect(pool.select(10, new Set(), at(10))).toEqual([all[1]]);
    expect(pool.size).toBe(2);
    pool.invariants();
  });
});

describe("expiry", () => {
  test("the pool asks to be woken when its oldest transaction expires, and at most every three seconds", () => {
    const pool = new TransactionPool(options);
    expect(pool.wakeAtMs).toBeUndefined();
    pool.import(transaction(1n), "client", at(1000));
    pool.import(transaction(2n), "client", at(1500));
    expect(pool.wakeAtMs).toBe(601_001);
    pool.removeExpired(at(601_000));
    expect(pool.size).toBe(2);
    pool.removeExpired(at(601_001));
    expect(pool.size).toBe(1);
    expect(pool.wakeAtMs).toBe(604_001);
    pool.removeExpired(at(604_001));
    expect(pool.size).toBe(0);
    expect(pool.wakeAtMs).toBeUndefined();
    expect(pool.takeAbandoned().map(({ reason }) => reason)).toEqual(["expired", "expired"]);
  });

  test("B23: the memory of dropped transactions is bounded by the pool limit", () => {
    const pool = new TransactionPool(options);
    for (let i = 0; i < 1000; i++) {
      pool.import(transaction(BigInt(i)), "peer", at(i * 1_000_000));
      pool.removeExpired(at(i * 1_000_000 + 600_001));
      expect(pool.droppedCount).toBeLessThanOrEqual(options.limit);
    }
    expect(pool.size).toBe(0);
  });
});

describe("sending", () => {
  test("each transaction is given out once, in order, until all are marked unsent", () => {
    const pool = new TransactionPool(options);
    const all = [1n, 2n, 3n, 4n].map((nonce) => transaction(nonce));
    for (const tx of all.slice(0, 3)) pool.import(tx, "client", start);
    const taken = (limit: number): Hash[] => hashes(pool.takeUnsent(limit).map((pending) => pending.transaction));
    expect(taken(2)).toEqual(hashes(all.slice(0, 2)));
    pool.blockCommitted({ height: 1, transactions: [all[2]!] });
    expect(pool.hasUnsent).toBe(false);
    pool.import(all[3]!, "peer", start);
    expect(taken(10)).toEqual([all[3]!.hash]);
    pool.markAllUnsent();
    expect(taken(10)).toEqual(hashes([all[0]!, all[1]!, all[3]!]));
  });
});

test("a random life of a pool agrees with a plain model of it", () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant("import" as const),
      nonce: fc.integer({ min: 0, max: 30 }),
      limit: fc.integer({ min: 0, max: 12 }),
    }),
    fc.record({
      do: fc.constant("commit" as const),
      nonces: fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 4 }),
    }),
    fc.record({ do: fc.constant("select" as const), count: fc.integer({ min: 0, max: 12 }) }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 400_000 }) }),
    fc.record({ do: fc.constant("send" as const), count: fc.integer({ min: 0, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const pool = new TransactionPool(options);
      let model: { tx: VerifiedTransaction; atMs: number }[] = [];
      const used = new Set<bigint>();
      let nowMs = 0;
      let height = 0;
      for (const one of steps) {
        if (one.do === "import") {
          const tx = transaction(BigInt(one.nonce), { blockLimit: BigInt(height + one.limit) });
          const admitted = pool.import(tx, "client", at(nowMs)).ok;
          if (admitted) {
            expect(model.some((entry) => entry.tx.nonce === tx.nonce) || used.has(tx.nonce)).toBe(false);
            model.push({ tx, atMs: nowMs });
          }
        } else if (one.do === "commit") {
          const transactions = one.nonces.map((nonce) => transaction(BigInt(nonce)));
          pool.blockCommitted({ height: ++height, transactions });
          for (const tx of transactions) used.add(tx.nonce);
          model = model.filter((entry) => !transactions.some((tx) => tx.hash === entry.tx.hash));
        } else if (one.do === "wait") {
          nowMs += one.ms;
          pool.removeExpired(at(nowMs));
          model = model.filter((entry) => nowMs <= entry.atMs + options.expirationMs);
        } else if (one.do === "select") {
          const isAlive = (entry: (typeof model)[number]): boolean => entry.tx.blockLimit > BigInt(height);
          const chosen = pool.select(one.count, new Set(), at(nowMs));
          expect(hashes(chosen)).toEqual(hashes(model.filter(isAlive).map((entry) => entry.tx)).slice(0, one.count));
          model = model.filter((entry) => pool.has(entry.tx.hash));
        } else {
          pool.takeUnsent(one.count);
        }
        pool.invariants();
        expect(hashes(pool.pending())).toEqual(hashes(model.map((entry) => entry.tx)));
      }
    }),
    { numRuns: 200 },
  );
});
