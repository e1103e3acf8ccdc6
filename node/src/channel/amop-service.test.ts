import { beforeEach, expect, test } from "vitest";
import { silentTracer, utf8ToBytes, type ByteString, type NodeId } from "@tsbcos/core/primitives";
import {
  AmopPacket,
  ChannelType,
  decodeChannelFrame,
  encodeChannelFrame,
  encodeTopicData,
  type ChannelFrame,
} from "@tsbcos/core/protocol";
import { AmopService } from "./index.js";

const [HERE, THERE] = ["0", "1"].map((digit) => digit.repeat(128) as NodeId) as [NodeId, NodeId];
const data = encodeTopicData({ topic: "t", payload: utf8ToBytes("12345") });
/** Bytes of a frame with these data. */
const BYTES = 42 + data.length;

let service: AmopService;
let delivered: ChannelFrame[];
let answeredToPeers: Uint8Array[];
let peerAnswer: Uint8Array | undefined;
let room: number;

const frame = (type: number, number: number): ChannelFrame => ({
  ...{ type, seq: String(number).padStart(32, "0") as ByteString, result: 0, data },
});

beforeEach(() => {
  [delivered, answeredToPeers, peerAnswer, room] = [[], [], undefined, Number.POSITIVE_INFINITY];
  service = new AmopService({
    ...{ nodeId: HERE, seed: "test", trace: silentTracer, mayForward: () => true },
    network: {
      ask: () => Promise.resolve(peerAnswer),
      answer: (_peer, _type, _seq, body) => answeredToPeers.push(body),
      send: () => undefined,
      hasRoom: (_peer, bytes) => bytes <= room,
    },
  });
  service.attach(1, {
    deliver: (bytes) => {
      const decoded = decodeChannelFrame(bytes);
      if (decoded.ok) delivered.push(decoded.value);
    },
  });
});

/** What was counted, as `received client request: 1/42`. */
function counted(): string[] {
  return service
    .statistics()
    .traffic.filter(({ messages }) => messages > 0)
    .map(({ direction, side, kind, messages, bytes }) => `${direction} ${side} ${kind}: ${messages}/${bytes}`);
}

test("traffic is counted by direction, side and kind", async () => {
  service.setTopics(1, new Set(["t"]));
  const body = encodeChannelFrame(frame(ChannelType.AmopRequest, 1));
  service.fromPeer(THERE, {
    ...{ version: 0, groupId: 0, moduleId: 1, seq: 5 },
    isResponse: false,
    packetType: 0,
    body,
  });
  service.fromClient(1, frame(ChannelType.AmopResponse, 1));
  service.peerTopics(THERE, ["far", "t"]);
  peerAnswer = encodeChannelFrame(frame(ChannelType.AmopResponse, 2));
  service.fromClient(1, frame(ChannelType.AmopRequest, 2));
  await Promise.resolve();
  service.fromClient(1, frame(ChannelType.AmopMulticast, 3));
  expect(counted()).toEqual([
    `received client request: 1/${BYTES}`,
    `received client answer: 1/${BYTES}`,
    `received client multicast: 1/${BYTES}`,
    `received node request: 1/${BYTES}`,
    `received node answer: 1/${BYTES}`,
    `sent client request: 1/${BYTES}`,
    `sent client answer: 2/${2 * BYTES}`,
    `sent client multicast: 1/${BYTES}`,
    `sent node request: 1/${BYTES}`,
    `sent node answer: 1/${BYTES}`,
    `sent node multicast: 1/${BYTES}`,
  ]);
  service.close();
});

test("what is too large for the network is refused, in both directions", () => {
  room = BYTES - 1;
  service.peerTopics(THERE, ["t"]);
  service.fromClient(1, frame(ChannelType.AmopRequest, 1));
  expect(delivered.map(({ type, result, data: { length } }) => [type, result, length])).toEqual([
    [ChannelType.AmopResponse, 103, 0],
  ]);
  service.setTopics(1, new Set(["t"]));
  const request = { version: 0, groupId: 0, moduleId: 1, seq: 5, isResponse: false, packetType: AmopPacket.Request };
  service.fromPeer(THERE, { ...request, body: encodeChannelFrame(frame(ChannelType.AmopRequest, 2)) });
  service.fromClient(1, frame(ChannelType.AmopResponse, 2));
  const [answer] = answeredToPeers.map(decodeChannelFrame);
  expect(answer?.ok === true && [answer.value.result, answer.value.data.length]).toEqual([103, 0]);
  service.close();
});
