/**
 * Faults that are planted on purpose, one at a time, to see each of them found.
 *
 * Five are faults of the host, which the simulator plays itself. One is handed to consensus as another quorum. All
 * others are patches: a few words of the compiled core that are exchanged while a simulating thread loads it, so that the
 * code which production runs has no switch for them.
 */
import type { ConsensusType } from "@tsbcos/core/ledger";

/** Words of a compiled file of `core`, found there exactly once, and what stands in their place. */
export interface Patch {
  /** Path below `core/dist/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** One planted fault. */
export interface PlantedBug {
  readonly room: "host" | "group" | "pbft" | "raft" | "rpbft" | "sync" | "txpool" | "execution" | "state";
  /** What goes wrong. */
  readonly what: string;
  /** The consensus type in which it is looked for. */
  readonly consensus: ConsensusType;
  /** Groups that a run must have for it; otherwise one. */
  readonly groups?: number;
  /** It must be found within so many schedules, from seed 1 on. */
  readonly schedulesMax: number;
  readonly patch?: Patch;
}

const LIST = {
  "quorum-too-small": {
    room: "pbft",
    what: "consensus counts one vote too few as enough",
    consensus: "pbft",
    schedulesMax: 20,
  },
  "commit-before-persist": {
    room: "host",
    what: "a commit vote leaves before its backup is on the disk",
    consensus: "pbft",
    schedulesMax: 20,
  },
  "stored-before-durable": {
    room: "host",
    what: "a block is reported as stored before it is durable",
    consensus: "pbft",
    schedulesMax: 20,
  },
  "backup-forgotten": {
    room: "host",
    what: "a restarted node is not told what it is bound to",
    consensus: "pbft",
    schedulesMax: 100,
  },
  "lock-forgotten-in-view-change": {
    room: "pbft",
    what: "a view change lets go of the prepared block",
    consensus: "pbft",
    schedulesMax: 100,
    patch: {
      file: "consensus/pbft/view-change.js",
      find: "export function dropRound(state) {",
      replace: "export function dropRound(state) { state.locked = state.lockedAs = undefined;",
    },
  },
  "lock-released-by-one": {
    room: "pbft",
    what: "one commit vote for another block lets go of the prepared one",
    consensus: "pbft",
    schedulesMax: 200,
    patch: {
      file: "consensus/pbft/release.js",
      find: "commits, members } = state;",
      replace: "commits } = state; const members = { quorum: 1 };",
    },
  },
  "view-change-unjustified": {
    room: "pbft",
    what: "one view change too few begins a view",
    consensus: "pbft",
    schedulesMax: 100,
    patch: {
      file: "consensus/pbft/view-change.js",
      find: "state.viewChanges.count(view) < state.members.quorum",
      replace: "state.viewChanges.count(view) < state.members.quorum - 1",
    },
  },
  "leader-stale-after-member-change": {
    room: "pbft",
    what: "the block after a change of members is led by the former rule",
    consensus: "pbft",
    schedulesMax: 300,
    patch: {
      file: "consensus/pbft/new-block.js",
      find: "state.members = state.membersAfter(head);",
      replace:
        "const former = state.members.sealers.length; const after = state.membersAfter(head); " +
        "state.members = { ...after, leaderOf: (view) => " +
        "Math.min((view + head.header.number) % former, after.sealers.length - 1) };",
    },
  },
  "vote-unsigned": {
    room: "pbft",
    what: "the signature over a vote's block is not verified",
    consensus: "pbft",
    schedulesMax: 100,
    patch: {
      file: "consensus/pbft/messages.js",
      find: "suite.verify(hexToBytes(message.blockHash), message.sig, key)",
      replace: "true",
    },
  },
  "raft-vote-forgotten": {
    room: "raft",
    what: "a restarted node forgets whom it has voted for",
    consensus: "raft",
    schedulesMax: 300,
    patch: {
      file: "consensus/raft/vows.js",
      find: "state.votedFor = votedFor;",
      replace: "state.votedFor = undefined; state.votedTerm = 0;",
    },
  },
  "raft-elects-without-block": {
    room: "raft",
    what: "a node votes for a candidate that lacks the block it has acknowledged",
    consensus: "raft",
    schedulesMax: 300,
    patch: {
      file: "consensus/raft/voting.js",
      find: "request.lastBlockNumber < state.lastBlockNumber",
      replace: "request.lastBlockNumber < state.head.header.number",
    },
  },
  "raft-acknowledges-unsaved": {
    room: "raft",
    what: "a follower says that it holds a block before its disk does",
    consensus: "raft",
    schedulesMax: 20,
    patch: {
      file: "consensus/raft/following.js",
      find: "promise(state, [from], { ...response, uncommittedBlockHash: hash });",
      replace: "state.send([from], { ...response, uncommittedBlockHash: hash });",
    },
  },
  "raft-acknowledgements-added-up": {
    room: "raft",
    what: "a leader counts who acknowledged its block in any earlier time of its own as leader",
    consensus: "raft",
    schedulesMax: 500,
    patch: {
      file: "consensus/raft/roles.js",
      find: "acknowledged: new Set(),",
      replace:
        "acknowledged: (state.everAcknowledged ??= new Map()).get(state.offered?.hash) ?? " +
        "state.everAcknowledged.set(state.offered?.hash, new Set()).get(state.offered?.hash),",
    },
  },
  "raft-block-of-old-term": {
    room: "raft",
    what: "a block that a later leader offers again keeps the term of the first one, and is decided all the same",
    consensus: "raft",
    schedulesMax: 50,
    patch: {
      file: "consensus/raft/following.js",
      find: "offered.term = Math.max(offered.term, heartbeat.term);",
      replace: "",
    },
  },
  "rpbft-rotation-late": {
    room: "rpbft",
    what: "working sealers change one block too late",
    consensus: "rpbft",
    schedulesMax: 20,
    patch: {
      file: "consensus/rpbft/membership.js",
      find: "const blocks = header.number - settings.epochBlockEnabledAt;",
      replace: "const blocks = header.number - 1 - settings.epochBlockEnabledAt;",
    },
  },
  "rpbft-rotation-fails": {
    room: "rpbft",
    what: "leaders prove a random number for the block before, so that rotations fail",
    consensus: "rpbft",
    schedulesMax: 20,
    patch: {
      file: "consensus/rpbft/rotation.js",
      find: "ascii(head.hash))",
      replace: "ascii(head.header.parentHash))",
    },
  },
  "rpbft-rotation-draws-others": {
    room: "execution",
    what: "the contract has others change places than those who are drawn",
    consensus: "rpbft",
    schedulesMax: 20,
    patch: {
      file: "executor/precompiled/working-sealer-manager.js",
      find: "return list.slice(0, count);",
      replace: "return list.slice(1, count + 1);",
    },
  },
  "sync-signers-repeated": {
    room: "sync",
    what: "signers of a downloaded block are counted without looking whether they differ",
    consensus: "pbft",
    schedulesMax: 500,
    patch: {
      file: "consensus/pbft/proposal-rules.js",
      find: "new Set(signatures.map(({ index }) => index)).size < members.quorum",
      replace: "signatures.length < members.quorum",
    },
  },
  "sync-signatures-unverified": {
    room: "sync",
    what: "signatures of a downloaded block are not verified",
    consensus: "pbft",
    schedulesMax: 300,
    patch: {
      file: "consensus/pbft/proposal-rules.js",
      find: "key === undefined || !environment.rules.suite.verify(digest, signature, key)",
      replace: "key === undefined",
    },
  },
  "sync-result-not-compared": {
    room: "sync",
    what: "a downloaded block is stored whatever state its execution leads to",
    consensus: "pbft",
    schedulesMax: 300,
    patch: {
      file: "executor/block-executor.js",
      find: "expectedHash !== undefined && hash !== expectedHash",
      replace: "false",
    },
  },
  "sync-silent-peer-trusted": {
    room: "sync",
    what: "a request for blocks that nobody answers is waited for forever",
    consensus: "pbft",
    schedulesMax: 100,
    patch: {
      file: "sync/blocks/downloader.js",
      find: "of this.#requests.takeOverdue(nowMs)",
      replace: "of []",
    },
  },
  "nonces-forgotten-at-restart": {
    room: "txpool",
    what: "a restarted node takes transactions whose nonces are used",
    consensus: "pbft",
    schedulesMax: 300,
    patch: {
      file: "group/group.js",
      find: "this.pool.loadNonces(at, this.#ledger.noncesAt(at));",
      replace: "this.pool.loadNonces(at, []);",
    },
  },
  "pool-drops-silently": {
    room: "txpool",
    what: "a transaction leaves the pool when it is proposed, not when a block holds it",
    consensus: "pbft",
    schedulesMax: 100,
    patch: {
      file: "txpool/pool.js",
      find: "chosen.push(transaction);",
      replace: "chosen.push(transaction); this.#remove(link);",
    },
  },
  "parallel-execution-races": {
    room: "execution",
    what: "transactions of a block are executed in an order that differs from node to node",
    consensus: "pbft",
    schedulesMax: 100,
    patch: {
      file: "executor/block-executor.js",
      find: "const outcomes = transactions.map((tx) => executeTransaction(block, executable(tx)));",
      replace:
        "this.races = (this.races ?? 0) + 1; const order = this.races % 5 === 0 ? [...transactions].reverse() : transactions; " +
        "const byTx = new Map(order.map((tx) => [tx, executeTransaction(block, executable(tx))])); " +
        "const outcomes = transactions.map((tx) => byTx.get(tx));",
    },
  },
  "row-cache-stale": {
    room: "state",
    what: "rows that a block has changed are read from the cache as they were before",
    consensus: "pbft",
    schedulesMax: 100,
    patch: {
      file: "state/committed-rows.js",
      find: "for (const [table, byKey] of prepared.rows)",
      replace: "for (const [table, byKey] of new Map())",
    },
  },
  "backup-in-shared-area": {
    room: "host",
    what: "all groups of a node keep what they are bound to in the area of one of them",
    consensus: "pbft",
    groups: 2,
    schedulesMax: 20,
  },
  "stopped-group-holds-others": {
    room: "host",
    what: "while one group of a node is stopped, the others hear nothing",
    consensus: "pbft",
    groups: 2,
    schedulesMax: 40,
  },
  "transaction-of-another-group": {
    room: "txpool",
    what: "a group takes transactions that were signed for another",
    consensus: "pbft",
    groups: 2,
    schedulesMax: 40,
    patch: {
      file: "txpool/pool.js",
      find: 'groupId === this.#groupId ? undefined : "group-id-mismatch"',
      replace: "undefined",
    },
  },
  "view-change-of-another-group": {
    room: "pbft",
    what: "a view change counts without a look at the chain that it is of",
    consensus: "pbft",
    groups: 3,
    schedulesMax: 200,
    patch: {
      file: "consensus/pbft/view-change.js",
      find: "view <= state.view || height !== header.number || blockHash !== hash",
      replace: "view <= state.view || height !== header.number",
    },
  },
  "frame-to-wrong-group": {
    room: "group",
    what: "a frame goes to the first group of the node, whatever group it is of",
    consensus: "pbft",
    groups: 2,
    schedulesMax: 20,
    patch: {
      file: "group/router.js",
      find: "const groupId = frame.groupId;",
      replace: "const [[groupId] = [frame.groupId]] = this.running();",
    },
  },
  "sessions-told-to-one-group": {
    room: "group",
    what: "only the first group of a node hears who comes and goes",
    consensus: "pbft",
    groups: 2,
    schedulesMax: 100,
    patch: {
      file: "group/router.js",
      find: "for (const group of this.#groups.values())",
      replace: "for (const group of [...this.#groups.values()].slice(0, 1))",
    },
  },
  "stop-forgets-other-members": {
    room: "group",
    what: "when one group of a node stops, the members of all its groups are forgotten",
    consensus: "pbft",
    groups: 2,
    schedulesMax: 100,
    patch: {
      file: "group/router.js",
      find: "this.#members.delete(groupId);",
      replace: "this.#members.clear();",
    },
  },
} as const satisfies Record<string, PlantedBug>;

/** Name of a planted fault. */
export type Bug = keyof typeof LIST;

/** All planted faults by name. */
export const PLANTED_BUGS: Readonly<Record<Bug, PlantedBug>> = LIST;

/** Names of all planted faults. */
export const BUGS = Object.keys(LIST) as Bug[];
