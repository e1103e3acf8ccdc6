/** Damaged bytes on everything that reads bytes of strangers: an answer each time, and never an exception. */
import { standardSuite } from "@tsbcos/core/crypto";
import type { Random } from "@tsbcos/core/primitives";
import { concatBytes } from "@tsbcos/core/primitives";
import * as protocol from "@tsbcos/core/protocol";
import { recordedFrames, recordedRecords } from "./corpus.js";
import { damaged } from "./damage.js";
import { damagedTree, encodeRlpTree, rlpTree } from "./rlp-tree.js";
import { cpuMs, demand, FuzzFailure, pick } from "./target.js";
import type { Target } from "./target.js";

type Decoder = (bytes: Uint8Array) => { readonly ok: boolean };

const VERSIONS = [protocol.V2_0_0, protocol.V2_5_0, protocol.V2_9_0];

function forVersions(
  decode: (bytes: Uint8Array, version: protocol.SupportedVersion) => { readonly ok: boolean },
): Decoder {
  return (bytes) => ({ ok: VERSIONS.map((version) => decode(bytes, version).ok).includes(true) });
}

/** By name of the exported function. A test compares these names with what the protocol exports. */
export const DECODERS: Readonly<Record<string, Decoder>> = {
  decodeBackedUpPrepare: protocol.decodeBackedUpPrepare,
  decodeBlock: forVersions((bytes, version) => protocol.decodeBlock(bytes, standardSuite, version)),
  decodeBlockNotification: protocol.decodeBlockNotification,
  decodeChannelFrame: protocol.decodeChannelFrame,
  decodeEventFilterReply: protocol.decodeEventFilterReply,
  decodeEventFilterRequest: protocol.decodeEventFilterRequest,
  decodeHandshake: protocol.decodeHandshake,
  decodeHandshakeReply: protocol.decodeHandshakeReply,
  decodeHashProposal: (bytes) => protocol.decodeHashProposal(bytes, standardSuite),
  decodeHeader(bytes) {
    const header = protocol.decodeHeader(bytes);
    if (header.ok) demand(protocol.decodeHeader(protocol.encodeHeader(header.value)).ok, "a header reads back");
    return header;
  },
  decodeMissedTransactionsRequest: protocol.decodeMissedTransactionsRequest,
  decodeMissedTransactionsResponse: protocol.decodeMissedTransactionsResponse,
  decodePbftMessage: (bytes) => ({
    ok: Object.values(protocol.PbftPacketId)
      .map((id) => protocol.decodePbftMessage(bytes, id).ok)
      .includes(true),
  }),
  decodePbftPacket: protocol.decodePbftPacket,
  decodeRaftMessage: protocol.decodeRaftMessage,
  decodeRaftVows: protocol.decodeRaftVows,
  decodeRawPrepareStatus: protocol.decodeRawPrepareStatus,
  decodeReceipt: forVersions(protocol.decodeReceipt),
  decodeSyncPacket: forVersions(protocol.decodeSyncPacket),
  decodeTopicData: protocol.decodeTopicData,
  decodeTopics: protocol.decodeTopics,
  decodeTransaction(bytes) {
    const transaction = protocol.decodeTransaction(bytes, standardSuite);
    if (!transaction.ok) return transaction;
    const { value } = transaction;
    const again = protocol.encodeTransaction(value, value.signature);
    demand(protocol.decodeTransaction(again, standardSuite).ok, "a transaction reads back");
    demand(value.isCanonical === (Buffer.compare(again, bytes) === 0), "canonical is what encodes to itself");
    return transaction;
  },
  decodeTransactionBatch: protocol.decodeTransactionBatch,
  decodeVerifyRequest: protocol.decodeVerifyRequest,
  decodeVerifyVerdict: protocol.decodeVerifyVerdict,
};

/** What any decoder may take for one input: what takes longer hangs. */
const PATIENCE_MS = 5_000;

function damagedRecord(records: readonly Uint8Array[], random: Random): Uint8Array {
  if (random.chance(0.03)) return random.bytes(random.below(300));
  const record = pick(random, records);
  const tree = random.chance(0.6) ? rlpTree(record) : undefined;
  const changed = tree === undefined ? record : encodeRlpTree(damagedTree(tree, random));
  return tree === undefined || random.chance(0.2) ? damaged(changed, random) : changed;
}

/** Damaged records on every decoder. */
export function decodersTarget(): Target {
  let records: readonly Uint8Array[] | undefined;
  return {
    name: "decoders",
    description: "damaged RLP, transactions, blocks, PBFT, Raft, sync, channel and AMOP records on every decoder",
    run(random) {
      records ??= recordedRecords(recordedFrames());
      const bytes = damagedRecord(records, random);
      let accepted = 0;
      const started = cpuMs();
      for (const [name, decode] of Object.entries(DECODERS)) {
        try {
          if (decode(bytes).ok) accepted++;
        } catch (error) {
          throw new FuzzFailure(`${name} threw for ${Buffer.from(bytes).toString("hex")}`, { cause: error });
        }
      }
      demand(cpuMs() - started < PATIENCE_MS, "the decoders answer in time");
      return { inputs: 1, accepted };
    },
  };
}

/** A stream of frames, damaged, cut anywhere. */
export function framesTarget(): Target {
  let frames: readonly Uint8Array[] | undefined;
  return {
    name: "frames",
    description: "damaged P2P frames in a stream that is cut anywhere, on the reader of a session",
    run(random) {
      frames ??= recordedFrames();
      const chosen = Array.from({ length: 1 + random.below(6) }, () => pick(random, frames ?? []));
      const stream = concatBytes(...chosen.map((frame) => (random.chance(0.5) ? damaged(frame, random) : frame)));
      const reader = new protocol.P2pFrameReader();
      let [found, received] = [0, 0];
      for (let at = 0; at < stream.length;) {
        const chunk = stream.subarray(at, at + 1 + random.below(random.chance(0.5) ? 20 : 5000));
        at += chunk.length;
        received += chunk.length;
        const result = reader.push(chunk);
        demand(reader.reservedBytes <= Math.max(2 * received, 4096), "memory grows with what arrives only");
        if (!result.ok) break;
        found += result.value.length;
      }
      return { streams: 1, frames: found };
    },
  };
}
