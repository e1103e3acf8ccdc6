/** One group whole: pool, consensus, block and transaction synchronisation over one ledger. Wiring, and no rules of its own. */
import {
  assert,
  err,
  FAR_BEHIND_BLOCKS,
  ok,
  silentTracer,
  SUBMISSIONS_WAITING_MAX,
  unreachable,
} from "../primitives/index.js";
import type { Instant, Machine, NodeId, Result, Tracer } from "../primitives/index.js";
import { decodeSyncPacket, ModuleId } from "../protocol/index.js";
import type { BlockSignature, VerifiedTransaction } from "../protocol/index.js";
import type { ChainHead, ExecutedBlock, Ledger } from "../ledger/index.js";
import { admissionFailure, nonceWindowStart } from "../txpool/index.js";
import type { AdmissionCode, TransactionPool } from "../txpool/index.js";
import type {
  Consensus,
  ConsensusEffect,
  ConsensusInput,
  ConsensusUnavailable,
  JsonValue,
} from "../consensus/index.js";
import type { BlockSync, BlockSyncEffect, BlockSyncInput } from "../sync/blocks/index.js";
import type { TransactionSync, TransactionSyncEffect, TransactionSyncInput } from "../sync/transactions/index.js";
import { assembleMachines, membersOf } from "./assemble.js";
import type { GroupEnvironment, Machines, Shared } from "./assemble.js";
import type { GroupEffect, GroupEffectOf, GroupInput } from "./messages.js";
import { VerificationQueue } from "./verification.js";

/** Who asked for something that takes time, and the number by which the asker knows its question. */
interface Asker {
  readonly machine: "client" | "consensus" | "block-sync" | "transaction-sync";
  readonly token: number;
}

/**
 * The machines of one group, wired together.
 *
 * The order is part of the contract, because simulations replay it: effects leave in the order in which the machines
 * returned them, and what one machine tells another is handled first told, first heard, within the same step.
 */
export class Group implements Machine<GroupInput, GroupEffect> {
  /** Waiting transactions: for queries. */
  readonly pool: TransactionPool;
  readonly #ledger: Ledger;
  readonly #nodeId: NodeId;
  readonly #trace: Tracer;
  readonly #shared: Shared;
  readonly #consensus: Consensus;
  readonly #blockSync: BlockSync;
  readonly #transactionSync: TransactionSync;
  readonly #verification: VerificationQueue<Asker>;
  readonly #executions = new Map<number, Asker>();
  readonly #persists = new Map<number, number>();
  #storing: GroupEffectOf<"store-block"> | undefined;
  #sessions: ReadonlySet<NodeId> = new Set();
  #started = false;
  #lastToken = 0;
  #now: Instant = { steadyMs: 0, wallMs: 0 };
  #effects: GroupEffect[] = [];
  /** What machines have told each other in this step and was not heard yet. */
  #told: (() => void)[] = [];

  /**
   * A group over an opened ledger; `started` must be its first input.
   *
   * @returns a failure with a message when this build has no machine for the consensus type of the genesis
   */
  static create(environment: GroupEnvironment): Result<Group, ConsensusUnavailable> {
    const machines = assembleMachines(environment);
    return machines.ok ? ok(new Group(environment, machines.value)) : machines;
  }

  private constructor(environment: GroupEnvironment, machines: Machines) {
    this.#ledger = environment.ledger;
    this.#nodeId = environment.nodeId;
    this.#trace = environment.trace ?? silentTracer;
    this.#shared = machines.shared;
    this.pool = machines.pool;
    this.#consensus = machines.consensus;
    this.#blockSync = machines.blockSync;
    this.#transactionSync = machines.transactionSync;
    this.#verification = new VerificationQueue(() => ++this.#lastToken);
  }

  /** Head of the chain as the machines know it. */
  get head(): ChainHead {
    return this.#shared.head;
  }

  get wakeAtMs(): number | undefined {
    const wishes = [
      this.#consensus.wakeAtMs,
      this.#blockSync.wakeAtMs,
      this.#transactionSync.wakeAtMs,
      this.pool.wakeAtMs,
      this.#verification.wakeAtMs,
    ];
    let earliest: number | undefined;
    for (const wish of wishes) {
      if (wish !== undefined && (earliest === undefined || wish < earliest)) earliest = wish;
    }
    return earliest;
  }

