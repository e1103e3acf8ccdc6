import { describe, expect, test } from "vitest";
import { bytesToHex, bytesToUtf8, concatBytes, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import type { Address, ByteString, Failure, Hash, Result } from "@tsbcos/core/primitives";
import {
  AmopPacket,
  ChannelFrameReader,
  ChannelType,
  ModuleId,
  P2pFrameReader,
  decodeBlockNotification,
  decodeChannelFrame,
  decodeEventFilterReply,
  decodeEventFilterRequest,
  decodeHandshake,
  decodeHandshakeReply,
  decodeTopicData,
  decodeTopics,
  encodeBlockNotification,
  encodeChannelFrame,
  encodeEventFilterReply,
  encodeEventLogs,
  encodeEventLogsCompleted,
  encodeHandshakeReply,
  encodeHeartbeat,
  encodeTopicData,
  encodeTopics,
  heartbeatReply,
  negotiateChannelVersion,
  writeIndentedJson,
  writeJson,
} from "@tsbcos/core/protocol";
import type { ChannelFrame, Json, PlacedLog } from "@tsbcos/core/protocol";
import { loadFrames, loadJson } from "./load.js";

interface Entry {
  readonly dir?: "in" | "out";
  readonly type?: string;
  readonly seq?: string;
  readonly result?: number;
  readonly data?: string;
  readonly text?: string;
}

const entries = (loadJson("wire/channel.json.gz") as readonly Entry[]).filter(({ type }) => type !== undefined);

function frameOf({ type, seq, result = 0, data, text = "" }: Entry): ChannelFrame {
  const bytes = data === undefined ? utf8ToBytes(text) : hexToBytes(data);
  return { type: Number(type), seq: seq as ByteString, result, data: bytes };
}

function valueOf<T>(result: Result<T, Failure>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const framesOf = (type: number, dir?: Entry["dir"]): ChannelFrame[] =>
  entries.filter((entry) => Number(entry.type) === type && (dir === undefined || entry.dir === dir)).map(frameOf);

const hexOf = (bytes: Uint8Array): string => bytesToHex(bytes);

describe("wire/channel: the conversation of two SDKs", () => {
  test("every frame encodes and decodes, alone and in a stream cut anywhere", () => {
    const frames = entries.map(frameOf);
    expect(frames.length).toBeGreaterThan(80);
    for (const frame of frames) expect(valueOf(decodeChannelFrame(encodeChannelFrame(frame)))).toEqual(frame);
    const stream = concatBytes(...frames.map(encodeChannelFrame));
    for (const step of [1, 41, 42, 43, 1000, stream.length]) {
      const reader = new ChannelFrameReader();
      const read: ChannelFrame[] = [];
      for (let at = 0; at < stream.length; at += step) read.push(...valueOf(reader.push(stream.slice(at, at + step))));
      expect(read).toEqual(frames);
    }
  });

  test("handshakes and heartbeats are answered as recorded", () => {
    const [first, second] = framesOf(ChannelType.Handshake, "out").map(({ data }) => valueOf(decodeHandshake(data)));
    expect(first).toEqual({ minimumSupport: 1, maximumSupport: 3, clientType: "recorder" });
    expect(second).toEqual(first);
    for (const { data } of framesOf(ChannelType.Handshake, "in")) {
      const reply = valueOf(decodeHandshakeReply(data));
      expect(reply).toEqual({ nodeVersion: "2.9.0", protocol: negotiateChannelVersion(first!) });
      expect(hexOf(encodeHandshakeReply(reply))).toBe(hexOf(data));
    }
    const asked = framesOf(ChannelType.Heartbeat, "out");
    const answered = framesOf(ChannelType.Heartbeat, "in");
    ([1, 3] as const).forEach((version, index) => {
      expect(hexOf(encodeHeartbeat(version))).toBe(hexOf(asked[index]!.data));
      expect(hexOf(heartbeatReply(asked[index]!.data, version)!)).toBe(hexOf(answered[index]!.data));
    });
  });

  test("topics and what stands behind them", () => {
    for (const { data } of framesOf(ChannelType.Topics)) {
      expect(hexOf(encodeTopics([...valueOf(decodeTopics(data))]))).toBe(hexOf(data));
    }
    const withTopic = [ChannelType.AmopRequest, ChannelType.AmopMulticast, ChannelType.BlockNumber].flatMap((type) =>
      framesOf(type),
    );
    expect(withTopic.length).toBeGreaterThan(10);
    for (const { data } of withTopic) expect(hexOf(encodeTopicData(valueOf(decodeTopicData(data))))).toBe(hexOf(data));
  });

  test("block numbers", () => {
    const pushed = framesOf(ChannelType.BlockNumber).map(({ data }) => valueOf(decodeTopicData(data)).payload);
    expect(pushed.length).toBeGreaterThanOrEqual(4);
    for (const payload of pushed) {
      expect(hexOf(encodeBlockNotification(valueOf(decodeBlockNotification(payload)), 3))).toBe(hexOf(payload));
    }
  });

  test("receipts, space by space", () => {
    const pushed = framesOf(ChannelType.Receipt).map(({ data }) => bytesToUtf8(data));
    expect(pushed).toHaveLength(5);
    for (const text of pushed) expect(writeIndentedJson(JSON.parse(text) as Json)).toBe(text);
  });

  test("answers to JSON-RPC, letter by letter", () => {
    for (const { data } of framesOf(ChannelType.Rpc, "in")) {
      const text = bytesToUtf8(data);
      expect(`${writeJson(JSON.parse(text) as Json)}\n`).toBe(text);
    }
  });

  test("requests for event logs are read or refused as recorded, and answers written", () => {
    for (const type of [ChannelType.RegisterEventFilter, ChannelType.UnregisterEventFilter]) {
      const answers = new Map(framesOf(type, "in").map((frame) => [frame.seq, frame]));
      for (const { seq, data } of framesOf(type, "out")) {
        const answer = valueOf(decodeTopicData(answers.get(seq)!.data));
        expect(answer.topic).toBe("");
        const code = valueOf(decodeEventFilterReply(answer.payload));
        expect(hexOf(encodeEventFilterReply(code))).toBe(hexOf(answer.payload));
        expect(decodeEventFilterRequest(valueOf(decodeTopicData(data)).payload).ok).toBe(code !== -41001);
      }
    }
  });

  test("event logs, letter by letter", () => {
    interface PushedLog {
      readonly address: string;
      readonly blockHash: string;
      readonly blockNumber: string;
      readonly data: string;
      readonly logIndex: string;
      readonly topics: readonly string[];
      readonly transactionHash: string;
      readonly transactionIndex: string;
    }
    const plain = (text: string): string => text.slice(2);
    const logOf = (log: PushedLog): PlacedLog => ({
      address: plain(log.address) as Address,
      topics: log.topics.map((topic) => plain(topic) as Hash),
      data: hexToBytes(log.data),
      blockHash: plain(log.blockHash) as Hash,
      blockNumber: Number(log.blockNumber),
      transactionHash: plain(log.transactionHash) as Hash,
      transactionIndex: Number(log.transactionIndex),
      logIndex: Number(log.logIndex),
    });
    const pushed = framesOf(ChannelType.EventLogs);
    expect(pushed).toHaveLength(5);
    for (const { seq, data } of pushed) {
      expect(seq).toBe("0".repeat(32));
      const push = JSON.parse(bytesToUtf8(data)) as { filterID: string; logs: readonly PushedLog[] | null };
      const written =
        push.logs === null
          ? encodeEventLogsCompleted(push.filterID)
          : encodeEventLogs(push.filterID, push.logs.map(logOf));
      expect(bytesToUtf8(written)).toBe(bytesToUtf8(data));
    }
  });
});

test("wire/p2p-amop: the bodies of AMOP frames are whole channel frames", () => {
  const amop = loadFrames("wire/p2p-amop.jsonl.gz")
    .flatMap(({ frame }) => valueOf(new P2pFrameReader().push(frame)))
    .filter(({ moduleId }) => moduleId === ModuleId.Amop);
  const told = amop.map(({ packetType, isResponse, groupId, body }) => {
    const frame = valueOf(decodeChannelFrame(body));
    expect(hexOf(encodeChannelFrame(frame))).toBe(hexOf(body));
    const { topic, payload } = valueOf(decodeTopicData(frame.data));
    return { packetType, isResponse, groupId, type: frame.type, topic, text: bytesToUtf8(payload) };
  });
  const common = { isResponse: false, groupId: 0, topic: "news" };
  expect(told).toEqual([
    { ...common, packetType: AmopPacket.Request, type: ChannelType.AmopRequest, text: "unicast payload" },
    { ...common, packetType: AmopPacket.Multicast, type: ChannelType.AmopMulticast, text: "multicast payload" },
  ]);
});
