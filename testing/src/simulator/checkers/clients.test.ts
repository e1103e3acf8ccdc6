import type { Hash } from "@tsbcos/core/primitives";
import { describe, expect, it } from "vitest";
import type { ClientTransaction } from "../workload.js";
import { ClientChecker } from "./clients.js";

const transaction = (changes: Partial<ClientTransaction> = {}): ClientTransaction => ({
  raw: new Uint8Array(),
  hash: "aa".repeat(32) as Hash,
  nonce: 1n,
  kind: "store",
  mustCommit: true,
  ...changes,
});
const anybody = { isNonceUsed: () => false, canPropose: () => true };

describe("ClientChecker", () => {
  it("owes a block to what was admitted, until its nonce is used", () => {
    const checker = new ClientChecker();
    checker.admitted(transaction(), { node: 2, incarnation: 1 }, undefined);
    expect(checker.owed(anybody)).toEqual(["aa".repeat(32)]);
    expect(checker.owed({ ...anybody, isNonceUsed: (nonce) => nonce === 1n })).toEqual([]);
  });

  it("owes nothing when the node that admitted it is gone, unless another one admitted it too", () => {
    const checker = new ClientChecker();
    checker.admitted(transaction(), { node: 2, incarnation: 1 }, undefined);
    const onlyNode3 = { ...anybody, canPropose: (node: number, life: number) => node === 3 && life === 4 };
    expect(checker.owed(onlyNode3)).toEqual([]);
    checker.admitted(transaction(), { node: 3, incarnation: 4 }, undefined);
    expect(checker.owed(onlyNode3)).toHaveLength(1);
  });

  it("owes nothing to what may expire", () => {
    const checker = new ClientChecker();
    checker.admitted(transaction({ kind: "expires-soon", mustCommit: false }), { node: 0, incarnation: 1 }, undefined);
    expect(checker.owed(anybody)).toEqual([]);
  });

  it("finds admissions that should have been refused", () => {
    const checker = new ClientChecker();
    expect(() =>
      checker.admitted(transaction({ kind: "wrong-chain" }), { node: 0, incarnation: 1 }, undefined),
    ).toThrow("another chain");
    expect(() => checker.admitted(transaction({ kind: "malformed" }), { node: 0, incarnation: 1 }, undefined)).toThrow(
      "cut short",
    );
  });
});