  /** What `getConsensusStatus` answers. */
  consensusStatus(): JsonValue {
    return this.#consensus.status();
  }

  /** Nodes that decide the next block, ascending: what `getEpochSealersList` answers. */
  consensusNodes(): readonly NodeId[] {
    return this.#consensus.consensusNodes(this.#shared.head);
  }

  /** What `getSyncStatus` answers. */
  syncStatus(): JsonValue {
    return this.#blockSync.status();
  }

  /** What `getPbftView` answers; undefined for algorithms without views. */
  pbftView(): number | undefined {
    return this.#consensus.view();
  }

  /** How much synchronisation dropped, by reason. */
  dropCounts(): ReadonlyMap<string, number> {
    const counts = new Map(this.#blockSync.dropCounts());
    for (const [reason, count] of this.#transactionSync.dropCounts()) {
      counts.set(reason, (counts.get(reason) ?? 0) + count);
    }
    return counts;
  }

  /**
   * Asserts what must hold between steps, of the group and of its machines. Costs a walk over everything they hold.
   *
   * @throws InvariantError when something is broken
   */
  invariants(): void {
    assert(this.#effects.length === 0 && this.#told.length === 0, "nothing is left over between steps");
    const storing = this.#storing?.block.header.number;
    const next = this.#shared.head.header.number + 1;
    assert(storing === undefined || storing === next, "a block being stored follows the head");
    this.#consensus.invariants();
    this.#blockSync.invariants();
    this.#transactionSync.invariants();
    this.pool.invariants();
  }

  step(input: GroupInput, now: Instant): readonly GroupEffect[] {
    assert(this.#started === (input.type !== "started"), "started is the first input and comes once");
    this.#now = now;
    this.#dispatch(input);
    for (let next = this.#told.shift(); next !== undefined; next = this.#told.shift()) next();
    for (const abandoned of this.pool.takeAbandoned()) {
      this.#effects.push({ type: "transaction-abandoned", ...abandoned });
    }
    this.#effects.push(...this.#verification.flush(now));
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #dispatch(input: GroupInput): void {
    switch (input.type) {
      case "started":
        return this.#start(input.backedUpPrepare);
      case "frame-received":
        return this.#receive(input);
      case "peers-changed":
        return this.#changeSessions(input.peers);
      case "transaction-submitted":
        return this.#submit(input.requestId, input.raw);
      case "transactions-verified":
        for (const { asker, transactions } of this.#verification.answered(input.token, input.transactions)) {
          this.#verified(asker, transactions);
        }
        return;
      case "block-executed":
        return this.#executed(input.token, input.outcome);
      case "block-stored":
        return this.#stored(input.token, input.head);
      case "prepare-persisted": {
        const token = this.#persists.get(input.token);
        assert(token !== undefined, "a persisted prepare was asked for");
        this.#persists.delete(input.token);
        return this.#tellConsensus({ type: "prepare-persisted", token });
      }
      case "bandwidth-granted":
        return this.#tellBlockSync(input);
      case "tick":
        return this.#tick();
      default:
        return unreachable(input);
    }
  }

  #start(backedUpPrepare: Uint8Array | undefined): void {
    this.#started = true;
    const { head } = this.#shared;
    const number = head.header.number;
    for (let at = nonceWindowStart(number); at <= number; at++) {
      this.pool.loadNonces(at, this.#ledger.noncesAt(at));
    }
    this.#effects.push({ type: "members-changed", members: [...this.#shared.members] });
    this.#tellBlockSync({ type: "started", head });
    this.#tellTransactionSync({ type: "started", head });
    this.#tellConsensus({ type: "started", head, backedUpPrepare });
  }

  #receive(frame: Extract<GroupInput, { readonly type: "frame-received" }>): void {
    const { from, moduleId, packetType, seq, body } = frame;
    if (moduleId === this.#consensus.moduleId) {
      return this.#tellConsensus({ type: "message-received", from, packetType, body });
    }
    if (moduleId !== ModuleId.Sync) return this.#drop(from, "frame-of-unknown-module");
    const packet = decodeSyncPacket(body, this.#ledger.rules.version);
    if (!packet.ok) return this.#drop(from, "sync-packet-malformed");
    switch (packet.value.type) {
      case "status":
      case "blocks":
      case "request-blocks":
        return this.#tellBlockSync({ type: "message-received", from, packet: packet.value });
      case "transactions":
      case "transactions-status":
      case "request-transactions":
        return this.#tellTransactionSync({
          type: "message-received",
          from,
          packetType,
          seq,
          body,
          packet: packet.value,
        });
      default:
        return unreachable(packet.value);
    }
  }

  #drop(from: NodeId, event: string): void {
    this.#trace({ room: "GROUP", level: "debug", event, fields: { from } });
  }

  #changeSessions(peers: readonly NodeId[]): void {
    const gone = [...this.#sessions].filter((peer) => !peers.includes(peer));
    this.#sessions = new Set(peers);
    this.#reconnect();
    for (const nodeId of gone) this.#tellConsensus({ type: "peer-disconnected", nodeId });
    this.#tellBlockSync({ type: "peers-changed", peers });
    this.#tellTransactionSync({ type: "peers-changed" });
  }

  #reconnect(): void {
    this.#shared.connected = new Set([...this.#sessions].filter((peer) => this.#shared.members.has(peer)));
  }

