/** Bytes that real nodes have sent, to be damaged. */
import snappy from "snappy";
import { standardSuite } from "@tsbcos/core/crypto";
import { utf8ToBytes } from "@tsbcos/core/primitives";
import * as protocol from "@tsbcos/core/protocol";
import type { P2pFrame } from "@tsbcos/core/protocol";
import { headerFromJson, rawTransactionFromJson, receiptFromJson } from "@tsbcos/core/protocol";
import { loadChain, loadFrames } from "../vectors/index.js";

const CAPTURES = ["wire/p2p-pbft.jsonl.gz", "wire/p2p-amop.jsonl.gz", "raft/p2p-raft.jsonl.gz"];
/** Frames taken of each capture, evenly over its length. */
const FRAMES_PER_CAPTURE = 150;

/** A frame with its body decompressed. */
export function openFrame(bytes: Uint8Array): P2pFrame {
  const frames = new protocol.P2pFrameReader().push(bytes);
  if (!frames.ok || frames.value.length !== 1) throw new Error("a recorded frame is one frame");
  const frame = frames.value[0] as P2pFrame;
  if ((frame.version & protocol.P2P_COMPRESSED) === 0) return frame;
  return { ...frame, body: new Uint8Array(snappy.uncompressSync(Buffer.from(frame.body)) as Buffer) };
}

/** Whole frames, as they came from the wire. */
export function recordedFrames(): Uint8Array[] {
  return CAPTURES.flatMap((capture) => {
    const frames = loadFrames(capture);
    const step = Math.max(1, Math.floor(frames.length / FRAMES_PER_CAPTURE));
    return frames.filter((_, index) => index % step === 0).map(({ frame }) => frame);
  });
}

/** Records of every kind: bodies of frames, messages in them, transactions, headers, receipts, texts. */
export function recordedRecords(frames: readonly Uint8Array[]): Uint8Array[] {
  const bodies = frames.map((frame) => openFrame(frame).body).filter((body) => body.length > 0);
  const messages = bodies.flatMap((body) => {
    const packet = protocol.decodePbftPacket(body);
    return packet.ok ? [packet.value.message] : [];
  });
  const chain = loadChain("wire");
  const transactions = chain
    .blocks()
    .flatMap((block) => block.transactions.map((json) => rawTransactionFromJson(json, standardSuite)));
  const headers = chain.headers().map((json) => protocol.encodeHeader(headerFromJson(json)));
  const receipts = chain.receipts().map((json) => protocol.encodeReceipt(receiptFromJson(json), chain.version));
  const batch = protocol.encodeTransactionBatch(transactions.slice(0, 5));
  const texts = ['{"minimumProtocol":1,"maximumProtocol":3,"clientType":"s"}', '["a","#!$TopicNeedVerify_b"]', "1,7"];
  const filter = '{"fromBlock":"1","toBlock":"latest","addresses":["0x1"],"topics":[["0x1"],null],"groupID":"1"}';
  return [
    ...bodies,
    ...messages,
    ...transactions,
    ...headers,
    ...receipts,
    batch,
    ...[...texts, filter].map(utf8ToBytes),
  ];
}
