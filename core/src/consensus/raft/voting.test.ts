import { describe, expect, test } from "vitest";
import { RaftVoteFlag } from "../../protocol/index.js";
import type { RaftVoteRequest, RaftVoteResponse } from "../../protocol/index.js";
import { RaftSeat } from "../testdata/raft-seat.js";

const { Reject, LeaderReject, LastTermError, Outdated, FirstVote, Discard, Granted } = RaftVoteFlag;

/** How the machine answers a request. */
function flagFor(seat: RaftSeat, from: number, fields: Partial<RaftVoteRequest>): number {
  seat.hear(from, seat.request(from, fields));
  return (seat.takeAnswer() as RaftVoteResponse).voteFlag;
}

describe("answers to a request for a vote", () => {
  test("the first since the last leader is refused, the next granted, once a term", () => {
    const seat = new RaftSeat();
    expect(flagFor(seat, 1, { term: 1 })).toBe(FirstVote);
    expect(flagFor(seat, 2, { term: 1 })).toBe(Granted);
    expect(flagFor(seat, 3, { term: 1 })).toBe(Discard);
    expect(flagFor(seat, 2, { term: 1 })).toBe(Discard);
    expect(flagFor(seat, 3, { term: 2 })).toBe(Granted);
    expect(flagFor(seat, 1, { term: 1 })).toBe(Reject);
  });

  test("a refusal carries the old term, a vote the new one", () => {
    const seat = new RaftSeat();
    seat.hear(1, seat.request(1, { term: 5 }));
    expect(seat.takeAnswer()).toMatchObject({ term: 0, voteFlag: FirstVote, lastLeaderTerm: 0, height: 0 });
    seat.hear(1, seat.request(1, { term: 5 }));
    expect(seat.takeAnswer()).toMatchObject({ term: 5, voteFlag: Granted });
  });

  test("who has not heard of the last leader is refused", () => {
    const seat = new RaftSeat();
    seat.hear(1, seat.heartbeat(1, 3));
    seat.takeSaid();
    expect(flagFor(seat, 2, { term: 4, lastLeaderTerm: 2 })).toBe(LastTermError);
    expect(flagFor(seat, 2, { term: 4, lastLeaderTerm: 3 })).toBe(FirstVote);
  });

  test("who has fewer blocks is refused; a block that is held counts as one", () => {
    const seat = new RaftSeat();
    seat.hear(1, seat.heartbeat(1, 3, seat.offer(1).bytes));
    seat.takeSaid();
    expect(flagFor(seat, 2, { term: 4, lastLeaderTerm: 3, lastBlockNumber: 0 })).toBe(Outdated);
    expect(flagFor(seat, 2, { term: 4, lastLeaderTerm: 3, lastBlockNumber: 1 })).toBe(FirstVote);
  });

  test("who holds a block of an older leader is refused by those who hold a newer one, and by nobody who holds none", () => {
    const holder = new RaftSeat();
    holder.hear(1, holder.heartbeat(1, 3, holder.offer(1).bytes));
    const other = new RaftSeat();
    other.hear(1, other.heartbeat(1, 3));
    for (const seat of [holder, other]) seat.takeSaid();
    expect(flagFor(holder, 2, { term: 9, lastLeaderTerm: 2, lastBlockNumber: 1 })).toBe(LastTermError);
    expect(flagFor(other, 2, { term: 9, lastLeaderTerm: 2, lastBlockNumber: 1 })).toBe(FirstVote);
  });

  test("of two holders the one of the later block is elected, whatever leaders the other has heard of since", () => {
    const seat = new RaftSeat();
    const { bytes } = seat.offer(1);
    seat.hear(1, seat.heartbeat(1, 3, bytes));
    const block = { lastLeaderTerm: 3, lastBlockNumber: 1 };
    seat.hear(2, seat.request(2, { term: 9, ...block }));
    seat.hear(2, seat.request(2, { term: 9, ...block }));
    // A leader between the block's and the one who has our vote: it is noted, and its block is not taken.
    seat.hear(3, seat.heartbeat(3, 5, bytes));
    seat.takeSaid();
    expect(flagFor(seat, 1, { term: 10, lastLeaderTerm: 2, lastBlockNumber: 1 })).toBe(LastTermError);
    expect(flagFor(seat, 1, { term: 10, ...block })).toBe(Granted);
  });

  test("a leader gives way to a later term only, and tells others that it leads", () => {
    const seat = new RaftSeat();
    const term = seat.lead();
    seat.takeSaid();
    const known = { lastLeaderTerm: term };
    expect(flagFor(seat, 1, { ...known, term })).toBe(FirstVote);
    expect(flagFor(seat, 1, { ...known, term })).toBe(LeaderReject);
    expect(flagFor(seat, 1, { term: term + 1 })).toBe(LastTermError);
    expect(flagFor(seat, 1, { ...known, term: term + 1 })).toBe(Granted);
    expect(seat.machine.status()).toMatchObject([{ leaderId: "get leader ID failed", leaderIdx: "NULL" }]);
  });

  test("after eight heartbeats the next request is a first one again", () => {
    const seat = new RaftSeat();
    expect(flagFor(seat, 1, { term: 1 })).toBe(FirstVote);
    for (let beats = 0; beats < 7; beats++) seat.hear(2, seat.heartbeat(2, 1));
    seat.takeSaid();
    expect(flagFor(seat, 3, { term: 2, lastLeaderTerm: 1 })).toBe(Granted);
    for (let beats = 0; beats < 8; beats++) seat.hear(3, seat.heartbeat(3, 2));
    seat.takeSaid();
    expect(flagFor(seat, 1, { term: 3, lastLeaderTerm: 2 })).toBe(FirstVote);
  });
});

