import { describe, expect, test } from "vitest";
import { A, B, C, D, STRANGER } from "../testdata/blocks.js";
import { TestSender } from "../testdata/test-sender.js";

const RAFT = { rules: { consensusType: "raft" as const } };

describe("what has waited for long", () => {
  test("B17: in a raft group every consensus node hears of it again, until it is in a block", () => {
    const node = new TestSender(RAFT);
    node.connect(B, C, D);
    node.submit("t1");
    node.wait(9_999);
    expect(node.takeSent()).toEqual(["bcd: push t1"]);
    // The leader has crashed and has forgotten what it was sent: the marks do not know.
    for (let times = 0; times < 3; times++) {
      node.wait(times === 0 ? 1 : 10_000);
      expect(node.takeSent()).toEqual(["b: announce 1", "c: announce 1", "d: announce 1"]);
    }
  });

  test("what came since the last look has time until the one after the next", () => {
    const node = new TestSender(RAFT);
    node.connect(B);
    node.submit("t1");
    node.wait(9_000);
    node.submit("t2");
    node.takeSent();
    node.wait(1_000);
    expect(node.takeSent()).toEqual(["b: announce 1"]);
    node.wait(10_000);
    expect(node.takeSent()).toEqual(["b: announce 2"]);
  });

  test("a thousand at a time, the oldest first", () => {
    const node = new TestSender({ ...RAFT, limit: 5000 });
    node.connect(B);
    node.submit(...Array.from({ length: 1500 }, (_, i) => `t${i}`));
    node.wait(19_999);
    node.takeSent();
    node.wait(1);
    expect(node.takeSent()).toEqual(["b: announce 1000"]);
  });

  test("with an empty pool, or with nobody there, no time is kept", () => {
    const node = new TestSender(RAFT);
    node.connect(B);
    expect(node.sync.wakeAtMs).toBeUndefined();
    node.submit("t1");
    node.wait(100);
    expect(node.sync.wakeAtMs).toBe(10_000);
    node.connect();
    expect(node.sync.wakeAtMs).toBeUndefined();
  });

  test("consensus nodes where the lead goes around do not repeat themselves, but others do", () => {
    const sealer = new TestSender();
    const observer = new TestSender({ self: STRANGER, observers: [STRANGER] });
    const idle = new TestSender({ rules: { consensusType: "rpbft" } });
    idle.chosen = [B, C];
    idle.commit();
    for (const node of [sealer, observer, idle]) {
      node.connect(B, C);
      node.submit("t1");
      node.wait(9_000);
      node.takeSent();
      node.wait(1_000);
    }
    expect(sealer.takeSent()).toEqual([]);
    expect(observer.takeSent()).toEqual(["b: announce 1", "c: announce 1"]);
    expect(idle.takeSent()).toEqual(["b: announce 1", "c: announce 1"]);
    expect(sealer.self).toBe(A);
  });
});
