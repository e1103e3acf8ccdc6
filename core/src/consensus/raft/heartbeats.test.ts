import { describe, expect, test } from "vitest";
import { RAFT_TERM_MAX, ZERO_HASH } from "../../primitives/index.js";
import type { Hash, NodeId } from "../../primitives/index.js";
import { RaftVoteFlag, encodeRaftMessage } from "../../protocol/index.js";
import type { RaftHeartbeat, RaftHeartbeatResponse } from "../../protocol/index.js";
import { RaftSeat } from "../testdata/raft-seat.js";

function heartbeats(seat: RaftSeat): RaftHeartbeat[] {
  return seat.takeSaid().flatMap(({ message }) => (message.type === "heartbeat" ? [message] : []));
}

describe("a leader", () => {
  test("sends a heartbeat every quarter of its time-out, the first a quarter after its election", () => {
    const seat = new RaftSeat();
    const term = seat.lead();
    const atMs: number[] = [];
    for (let ms = 1; ms <= 1000; ms++) {
      seat.pass(1);
      if (ms % 100 === 0) for (const from of [1, 2, 3]) seat.hear(from, seat.answer(from, term));
      if (heartbeats(seat).length > 0) atMs.push(ms);
    }
    expect(atMs).toEqual([250, 500, 750, 1000]);
  });

  test("without a majority of answers for a second it asks for votes again", () => {
    const seat = new RaftSeat();
    const term = seat.lead();
    for (let ms = 0; ms < 3000; ms += 250) {
      seat.pass(250);
      for (const from of [1, 2]) seat.hear(from, seat.answer(from, term));
    }
    seat.takeSaid();
    // One other and the leader are two of four, however often that one answers.
    for (let ms = 0; ms < 1000; ms += 50) {
      seat.pass(50);
      seat.hear(1, seat.answer(1, term));
    }
    expect(seat.takeSaid().at(-1)?.message).toMatchObject({
      type: "vote-request",
      term: term + 1,
      lastLeaderTerm: term,
    });
  });

  test("answers of other terms count for nothing", () => {
    const seat = new RaftSeat();
    const term = seat.lead();
    for (let ms = 0; ms < 1000; ms += 50) {
      seat.pass(50);
      for (const from of [1, 2, 3]) seat.hear(from, seat.answer(from, term - 1));
    }
    expect(seat.takeSaid().at(-1)?.message.type).toBe("vote-request");
  });

  test("a node that stood still itself does not conclude that the others did", () => {
    const leader = new RaftSeat();
    const term = leader.lead();
    leader.standStill(10_000);
    expect(leader.takeSaid().map(({ message }) => message.type)).toEqual(["heartbeat"]);
    for (const from of [1, 2, 3]) leader.hear(from, leader.answer(from, term));
    leader.pass(200);
    expect(leader.machine.status()).toMatchObject([{ leaderIdx: 0 }]);
    const follower = new RaftSeat();
    follower.standStill(10_000);
    expect(follower.takeSaid()).toEqual([]);
    follower.hear(1, follower.heartbeat(1, 1));
    follower.pass(900);
    expect(follower.takeSaid().map(({ message }) => message.type)).toEqual(["heartbeat-response"]);
  });

  test("while blocks are fetched nobody stands and nothing is offered", () => {
    const seat = new RaftSeat();
    seat.sync.downloading = true;
    seat.pass(10_000);
    expect(seat.takeSaid()).toEqual([]);
    seat.sync.downloading = false;
    seat.pass(1000);
    expect(seat.takeSaid().map(({ message }) => message.type)).toEqual(["vote-request"]);
  });
});

