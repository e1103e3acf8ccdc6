/**
 * Many observers behind a few sealers: what the trees save, and whether everybody keeps up.
 *
 * A calm world with steady load. Counted is what leaves each node, in bytes of packets before compression; compared are a run with
 * the trees of transactions and block statuses and one without.
 */
import { bytesToHex, createRandom, EMPTY_BYTES } from "@tsbcos/core/primitives";
import type { Address, NodeId, Random } from "@tsbcos/core/primitives";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import { signTransaction } from "@tsbcos/core/protocol";
import type { ChainHead, ExecutedBlock } from "@tsbcos/core/ledger";
import type { GroupEffectOf } from "@tsbcos/core/group";
import { BUILT_IN, memberCall, userAddCall } from "./calldata.js";
import { CALM_DISK } from "./disk.js";
import { check } from "./failure.js";
import type { GroupListener, SimulatedGroup } from "./group.js";
import { CALM_NETWORK, Network } from "./network.js";
import { SimulatedNode } from "./node.js";
import { drawOptions } from "./options.js";
import type { GroupShape } from "./options.js";
import { drawKeys, genesisOf, groupOptionsOf, rulesOf } from "./setup.js";
import { World } from "./world.js";

/** Header of a P2P frame and of the packet of a group in it. */
const FRAME_BYTES = 42;
/** Sessions have come up, and the first blocks are made. */
const WARM_UP_MS = 5000;
const BLOCK_EVERY_MS = 1000;
/** Clients hand in this many times a second. */
const BURSTS_A_SECOND = 20;
const EVENTS_MAX = 100_000_000;
const MEGABYTE = 1_000_000;

/** What is simulated. */
export interface CrowdOptions {
  readonly seed: number;
  readonly sealers: number;
  readonly observers: number;
  readonly trees: boolean;
  /** Clients send so many, to all sealers in turn; there is one block a second. */
  readonly transactionsPerSecond: number;
  /** Virtual time that is measured. */
  readonly seconds: number;
  /** Share of all pairs of nodes that never have a session. */
  readonly cutShare: number;
}

/** What came out. */
export interface CrowdFigures {
  readonly blocks: number;
  readonly transactions: number;
  /** Bytes that left the sealer that sent most, all sealers, and the observer that sent most. */
  readonly busiestSealerBytes: number;
  readonly sealersBytes: number;
  readonly busiestObserverBytes: number;
  /** Most blocks that any observer was behind the head, at any moment. */
  readonly lagMax: number;
}

/** One run. */
export class Crowd implements GroupListener {
  readonly #options: CrowdOptions;
  readonly #world = new World(EVENTS_MAX);
  readonly #random: Random;
  readonly #suite: CryptoSuite;
  readonly #nodes: readonly SimulatedNode[];
  readonly #groups: readonly SimulatedGroup[];
  readonly #indexOf = new Map<NodeId, number>();
  readonly #network: Network;
  readonly #client: KeyPair;
  readonly #bytes: number[];
  readonly #heights: number[];
  #head = 0;
  #lagMax = 0;
  #measuring = false;
  #stored = 0;
  #made = 0;

