/** What the seed of a run expands into: the shape of the cluster, and how bad its world is. */
import { createRandom, groupId } from "@tsbcos/core/primitives";
import type { GroupId, Random } from "@tsbcos/core/primitives";
import type { ConsensusType } from "@tsbcos/core/ledger";
import { CALM_DISK } from "./disk.js";
import type { DiskOptions } from "./disk.js";
import { CALM_NETWORK } from "./network.js";
import type { NetworkOptions } from "./network.js";
import { PLANTED_BUGS } from "./planted/bugs.js";
import type { Bug } from "./planted/bugs.js";

/** Consensus types that can be asked for. */
export const CONSENSUS_TYPES = ["pbft", "raft", "rpbft", "solo"] as const satisfies readonly ConsensusType[];

/**
 * Nodes of the first group of a run in which leaders of Raft are struck. Of four, any two majorities share two sealers;
 * of five one is enough to be mistaken.
 */
const STRUCK_NODES = 5;
/** An election takes some seconds, and several in a row, with transactions still waiting, are what such a run is for. */
const STRUCK_MS_MORE = 20_000;
const STRUCK_WORK_SLOWER = 3;

/** What is asked of a run besides its seed. */
export interface RunWishes {
  readonly bug?: Bug | undefined;
  /** Of all groups; otherwise that of the planted fault, or drawn: mostly PBFT. */
  readonly consensus?: ConsensusType | undefined;
  /** Groups of the run, at most {@link GROUPS_MAX}; otherwise those of the planted fault, or drawn: mostly one. */
  readonly groups?: number | undefined;
}

/** More groups than this show nothing new, and cost their time. */
export const GROUPS_MAX = 3;

/** How often bad things happen. Mean times between two of them in virtual milliseconds; 0: never. */
export interface FaultOptions {
  readonly crashEveryMs: number;
  readonly downMsMax: number;
  readonly pauseEveryMs: number;
  readonly pauseMsMax: number;
  readonly partitionEveryMs: number;
  readonly partitionMsMax: number;
  /** Probability that a node crashes right after a frame of consensus, for each such frame: promises are fresh then. */
  readonly crashAfterFrame: number;
  /** Raft: probability that a leader is cut off or crashes at the moment it offers a block, each time. */
  readonly leaderStruck: number;
  readonly clockJumpEveryMs: number;
  readonly clockJumpMsMax: number;
  /** One group of a node is stopped, and started again: never where there is only one. */
  readonly groupStopEveryMs: number;
  readonly groupStopMsMax: number;
  /** Nodes that may be down or paused at once. More than a quorum allows is fine: only progress stops then. */
  readonly downAtOnceMax: number;
}

/** What clients do. */
export interface WorkloadOptions {
  readonly transactions: number;
  /** Mean time between two submissions. */
  readonly everyMs: number;
}

/** Bytes a second that may leave a node, and each of its groups; undefined: no limit. */
export interface BandwidthOptions {
  readonly node: number | undefined;
  readonly group: number | undefined;
}

/** What one group of a run is like. */
export interface GroupShape {
  readonly groupId: GroupId;
  readonly consensus: ConsensusType;
  /** Nodes of the run that are in the group: sealers first, then observers. */
  readonly members: readonly number[];
  /** The last so many members are observers: they follow and do not vote. */
  readonly observerCount: number;
  /** The first so many sealers lie in the first phase: no more than a quorum can stand. */
  readonly liarCount: number;
  readonly transactionsPerBlockMax: number;
  readonly minBlockGenerationTimeMs: number;
  readonly prepareWithTransactionHashes: boolean;
  readonly ttlOptimization: boolean;
  readonly trees: boolean;
  /** rPBFT: sealers that work at a time, and blocks between two rotations. */
  readonly epochSealers: number;
  readonly epochBlocks: number;
  /** rPBFT: of the kind before 2.6.0, on which the working sealers take turns instead of being drawn. */
  readonly takesTurns: boolean;
  readonly workload: WorkloadOptions;
  /** Nodes make the group within this virtual time, one after the other; 0: it is there from the beginning. */
  readonly madeWithinMs: number;
  /** Execution of a block takes up to this long. */
  readonly executionMsMax: number;
}

/** Everything that makes one run what it is. The same options give the same run, event by event. */
export interface RunOptions {
  readonly seed: number;
  readonly nodeCount: number;
  readonly suite: "simulated" | "standard";
  /** Virtual time of the first phase. */
  readonly faultPhaseMs: number;
  readonly network: NetworkOptions;
  readonly disk: DiskOptions;
  readonly bandwidth: BandwidthOptions;
  readonly faults: FaultOptions;
  /** The second phase is survived by no more sealers than a quorum; otherwise by all nodes. */
  readonly coreOnly: boolean;
  /** At least one. */
  readonly groups: readonly [GroupShape, ...GroupShape[]];
  readonly bug: Bug | undefined;
}

const UNLIMITED: BandwidthOptions = { node: undefined, group: undefined };

/** How much of the time a seed gets none, some or much of a fault. */
function level(random: Random, some: number, much: number): number {
  return [0, some, some, much][random.below(4)] as number;
}

