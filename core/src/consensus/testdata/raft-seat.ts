/** One Raft machine among sealers whom a test plays by hand. */
import { ZERO_HASH, createRandom } from "../../primitives/index.js";
import type { KeyPair } from "../../crypto/index.js";
import type { Hash, NodeId, TraceEvent } from "../../primitives/index.js";
import { encodeBlock, encodeRaftMessage, headerHash, signTransaction } from "../../protocol/index.js";
import type {
  RaftHeartbeat,
  RaftHeartbeatResponse,
  RaftMessage,
  RaftVoteRequest,
  RaftVoteResponse,
  VerifiedTransaction,
} from "../../protocol/index.js";
import type { ChainHead } from "../../ledger/index.js";
import { createConsensus } from "../index.js";
import type { Consensus, ConsensusEffect, ConsensusInput } from "../index.js";
import { proposalHeader } from "../sealer/index.js";
import { GENESIS_MS, executeFake, genesisHead, headAfter, nodeIdOf, testGenesis, testRules } from "./chain.js";
import { DEFAULT_OPTIONS, FakePool } from "./cluster.js";
import { createFakeSuite } from "./fake-suite.js";
import { raftMessageIn } from "./raft-words.js";

/** What is special about the machine of a test. */
export interface SeatOptions {
  /** Sealers; four without it. */
  readonly count?: number;
  /** What a former run has noted down. */
  readonly promises?: Uint8Array;
  readonly seed?: number;
}

/** A message that left, and for whom. */
export interface Said {
  readonly to: readonly number[];
  readonly message: RaftMessage;
}

/** Sealer 0 is the machine under test; the others say what the test lets them say. */
export class RaftSeat {
  readonly suite = createFakeSuite();
  readonly sealers: readonly NodeId[];
  readonly pool = new FakePool();
  readonly traces: TraceEvent[] = [];
  readonly stored: Hash[] = [];
  readonly sync = { downloading: false, knownHighest: 0 };
  machine: Consensus;
  head: ChainHead;
  nowMs = 1000;
  /** What was last handed to the disk. */
  promises: Uint8Array | undefined;
  /** Keeps the disk from finishing. */
  isDiskSlow = false;
  readonly #held: number[] = [];
  readonly #ownKey: KeyPair;
  #said: Said[] = [];
  #transactions = 0;

  constructor({ count = 4, promises, seed = 1 }: SeatOptions = {}) {
    const keys = Array.from({ length: count }, (_, index) => this.suite.keyPairOf(new Uint8Array(32).fill(index + 1)));
    this.#ownKey = keys[0] as KeyPair;
    this.sealers = keys.map(({ publicKey }) => nodeIdOf(publicKey));
    this.head = genesisHead(this.suite, this.sealers);
    this.promises = promises;
    this.machine = this.#start(seed);
  }

  /** Everything said since the last call. */
  takeSaid(): Said[] {
    const said = this.#said;
    this.#said = [];
    return said;
  }

  /** The one answer to what was just heard; undefined when there was none. */
  takeAnswer(): RaftMessage | undefined {
    const said = this.takeSaid();
    if (said.length > 1) throw new Error(`more than one answer: ${JSON.stringify(said)}`);
    return said[0]?.message;
  }

  /** Stops the machine and starts another from what the disk has. */
  restart(): void {
    this.machine = this.#start(2);
  }

  hear(from: number, message: RaftMessage): void {
    this.hearBody(from, encodeRaftMessage(message));
  }

  hearBody(from: number, body: Uint8Array): void {
    this.#give({ type: "message-received", from: this.sealers[from] as NodeId, packetType: 0, body });
  }

  /** Lets time pass, ticking whenever the machine asks for it. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let at = this.machine.wakeAtMs; at !== undefined && at <= untilMs; at = this.machine.wakeAtMs) {
      this.nowMs = Math.max(at, this.nowMs);
      this.#give({ type: "tick" });
    }
    this.nowMs = untilMs;
  }

  /** Time passes without the machine getting to run, as when its process stands still. */
  standStill(ms: number): void {
    this.nowMs += ms;
    this.#give({ type: "tick" });
  }

