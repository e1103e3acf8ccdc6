import { describe, expect, test } from "vitest";
import {
  CHANNEL_FRAME_BYTES_MAX,
  EMPTY_BYTES,
  ZERO_HASH,
  bytesToUtf8,
  concatBytes,
  createRandom,
  utf8ToBytes,
} from "../primitives/index.js";
import type { Address, ByteString, Hash } from "../primitives/index.js";
import {
  CHANNEL_HEADER_BYTES,
  ChannelFrameReader,
  ChannelType,
  challengeTopic,
  decodeBlockNotification,
  decodeChannelFrame,
  decodeEventFilterReply,
  decodeEventFilterRequest,
  decodeHandshake,
  decodeHandshakeReply,
  decodeTopicData,
  decodeTopics,
  decodeVerifyRequest,
  decodeVerifyVerdict,
  encodeBlockNotification,
  encodeChannelFrame,
  encodeEventFilterRequest,
  encodeHandshake,
  encodeTopicData,
  encodeVerifyRequest,
  encodeVerifyVerdict,
  heartbeatReply,
  isPrivateTopic,
  matchesLog,
  negotiateChannelVersion,
  parseHashText,
  privateTopic,
  publisherTopic,
  readJson,
  writeIndentedJson,
} from "./index.js";
import type { ChannelFrame, Json, LogEntry } from "./index.js";

const SEQ = "0123456789abcdef0123456789abcdef" as ByteString;
const frame = (data: Uint8Array): ChannelFrame => ({ type: ChannelType.Rpc, seq: SEQ, result: -2, data });

describe("frames", () => {
  test("have the layout of the protocol", () => {
    const bytes = encodeChannelFrame(frame(Uint8Array.of(1, 2)));
    expect([...bytes.subarray(0, 6)]).toEqual([0, 0, 0, 44, 0, 0x12]);
    expect(bytesToUtf8(bytes.subarray(6, 38))).toBe(SEQ);
    expect([...bytes.subarray(38)]).toEqual([0xff, 0xff, 0xff, 0xfe, 1, 2]);
  });

  test("numbers of frames may be any bytes, and come back as they were", () => {
    const seq = Array.from({ length: 32 }, (_, i) => String.fromCharCode(i * 8)).join("") as ByteString;
    const decoded = decodeChannelFrame(encodeChannelFrame({ ...frame(EMPTY_BYTES), seq }));
    expect(decoded).toMatchObject({ ok: true, value: { seq } });
  });

  test("B1: a length is never trusted, and one that no frame has ends the stream", () => {
    const claim = (length: number): Uint8Array => {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, length);
      return bytes;
    };
    const reader = new ChannelFrameReader();
    reader.push(claim(CHANNEL_FRAME_BYTES_MAX));
    reader.push(new Uint8Array(1000));
    expect(reader.reservedBytes).toBeLessThan(4096);
    const refusal = (length: number): unknown => new ChannelFrameReader().push(claim(length));
    expect(refusal(CHANNEL_FRAME_BYTES_MAX + 1)).toMatchObject({ ok: false, error: { code: "frame-too-long" } });
    expect(refusal(0xffff_ffff)).toMatchObject({ ok: false, error: { code: "frame-too-long" } });
    for (const length of [0, 10, CHANNEL_HEADER_BYTES - 1]) {
      expect(refusal(length)).toEqual({ ok: false, error: { code: "frame-too-short", length } });
    }
  });

  test("one frame inside other bytes must be whole", () => {
    const bytes = encodeChannelFrame(frame(Uint8Array.of(7)));
    expect(decodeChannelFrame(concatBytes(bytes, Uint8Array.of(9)))).toMatchObject({ ok: true });
    expect(decodeChannelFrame(bytes.subarray(0, bytes.length - 1)).ok).toBe(false);
    expect(decodeChannelFrame(new Uint8Array(41)).ok).toBe(false);
    expect(decodeChannelFrame(new Uint8Array(42)).ok).toBe(false);
  });
});

describe("topics in front of a payload", () => {
  test("count their own length", () => {
    const payload = Uint8Array.of(1);
    expect([...encodeTopicData({ topic: "ab", payload })]).toEqual([3, 97, 98, 1]);
    expect([...encodeTopicData({ topic: "", payload })]).toEqual([1, 1]);
    expect(decodeTopicData(Uint8Array.of(1))).toEqual({ ok: true, value: { topic: "", payload: EMPTY_BYTES } });
    expect(encodeTopicData({ topic: "x".repeat(254), payload })[0]).toBe(255);
  });

  test.each([[[]], [[0]], [[0, 1]], [[3, 97]]])("%j is none", (bytes) => {
    expect(decodeTopicData(Uint8Array.from(bytes)).ok).toBe(false);
  });
});

