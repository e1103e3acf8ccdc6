/**
 * Several machines, a network and a clock under the hands of a test: nothing moves unless it is told to.
 *
 * Everything that happens goes to `log` as lines of text, which is what transcripts show.
 */
import { assert, createRandom, err, unreachable, utf8ToBytes } from "../../primitives/index.js";
import type { Hash, Instant, NodeId, TraceEvent } from "../../primitives/index.js";
import { addressOf } from "../../crypto/index.js";
import type { CryptoSuite, KeyPair } from "../../crypto/index.js";
import { decodeTransaction, signTransaction, signingDigest, transactionHash } from "../../protocol/index.js";
import type { BlockSignature, VerifiedTransaction } from "../../protocol/index.js";
import type { ChainHead, ChainRules, ChainSettings, ExecutedBlock } from "../../ledger/index.js";
import type {
  Consensus,
  ConsensusEffect,
  ConsensusEnvironment,
  ConsensusInput,
  ConsensusOptions,
  PlantedBugs,
  TransactionSource,
} from "../interface.js";
import { createConsensus } from "../index.js";
import { GENESIS_MS, executeFake, genesisHead, headAfter, nodeIdOf, testGenesis, testRules } from "./chain.js";
import type { StoredBlock } from "./chain.js";
import { createFakeSuite } from "./fake-suite.js";

/** Options as `group.N.ini` has them by default. */
export const DEFAULT_OPTIONS: ConsensusOptions = {
  ttl: 2,
  minBlockGenerationTimeMs: 500,
  enableDynamicBlockSize: true,
  blockSizeIncreaseRatio: 0.5,
  enableTtlOptimization: true,
  enablePrepareWithTransactionHashes: true,
  broadcastPrepareByTree: true,
  prepareStatusBroadcastPercent: 33,
  maxRequestMissedTransactionsWaitMs: 100,
  maxRequestPrepareWaitMs: 100,
};

/** Steady time at which every cluster starts. */
const START_MS = 10_000;

/** A pool without limits. */
export class FakePool implements TransactionSource {
  readonly #waiting = new Map<Hash, VerifiedTransaction>();
  readonly #used = new Set<bigint>();
  readonly #chainId: bigint;

