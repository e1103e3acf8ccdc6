import { describe, expect, test } from "vitest";
import type { Height } from "../../primitives/index.js";
import { FakePool, TestCluster } from "../testdata/cluster.js";
import { Sealer } from "./sealer.js";
import type { SealingAnswer } from "./sealer.js";

const INTERVALS = { minMs: 500, emptyMs: 1000 };
const maker = new TestCluster(1);
const transactions = Array.from({ length: 10 }, () => maker.transaction());
const height = 7 as Height;

function ask(sealer: Sealer, elapsedMs: number, maxTransactions = 3): SealingAnswer {
  return sealer.next({ height, sinceMs: 100, maxTransactions }, { steadyMs: 100 + elapsedMs, wallMs: 0 });
}

function filled(count: number): FakePool {
  const pool = new FakePool();
  for (const transaction of transactions.slice(0, count)) pool.add(transaction);
  return pool;
}

describe("when a proposal is due", () => {
  test("empty after one second, and not before", () => {
    const sealer = new Sealer(filled(0), INTERVALS);
    expect(ask(sealer, 0)).toEqual({ due: false, askAgainAtMs: 1100 });
    expect(ask(sealer, 999)).toEqual({ due: false, askAgainAtMs: 1100 });
    expect(ask(sealer, 1000)).toEqual({ due: true, transactions: [] });
  });

  test("with transactions after half a second", () => {
    const sealer = new Sealer(filled(2), INTERVALS);
    expect(ask(sealer, 0)).toEqual({ due: false, askAgainAtMs: 600 });
    expect(ask(sealer, 500)).toEqual({ due: true, transactions: transactions.slice(0, 2) });
  });

  test("at once when a transaction comes after half a second", () => {
    const pool = filled(0);
    const sealer = new Sealer(pool, INTERVALS);
    expect(ask(sealer, 700).due).toBe(false);
    pool.add(transactions[0]!);
    expect(ask(sealer, 720)).toEqual({ due: true, transactions: transactions.slice(0, 1) });
  });

  test("at once when it is full, and never fuller", () => {
    const sealer = new Sealer(filled(5), INTERVALS);
    expect(ask(sealer, 0)).toEqual({ due: true, transactions: transactions.slice(0, 3) });
  });

  test("it looks into the pool for more only every ten milliseconds", () => {
    const pool = filled(5);
    let looks = 0;
    const counting = Object.assign(Object.create(pool) as FakePool, {
      select: (...args: Parameters<FakePool["select"]>) => {
        looks++;
        return pool.select(...args).slice(0, 1);
      },
    });
    Object.defineProperty(counting, "size", { get: () => 5 });
    counting.find = (hash) => pool.find(hash);
    const sealer = new Sealer(counting, INTERVALS);
    for (let ms = 0; ms < 20; ms++) ask(sealer, ms);
    expect(looks).toBe(2);
  });
});

describe("a proposal prepared ahead", () => {
  const next = 8 as Height;
  const now = { steadyMs: 100, wallMs: 0 };

  test("leaves out what the block before it holds, and is proposed at once when it is full", () => {
    const pool = filled(6);
    const sealer = new Sealer(pool, INTERVALS);
    const agreeing = transactions.slice(0, 3).map(({ hash }) => hash);
    sealer.prepareAhead(next, agreeing, 3, now);
    pool.blockStored(transactions.slice(0, 3));
    sealer.blockStored(height, agreeing);
    const answer = sealer.next({ height: next, sinceMs: 100, maxTransactions: 3 }, now);
    expect(answer).toEqual({ due: true, transactions: transactions.slice(3, 6) });
  });

  test("is forgotten with a view change", () => {
    const pool = filled(6);
    const sealer = new Sealer(pool, INTERVALS);
    sealer.prepareAhead(
      next,
      transactions.slice(0, 3).map(({ hash }) => hash),
      3,
      now,
    );
    sealer.reset();
    expect(ask(sealer, 0)).toEqual({ due: true, transactions: transactions.slice(0, 3) });
  });

  test("drops what another block than the expected one has stored, and what has left the pool", () => {
    const pool = filled(8);
    const sealer = new Sealer(pool, INTERVALS);
    sealer.prepareAhead(
      next,
      transactions.slice(0, 3).map(({ hash }) => hash),
      3,
      now,
    );
    // Synchronisation brought a block with the transactions that the draft had taken.
    pool.blockStored(transactions.slice(3, 5));
    sealer.blockStored(
      height,
      transactions.slice(3, 5).map(({ hash }) => hash),
    );
    const answer = sealer.next({ height: next, sinceMs: 100, maxTransactions: 3 }, now);
    expect(answer).toEqual({ due: true, transactions: [transactions[5], transactions[0], transactions[1]] });
  });

  test("gives back what a lowered limit leaves no room for", () => {
    const pool = filled(8);
    const sealer = new Sealer(pool, INTERVALS);
    sealer.prepareAhead(next, [], 5, now);
    const answer = sealer.next({ height: next, sinceMs: 100, maxTransactions: 2 }, now);
    expect(answer).toEqual({ due: true, transactions: transactions.slice(0, 2) });
  });
});