describe("the handshake", () => {
  test.each([
    [1, 1, 1],
    [1, 2, 2],
    [1, 3, 3],
    [1, 9, 3],
    [3, 5, 3],
    [4, 5, undefined],
    [-1, 0, undefined],
    [0, 1, 1],
  ])("a client of versions %i to %i speaks %s with us", (minimumSupport, maximumSupport, expected) => {
    expect(negotiateChannelVersion({ minimumSupport, maximumSupport, clientType: "" })).toBe(expected);
  });

  test("what is missing has a default, what is of another type is not taken", () => {
    const read = (text: string): unknown => decodeHandshake(utf8ToBytes(text));
    expect(read("{}")).toEqual({
      ok: true,
      value: { minimumSupport: 1, maximumSupport: 1, clientType: "Unknow Client Type" },
    });
    expect(read('{"maximumSupport":2} trailing')).toMatchObject({ value: { maximumSupport: 2 } });
    for (const text of ["", "oops", "[]", '{"minimumSupport":"1"}', '{"maximumSupport":1.5}', '{"clientType":3}']) {
      expect(read(text)).toMatchObject({ ok: false });
    }
    const handshake = { minimumSupport: 1, maximumSupport: 3, clientType: "x" };
    expect(decodeHandshake(encodeHandshake(handshake))).toEqual({ ok: true, value: handshake });
    expect(decodeHandshakeReply(utf8ToBytes('{"protocol":3}')).ok).toBe(false);
  });

  test("heartbeats of version 1 are the digit 0, later ones anything", () => {
    expect(bytesToUtf8(heartbeatReply(utf8ToBytes("0"), 1)!)).toBe("1");
    expect(heartbeatReply(utf8ToBytes("1"), 1)).toBeUndefined();
    expect(heartbeatReply(EMPTY_BYTES, 1)).toBeUndefined();
    for (const version of [2, 3] as const) {
      expect(bytesToUtf8(heartbeatReply(EMPTY_BYTES, version)!)).toBe('{"heartBeat":1}\n');
    }
  });
});

describe("topics and block numbers", () => {
  test("a list holds each topic once", () => {
    expect(decodeTopics(utf8ToBytes('["a","b","a"]'))).toEqual({ ok: true, value: new Set(["a", "b"]) });
    expect(decodeTopics(utf8ToBytes("[]"))).toEqual({ ok: true, value: new Set() });
    for (const text of ["", "a", "{}", "[1]", '[["a"]]', '"a"']) expect(decodeTopics(utf8ToBytes(text)).ok).toBe(false);
  });

  test("block numbers have two forms", () => {
    const block = { groupId: 3, blockNumber: 1234 };
    expect(bytesToUtf8(encodeBlockNotification(block, 1))).toBe("3,1234");
    expect(bytesToUtf8(encodeBlockNotification(block, 2))).toBe('{"blockNumber":1234,"groupID":3}\n');
    for (const version of [1, 2, 3] as const) {
      expect(decodeBlockNotification(encodeBlockNotification(block, version))).toEqual({ ok: true, value: block });
    }
    for (const text of ["", "1", "1,x", "{}", '{"blockNumber":"1","groupID":1}', `1,${"9".repeat(80)}`]) {
      expect(decodeBlockNotification(utf8ToBytes(text)).ok).toBe(false);
    }
  });
});

