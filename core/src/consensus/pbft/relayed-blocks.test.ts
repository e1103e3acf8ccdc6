import { beforeEach, describe, expect, test } from "vitest";
import {
  PbftPacketId,
  PbftPacketType,
  V2_9_0,
  decodeBackedUpPrepare,
  encodeBlock,
  headerHash,
} from "../../protocol/index.js";
import type { BlockHeader, PbftMessage, VerifiedTransaction } from "../../protocol/index.js";
import { forgeMessage, forgePrepare, honestHeader, sendForgery, sendMessage } from "../testdata/adversary.js";
import { executeFake } from "../testdata/chain.js";
import { TestCluster } from "../testdata/cluster.js";
import { heights, isPacket, messageOf, traced } from "../testdata/questions.js";

const ALL = [0, 1, 2, 3];
const PREPARE = PbftPacketId.Prepare;

let cluster: TestCluster;
let transaction: VerifiedTransaction;

/** The prepare as a node of 2.9.1 relays or repeats it: the block in it is the one it has executed meanwhile. */
function asRelayed(
  message: PbftMessage,
  header: BlockHeader,
  transactions: readonly VerifiedTransaction[],
): PbftMessage {
  const executed = executeFake(cluster.suite, header, transactions);
  const rawTransactions = transactions.map(({ raw }) => raw);
  const stored = { header: executed.header, hash: executed.hash, rawTransactions, signatures: [], receipts: [] };
  return { ...message, block: encodeBlock(stored, V2_9_0) };
}

describe("a prepare that was executed by the node that passes it on", () => {
  beforeEach(() => {
    cluster = new TestCluster(4);
    transaction = cluster.transaction();
  });

  test("is signed like the proposal it was, so that a leader without a session counts", () => {
    // With a sealer gone the votes of all others are needed, and the leader of the first height has no session with one.
    cluster.crash(2);
    cluster.disconnect(0, 3);
    cluster.submit([transaction], ALL);
    // Whole proposals are relayed: what node 1 passes on is given the form that 2.9.1 gives it.
    cluster.isLost = (frame) => {
      const isRelayed = frame.to === 3 && frame.packetType === PbftPacketType.Message && isPacket(frame.body, PREPARE);
      if (!isRelayed || frame.from !== 1) return false;
      cluster.isLost = () => false;
      const message = messageOf(frame);
      const header = honestHeader(cluster, 0, [transaction]);
      expect(message.blockHash).toBe(headerHash(header, cluster.suite));
      sendMessage(cluster, { signer: 1, packetId: PREPARE }, asRelayed(message, header, [transaction]), [3]);
      return true;
    };
    cluster.run(500);
    expect([0, 1, 3].map((number) => heights(cluster)[number])).toEqual([1, 1, 1]);
    expect(traced(cluster, "prepare-malformed")).toEqual([]);
  });

  test("is kept when it is for the height after the one being decided", () => {
    const lagging = cluster.node(3);
    cluster.submit([transaction], ALL);
    cluster.hold(3, "store");
    cluster.run(500);
    expect(heights(cluster)).toEqual([1, 1, 1, 0]);
    const next = cluster.transaction();
    const header = honestHeader(cluster, 1, [next]);
    const message = forgeMessage(cluster, forgePrepare(cluster, 1, header, [next]));
    sendMessage(cluster, { signer: 2, packetId: PREPARE }, asRelayed(message, header, [next]), [3]);
    cluster.release(3);
    expect(lagging.head.header.number).toBe(1);
    expect(traced(cluster, "sign-sent").filter((number) => number === 3)).toHaveLength(2);
  });

  test("is backed up as the proposal it was", () => {
    const header = honestHeader(cluster, 0, [transaction]);
    const message = forgeMessage(cluster, forgePrepare(cluster, 0, header, [transaction]));
    sendMessage(cluster, { signer: 1, packetId: PREPARE }, asRelayed(message, header, [transaction]), [3]);
    const { hash: blockHash } = executeFake(cluster.suite, header, [transaction]);
    for (const signer of [0, 1]) {
      sendForgery(cluster, { packetId: PbftPacketId.Sign, signer, height: 1, view: 0, blockHash }, [3]);
    }
    const backedUp = decodeBackedUpPrepare(cluster.node(3).backedUp ?? new Uint8Array());
    expect(backedUp).toEqual({ ok: true, value: message });
  });

  test("is dropped when what was proposed is not what its leader signed", () => {
    const header = honestHeader(cluster, 0, [transaction]);
    const message = forgeMessage(cluster, forgePrepare(cluster, 0, header, [transaction]));
    const other = { ...header, timestamp: header.timestamp + 1 };
    sendMessage(cluster, { signer: 1, packetId: PREPARE }, asRelayed(message, other, [transaction]), [3]);
    expect(traced(cluster, "prepare-malformed")).toEqual([3]);
    expect(traced(cluster, "prepare-accepted")).toEqual([]);
  });
});