  constructor(options: CrowdOptions, suite: CryptoSuite) {
    this.#options = options;
    this.#suite = suite;
    this.#random = createRandom(`crowd/${options.seed}`);
    const shape = shapeOf(options);
    const count = options.sealers + options.observers;
    const keys = drawKeys(this.#random.split("keys"), suite, count + 1);
    this.#client = keys[count] as KeyPair;
    const ids = keys.slice(0, count).map((key) => bytesToHex(key.publicKey) as NodeId);
    ids.forEach((id, index) => this.#indexOf.set(id, index));
    const rules = rulesOf(shape, suite);
    const genesis = genesisOf(shape, ids.slice(0, options.sealers));
    // Sealers add the observers by transactions, as operators do; a genesis of 2.x names sealers only.
    this.#nodes = ids.map((nodeId, index) => {
      return new SimulatedNode({ index, nodeId, world: this.#world, random: this.#random.split(`node/${index}`) });
    });
    this.#groups = this.#nodes.map((node) =>
      node.addGroup({
        key: keys[node.index] as KeyPair,
        disk: CALM_DISK,
        rules,
        genesis,
        options: groupOptionsOf(shape),
        executionMsMax: shape.executionMsMax,
        bug: undefined,
        plantedBugs: undefined,
        listener: this,
      }),
    );
    this.#bytes = ids.map(() => 0);
    this.#heights = ids.map(() => 0);
    this.#network = new Network({
      world: this.#world,
      random: this.#random.split("network"),
      count,
      options: CALM_NETWORK,
      listener: {
        deliver: (from, to, frame) => this.#node(to).frame(this.#node(from).nodeId, frame),
        sessionsChanged: (node, peers) =>
          this.#node(node).sessionsChanged(peers.map((peer) => this.#node(peer).nodeId)),
      },
    });
  }

  /**
   * Lets everybody join, then the load run, and measures it.
   *
   * @throws SimulationFailure when the chain stands still or an observer is lost
   */
  run(): CrowdFigures {
    for (const node of this.#nodes) {
      node.start();
      this.#network.nodeStarted(node.index);
    }
    this.#world.run(WARM_UP_MS / 2);
    for (const node of this.#nodes.slice(this.#options.sealers)) {
      this.#submit(BUILT_IN.consensus, memberCall(this.#suite, "addObserver", node.nodeId));
    }
    this.#cut();
    const started = this.#world.nowMs;
    for (let burst = 0; burst < (this.#options.seconds + WARM_UP_MS / 1000) * BURSTS_A_SECOND; burst++) {
      this.#world.after((burst * 1000) / BURSTS_A_SECOND, () => this.#burst());
    }
    this.#world.run(started + WARM_UP_MS);
    this.#measuring = true;
    const before = { head: this.#head, stored: this.#stored, bytes: [...this.#bytes] };
    this.#world.run(started + WARM_UP_MS + this.#options.seconds * 1000);
    const sent = this.#bytes.map((bytes, index) => bytes - (before.bytes[index] ?? 0));
    const ofSealers = sent.slice(0, this.#options.sealers);
    const blocks = this.#head - before.head;
    check(blocks >= this.#options.seconds / 2, `only ${blocks} blocks in ${this.#options.seconds} s`);
    return {
      blocks,
      transactions: this.#stored - before.stored,
      busiestSealerBytes: Math.max(...ofSealers),
      sealersBytes: ofSealers.reduce((sum, bytes) => sum + bytes, 0),
      busiestObserverBytes: Math.max(0, ...sent.slice(this.#options.sealers)),
      lagMax: this.#lagMax,
    };
  }

  sent({ index, groupId }: SimulatedGroup, { to, moduleId, packetType, seq, body }: GroupEffectOf<"send">): void {
    for (const peer of to.map((nodeId) => this.#indexOf.get(nodeId) ?? index)) {
      this.#bytes[index] = (this.#bytes[index] ?? 0) + FRAME_BYTES + body.length;
      this.#network.send(index, peer, { groupId, moduleId, packetType, seq, body });
    }
  }

  committed({ index }: SimulatedGroup, { header }: ChainHead, { transactions }: ExecutedBlock): void {
    this.#heights[index] = header.number;
    if (header.number <= this.#head) return;
    this.#head = header.number;
    this.#stored += transactions.length;
    if (!this.#measuring) return;
    const ofObservers = this.#heights.slice(this.#options.sealers);
    this.#lagMax = Math.max(this.#lagMax, ...ofObservers.map((height) => this.#head - height));
  }

  storing(): void {
    // Nothing to check here: agreement is what the other runs are about.
  }

  answered(_group: SimulatedGroup, { result }: GroupEffectOf<"submission-result">): void {
    check(result.ok, `a transaction was refused: ${result.ok ? "" : result.error.code}`);
  }

  started(): void {
    // Everybody starts at once, at block 0.
  }

  traced(): void {
    // Figures tell enough.
  }

  #node(index: number): SimulatedNode {
    return this.#nodes[index] as SimulatedNode;
  }

  /** Cuts links that never come back. */
  #cut(): void {
    const random = this.#random.split("cuts");
    for (const a of this.#nodes.keys()) {
      for (let b = a + 1; b < this.#nodes.length; b++) {
        if (!random.chance(this.#options.cutShare)) continue;
        this.#network.block(a, b);
        this.#network.block(b, a);
      }
    }
  }

  #burst(): void {
    for (let count = this.#options.transactionsPerSecond / BURSTS_A_SECOND; count > 0; count--) {
      this.#submit(BUILT_IN.dagTransfer, userAddCall(this.#suite, `user ${this.#made}`, 1));
    }
  }

  #submit(to: Address, data: Uint8Array): void {
    const requestId = ++this.#made;
    const { raw } = signTransaction(
      {
        nonce: BigInt(requestId),
        gasPrice: 1n,
        gas: 3_000_000n,
        blockLimit: BigInt(this.#head + 500),
        to,
        value: 0n,
        data,
        chainId: 1n,
        groupId: 1n,
        extraData: EMPTY_BYTES,
      },
      this.#client,
      this.#suite,
    );
    const group = this.#groups[requestId % this.#options.sealers] as SimulatedGroup;
    group.post({ type: "transaction-submitted", requestId, raw });
  }
}

/** The group of an operator who left everything at its default, but for the trees. */
function shapeOf({ seed, sealers, observers, trees, transactionsPerSecond }: CrowdOptions): GroupShape {
  const [drawn] = drawOptions(seed, { consensus: "pbft" }).groups;
  return {
    ...drawn,
    members: Array.from({ length: sealers + observers }, (_, index) => index),
    observerCount: observers,
    liarCount: 0,
    transactionsPerBlockMax: transactionsPerSecond,
    minBlockGenerationTimeMs: BLOCK_EVERY_MS,
    prepareWithTransactionHashes: true,
    ttlOptimization: true,
    trees,
    executionMsMax: 20,
  };
}

/** Two runs of the same crowd, with and without trees, as lines for people. */
export function describeCrowd(options: Omit<CrowdOptions, "trees">, suite: CryptoSuite): readonly string[] {
  const { sealers, observers, transactionsPerSecond, seconds, cutShare } = options;
  const lines = [
    `${sealers} sealers, ${observers} observers, ${transactionsPerSecond} transactions a second for ${seconds} s, ` +
      `${cutShare * 100} % of the links cut`,
  ];
  const bytes = [false, true].map((trees) => {
    const figures = new Crowd({ ...options, trees }, suite).run();
    const megabytes = (count: number): string => (count / MEGABYTE).toFixed(1);
    lines.push(
      `${trees ? "with trees   " : "without trees"}  ${figures.blocks} blocks, ${figures.transactions} transactions; MB out: ` +
        `busiest sealer ${megabytes(figures.busiestSealerBytes)}, all sealers ${megabytes(figures.sealersBytes)}, ` +
        `busiest observer ${megabytes(figures.busiestObserverBytes)}; observers at most ${figures.lagMax} blocks behind`,
    );
    return figures.busiestSealerBytes / figures.transactions;
  });
  const [without = Number.NaN, withTrees = Number.NaN] = bytes;
  lines.push(
    `busiest sealer, bytes a transaction: ${without.toFixed(0)} without trees, ${withTrees.toFixed(0)} with: ${(without / withTrees).toFixed(2)} times less`,
  );
  return lines;
}
