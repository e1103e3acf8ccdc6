import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { P2P_FRAME_BYTES_MAX, bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "../primitives/index.js";
import { ModuleId, P2pFrameReader, encodeP2pFrame } from "./index.js";
import type { P2pFrame } from "./index.js";

const heartbeat = hexToBytes("0000001100000000000200010000000030");

function lengthPrefix(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

const frames = fc.record<P2pFrame>({
  version: fc.constantFrom(0, 0x8000),
  groupId: fc.integer({ min: 0, max: 32767 }),
  moduleId: fc.integer({ min: 1, max: 65535 }),
  isResponse: fc.boolean(),
  packetType: fc.integer({ min: 0, max: 65535 }),
  seq: fc.integer({ min: 0, max: 0xffff_ffff }),
  body: fc.uint8Array({ maxLength: 200 }),
});

test("a topic heartbeat", () => {
  const frame: P2pFrame = {
    version: 0,
    groupId: 0,
    moduleId: ModuleId.Topic,
    isResponse: false,
    packetType: 1,
    seq: 0,
    body: utf8ToBytes("0"),
  };
  expect(new P2pFrameReader().push(heartbeat)).toEqual({ ok: true, value: [frame] });
  expect(bytesToHex(encodeP2pFrame(frame))).toBe(bytesToHex(heartbeat));
});

test("an answer has the negated protocol id", () => {
  const bytes = hexToBytes("000000180000fffffffe00030000000935 09 746f70696341".replaceAll(" ", ""));
  const frame: P2pFrame = {
    version: 0,
    groupId: 0,
    moduleId: ModuleId.Topic,
    isResponse: true,
    packetType: 3,
    seq: 9,
    body: utf8ToBytes("5\ttopicA"),
  };
  expect(new P2pFrameReader().push(bytes)).toEqual({ ok: true, value: [frame] });
  expect(bytesToHex(encodeP2pFrame(frame))).toBe(bytesToHex(bytes));
});

test("the lowest protocol id survives", () => {
  const bytes = hexToBytes("0000001000008000000000030000000a");
  const read = new P2pFrameReader().push(bytes);
  expect(read.ok && read.value.map((frame) => bytesToHex(encodeP2pFrame(frame)))).toEqual([bytesToHex(bytes)]);
});

describe("B1: a length is never trusted", () => {
  test.each([0, 1, 15])("%d, shorter than a header, ends the session at once", (length) => {
    const failure = { ok: false, error: { code: "frame-too-short", length } };
    const reader = new P2pFrameReader();
    expect(reader.push(lengthPrefix(length))).toEqual(failure);
    expect(reader.push(heartbeat)).toEqual(failure);
  });

  test.each([P2P_FRAME_BYTES_MAX + 1, 0x7fff_ffff, 0xffff_ffff])("%d, too long, ends it at once", (length) => {
    const failure = { ok: false, error: { code: "frame-too-long", length } };
    expect(new P2pFrameReader().push(lengthPrefix(length))).toEqual(failure);
    const byByte = new P2pFrameReader();
    const results = [...concatBytes(lengthPrefix(length), heartbeat)].map((byte) => byByte.push(Uint8Array.of(byte)));
    expect(results.slice(0, 3)).toEqual([1, 2, 3].map(() => ({ ok: true, value: [] })));
    expect(results[3]).toEqual(failure);
    expect(results.at(-1)).toEqual(failure);
    expect(byByte.pendingBytes).toBeLessThanOrEqual(4);
  });

  test("also behind good frames of the same chunk", () => {
    const result = new P2pFrameReader().push(concatBytes(heartbeat, lengthPrefix(3)));
    expect(result).toMatchObject({ ok: false, error: { code: "frame-too-short" } });
  });

  test("the largest frame is accepted, and memory follows what arrived, not what was announced", () => {
    const reader = new P2pFrameReader();
    expect(reader.push(lengthPrefix(P2P_FRAME_BYTES_MAX))).toEqual({ ok: true, value: [] });
    expect(reader.push(new Uint8Array(1000))).toEqual({ ok: true, value: [] });
    expect(reader.pendingBytes).toBe(1004);
    expect(reader.reservedBytes).toBeLessThan(4096);
  });

  test("a frame in a hundred thousand pieces is copied a bounded number of times", () => {
    const body = new Uint8Array(300_000).fill(7);
    const bytes = encodeP2pFrame({
      version: 0,
      groupId: 1,
      moduleId: ModuleId.Sync,
      isResponse: false,
      packetType: 0,
      seq: 1,
      body,
    });
    const reader = new P2pFrameReader();
    const buffers = new Set<Uint8Array>();
    let read: readonly P2pFrame[] = [];
    for (let at = 0; at < bytes.length; at += 3) {
      const result = reader.push(bytes.subarray(at, at + 3));
      if (result.ok && result.value.length > 0) read = result.value;
      buffers.add((reader as unknown as { buffer: Uint8Array }).buffer);
    }
    expect(read.map((frame) => frame.body)).toEqual([body]);
    // Every new buffer is a copy of what was there: their number grows with the logarithm of the length.
    expect(buffers.size).toBeLessThanOrEqual(20);
  });
});

describe("properties", () => {
  test("any frames, cut in any way, come out as they went in", () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 60 })), (list, cuts) => {
        const stream = concatBytes(...list.map(encodeP2pFrame));
        const reader = new P2pFrameReader();
        const seen: P2pFrame[] = [];
        let at = 0;
        for (let i = 0; at < stream.length; i++) {
          const size = cuts.length === 0 ? stream.length : (cuts[i % cuts.length] as number);
          const result = reader.push(stream.slice(at, at + size));
          expect(result.ok).toBe(true);
          if (result.ok) seen.push(...result.value);
          at += size;
        }
        expect(seen).toEqual(list);
        expect(reader.pendingBytes).toBe(0);
      }),
    );
  });

  test("no bytes make it throw or hold more than arrived", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
        const reader = new P2pFrameReader();
        let arrived = 0;
        for (const chunk of chunks) {
          arrived += chunk.length;
          reader.push(chunk);
          expect(reader.pendingBytes).toBeLessThanOrEqual(arrived);
        }
      }),
    );
  });
});