/** A planted fault is looked for where it is planted; otherwise every algorithm gets its share of the seeds. */
function drawConsensus(seed: number, { bug, consensus }: RunWishes): ConsensusType {
  if (consensus !== undefined) return consensus;
  if (bug !== undefined) return PLANTED_BUGS[bug].consensus;
  const drawn = createRandom(`consensus/${seed}`).below(100);
  if (drawn < 70) return "pbft";
  if (drawn < 84) return "raft";
  return drawn < 96 ? "rpbft" : "solo";
}

/** One in six of the seeds for which nothing was asked has several groups. */
function drawGroupCount(seed: number, { bug, consensus, groups }: RunWishes): number {
  if (groups !== undefined) return groups;
  if (bug !== undefined) return PLANTED_BUGS[bug].groups ?? 1;
  const random = createRandom(`groups/${seed}`);
  return consensus === undefined && random.chance(1 / 6) ? 2 + random.below(GROUPS_MAX - 1) : 1;
}

/** Options of the run with that seed. */
export function drawOptions(seed: number, wishes: RunWishes = {}): RunOptions {
  const random = createRandom(`options/${seed}`);
  const consensus = drawConsensus(seed, wishes);
  const leaderStruck = consensus === "raft" ? drawLeaderStruck(random.split("leaders")) : 0;
  const drawn = random.chance(0.7) ? 4 : 7;
  const first = leaderStruck > 0 ? STRUCK_NODES : drawn;
  const members = Array.from({ length: first }, (_, index) => index);
  // In this order, whatever it is needed for: what a seed means is to stay.
  const votes = drawVotes(random, consensus, members);
  // Real signatures cost fifty times more and change nothing about the order of events.
  const suite = random.chance(0.05) ? "standard" : "simulated";
  const blocks = drawBlocks(random);
  const world = {
    faultPhaseMs: 10_000 + random.below(20_000) + (leaderStruck > 0 ? STRUCK_MS_MORE : 0),
    network: drawNetwork(random),
    disk: { writeMinMs: 0, writeMaxMs: 1 + random.below(60), stall: level(random, 0.01, 0.1) },
    faults: { ...drawFaults(random, first), leaderStruck },
  };
  const work = drawWork(random, leaderStruck > 0 ? STRUCK_WORK_SLOWER : 1);
  const coreOnly = random.chance(0.5);
  const group = {
    groupId: groupId(1),
    madeWithinMs: 0,
    ...votes,
    ...blocks,
    ...work,
    takesTurns: drawTurns(consensus, `${seed}`),
  };
  const run = { seed, suite, ...world, bandwidth: UNLIMITED, coreOnly, bug: wishes.bug } as const;
  const others = drawGroupCount(seed, wishes) - 1;
  if (others === 0) return { ...run, nodeCount: first, groups: [group] };
  // Some nodes are not in the first group, and others in nothing but that.
  const nodeCount = first + random.split("more-nodes").below(3);
  const more = Array.from({ length: others }, (_, index) => {
    const made = random.split(`made/${index}`);
    const madeWithinMs = made.chance(0.3) ? made.below(world.faultPhaseMs) : 0;
    return { ...drawGroup(seed, 2 + index, nodeCount, wishes), madeWithinMs };
  });
  const stops = random.split("group-stops");
  const ofGroups = { groupStopEveryMs: level(stops, 8000, 2500), groupStopMsMax: 200 + stops.below(6000) };
  const bandwidth = drawBandwidth(random.split("bandwidth"));
  return { ...run, faults: { ...run.faults, ...ofGroups }, bandwidth, nodeCount, groups: [group, ...more] };
}

/** A group beside the first one, of some of the nodes; at least one of them is in the first group. */
function drawGroup(seed: number, id: number, nodeCount: number, wishes: RunWishes): GroupShape {
  const random = createRandom(`options/${seed}/group/${id}`);
  const consensus = wishes.consensus ?? (["pbft", "pbft", "raft", "rpbft", "solo"] as const)[random.below(5)] ?? "pbft";
  const nodes = random.shuffled(Array.from({ length: nodeCount }, (_, index) => index));
  const members = nodes.slice(0, 3 + random.below(Math.min(5, nodeCount - 2)));
  return {
    groupId: groupId(id),
    ...drawVotes(random, consensus, members),
    ...drawBlocks(random),
    ...drawWork(random),
    madeWithinMs: 0,
    takesTurns: drawTurns(consensus, `${seed}/${id}`),
  };
}

type Votes = Pick<GroupShape, "consensus" | "members" | "observerCount" | "liarCount" | "epochSealers" | "epochBlocks">;