describe("a candidate", () => {
  test("asks all others, for the next term, between one and two seconds after the last sign of a leader", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const seat = new RaftSeat({ seed });
      seat.pass(999);
      expect(seat.takeSaid()).toEqual([]);
      seat.pass(991);
      const [asked, ...more] = seat.takeSaid();
      expect(more).toEqual([]);
      expect(asked?.to).toEqual([1, 2, 3]);
      expect(asked?.message).toMatchObject({ term: 1, index: 0, candidate: 0, lastLeaderTerm: 0, lastBlockNumber: 0 });
    }
  });

  test("B27: is elected by distinct voters of this term, itself included, and by nobody twice", () => {
    const seat = new RaftSeat();
    const { term } = seat.stand();
    seat.hear(1, seat.vote(1, Granted, { term }));
    seat.hear(1, seat.vote(1, Granted, { term }));
    seat.hear(2, seat.vote(2, Granted, { term: term - 1 }));
    expect(seat.machine.status()).toMatchObject([{ leaderIdx: "NULL" }]);
    seat.hear(2, seat.vote(2, Granted, { term }));
    expect(seat.machine.status()).toMatchObject([{ leaderId: seat.sealers[0], leaderIdx: 0 }]);
  });

  test("asks again in the same term when too few answer, and later each time", () => {
    const seat = new RaftSeat();
    const first = seat.stand();
    const startMs = seat.nowMs;
    const second = seat.stand();
    expect(second.term).toBe(first.term);
    expect(seat.nowMs - startMs).toBeGreaterThan(2000);
    expect(seat.stand().term).toBe(first.term);
  });

  test("tries the next term when a majority answers and cannot agree", () => {
    const seat = new RaftSeat();
    const { term } = seat.stand();
    seat.hear(1, seat.vote(1, Discard, { term }));
    seat.hear(2, seat.vote(2, Outdated, { term }));
    expect(seat.stand().term).toBe(term + 1);
  });

  test("goes back to its former term when a majority refuses because it was the first to ask", () => {
    const seat = new RaftSeat();
    const { term } = seat.stand();
    for (const from of [1, 2, 3]) seat.hear(from, seat.vote(from, FirstVote, { term: term - 1 }));
    expect(seat.stand().term).toBe(term);
  });

  test.each([Reject, LastTermError])("gives up when a majority answers with flag %i", (flag) => {
    const seat = new RaftSeat();
    const { term } = seat.stand();
    for (const from of [1, 2]) seat.hear(from, seat.vote(from, flag, { term }));
    seat.hear(3, seat.vote(3, flag, { term }));
    seat.hear(1, seat.vote(1, Granted, { term }));
    seat.hear(2, seat.vote(2, Granted, { term }));
    expect(seat.machine.status()).toMatchObject([{ leaderIdx: "NULL" }]);
  });

  test("follows a leader that says so, unless it is an older one than the last", () => {
    const seat = new RaftSeat();
    seat.hear(1, seat.heartbeat(1, 4));
    const { term } = seat.stand();
    seat.hear(2, seat.vote(2, LeaderReject, { term: term + 2, lastLeaderTerm: 3 }));
    expect(seat.machine.status()).toMatchObject([{ leaderIdx: "NULL" }]);
    seat.hear(2, seat.vote(2, LeaderReject, { term: term + 2, lastLeaderTerm: term + 2 }));
    expect(seat.machine.status()).toMatchObject([{ leaderIdx: 2 }]);
    expect(seat.stand().term).toBe(term + 3);
  });

  test("stands above the terms that kept it out, or it would run after them for ever", () => {
    const seat = new RaftSeat();
    seat.hear(1, seat.heartbeat(1, 2));
    expect(seat.stand().term).toBe(3);
    // The others have not heard of that leader, and are far ahead.
    seat.hear(2, seat.request(2, { term: 40 }));
    expect((seat.takeAnswer() as RaftVoteResponse).voteFlag).toBe(LastTermError);
    expect(seat.stand().term).toBe(41);
  });

  test("waits longer after each failure, up to a bound, and as configured again after an election", () => {
    const seat = new RaftSeat();
    const waits: number[] = [];
    for (let times = 0; times < 40; times++) {
      const startMs = seat.nowMs;
      seat.stand();
      // A failed candidacy is waited for, and then a time-out as a follower.
      waits.push(seat.nowMs - startMs);
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(2 * 2500 + 20);
    expect(Math.min(...waits.slice(10))).toBeGreaterThanOrEqual(2 * 1500 - 20);
    seat.lead();
    seat.pass(1000);
    seat.takeSaid();
    const startMs = seat.nowMs;
    seat.stand();
    expect(seat.nowMs - startMs).toBeLessThanOrEqual(2 * 2000 + 20);
  });
});