describe("a block", () => {
  /** A leader whose followers have its head and who has waited for a second. */
  function ready(count = 4): { seat: RaftSeat; term: number } {
    const seat = new RaftSeat({ count });
    const term = seat.lead();
    seat.pass(250);
    for (let from = 1; from < count; from++) seat.hear(from, seat.answer(from, term));
    seat.takeSaid();
    return { seat, term };
  }

  /** The pool is looked into at most every ten milliseconds. */
  function submit(seat: RaftSeat): void {
    seat.transaction();
    seat.pass(10);
  }

  function offeredHash(seat: RaftSeat): Hash {
    const offered = seat.traces.findLast(({ event }) => event === "offered");
    return offered?.fields?.["hash"] as Hash;
  }

  test("B12: is offered at once, to all, and again in each heartbeat, which waiting for it never holds up", () => {
    const { seat, term } = ready();
    submit(seat);
    const [first] = heartbeats(seat);
    expect(first).toMatchObject({ term, height: 0, leader: 0, uncommittedBlockNumber: 1 });
    seat.hear(1, seat.answer(1, term));
    seat.hear(2, seat.answer(2, term));
    seat.pass(250);
    expect(heartbeats(seat).map(({ uncommittedBlock }) => uncommittedBlock)).toEqual([first?.uncommittedBlock]);
  });

  test("B27: is decided by distinct members of this term that hold exactly it, and by nobody's idle answer", () => {
    const { seat, term } = ready();
    submit(seat);
    const hash = offeredHash(seat);
    seat.hear(1, seat.answer(1, term));
    seat.hear(2, seat.answer(2, term));
    seat.hear(3, seat.answer(3, term, "ee".repeat(32) as Hash));
    seat.hear(1, seat.answer(1, term, hash));
    seat.hear(1, seat.answer(1, term, hash));
    seat.hear(2, seat.answer(2, term - 1, hash));
    expect(seat.stored).toEqual([]);
    seat.hear(3, seat.answer(3, term, hash));
    expect(seat.stored.length).toBe(1);
  });

  test("waits until a majority has the head of the leader, and while anybody is ahead of it", () => {
    const seat = new RaftSeat();
    const term = seat.lead();
    seat.pass(250);
    const behind = { blockHash: ZERO_HASH };
    seat.hear(1, seat.answer(1, term));
    seat.hear(2, { ...seat.answer(2, term), ...behind });
    submit(seat);
    expect(heartbeats(seat).every(({ uncommittedBlock }) => uncommittedBlock.length === 0)).toBe(true);
    seat.hear(3, { ...seat.answer(3, term), height: 1 });
    seat.hear(2, seat.answer(2, term));
    expect(heartbeats(seat)).toEqual([]);
    seat.hear(3, seat.answer(3, term));
    expect(heartbeats(seat).map(({ uncommittedBlockNumber }) => uncommittedBlockNumber)).toEqual([1]);
  });

  test("comes a second after the last, and never without transactions", () => {
    const { seat, term } = ready();
    const decide = (): void => {
      const hash = offeredHash(seat);
      for (const from of [1, 2, 3]) seat.hear(from, seat.answer(from, term, hash));
    };
    submit(seat);
    decide();
    expect(seat.stored.length).toBe(1);
    for (const from of [1, 2, 3]) seat.hear(from, seat.answer(from, term));
    submit(seat);
    heartbeats(seat);
    for (let ms = 10; ms < 999; ms += 43) {
      seat.pass(43);
      for (const from of [1, 2, 3]) seat.hear(from, seat.answer(from, term));
    }
    expect(heartbeats(seat).every(({ uncommittedBlock }) => uncommittedBlock.length === 0)).toBe(true);
    seat.pass(1);
    decide();
    expect(seat.stored.length).toBe(2);
    heartbeats(seat);
    for (let ms = 0; ms < 5000; ms += 250) {
      seat.pass(250);
      for (const from of [1, 2, 3]) seat.hear(from, seat.answer(from, term));
    }
    expect(heartbeats(seat).every(({ uncommittedBlock }) => uncommittedBlock.length === 0)).toBe(true);
  });

  test("of two sealers needs both, and of one nobody else", () => {
    const { seat, term } = ready(2);
    submit(seat);
    expect(seat.stored).toEqual([]);
    seat.hear(1, seat.answer(1, term, offeredHash(seat)));
    expect(seat.stored.length).toBe(1);
    const alone = new RaftSeat({ count: 1 });
    alone.pass(3000);
    alone.transaction();
    expect(alone.stored.length).toBe(1);
    expect(alone.takeSaid()).toEqual([]);
    expect(alone.machine.wakeAtMs).toBeUndefined();
  });
});

