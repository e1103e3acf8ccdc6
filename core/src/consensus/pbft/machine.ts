/** The PBFT machine: takes inputs, moves its state, returns effects. The rules are in the files beside this one. */
import { assert, ok, unreachable } from "../../primitives/index.js";
import type { Failure, Instant, NodeId, Result } from "../../primitives/index.js";
import { ModuleId, decodeBackedUpPrepare } from "../../protocol/index.js";
import type { PbftMessage } from "../../protocol/index.js";
import type { ChainHead } from "../../ledger/index.js";
import type {
  Consensus,
  ConsensusEffect,
  ConsensusEnvironment,
  ConsensusInput,
  JsonValue,
  PlantedBugs,
  SyncedBlock,
} from "../interface.js";
import { preparePersisted } from "./commit.js";
import { blockExecuted, prepareVerified } from "./execution.js";
import { askAtMs, askForMissing, missedVerified } from "./hash-prepare.js";
import { checkInvariants } from "./invariants.js";
import type { MembershipRule } from "./membership.js";
import type { Opening } from "./opening.js";
import { blockCommitted } from "./new-block.js";
import { handleDuePrepare, isBlockOf } from "./prepare.js";
import { checkSyncedBlock } from "./proposal-rules.js";
import { decodeProposal } from "./proposal.js";
import { propose } from "./propose.js";
import { receive } from "./receive.js";
import type { Spreading } from "./spreading.js";
import { PbftState } from "./state.js";
import { statusOf } from "./status.js";
import { expire, expiresAtMs, peerDisconnected } from "./view-change.js";

/** Follow-ups of one input at most: a time-out, a kept prepare and a proposal, some of them twice. More is a loop. */
const FOLLOW_UPS_MAX = 100;

/** What distinguishes one kind of PBFT from another. */
export interface PbftKind {
  /** Who takes part at each height. */
  readonly membershipRule: MembershipRule;
  /** How proposals travel; to everybody at once without it. */
  readonly createSpreading?: (state: PbftState) => Spreading | undefined;
  /** What proposals begin with; nothing of their own without it. */
  readonly createOpening?: (state: PbftState) => Opening;
}

/**
 * Practical Byzantine fault tolerance as FISCO BCOS 2.x speaks it: prepare, sign, commit, and view changes by quorum.
 *
 * @see docs/protocol/pbft.md
 */
export class Pbft implements Consensus {
  readonly moduleId = ModuleId.Pbft;
  readonly #environment: ConsensusEnvironment;
  readonly #plantedBugs: PlantedBugs;
  readonly #kind: PbftKind;
  #state: PbftState | undefined;

  constructor(environment: ConsensusEnvironment, plantedBugs: PlantedBugs, kind: PbftKind) {
    this.#environment = environment;
    this.#plantedBugs = plantedBugs;
    this.#kind = kind;
  }

  get wakeAtMs(): number | undefined {
    if (this.#state === undefined) return undefined;
    const { spreading, proposeAtMs = Number.POSITIVE_INFINITY } = this.#state;
    const spreadingAtMs = spreading === undefined ? Number.POSITIVE_INFINITY : spreading.wakeAtMs;
    const atMs = Math.min(expiresAtMs(this.#state), proposeAtMs, spreadingAtMs, askAtMs(this.#state));
    return atMs === Number.POSITIVE_INFINITY ? undefined : atMs;
  }

  step(input: ConsensusInput, now: Instant): readonly ConsensusEffect[] {
    if (input.type === "started") this.#start(input.head, input.backedUpPrepare, now);
    const state = this.#started();
    state.now = now;
    if (input.type !== "started") dispatch(state, input);
    if (state.spreading !== undefined) {
      state.spreading.proceed();
      askForMissing(state);
    }
    for (let followUps = 0; expire(state) || handleDuePrepare(state) || propose(state); followUps++) {
      assert(followUps < FOLLOW_UPS_MAX, "one input comes to an end");
    }
    const { effects } = state;
    state.effects = [];
    return effects;
  }

  checkSyncedBlock(block: SyncedBlock, head: ChainHead): Result<void, Failure> {
    const members = this.#kind.membershipRule(head, this.#environment.nodeId, this.#plantedBugs.quorum);
    return checkSyncedBlock(this.#environment, members, block, head);
  }

  consensusNodes(head: ChainHead): readonly NodeId[] {
    return this.#kind.membershipRule(head, this.#environment.nodeId).working;
  }

  status(): JsonValue {
    return statusOf(this.#started());
  }

  view(): number {
    return this.#started().view;
  }

  invariants(): void {
    if (this.#state !== undefined) checkInvariants(this.#state);
  }

  #started(): PbftState {
    assert(this.#state !== undefined, "a machine is started before it is asked");
    return this.#state;
  }

  #start(head: ChainHead, backedUpPrepare: Uint8Array | undefined, now: Instant): void {
    assert(this.#state === undefined, "a machine is started once");
    const state = new PbftState({
      environment: this.#environment,
      head,
      now,
      plantedBugs: this.#plantedBugs,
      membershipRule: this.#kind.membershipRule,
    });
    state.spreading = this.#kind.createSpreading?.(state);
    state.opening = this.#kind.createOpening?.(state);
    this.#state = state;
    if (backedUpPrepare === undefined) return;
    const locked = readBackedUp(state, backedUpPrepare);
    if (!locked.ok) {
      state.trace("warn", "backed-up-prepare-unreadable", { code: locked.error.code });
      return;
    }
    if (locked.value.height < state.height) return;
    state.locked = locked.value;
    state.trace("info", "bound-since-last-run", { of: locked.value.height, hash: locked.value.blockHash });
  }
}

/** The prepare that a former run was bound to, with a block that can be proposed again. */
function readBackedUp(state: PbftState, bytes: Uint8Array): Result<PbftMessage, Failure> {
  const message = decodeBackedUpPrepare(bytes);
  if (!message.ok) return message;
  const proposal = decodeProposal(message.value.block, state.suite);
  if (!proposal.ok) return proposal;
  if (!isBlockOf(message.value, proposal.value)) return { ok: false, error: { code: "backed-up-block-is-another" } };
  return ok(message.value);
}

function dispatch(state: PbftState, input: Exclude<ConsensusInput, { readonly type: "started" }>): void {
  switch (input.type) {
    case "message-received":
      return receive(state, input.from, input.packetType, input.body);
    case "peer-disconnected":
      return peerDisconnected(state, input.nodeId);
    case "transactions-verified": {
      const { token, transactions } = input;
      if (!prepareVerified(state, token, transactions)) missedVerified(state, token, transactions);
      return;
    }
    case "prepare-persisted":
      return preparePersisted(state, input.token);
    case "block-executed":
      return blockExecuted(state, input.token, input.outcome);
    case "block-committed":
      return blockCommitted(state, input.head, input.transactions);
    case "transactions-available":
    case "tick":
      // What they make possible is a follow-up of every step.
      return;
    default:
      return unreachable(input);
  }
}
