/** What a faulty sealer may send: anything that it can sign, and whatever it has heard. */
import { hexToBytes } from "../../primitives/index.js";
import type { Hash } from "../../primitives/index.js";
import {
  PbftPacketId,
  PbftPacketType,
  encodeBlock,
  encodePbftMessage,
  encodePbftPacket,
  headerHash,
  pbftFieldsDigest,
  V2_9_0,
} from "../../protocol/index.js";
import type { BlockHeader, PbftMessage, VerifiedTransaction } from "../../protocol/index.js";
import { proposalHeader } from "../sealer/index.js";
import { GENESIS_MS } from "./chain.js";
import type { Frame, TestCluster } from "./cluster.js";

/** A message to be forged. */
export interface Forgery {
  readonly packetId: PbftPacketId;
  /** Who signs it. */
  readonly signer: number;
  readonly height: number;
  readonly view: number;
  readonly blockHash: Hash;
  /** Index it claims; the signer's own without it. */
  readonly index?: number;
  readonly block?: Uint8Array;
  readonly timestamp?: bigint;
  readonly emptyBlock?: boolean;
}

/** Signs a message as that node would not. */
export function forgeMessage(cluster: TestCluster, forgery: Forgery): PbftMessage {
  const { signer, height, view, blockHash, index = signer, block = new Uint8Array(), timestamp = 1n } = forgery;
  const { suite } = cluster;
  const { key } = cluster.node(signer);
  const fields = { height, view, index, timestamp };
  const sig = suite.sign(hexToBytes(blockHash), key);
  return { ...fields, blockHash, sig, sig2: suite.sign(pbftFieldsDigest(fields, suite), key), block };
}

/** Delivers a forged message to these nodes over the signer's sessions. */
export function sendForgery(cluster: TestCluster, forgery: Forgery, to: readonly number[]): void {
  sendMessage(cluster, forgery, forgeMessage(cluster, forgery), to);
}

/** Delivers a message over the sessions of `signer`, whoever wrote it. */
export function sendMessage(
  cluster: TestCluster,
  sending: { readonly signer: number; readonly packetId: PbftPacketId; readonly emptyBlock?: boolean },
  message: PbftMessage,
  to: readonly number[],
): void {
  const { signer, packetId, emptyBlock = false } = sending;
  const body = encodePbftPacket({
    packetId,
    ttl: 2,
    emptyBlock,
    message: encodePbftMessage(message),
    forwardNodes: [],
  });
  for (const number of to) cluster.inject(frameOf(signer, number, body));
}

/** A frame with a plain packet. */
export function frameOf(from: number, to: number, body: Uint8Array): Frame {
  return { from, to, packetType: PbftPacketType.Message, body };
}

/** The header an honest leader would propose on top of that node's head. */
export function honestHeader(
  cluster: TestCluster,
  leader: number,
  transactions: readonly VerifiedTransaction[],
): BlockHeader {
  const { head } = cluster.node(leader);
  const clockMs = GENESIS_MS + cluster.steadyMs;
  return proposalHeader({
    head,
    sealerList: cluster.machine(leader).consensusNodes(head),
    transactions,
    sealer: BigInt(leader),
    clockMs,
    version: V2_9_0,
    suite: cluster.suite,
  });
}

/** A prepare of a block that its leader made up. */
export function forgePrepare(
  cluster: TestCluster,
  leader: number,
  header: BlockHeader,
  transactions: readonly VerifiedTransaction[],
  view = 0,
): Forgery {
  const hash = headerHash(header, cluster.suite);
  const rawTransactions = transactions.map(({ raw }) => raw);
  const block = encodeBlock({ header, hash, rawTransactions, signatures: [], receipts: [] }, V2_9_0);
  return { packetId: PbftPacketId.Prepare, signer: leader, height: header.number, view, blockHash: hash, block };
}
