/**
 * What runs must have been through: marks are trace events of the core (`ROOM/event`), refusals of the pool
 * (`REFUSED/code`), and drops of synchronisation and of frames that reach no group (`DROPPED/reason`).
 *
 * A branch that no seed reaches is not tested by the simulator, whatever the number of runs. `marks.test.ts` reads the
 * core for its trace events: each of them stands in one of these lists.
 */

/** Reached in the first {@link MARKED_SEEDS} seeds. */
export const MARKS: readonly string[] = [
  "GROUP/second-store-dropped",
  "GROUP/sync-packet-malformed",
  "PBFT/block-agreed",
  "PBFT/block-committed",
  "PBFT/bound-since-last-run",
  "PBFT/commit-sent",
  "PBFT/lagging-sealer-brought-up",
  "PBFT/lead-passed-on",
  "PBFT/leader-equivocates",
  "PBFT/locked",
  "PBFT/message-malformed",
  "PBFT/message-passed-on",
  "PBFT/others-ahead",
  "PBFT/packet-malformed",
  "PBFT/prepare-accepted",
  "PBFT/prepare-against-lock",
  "PBFT/prepare-asked",
  "PBFT/prepare-kept-for-later",
  "PBFT/prepare-malformed",
  "PBFT/proposed",
  "PBFT/proposed-again",
  "PBFT/proposed-nothing",
  "PBFT/rotation-proposed",
  "PBFT/round-timed-out",
  "PBFT/sign-sent",
  "PBFT/transactions-missing",
  "PBFT/view-changed",
  "PBFT/vote-badly-signed",
  "PBFT/vote-equivocates",
  "PBFT/vote-kept-for-later",
  "RAFT/became-leader",
  "RAFT/block-agreed",
  "RAFT/block-committed",
  "RAFT/block-kept-since-last-run",
  "RAFT/candidacy-given-up",
  "RAFT/candidacy-repeated",
  "RAFT/majority-lost",
  "RAFT/offer-of-another-height",
  "RAFT/offered",
  "RAFT/role-changed",
  "RAFT/vote-asked",
  "SYNC/block-request-timed-out",
  "SYNC/blocks-requested",
  "SYNC/clock-offset-changed",
  "SYNC/download-ended",
  "SYNC/download-started",
  "SYNC/status-of-another-chain",
  "DROPPED/block-not-asked-for",
  "DROPPED/block-not-needed",
  "DROPPED/from-no-member",
  "DROPPED/no-such-group",
  "DROPPED/push-relayed-before",
  "DROPPED/transaction-invalid",
  "DROPPED/transaction-refused-block-limit-out-of-range",
  "DROPPED/transaction-refused-nonce-used-in-pool",
  "DROPPED/transaction-refused-nonce-used-on-chain",
  "REFUSED/already-known",
  "REFUSED/block-limit-out-of-range",
  "REFUSED/chain-id-mismatch",
  "REFUSED/group-id-mismatch",
  "REFUSED/malformed",
  "REFUSED/nonce-used-in-pool",
  "REFUSED/nonce-used-on-chain",
  "REFUSED/not-in-group",
];

/** Seeds, from 1 on, that reach all of {@link MARKS} together. */
export const MARKED_SEEDS = 200;

/** Reached by some run in a hundred or in thousands. */
export const RARE_EVENTS: readonly string[] = [
  "block-body-wrong",
  "block-malformed",
  "block-not-agreed",
  "block-parent-unknown",
  "block-transaction-invalid",
  "commit-sent-late",
  "former-proposal",
  "missed-transactions-wrong",
  "offer-forgotten",
  "own-wish-recalled",
  "prepare-badly-signed",
  "proposal-refused",
  "released-by-commits",
  "view-change-badly-signed",
  "vote-of-another-term",
];

/** Never reached, and why: tests of their rooms lead there. */
export const UNREACHED_EVENTS: Readonly<Record<string, string>> = {
  "backed-up-prepare-unreadable": "simulated disks lose what was not synced, and damage nothing",
  "promises-unreadable": "simulated disks lose what was not synced, and damage nothing",
  "block-not-executed": "solo proposes from its own pool, with nobody who could disturb it",
  "execution-differs": "all nodes run the same executor: planted faults reach it",
  "execution-not-deterministic": "all nodes run the same executor: planted faults reach it",
  "frame-of-unknown-module": "nobody sends frames of modules that do not exist",
  "offer-not-executable": "nobody lies in Raft",
  "offer-refused": "nobody lies in Raft",
};
