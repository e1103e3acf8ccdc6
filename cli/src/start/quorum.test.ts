import { expect, test } from "vitest";
import { QuorumWatch } from "./quorum.js";

const sealers = (present: number): { all: number; present: number; needed: number } => ({ all: 4, present, needed: 3 });

test("too few sealers are told of once, and enough of them once", () => {
  const watch = new QuorumWatch();
  const said = [4, 3, 3, 2, 2, 2, 1, 1, 3, 3, 4, 4, 2, 2].map((present) => watch.look(sealers(present)));
  expect(said.filter((text) => text !== undefined)).toEqual([
    "No more blocks: 2 of 4 sealers are left, and 3 are needed. What was sent waits until then.",
    "Enough sealers are there again (3 of 4, 3 are needed): blocks go on.",
    "No more blocks: 2 of 4 sealers are left, and 3 are needed. What was sent waits until then.",
  ]);
});

test("a connection that is lost for a moment is no news", () => {
  const watch = new QuorumWatch();
  expect([4, 2, 4, 2, 3, 2, 4].flatMap((present) => watch.look(sealers(present)) ?? [])).toEqual([]);
});