  /** The disk has done everything that it was given. */
  diskDone(): void {
    for (const token of this.#held.splice(0)) this.#give({ type: "prepare-persisted", token });
  }

  /** A transaction, in the pool of the machine unless it is hidden from it. */
  transaction(hidden = false): VerifiedTransaction {
    const nonce = BigInt(++this.#transactions);
    const fields = {
      nonce,
      gasPrice: 0n,
      gas: 0n,
      blockLimit: 500n,
      to: undefined,
      value: 0n,
      chainId: 1n,
      groupId: 1n,
    };
    const unsigned = { ...fields, data: new Uint8Array(), extraData: new Uint8Array() };
    const transaction = signTransaction(unsigned, this.#ownKey, this.suite);
    if (hidden) return transaction;
    this.pool.add(transaction);
    this.#give({ type: "transactions-available" });
    return transaction;
  }

  /** A block that `sealer` would offer on the head of the machine. */
  offer(sealer: number): { readonly bytes: Uint8Array; readonly hash: Hash } {
    const { head, suite, sealers } = this;
    const { version } = testRules(suite);
    const transactions = [this.transaction(true)];
    const clockMs = GENESIS_MS + this.nowMs;
    const parts = { head, sealerList: sealers, transactions, sealer: BigInt(sealer), clockMs, version, suite };
    const header = proposalHeader(parts);
    const hash = headerHash(header, suite);
    const rawTransactions = transactions.map(({ raw }) => raw);
    return { hash, bytes: encodeBlock({ header, hash, rawTransactions, signatures: [], receipts: [] }, version) };
  }

  request(from: number, fields: Partial<RaftVoteRequest> = {}): RaftVoteRequest {
    const common = { type: "vote-request" as const, candidate: from, lastLeaderTerm: 0, lastBlockNumber: 0 };
    return { ...this.#sender(from), ...common, ...fields };
  }

  vote(from: number, voteFlag: number, fields: Partial<RaftVoteResponse> = {}): RaftVoteResponse {
    return { ...this.#sender(from), type: "vote-response", voteFlag, lastLeaderTerm: 0, ...fields };
  }

  heartbeat(from: number, term: number, block?: Uint8Array, fields: Partial<RaftHeartbeat> = {}): RaftHeartbeat {
    const uncommittedBlock = block ?? new Uint8Array();
    const uncommittedBlockNumber = block === undefined ? 0 : this.head.header.number + 1;
    const beat = { type: "heartbeat" as const, leader: from, uncommittedBlock, uncommittedBlockNumber };
    return { ...this.#sender(from), ...beat, term, ...fields };
  }

  answer(from: number, term: number, held: Hash = ZERO_HASH): RaftHeartbeatResponse {
    return { ...this.#sender(from), type: "heartbeat-response", term, uncommittedBlockHash: held };
  }

  /** Waits until the machine asks for votes. */
  stand(): RaftVoteRequest {
    for (let ms = 0; ms < 10_000; ms += 10) {
      this.pass(10);
      for (const { message } of this.takeSaid()) if (message.type === "vote-request") return message;
    }
    throw new Error("it never asks for votes");
  }

  /** Has the machine elected by all others; returns its term. */
  lead(): number {
    const { term } = this.stand();
    for (let from = 1; from < this.sealers.length; from++) this.hear(from, this.vote(from, 6, { term }));
    return term;
  }

  #sender(index: number): { index: number; term: number; height: number; blockHash: Hash } {
    return { index, term: 1, height: this.head.header.number, blockHash: this.head.hash };
  }

  #start(seed: number): Consensus {
    const made = createConsensus({
      rules: testRules(this.suite, { consensusType: "raft" }),
      key: this.#ownKey,
      nodeId: this.sealers[0] as NodeId,
      genesis: testGenesis(this.sealers, "raft"),
      options: DEFAULT_OPTIONS,
      pool: this.pool,
      sync: this.sync,
      hashAt: () => undefined,
      timeOffsetMs: () => 0,
      random: createRandom(seed),
      trace: (event) => this.traces.push(event),
      peers: () => new Set(this.sealers.slice(1)),
    });
    if (!made.ok) throw new Error(made.error.message);
    this.machine = made.value;
    this.#give({ type: "started", head: this.head, backedUpPrepare: this.promises });
    return made.value;
  }

  #give(input: ConsensusInput): void {
    const effects = this.machine.step(input, { steadyMs: this.nowMs, wallMs: GENESIS_MS + this.nowMs });
    this.machine.invariants();
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: ConsensusEffect): void {
    switch (effect.type) {
      case "send": {
        const to = effect.to.map((node) => this.sealers.indexOf(node));
        this.#said.push({ to, message: raftMessageIn(effect.body) });
        return;
      }
      case "persist-prepare":
        if (this.isDiskSlow) {
          this.#held.push(effect.token);
          return;
        }
        this.promises = effect.bytes;
        return this.#give({ type: "prepare-persisted", token: effect.token });
      case "execute-block": {
        const block = executeFake(this.suite, effect.header, effect.transactions);
        return this.#give({ type: "block-executed", token: effect.token, outcome: { ok: true, value: block } });
      }
      case "store-block":
        this.stored.push(effect.block.hash);
        this.head = headAfter(this.head, effect.block);
        this.pool.blockStored(effect.block.transactions);
        return this.#give({ type: "block-committed", head: this.head, transactions: [] });
      case "verify-transactions":
      case "sealing":
        return;
    }
  }
}
