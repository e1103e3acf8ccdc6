/**
 * Links that stay cut in the second phase of a run: two nodes that cannot talk to each other, in a network that is
 * otherwise well. Only those are drawn with which the protocol promises progress; docs/internals/simulator.md has the reasons.
 */
import type { Random } from "@tsbcos/core/primitives";
import type { GroupShape } from "./options.js";

/** Two nodes without a link. */
export type Cut = readonly [number, number];

const CHANCE = 0.25;
const CUTS_MAX = 2;

/**
 * Draws the links that stay cut, mostly none. No node loses more than one.
 *
 * @param alive nodes that are there in the second phase
 */
export function drawCuts(random: Random, alive: readonly number[], groups: readonly GroupShape[]): readonly Cut[] {
  if (!random.chance(CHANCE)) return [];
  const count = 1 + random.below(CUTS_MAX);
  const pairs = alive.flatMap((a, at) => alive.slice(at + 1).map((b): Cut => [a, b]));
  const cuts: Cut[] = [];
  for (const cut of random.shuffled(pairs)) {
    const isApart = !cuts.some((other) => other.some((node) => cut.includes(node)));
    if (isApart && cuts.length < count && groups.every((group) => standsCut(group, cut, alive))) cuts.push(cut);
  }
  return cuts;
}

/** Whether a group must go on without the link. */
export function standsCut(group: GroupShape, [a, b]: Cut, alive: readonly number[]): boolean {
  const { consensus, members, observerCount } = group;
  if (!members.includes(a) || !members.includes(b)) return true;
  const sealers = members.slice(0, members.length - observerCount);
  const there = sealers.filter((node) => alive.includes(node));
  // Nobody passes anything on in Raft: whoever leads must reach a majority himself, also without the one he cannot reach.
  if (consensus === "raft") return observerCount === 0 && there.length > Math.floor(sealers.length / 2) + 1;
  // Without liars the chain may be told to work with two, who may be those.
  if (consensus === "rpbft" && (group.liarCount === 0 || group.epochSealers < 4)) return false;
  // Each link that is cut has another end, so that whoever else is there reaches both.
  return there.some((node) => node !== a && node !== b);
}