describe("promises", () => {
  test("B8: a vote leaves when the disk has it, and a restarted node gives no other in that term", () => {
    const seat = new RaftSeat();
    flagFor(seat, 1, { term: 7 });
    seat.isDiskSlow = true;
    seat.hear(1, seat.request(1, { term: 7 }));
    expect(seat.takeSaid()).toEqual([]);
    seat.diskDone();
    expect(seat.takeAnswer()).toMatchObject({ voteFlag: Granted });
    seat.isDiskSlow = false;
    seat.hear(1, seat.request(1, { term: 8 }));
    seat.takeSaid();
    seat.restart();
    expect(flagFor(seat, 2, { term: 8 })).toBe(Discard);
    expect(flagFor(seat, 2, { term: 9 })).toBe(FirstVote);
    expect(flagFor(seat, 2, { term: 9 })).toBe(Granted);
  });

  test("a candidacy that was given up before the disk was ready asks nobody", () => {
    const seat = new RaftSeat();
    seat.isDiskSlow = true;
    seat.pass(2000);
    seat.hear(1, seat.heartbeat(1, 1));
    seat.takeSaid();
    seat.diskDone();
    expect(seat.takeSaid()).toEqual([]);
  });

  test("what cannot be read is left aside with a warning", () => {
    const seat = new RaftSeat({ promises: new Uint8Array([1, 2, 3]) });
    expect(seat.traces.map(({ event }) => event)).toContain("promises-unreadable");
    expect(flagFor(seat, 1, { term: 1 })).toBe(FirstVote);
  });
});