  constructor(chainId = 1n) {
    this.#chainId = chainId;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(transaction: VerifiedTransaction): void {
    if (!this.#used.has(transaction.nonce)) this.#waiting.set(transaction.hash, transaction);
  }

  select(limit: number, avoid: Set<Hash>): readonly VerifiedTransaction[] {
    const chosen = [...this.#waiting.values()].filter(({ hash }) => !avoid.has(hash)).slice(0, limit);
    for (const { hash } of chosen) avoid.add(hash);
    return chosen;
  }

  find(hash: Hash): VerifiedTransaction | undefined {
    return this.#waiting.get(hash);
  }

  isIncludable(transaction: VerifiedTransaction): boolean {
    const { nonce, chainId, groupId } = transaction;
    return !this.#used.has(nonce) && chainId === this.#chainId && groupId === 1n;
  }

  blockStored(transactions: readonly VerifiedTransaction[]): void {
    for (const { nonce } of transactions) this.#used.add(nonce);
    for (const { hash, nonce } of this.#waiting.values()) if (this.#used.has(nonce)) this.#waiting.delete(hash);
  }
}

/** Work of a node that a test can hold back. */
export type Work = "verify" | "execute" | "persist" | "store";

/** One node. What is stored survives a crash. */
export interface TestNode {
  readonly number: number;
  readonly key: KeyPair;
  readonly nodeId: NodeId;
  readonly blocks: StoredBlock[];
  readonly sync: { downloading: boolean; knownHighest: number };
  readonly holding: Set<Work>;
  readonly held: (() => void)[];
  head: ChainHead;
  backedUp: Uint8Array | undefined;
  pool: FakePool;
  machine: Consensus | undefined;
  /** Changes what this node's executions lead to. */
  salt: string;
  /** Added to the wall clock of this node. */
  clockOffsetMs: number;
}

/** A frame on its way. */
export interface Frame {
  readonly from: number;
  readonly to: number;
  readonly packetType: number;
  readonly body: Uint8Array;
}

/** What a cluster is made with. */
export interface ClusterOptions {
  /** Consensus type, version and id of the chain; PBFT at 2.9.0 with id 1 without it. */
  readonly kind?: Partial<Pick<ChainRules, "consensusType" | "version" | "chainId">>;
  readonly options?: Partial<ConsensusOptions>;
  readonly settings?: Partial<ChainSettings>;
  readonly plantedBugs?: PlantedBugs;
  /** Another machine for some of the nodes, by number. */
  readonly machineOf?: (environment: ConsensusEnvironment, number: number) => Consensus | undefined;
  /** Receives one event a line; nothing is written without it. */
  readonly log?: (event: ClusterEvent) => void;
}

/** What happens in a cluster. */
export type ClusterEvent =
  | { readonly type: "sent"; readonly from: number; readonly to: readonly number[]; readonly frame: Frame }
  | { readonly type: "effect"; readonly node: number; readonly effect: ConsensusEffect }
  | { readonly type: "synced"; readonly node: number; readonly head: ChainHead }
  | { readonly type: "traced"; readonly node: number; readonly event: TraceEvent };

/** Nodes 0 to n − 1, in the order of their ids, all of them sealers of the genesis block. */
export class TestCluster {
  readonly suite: CryptoSuite = createFakeSuite();
  readonly nodes: TestNode[] = [];
  /** Frames on their way, oldest first. */
  flying: Frame[] = [];
  /** Frames that are lost on their way. */
  isLost: (frame: Frame) => boolean = () => false;
  readonly traces: { readonly node: number; readonly event: TraceEvent }[] = [];
  steadyMs = START_MS;
  readonly #made: ClusterOptions;
  readonly #cut = new Set<string>();
  readonly #transactions = new Map<Hash, VerifiedTransaction>();
  readonly #sender: KeyPair;
  readonly #genesis: ChainHead;
  /** Results on their way to machines: they arrive after everything that was asked for together with them. */
  readonly #results: (() => void)[] = [];
  #stepping = false;
  /** Steps of all machines: what an idle cluster costs. */
  steps = 0;

  constructor(count: number, made: ClusterOptions = {}) {
    this.#made = made;
    this.#sender = this.suite.keyPairOf(new Uint8Array(32).fill(0xee));
    const keys = Array.from({ length: count }, (_, number) => this.#keyOf(number));
    this.#genesis = genesisHead(
      this.suite,
      keys.map(({ publicKey }) => nodeIdOf(publicKey)),
      made.settings,
      testRules(this.suite, made.kind),
    );
    for (const key of keys) this.#addNode(key);
    for (const node of this.nodes) this.#start(node);
  }

  /** The node with that number. */
  node(number: number): TestNode {
    const node = this.nodes[number];
    assert(node !== undefined, `there is no node ${number}`);
    return node;
  }

  /** The machine of a running node. */
  machine(number: number): Consensus {
    const { machine } = this.node(number);
    assert(machine !== undefined, `node ${number} is down`);
    return machine;
  }

  /** A further node, which is no sealer yet. */
  addObserver(): TestNode {
    const node = this.#addNode(this.#keyOf(this.nodes.length));
    this.#start(node);
    return node;
  }

  /** A transaction, known to nobody yet; `text` is its data. With the nonce of another it rules that out. */
  transaction(text = "", nonce = BigInt(this.#transactions.size + 1)): VerifiedTransaction {
    const { chainId } = testRules(this.suite, this.#made.kind);
    const fields = { nonce, gasPrice: 0n, gas: 0n, blockLimit: 500n, to: undefined, value: 0n, chainId };
    const data = utf8ToBytes(text);
    const unsigned = { ...fields, data, groupId: 1n, extraData: new Uint8Array() };
    const transaction = signTransaction(unsigned, this.#sender, this.suite);
    this.#transactions.set(transaction.hash, transaction);
    return transaction;
  }

  /** Puts transactions into the pools of these nodes. */
  submit(transactions: readonly VerifiedTransaction[], to: readonly number[]): void {
    for (const number of to) {
      const node = this.node(number);
      for (const transaction of transactions) node.pool.add(transaction);
      if (node.machine !== undefined) this.step(node, { type: "transactions-available" });
    }
  }

  /** The time of a node. */
  now(node: TestNode): Instant {
    return { steadyMs: this.steadyMs, wallMs: GENESIS_MS + this.steadyMs + node.clockOffsetMs };
  }

  /** Gives an input to a running node and does what it asks for. */
  step(node: TestNode, input: ConsensusInput): void {
    if (node.machine === undefined) return;
    this.#stepOnce(node, node.machine, input);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#results.shift(); next !== undefined; next = this.#results.shift()) next();
    this.#stepping = false;
  }

  #stepOnce(node: TestNode, machine: Consensus, input: ConsensusInput): void {
    this.steps++;
    const effects = machine.step(input, this.now(node));
    machine.invariants();
    for (const effect of effects) this.#perform(node, effect);
  }

  /** Delivers the frames that are on their way now; what they cause stays on its way. */
  deliver(): void {
    const { flying } = this;
    this.flying = [];
    for (const frame of flying) this.inject(frame);
  }

  /** Delivers one frame, unless it is lost. */
  inject(frame: Frame): void {
    const to = this.node(frame.to);
    if (to.machine === undefined || !this.isConnected(frame.from, frame.to) || this.isLost(frame)) return;
    const { nodeId } = this.node(frame.from);
    this.step(to, { type: "message-received", from: nodeId, packetType: frame.packetType, body: frame.body });
  }

  /** Delivers until nothing is on its way. */
  stabilize(): void {
    while (this.flying.length > 0) this.deliver();
  }

  /** Lets time pass, waking machines when they ask for it; what they send stays on its way. */
  tick(ms: number): void {
    this.#pass(ms, () => undefined);
  }

  /** Lets time pass, with a network that takes none. */
  run(ms: number): void {
    this.stabilize();
    this.#pass(ms, () => {
      this.stabilize();
    });
  }

  #pass(ms: number, between: () => void): void {
    const endMs = this.steadyMs + ms;
    for (let rounds = 0; rounds < 100_000; rounds++) {
      const wakeAtMs = Math.min(...this.nodes.map(({ machine }) => machine?.wakeAtMs ?? Number.POSITIVE_INFINITY));
      if (wakeAtMs > endMs) {
        this.steadyMs = endMs;
        return;
      }
      this.steadyMs = Math.max(this.steadyMs, wakeAtMs);
      for (const node of this.nodes) {
        if ((node.machine?.wakeAtMs ?? Number.POSITIVE_INFINITY) <= this.steadyMs) this.step(node, { type: "tick" });
      }
      between();
    }
    assert(false, "machines let the clock go on");
  }

  /** Stops a node: what it has not stored is gone. */
  crash(number: number): void {
    const node = this.node(number);
    node.machine = undefined;
    node.pool = new FakePool(this.#made.kind?.chainId);
    node.held.length = 0;
    this.flying = this.flying.filter(({ from, to }) => from !== number && to !== number);
    this.#lose(node);
  }

  /** Starts a node again from what it has stored. */
  restart(number: number): void {
    const node = this.node(number);
    assert(node.machine === undefined, `node ${number} is running`);
    for (const { block } of node.blocks) node.pool.blockStored(block.transactions);
    this.#start(node);
  }

  /** True when both nodes run and have a session with each other. */
  isConnected(a: number, b: number): boolean {
    return !this.#cut.has(linkOf(a, b));
  }

  /** Closes the session between two nodes. */
  disconnect(a: number, b: number): void {
    this.#cut.add(linkOf(a, b));
    this.step(this.node(a), { type: "peer-disconnected", nodeId: this.node(b).nodeId });
    this.step(this.node(b), { type: "peer-disconnected", nodeId: this.node(a).nodeId });
  }

  /** Opens it again. */
  connect(a: number, b: number): void {
    this.#cut.delete(linkOf(a, b));
  }

  /** Results of this work do not reach the machine until {@link release}. */
  hold(number: number, work: Work): void {
    this.node(number).holding.add(work);
  }

  /** Hands out all results that were held back. */
  release(number: number): void {
    const node = this.node(number);
    node.holding.clear();
    for (const answer of node.held.splice(0)) answer();
    this.step(node, { type: "tick" });
  }

  /** Brings a node the blocks it lacks, as synchronisation would. */
  sync(number: number): void {
    const node = this.node(number);
    const source = this.nodes.reduce((a, b) => (a.head.header.number >= b.head.header.number ? a : b));
    for (const { block, signatures } of source.blocks.slice(node.head.header.number)) {
      const { header, hash, transactions } = block;
      // With the block before it came to work, and may have decided this one from what it had heard.
      if (header.number <= node.head.header.number) continue;
      const synced = { header, hash, signatures, transactionCount: transactions.length };
      const checked = this.machine(number).checkSyncedBlock(synced, node.head);
      assert(checked.ok, "a block that was agreed on passes the check");
      this.#store(node, block, signatures);
      this.#made.log?.({ type: "synced", node: number, head: node.head });
    }
  }

  #keyOf(number: number): KeyPair {
    return this.suite.keyPairOf(new Uint8Array(32).fill(number + 1));
  }

  #addNode(key: KeyPair): TestNode {
    const node: TestNode = {
      number: this.nodes.length,
      key,
      nodeId: nodeIdOf(key.publicKey),
      blocks: [],
      sync: { downloading: false, knownHighest: 0 },
      holding: new Set(),
      held: [],
      head: this.#genesis,
      backedUp: undefined,
      pool: new FakePool(this.#made.kind?.chainId),
      machine: undefined,
      salt: "",
      clockOffsetMs: 0,
    };
    this.nodes.push(node);
    return node;
  }

  #start(node: TestNode): void {
    const environment = this.#environment(node);
    const made = createConsensus(environment, this.#made.plantedBugs);
    assert(made.ok, "a cluster is made of a known consensus type");
    node.machine = this.#made.machineOf?.(environment, node.number) ?? made.value;
    this.step(node, { type: "started", head: node.head, backedUpPrepare: node.backedUp });
  }

  #environment(node: TestNode): ConsensusEnvironment {
    return {
      rules: testRules(this.suite, this.#made.kind),
      key: node.key,
      nodeId: node.nodeId,
      genesis: testGenesis(this.#genesis.sealers, this.#made.kind?.consensusType),
      options: { ...DEFAULT_OPTIONS, ...this.#made.options },
      pool: node.pool,
      sync: node.sync,
      hashAt: (height) => (height === 0 ? this.#genesis.hash : node.blocks[height - 1]?.block.hash),
      timeOffsetMs: () => 0,
      random: createRandom(node.number),
      trace: (event) => {
        this.traces.push({ node: node.number, event });
        this.#made.log?.({ type: "traced", node: node.number, event });
      },
      peers: () => this.#peersOf(node),
    };
  }

  #peersOf(node: TestNode): ReadonlySet<NodeId> {
    const peers = this.nodes.filter(
      (other) => other !== node && other.machine !== undefined && this.isConnected(node.number, other.number),
    );
    return new Set(peers.map(({ nodeId }) => nodeId));
  }

  #lose(node: TestNode): void {
    for (const other of this.nodes) {
      if (other !== node) this.step(other, { type: "peer-disconnected", nodeId: node.nodeId });
    }
  }

  #perform(node: TestNode, effect: ConsensusEffect): void {
    if (effect.type !== "send") this.#made.log?.({ type: "effect", node: node.number, effect });
    switch (effect.type) {
      case "send":
        return this.#send(node, effect);
      case "verify-transactions":
        return this.#answer(node, "verify", () => {
          const transactions = effect.raws.map((raw) => this.#verify(raw));
          this.step(node, { type: "transactions-verified", token: effect.token, transactions });
        });
      case "execute-block":
        return this.#answer(node, "execute", () => {
          this.#execute(node, effect);
        });
      case "persist-prepare":
        return this.#answer(node, "persist", () => {
          node.backedUp = effect.bytes;
          this.step(node, { type: "prepare-persisted", token: effect.token });
        });
      case "store-block":
        return this.#answer(node, "store", () => {
          this.#store(node, effect.block, effect.signatures);
        });
      case "sealing":
        return;
      default:
        return unreachable(effect);
    }
  }

  #answer(node: TestNode, work: Work, answer: () => void): void {
    if (node.holding.has(work)) node.held.push(answer);
    else this.#results.push(answer);
  }

  #send(node: TestNode, effect: Extract<ConsensusEffect, { readonly type: "send" }>): void {
    const { packetType, body } = effect;
    const to = effect.to.map((id) => this.nodes.findIndex(({ nodeId }) => nodeId === id));
    assert(to.length > 0 && !to.includes(node.number), "a frame is sent to others");
    const frames = to.map((number) => ({ from: node.number, to: number, packetType, body }));
    this.flying.push(...frames);
    this.#made.log?.({ type: "sent", from: node.number, to, frame: frames[0] as Frame });
  }

  #verify(raw: Uint8Array): VerifiedTransaction | undefined {
    const decoded = decodeTransaction(raw, this.suite);
    if (!decoded.ok) return undefined;
    const hash = transactionHash(decoded.value, this.suite);
    const known = this.#transactions.get(hash);
    if (known !== undefined) return known;
    const signer = this.suite.recover(signingDigest(decoded.value, this.suite), decoded.value.signature);
    // Nobody but the nodes themselves makes transactions that the test does not know.
    const isOfNode = signer !== undefined && this.nodes.some(({ nodeId }) => nodeId === nodeIdOf(signer));
    return isOfNode ? { ...decoded.value, hash, sender: addressOf(this.suite, signer) } : undefined;
  }

  #execute(node: TestNode, effect: Extract<ConsensusEffect, { readonly type: "execute-block" }>): void {
    const { header, transactions, token } = effect;
    const outcome =
      header.parentHash === node.head.hash
        ? ({ ok: true, value: executeFake(this.suite, header, transactions, node.salt) } as const)
        : err({ code: "block-not-on-head" });
    this.step(node, { type: "block-executed", token, outcome });
  }

  #store(node: TestNode, block: ExecutedBlock, signatures: readonly BlockSignature[]): void {
    const { number } = block.header;
    if (number <= node.head.header.number) return;
    assert(number === node.head.header.number + 1, "blocks are stored one after the other");
    for (const other of this.nodes) {
      const there = other.blocks[number - 1];
      assert(there === undefined || there.block.hash === block.hash, "all nodes store the same block at a height");
    }
    node.blocks.push({ block, signatures });
    node.head = headAfter(node.head, block);
    node.pool.blockStored(block.transactions);
    const transactions = block.transactions.map(({ hash }) => hash);
    this.step(node, { type: "block-committed", head: node.head, transactions });
  }
}

function linkOf(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}
