import { hash } from "@tsbcos/core/primitives";
import type { NodeId } from "@tsbcos/core/primitives";
import { encodeBackedUpPrepare } from "@tsbcos/core/protocol";
import type { ChainHead } from "@tsbcos/core/ledger";
import { describe, expect, it } from "vitest";
import type { DecidersOf } from "./checkers/deciders.js";
import { isLockedApart } from "./locks.js";
import type { Bindable } from "./locks.js";

const NODES = ["aa", "bb", "cc", "dd"] as NodeId[];
const [A, B, C] = ["0a", "0b", "0c"].map((byte) => hash(byte.repeat(32)));

const pbft: DecidersOf = () => ({ nodes: NODES, needed: 3, leaderOf: () => undefined });

/** A sealer with that head, bound to a block of that height. */
function sealer(index: number, height: number, blockHash?: typeof A, of = height + 1): Bindable {
  const fields = { height: of, view: 0, index: 0, timestamp: 1n, sig: new Uint8Array(65), sig2: new Uint8Array(65) };
  const block = new Uint8Array([1]);
  const head = { header: { number: height } } as unknown as ChainHead;
  return {
    nodeId: NODES[index] as NodeId,
    group: { head },
    disk: {
      backedUpPrepare: blockHash === undefined ? undefined : encodeBackedUpPrepare({ ...fields, blockHash, block }),
    },
  };
}

describe("isLockedApart", () => {
  it("knows a bare quorum that is bound to two blocks, whatever somebody who is gone has stored", () => {
    expect(isLockedApart([sealer(1, 7, B), sealer(2, 7, B), sealer(3, 7, A)], pbft)).toBe(true);
    expect(isLockedApart([sealer(1, 7, B), sealer(2, 7), sealer(3, 7, A)], pbft)).toBe(true);
  });

  it("knows all four halved, and three blocks with one sealer that is free", () => {
    expect(isLockedApart([sealer(0, 7, A), sealer(1, 7, A), sealer(2, 7, B), sealer(3, 7, B)], pbft)).toBe(true);
    expect(isLockedApart([sealer(0, 7, A), sealer(1, 7, B), sealer(2, 7, C), sealer(3, 7)], pbft)).toBe(true);
  });

  it("forgives nothing while some block can still have a quorum", () => {
    expect(isLockedApart([sealer(0, 7, A), sealer(1, 7, B), sealer(2, 7), sealer(3, 7)], pbft)).toBe(false);
    expect(isLockedApart([sealer(0, 7, A), sealer(1, 7, B), sealer(2, 7, B), sealer(3, 7, B)], pbft)).toBe(false);
    expect(isLockedApart([sealer(1, 7, B), sealer(2, 7, B), sealer(3, 7)], pbft)).toBe(false);
  });

  it("counts neither what is decided nor what the living ones are not at", () => {
    expect(isLockedApart([sealer(1, 7, B, 7), sealer(2, 7, B, 7), sealer(3, 7, A, 7)], pbft)).toBe(false);
    // Sealer 3 will be given block 8 by the others, and is free then.
    expect(isLockedApart([sealer(1, 8), sealer(2, 8, B), sealer(3, 7, A)], pbft)).toBe(false);
  });

  it("forgives nothing when too few are there, to those who are no sealers, nor where nobody votes", () => {
    expect(isLockedApart([sealer(2, 7, B), sealer(3, 7, A)], pbft)).toBe(false);
    const stranger = { ...sealer(3, 7, A), nodeId: "ee" as NodeId };
    expect(isLockedApart([sealer(0, 7, B), sealer(1, 7, B), sealer(2, 7, B), stranger], pbft)).toBe(false);
    const raft: DecidersOf = () => ({ nodes: [], needed: 0, leaderOf: () => undefined });
    expect(isLockedApart([sealer(1, 7, B), sealer(2, 7, B), sealer(3, 7, A)], raft)).toBe(false);
  });

  it("knows nothing of nodes that are down", () => {
    expect(isLockedApart([{ ...sealer(0, 7, A), group: undefined }], pbft)).toBe(false);
  });
});