function drawVotes(random: Random, consensus: ConsensusType, members: readonly number[]): Votes {
  const observerCount = members.length === 7 && random.chance(0.3) ? 1 + random.below(3) : 0;
  const sealerCount = members.length - observerCount;
  const ofRotation = random.split("rotation");
  const epochSealers = consensus === "rpbft" ? 1 + ofRotation.below(sealerCount) : sealerCount;
  // Raft and solo trust their members, and the liars may all be working at the same time.
  const isTrusting = consensus === "raft" || consensus === "solo";
  const liarsMax = isTrusting ? 0 : Math.floor((Math.min(epochSealers, sealerCount) - 1) / 3);
  const liarCount = drawLiars(random, liarsMax);
  const epochBlocks = consensus === "rpbft" ? 1 + ofRotation.below(5) : 1000;
  return { consensus, members, observerCount, liarCount, epochSealers, epochBlocks };
}

/** Every second rPBFT chain is of the kind before 2.6.0. */
function drawTurns(consensus: ConsensusType, label: string): boolean {
  return consensus === "rpbft" && createRandom(`turns/${label}`).chance(0.5);
}

function drawBlocks(
  random: Random,
): Pick<
  GroupShape,
  "transactionsPerBlockMax" | "minBlockGenerationTimeMs" | "prepareWithTransactionHashes" | "ttlOptimization" | "trees"
> {
  return {
    transactionsPerBlockMax: [1, 3, 10, 100][random.below(4)] as number,
    minBlockGenerationTimeMs: [0, 100, 500][random.below(3)] as number,
    prepareWithTransactionHashes: random.chance(0.8),
    ttlOptimization: random.chance(0.8),
    trees: random.chance(0.7),
  };
}

function drawWork(random: Random, slower = 1): Pick<GroupShape, "workload" | "executionMsMax"> {
  return {
    workload: { transactions: 10 + random.below(60), everyMs: slower * (50 + random.below(500)) },
    executionMsMax: [1, 20, 200][random.below(3)] as number,
  };
}

/** What is always under way fits; blocks may have to wait. */
function drawBandwidth(random: Random): BandwidthOptions {
  const limit = (least: number): number | undefined =>
    random.chance(0.5) ? least + random.below(5 * least) : undefined;
  return { node: limit(20_000), group: limit(10_000) };
}

/** Options of a scenario of twins: four nodes of PBFT in a world where nothing fails but the twinned one. */
export function twinOptions(number: number, wishes: RunWishes = {}): RunOptions {
  const never = 0;
  return {
    seed: number,
    nodeCount: 4,
    suite: "simulated",
    faultPhaseMs: never,
    network: CALM_NETWORK,
    disk: CALM_DISK,
    bandwidth: UNLIMITED,
    faults: {
      crashEveryMs: never,
      downMsMax: never,
      pauseEveryMs: never,
      pauseMsMax: never,
      partitionEveryMs: never,
      partitionMsMax: never,
      crashAfterFrame: never,
      leaderStruck: never,
      clockJumpEveryMs: never,
      clockJumpMsMax: never,
      groupStopEveryMs: never,
      groupStopMsMax: never,
      downAtOnceMax: never,
    },
    coreOnly: false,
    groups: [
      {
        groupId: groupId(1),
        consensus: "pbft",
        members: [0, 1, 2, 3],
        observerCount: 0,
        liarCount: 1,
        transactionsPerBlockMax: 10,
        minBlockGenerationTimeMs: 100,
        prepareWithTransactionHashes: number % 2 === 0,
        ttlOptimization: true,
        trees: false,
        epochSealers: 4,
        epochBlocks: 1000,
        takesTurns: false,
        madeWithinMs: 0,
        workload: { transactions: never, everyMs: never },
        executionMsMax: 5,
      },
    ],
    bug: wishes.bug,
  };
}

function drawLiars(random: Random, liarsMax: number): number {
  if (!random.chance(0.4)) return 0;
  return liarsMax === 0 ? 0 : 1 + random.below(liarsMax);
}

function drawNetwork(random: Random): NetworkOptions {
  const delayMinMs = random.below(5);
  return {
    delayMinMs,
    delayMaxMs: delayMinMs + ([5, 50, 300][random.below(3)] as number),
    loss: level(random, 0.02, 0.2),
    duplication: level(random, 0.02, 0.2),
    holdBack: level(random, 0.02, 0.1),
  };
}

/** In every second run of Raft. */
function drawLeaderStruck(random: Random): number {
  return random.chance(0.5) ? (40 + random.below(46)) / 100 : 0;
}

function drawFaults(random: Random, nodeCount: number): Omit<FaultOptions, "leaderStruck"> {
  return {
    crashEveryMs: level(random, 8000, 2500),
    // Sometimes long enough that a node comes back far behind.
    downMsMax: random.chance(0.2) ? 60_000 : 500 + random.below(6000),
    pauseEveryMs: level(random, 8000, 3000),
    pauseMsMax: 200 + random.below(5000),
    partitionEveryMs: level(random, 10_000, 4000),
    partitionMsMax: 1000 + random.below(8000),
    crashAfterFrame: level(random.split("after-frame"), 0.001, 0.01),
    clockJumpEveryMs: level(random, 10_000, 5000),
    clockJumpMsMax: 1000 * (1 + random.below(3600)),
    groupStopEveryMs: 0,
    groupStopMsMax: 0,
    downAtOnceMax: 1 + random.below(nodeCount),
  };
}