describe("requests for event logs", () => {
  const ADDRESS = "aa".repeat(20) as Address;
  const TOPIC = "bb".repeat(32) as Hash;
  const request = {
    fromBlock: "latest",
    toBlock: "latest",
    addresses: [`0x${ADDRESS}`],
    topics: [`0x${TOPIC}`],
    groupID: "1",
    filterID: "f",
  };
  const read = (changes: Record<string, unknown>): ReturnType<typeof decodeEventFilterRequest> =>
    decodeEventFilterRequest(utf8ToBytes(JSON.stringify({ ...request, ...changes })));
  const valueOf = (changes: Record<string, unknown>): unknown => {
    const decoded = read(changes);
    return decoded.ok ? decoded.value : decoded.error.reason;
  };

  test("are read", () => {
    expect(valueOf({})).toEqual({
      groupId: 1,
      filterId: "f",
      fromBlock: undefined,
      toBlock: undefined,
      addresses: new Set([ADDRESS]),
      topics: [new Set([TOPIC])],
    });
  });

  test.each([
    [
      { fromBlock: "5", toBlock: "0x10" },
      { fromBlock: 5n, toBlock: 16n },
    ],
    [{ fromBlock: 5 }, { fromBlock: 5n }],
    [
      { fromBlock: undefined, toBlock: undefined },
      { fromBlock: undefined, toBlock: undefined },
    ],
    [{ toBlock: "9223372036854775807" }, { toBlock: undefined }],
    [{ groupID: 7 }, { groupId: 7 }],
    [{ groupID: "0x2" }, { groupId: 2 }],
    [{ filterID: 12 }, { filterId: "12" }],
    [{ addresses: [] }, { addresses: new Set() }],
    [{ addresses: ADDRESS }, { addresses: new Set([ADDRESS]) }],
    [{ addresses: [`0x${ADDRESS.toUpperCase()}`, ADDRESS] }, { addresses: new Set([ADDRESS]) }],
    [{ topics: [] }, { topics: [] }],
    [{ topics: [null, [`0x${TOPIC}`, null]] }, { topics: [new Set(), new Set([TOPIC])] }],
    [{ topics: [[], []] }, { topics: [new Set(), new Set()] }],
    [{ topics: `0x${TOPIC}` }, { topics: [new Set([TOPIC])] }],
    [{ topics: ["0xnonsense"] }, { topics: [new Set([ZERO_HASH])] }],
  ])("%j is allowed", (changes, expected) => {
    expect(valueOf(changes)).toMatchObject(expected);
  });

  test.each([
    [{ filterID: "" }],
    [{ filterID: undefined }],
    [{ filterID: ["x"] }],
    [{ groupID: undefined }],
    [{ groupID: "0" }],
    [{ groupID: "32768" }],
    [{ groupID: "one" }],
    [{ fromBlock: "-1" }],
    [{ fromBlock: "earliest" }],
    [{ fromBlock: ["1"] }],
    [{ toBlock: "9223372036854775808" }],
    [{ addresses: undefined }],
    [{ addresses: ["0x1"] }],
    [{ addresses: [null] }],
    [{ addresses: {} }],
    [{ topics: undefined }],
    [{ topics: [null, null, null, null, null] }],
    [{ topics: [{}] }],
    [{ topics: [[["x"]]] }],
  ])("%j is refused", (changes) => {
    expect(read(changes).ok).toBe(false);
  });

  test.each(["", "{", "[]", "7", '"x"', "null"])("%j is refused", (text) => {
    expect(decodeEventFilterRequest(utf8ToBytes(text)).ok).toBe(false);
  });

  test("are written so that they read the same", () => {
    const decoded = read({ fromBlock: "5", topics: [null, [`0x${TOPIC}`]] });
    if (!decoded.ok) throw new Error(decoded.error.reason);
    expect(decodeEventFilterRequest(encodeEventFilterRequest(decoded.value))).toEqual(decoded);
    expect(decodeEventFilterReply(utf8ToBytes('{"result":-41003}\n'))).toEqual({ ok: true, value: -41003 });
    expect(decodeEventFilterReply(utf8ToBytes("{}")).ok).toBe(false);
  });

  test("B18: a log matches by its address and by the topics at each position, and never by topics it does not have", () => {
    const other = "cc".repeat(32) as Hash;
    const log: LogEntry = { address: ADDRESS, topics: [TOPIC, other], data: EMPTY_BYTES };
    const matches = (addresses: readonly Address[], topics: readonly (readonly Hash[])[]): boolean =>
      matchesLog({ addresses: new Set(addresses), topics: topics.map((wanted) => new Set(wanted)) }, log);
    expect(matches([], [])).toBe(true);
    expect(matches([ADDRESS], [[TOPIC]])).toBe(true);
    expect(matches(["00".repeat(20) as Address], [])).toBe(false);
    expect(matches([], [[other]])).toBe(false);
    expect(matches([], [[], [TOPIC, other]])).toBe(true);
    expect(matches([], [[], [], []])).toBe(true);
    expect(matches([], [[], [], [TOPIC]])).toBe(false);
    expect(matches([], [[], [], [], [TOPIC]])).toBe(false);
  });
});