  #submit(requestId: number, raw: Uint8Array): void {
    const code = this.#refusal();
    if (code !== undefined) return this.#refuse(requestId, code);
    this.#verification.add({ machine: "client", token: requestId }, [raw]);
  }

  /** Why no client may hand in anything at the moment. */
  #refusal(): AdmissionCode | undefined {
    const { head, members } = this.#shared;
    if (!members.has(this.#nodeId)) return "not-in-group";
    if (this.#blockSync.knownHighest - head.header.number > FAR_BEHIND_BLOCKS) return "node-is-syncing";
    return this.#verification.waiting >= SUBMISSIONS_WAITING_MAX ? "pool-full" : undefined;
  }

  #refuse(requestId: number, code: AdmissionCode): void {
    this.#effects.push({ type: "submission-result", requestId, result: err(admissionFailure(code, {})) });
  }

  #verified(asker: Asker, transactions: readonly (VerifiedTransaction | undefined)[]): void {
    const { machine, token } = asker;
    const input = { type: "transactions-verified", token, transactions } as const;
    switch (machine) {
      case "client":
        return this.#admit(token, transactions[0]);
      case "consensus":
        return this.#tellConsensus(input);
      case "block-sync":
        return this.#tellBlockSync(input);
      case "transaction-sync":
        return this.#tellTransactionSync(input);
      default:
        return unreachable(machine);
    }
  }

  #admit(requestId: number, transaction: VerifiedTransaction | undefined): void {
    if (transaction === undefined) return this.#refuse(requestId, "malformed");
    const result = this.pool.import(transaction, "client", this.#now);
    this.#effects.push({ type: "submission-result", requestId, result });
    if (!result.ok) return;
    this.#tellTransactionSync({ type: "transactions-available" });
    this.#tellConsensus({ type: "transactions-available" });
  }

  #executed(token: number, outcome: Extract<GroupInput, { readonly type: "block-executed" }>["outcome"]): void {
    const asker = this.#executions.get(token);
    assert(asker !== undefined, "an executed block was asked for");
    this.#executions.delete(token);
    const input = { type: "block-executed", token: asker.token, outcome } as const;
    if (asker.machine === "consensus") this.#tellConsensus(input);
    else this.#tellBlockSync(input);
  }

  /** A block of a stored height, or of one that is being stored, is dropped: its asker hears of the other one. */
  #askToStore(block: ExecutedBlock, signatures: readonly BlockSignature[]): void {
    const { number } = block.header;
    if (number <= this.#shared.head.header.number || this.#storing !== undefined) {
      const fields = { number, hash: block.hash };
      return this.#trace({ room: "GROUP", level: "debug", event: "second-store-dropped", fields });
    }
    assert(number === this.#shared.head.header.number + 1, "blocks are stored one after the other");
    this.#storing = { type: "store-block", token: ++this.#lastToken, block, signatures };
    this.#effects.push(this.#storing);
  }

  #stored(token: number, head: ChainHead): void {
    const storing = this.#storing;
    assert(storing?.token === token, "a stored block was asked for");
    assert(storing.block.hash === head.hash, "the head is the block that was stored");
    this.#storing = undefined;
    this.#shared.head = head;
    const { transactions } = storing.block;
    this.#effects.push({ type: "block-committed", head, block: storing.block });
    this.pool.blockCommitted({ height: head.header.number, transactions });
    this.#updateMembers(head);
    this.#tellBlockSync({ type: "block-committed", head });
    this.#tellTransactionSync({ type: "block-committed", head });
    this.#tellConsensus({ type: "block-committed", head, transactions: transactions.map(({ hash }) => hash) });
  }

  #updateMembers(head: ChainHead): void {
    const members = membersOf(head);
    const before = this.#shared.members;
    if (members.size === before.size && [...members].every((member) => before.has(member))) return;
    this.#shared.members = members;
    this.#reconnect();
    this.#effects.push({ type: "members-changed", members: [...members] });
  }

  #tick(): void {
    const due = (machine: { readonly wakeAtMs: number | undefined }): boolean =>
      machine.wakeAtMs !== undefined && machine.wakeAtMs <= this.#now.steadyMs;
    if (due(this.pool)) this.pool.removeExpired(this.#now);
    if (due(this.#blockSync)) this.#tellBlockSync({ type: "tick" });
    if (due(this.#transactionSync)) this.#tellTransactionSync({ type: "tick" });
    if (due(this.#consensus)) this.#tellConsensus({ type: "tick" });
  }

  #tellConsensus(input: ConsensusInput): void {
    this.#told.push(() => {
      for (const effect of this.#consensus.step(input, this.#now)) this.#performConsensus(effect);
    });
  }

  #performConsensus(effect: ConsensusEffect): void {
    switch (effect.type) {
      case "send":
        this.#effects.push({ ...effect, moduleId: this.#consensus.moduleId, seq: 0 });
        return;
      case "verify-transactions":
        return this.#verifyAtOnce({ machine: "consensus", token: effect.token }, effect.raws);
      case "execute-block":
        return this.#execute({ machine: "consensus", token: effect.token }, { ...effect, expectedHash: undefined });
      case "persist-prepare": {
        const token = ++this.#lastToken;
        this.#persists.set(token, effect.token);
        this.#effects.push({ type: "persist-prepare", token, bytes: effect.bytes });
        return;
      }
      case "store-block":
        return this.#askToStore(effect.block, effect.signatures);
      case "sealing":
        return this.#tellBlockSync({ type: "sealing", height: effect.height });
      default:
        return unreachable(effect);
    }
  }

  #tellBlockSync(input: BlockSyncInput): void {
    this.#told.push(() => {
      for (const effect of this.#blockSync.step(input, this.#now)) this.#performBlockSync(effect);
    });
  }

  #performBlockSync(effect: BlockSyncEffect): void {
    switch (effect.type) {
      case "send":
        this.#effects.push({ ...effect, moduleId: ModuleId.Sync, seq: 0 });
        return;
      case "verify-transactions":
        return this.#verifyAtOnce({ machine: "block-sync", token: effect.token }, effect.raws);
      case "execute-block":
        return this.#execute({ machine: "block-sync", token: effect.token }, effect);
      case "ask-bandwidth":
        this.#effects.push(effect);
        return;
      case "store-block":
        return this.#askToStore(effect.block, effect.signatures);
      default:
        return unreachable(effect);
    }
  }

  #tellTransactionSync(input: TransactionSyncInput): void {
    this.#told.push(() => {
      for (const effect of this.#transactionSync.step(input, this.#now)) this.#performTransactionSync(effect);
    });
  }

  #performTransactionSync(effect: TransactionSyncEffect): void {
    switch (effect.type) {
      case "send":
        this.#effects.push({ ...effect, moduleId: ModuleId.Sync });
        return;
      case "verify-transactions":
        return this.#verification.add({ machine: "transaction-sync", token: effect.token }, effect.raws);
      case "transactions-imported":
        return this.#tellConsensus({ type: "transactions-available" });
      default:
        return unreachable(effect);
    }
  }

  #verifyAtOnce(asker: Asker, raws: readonly Uint8Array[]): void {
    this.#effects.push(...this.#verification.urgent(asker, raws));
  }

  #execute(asker: Asker, work: Omit<GroupEffectOf<"execute-block">, "type" | "token">): void {
    const { header, transactions, expectedHash } = work;
    const token = ++this.#lastToken;
    this.#executions.set(token, asker);
    this.#effects.push({ type: "execute-block", token, header, transactions, expectedHash });
  }
}