describe("a follower", () => {
  test("answers with the term it had, and with its head", () => {
    const seat = new RaftSeat();
    seat.hear(1, seat.heartbeat(1, 5));
    expect(seat.takeAnswer()).toMatchObject({ index: 0, term: 0, height: 0, uncommittedBlockHash: ZERO_HASH });
    seat.hear(1, seat.heartbeat(1, 5));
    expect(seat.takeAnswer()).toMatchObject({ term: 5 });
    expect(seat.machine.status()).toMatchObject([{ leaderId: seat.sealers[1], leaderIdx: 1 }]);
  });

  test("acknowledges a block when the disk has it, and again without the disk", () => {
    const seat = new RaftSeat();
    const { bytes, hash } = seat.offer(1);
    seat.isDiskSlow = true;
    seat.hear(1, seat.heartbeat(1, 1, bytes));
    expect(seat.takeSaid()).toEqual([]);
    seat.diskDone();
    expect(seat.takeAnswer()).toMatchObject({ uncommittedBlockHash: hash });
    seat.hear(1, seat.heartbeat(1, 1, bytes));
    expect(seat.takeAnswer()).toMatchObject({ uncommittedBlockHash: hash });
  });

  test("B8: keeps a block it has acknowledged over a restart", () => {
    const seat = new RaftSeat();
    seat.hear(1, seat.heartbeat(1, 3, seat.offer(1).bytes));
    seat.takeSaid();
    seat.restart();
    expect(seat.traces.map(({ event }) => event)).toContain("block-kept-since-last-run");
    seat.hear(2, seat.request(2, { term: 9, lastLeaderTerm: 3, lastBlockNumber: 0 }));
    expect(seat.takeAnswer()).toMatchObject({ voteFlag: RaftVoteFlag.Outdated });
  });

  test("does not answer an offer that does not follow its head", () => {
    const seat = new RaftSeat();
    const { bytes } = seat.offer(1);
    const unanswered: Partial<RaftHeartbeat>[] = [
      { uncommittedBlockNumber: 2 },
      { uncommittedBlockNumber: 0 },
      { uncommittedBlock: bytes.slice(0, -1) },
      { uncommittedBlock: new Uint8Array([0xc0]) },
    ];
    for (const fields of unanswered) {
      seat.hear(1, seat.heartbeat(1, 1, bytes, fields));
      expect(seat.takeSaid()).toEqual([]);
    }
    const stranger = new RaftSeat({ count: 5 });
    seat.hear(1, seat.heartbeat(1, 1, stranger.offer(1).bytes));
    expect(seat.takeSaid()).toEqual([]);
  });

  test("ignores a leader that is older than the last, and one that is older than its vote", () => {
    const seat = new RaftSeat();
    seat.hear(1, seat.heartbeat(1, 5));
    seat.hear(2, seat.request(2, { term: 7, lastLeaderTerm: 5 }));
    seat.hear(2, seat.request(2, { term: 7, lastLeaderTerm: 5 }));
    seat.takeSaid();
    seat.hear(1, seat.heartbeat(1, 5));
    // There was another leader in between; what it offers might take the place of what the one we elected decides.
    seat.hear(3, seat.heartbeat(3, 6, seat.offer(3).bytes));
    expect(seat.takeSaid()).toEqual([]);
    seat.hear(2, seat.heartbeat(2, 7));
    expect(seat.takeAnswer()).toMatchObject({ type: "heartbeat-response", term: 7 });
  });

  test("gives up its own candidacy for a leader of a lower term that it has not heard of", () => {
    const seat = new RaftSeat();
    seat.stand();
    for (const from of [1, 2]) seat.hear(from, seat.vote(from, RaftVoteFlag.Discard, { term: 1 }));
    expect(seat.stand().term).toBe(2);
    seat.hear(3, seat.heartbeat(3, 1));
    expect(seat.takeAnswer()).toMatchObject({ type: "heartbeat-response", term: 2 });
    expect(seat.machine.status()).toMatchObject([{ leaderIdx: 3 }]);
  });

  test("forgets a block when a newer leader with its head has none to offer, and not before", () => {
    const seat = new RaftSeat();
    seat.hear(1, seat.heartbeat(1, 3, seat.offer(1).bytes));
    seat.hear(1, seat.heartbeat(1, 3));
    seat.hear(2, { ...seat.heartbeat(2, 4), height: 1, blockHash: ZERO_HASH });
    const holds = (): boolean => {
      seat.takeSaid();
      seat.hear(3, seat.request(3, { term: 50, lastLeaderTerm: 9, lastBlockNumber: 0 }));
      return (seat.takeAnswer() as { voteFlag?: number }).voteFlag === RaftVoteFlag.Outdated;
    };
    expect(holds()).toBe(true);
    seat.hear(2, seat.heartbeat(2, 5));
    expect(holds()).toBe(false);
  });

  test("nobody is told by an answer that a promise was made when it was not: strangers, odd bytes and huge terms", () => {
    const seat = new RaftSeat();
    const bodies = [
      new Uint8Array(),
      new Uint8Array([0x80]),
      new Uint8Array(2000).fill(0xff),
      encodeRaftMessage(seat.heartbeat(1, RAFT_TERM_MAX + 1)),
      encodeRaftMessage(seat.request(1, { term: 0xffff_ffff })),
    ];
    const whole = encodeRaftMessage(seat.heartbeat(1, 1, seat.offer(1).bytes));
    for (let at = 0; at < whole.length; at += 7) bodies.push(whole.slice(0, at));
    for (let at = 0; at < 60; at++) {
      const bent = whole.slice();
      bent[at] = (bent[at] as number) ^ 0x55;
      bodies.push(bent);
    }
    for (const body of bodies) {
      const fresh = new RaftSeat();
      fresh.hearBody(1, body);
      for (const { message } of fresh.takeSaid()) {
        // Whatever is answered is no more than that somebody is here, or an acknowledgement of a block that decodes.
        expect(["heartbeat-response", "vote-response"]).toContain(message.type);
        if (message.type === "vote-response") expect(message.voteFlag).not.toBe(RaftVoteFlag.Granted);
      }
    }
    const input = { type: "message-received", from: "ab".repeat(64) as NodeId, packetType: 0, body: whole } as const;
    expect(seat.machine.step(input, { steadyMs: seat.nowMs, wallMs: 0 })).toEqual([]);
  });
});

test("the status has the keys that all algorithms have, and who leads", () => {
  const seat = new RaftSeat();
  const [own] = seat.machine.status() as Record<string, unknown>[];
  expect(own).toMatchObject({ leaderId: "get leader ID failed", leaderIdx: "NULL", max_faulty_leader: 1, nodeNum: 4 });
  expect(Object.keys(own!)).toEqual(Object.keys(own!).sort());
  expect(seat.machine.view()).toBeUndefined();
});

test("a heartbeat response says nothing that the responder does not hold", () => {
  const seat = new RaftSeat();
  const { bytes, hash } = seat.offer(1);
  seat.hear(1, seat.heartbeat(1, 2, bytes));
  expect((seat.takeAnswer() as RaftHeartbeatResponse).uncommittedBlockHash).toBe(hash);
  seat.hear(1, seat.heartbeat(1, 2));
  expect((seat.takeAnswer() as RaftHeartbeatResponse).uncommittedBlockHash).toBe(ZERO_HASH);
});