describe("private topics", () => {
  test("have three names", () => {
    const topic = privateTopic("t");
    expect(topic).toBe("#!$TopicNeedVerify_t");
    expect(isPrivateTopic(topic)).toBe(true);
    expect(challengeTopic(topic, "00ff")).toBe("#!$VerifyChannel_#!$TopicNeedVerify_t_00ff");
    expect(isPrivateTopic(challengeTopic(topic, "00ff"))).toBe(false);
    expect(publisherTopic(topic)).toBe("#!$PushChannel_#!$TopicNeedVerify_t");
  });

  test("requests and verdicts are JSON with sorted keys", () => {
    const nodeId = "ab".repeat(64) as Parameters<typeof encodeVerifyRequest>[0]["nodeId"];
    const request = { nodeId, topic: "t", topicForCert: "c" };
    const text = bytesToUtf8(encodeVerifyRequest(request));
    expect(text).toBe(`{"nodeId":"${nodeId}","topic":"t","topicForCert":"c"}\n`);
    expect(decodeVerifyRequest(utf8ToBytes(text))).toEqual({ ok: true, value: request });
    const verdict = { nodeId, topic: "t", checkResult: 0 };
    expect(bytesToUtf8(encodeVerifyVerdict(verdict))).toBe(`{"checkResult":0,"nodeId":"${nodeId}","topic":"t"}\n`);
    expect(decodeVerifyVerdict(encodeVerifyVerdict(verdict))).toEqual({ ok: true, value: verdict });
    for (const broken of ["{}", '{"checkResult":0,"nodeId":"ab","topic":"t"}', '{"checkResult":"0"}', "x"]) {
      expect(decodeVerifyVerdict(utf8ToBytes(broken)).ok).toBe(false);
      expect(decodeVerifyRequest(utf8ToBytes(broken)).ok).toBe(false);
    }
  });
});

describe("texts", () => {
  test("hashes of the wrong length are zero, long ones lose their beginning, digits are numbers", () => {
    expect(parseHashText(`0x${"AB".repeat(32)}`)).toBe("ab".repeat(32));
    expect(parseHashText(`0x12${"ab".repeat(32)}`)).toBe("ab".repeat(32));
    expect(parseHashText("0x12")).toBe(ZERO_HASH);
    expect(parseHashText(`0x${"zz".repeat(32)}`)).toBe(ZERO_HASH);
    expect(parseHashText("")).toBe(ZERO_HASH);
    expect(parseHashText("16")).toBe("10".padStart(64, "0"));
    expect(parseHashText("9".repeat(100_000))).toBe(ZERO_HASH);
  });

  test("indented JSON breaks lines where the 2.x writer does", () => {
    const write = (value: Json): string => writeIndentedJson(value);
    expect(write({})).toBe("{}\n");
    expect(write([])).toBe("[]\n");
    expect(write({ b: [], a: {} })).toBe('{\n   "a" : {},\n   "b" : []\n}\n');
    expect(write([[], {}, 1])).toBe("[ [], {}, 1 ]\n");
    expect(write([[1]])).toBe("[\n   [ 1 ]\n]\n");
    // 4 for the brackets, 2 between two elements: 73 fits and 74 does not.
    const line = (length: number): string => "x".repeat(length - 2);
    expect(write([line(69)])).toBe(`[ "${line(69)}" ]\n`);
    expect(write([line(70)])).toBe(`[\n   "${line(70)}"\n]\n`);
    expect(write([line(30), line(37)])).toBe(`[ "${line(30)}", "${line(37)}" ]\n`);
    expect(write([line(30), line(38)])).toBe(`[\n   "${line(30)}",\n   "${line(38)}"\n]\n`);
    // Three characters an element at least: 24 of them may fit, 25 never do.
    const many = (count: number): Json => Array.from({ length: count }, () => 1);
    expect(write(many(23)).split("\n")).toHaveLength(2);
    expect(write(many(25)).split("\n")).toHaveLength(28);
  });

  test("JSON is read with comments and what follows the first value", () => {
    expect(readJson('/* a */ {"x": 1} // b')).toEqual({ x: 1 });
    expect(readJson("[1] [2]")).toEqual([1]);
    expect(readJson("{")).toBeUndefined();
  });
});

test("no bytes make a decoder throw", () => {
  const random = createRandom("channel");
  const decoders = [
    decodeChannelFrame,
    decodeTopicData,
    decodeHandshake,
    decodeHandshakeReply,
    decodeTopics,
    decodeBlockNotification,
    decodeEventFilterRequest,
    decodeEventFilterReply,
    decodeVerifyRequest,
    decodeVerifyVerdict,
  ];
  const texts = [
    '{"minimumSupport":1,"maximumSupport":3,"clientType":"x"}',
    '{"fromBlock":"1","toBlock":"8","addresses":[],"topics":[null,["0x1"]],"groupID":"1","filterID":"f"}',
    '["a","b"]',
    "1,2",
  ];
  for (let i = 0; i < 5_000; i++) {
    const bytes = random.chance(0.3)
      ? random.bytes(random.below(100))
      : utf8ToBytes(texts[random.below(texts.length)] as string).slice();
    for (let n = random.below(4); n > 0 && bytes.length > 0; n--) bytes[random.below(bytes.length)] = random.below(256);
    for (const decode of decoders) expect(typeof decode(bytes).ok).toBe("boolean");
    const reader = new ChannelFrameReader();
    const cut = random.below(bytes.length + 1);
    reader.push(bytes.subarray(0, cut));
    reader.push(bytes.subarray(cut));
  }
});
