import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { utf8ToBytes } from "@tsbcos/core/primitives";
import { ChannelType, type ChannelFrame } from "@tsbcos/core/protocol";
import { EventFilters } from "./event-filters.js";
import { ChannelGroups } from "./groups.js";
import type { ChannelGroup } from "./interface.js";
import type { Session } from "./session.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const request = utf8ToBytes(JSON.stringify({ addresses: [], topics: [], groupID: "1", filterID: "f" }));

/** One group whose every search finds a log at once, and one client. */
function setUp(): { filters: EventFilters; session: Session; pushed: ChannelFrame[]; ended: () => number } {
  const pushed: ChannelFrame[] = [];
  let ends = 0;
  const group: ChannelGroup = {
    ...{ height: 10, allowlist: [], eventBlockRangeMax: 0 },
    searchLogs: (_search, found) => {
      queueMicrotask(() => {
        found({ data: utf8ToBytes("a log of the past"), isLast: false });
      });
      const end = (): void => {
        ends++;
      };
      return { taken: () => undefined, end };
    },
  };
  const groups = new ChannelGroups();
  groups.add(1, group);
  const session = { publicKey: undefined, send: (frame: ChannelFrame) => pushed.push(frame) };
  return { filters: new EventFilters(groups), session: session as unknown as Session, pushed, ended: () => ends };
}

test("the first push leaves a while after the answer, for clients that begin to listen with the answer", async () => {
  const { filters, session, pushed } = setUp();
  expect(filters.register(session, request).result).toBe(0);
  await vi.advanceTimersByTimeAsync(99);
  expect(pushed).toHaveLength(0);
  filters.allowlistChanged(1);
  expect(pushed).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(pushed.map(({ type }) => type)).toEqual([ChannelType.EventLogs]);
});

test("a filter that ends before its first push pushes nothing", async () => {
  const { filters, session, pushed, ended } = setUp();
  filters.register(session, request);
  filters.sessionClosed(session);
  expect(ended()).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(1000);
  expect(pushed).toHaveLength(0);
});
