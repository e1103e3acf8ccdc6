/** One scenario of twins: five instances of four nodes, cut into other sets in each round, and the end when all is whole. */
import { bytesToHex, createRandom } from "@tsbcos/core/primitives";
import type { NodeId, Random, TraceEvent } from "@tsbcos/core/primitives";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { decodePbftMessage, decodePbftPacket, ModuleId, PbftPacketId, PbftPacketType } from "@tsbcos/core/protocol";
import type { ChainHead, ExecutedBlock, Ledger } from "@tsbcos/core/ledger";
import type { GroupEffectOf } from "@tsbcos/core/group";
import { ChainChecker } from "../checkers/chain.js";
import { decidersOf } from "../checkers/deciders.js";
import type { DecidersOf } from "../checkers/deciders.js";
import { VoteChecker } from "../checkers/votes.js";
import { CALM_DISK, SimulatedDisk } from "../disk.js";
import { SimulationFailure } from "../failure.js";
import { isLockedApart } from "../locks.js";
import { SimulatedNode } from "../node.js";
import type { NodeListener } from "../node.js";
import type { RunOptions } from "../options.js";
import { drawKeys, genesisHeadOf, genesisOf, groupOptionsOf, plantedBugsOf, rulesOf, settingsOf } from "../setup.js";
import type { Story } from "../story.js";
import { Workload } from "../workload.js";
import { World } from "../world.js";
import { INSTANCES, NODES, roundClass, ROUNDS, TWIN } from "./scenarios.js";
import type { Partition, Scenario } from "./scenarios.js";

/** Virtual time in which the rounds are played; time-outs grow by half with each round that fails. */
const ROUNDS_MS_MAX = 240_000;
const LIVENESS_MS_MAX = 300_000;
const CHECK_MS = 100;
const EVENTS_MAX = 500_000;
const DELAY_MS_MAX = 10;
/** No progress for so long after the end: it is looked into whether any is possible. */
const LOCKED_APART_MS = 60_000;

/** What a scenario reports besides how it ended. */
export interface TwinFigures {
  readonly height: number;
  readonly events: number;
  readonly virtualMs: number;
  readonly digest: string;
  /** Rounds that were begun under a partition, of those in the scenario. */
  readonly rounds: number;
  /** Classes of the rounds that were begun. */
  readonly met: readonly string[];
  /** That of the first round. */
  readonly metFirst: string;
  /** Honest nodes were bound to different blocks in the end, which this protocol has no way out of. */
  readonly lockedApart: boolean;
}

/** Plays one scenario. */
export class TwinCluster implements NodeListener {
  readonly #scenario: Scenario;
  readonly #story: Story;
  readonly #world = new World(EVENTS_MAX);
  readonly #delays: Random;
  readonly #nodes: readonly SimulatedNode[];
  readonly #ids: readonly NodeId[];
  readonly #decidersOf: DecidersOf;
  readonly #chain: ChainChecker;
  readonly #votes: VoteChecker;
  readonly #workload: Workload;
  /** Numbers of the rounds, in the order in which they were first voted in. */
  readonly #rounds = new Map<string, number>();
  readonly #met: string[] = [];
  #lastSeq = 0;
  #lastRequestId = 0;
  #isWhole = false;
  #lockedApart = false;

  constructor(scenario: Scenario, options: RunOptions, suite: CryptoSuite, story: Story) {
    this.#scenario = scenario;
    this.#story = story;
    const random = createRandom(`twins/run/${scenario.number}`);
    this.#delays = random.split("delays");
    // Positions in the list of sealers are those of the sorted ids.
    const keys = drawKeys(random.split("keys"), suite, NODES).sort((a, b) =>
      bytesToHex(a.publicKey) < bytesToHex(b.publicKey) ? -1 : 1,
    );
    this.#ids = keys.map((key) => bytesToHex(key.publicKey) as NodeId);
    const genesis = genesisOf(options, this.#ids);
    const rules = rulesOf(options, suite);
    this.#nodes = Array.from({ length: INSTANCES }, (_, index) => {
      const at = index === TWIN ? scenario.twinned : index;
      const own = random.split(`node/${index}`);
      return new SimulatedNode({
        index,
        world: this.#world,
        random: own,
        disk: new SimulatedDisk(this.#world, own.split("disk"), CALM_DISK),
        key: keys[at] as (typeof keys)[number],
        nodeId: this.#ids[at] as NodeId,
        rules,
        genesis,
        options: groupOptionsOf(options),
        executionMsMax: options.executionMsMax,
        bug: options.bug,
        plantedBugs: plantedBugsOf(options),
        listener: this,
      });
    });
    this.#workload = new Workload({
      random: random.split("workload"),
      suite,
      changeable: [],
      settings: settingsOf(options),
    });
    this.#decidersOf = decidersOf(rules);
    this.#chain = new ChainChecker(suite, INSTANCES, genesisHeadOf(rules, genesis), this.#decidersOf);
    this.#votes = new VoteChecker({ decidersAt: (height) => this.#chain.decidersAt(height), liars: 1 });
  }

  /** What there is to report, at any time. */
  get figures(): TwinFigures {
    return {
      height: this.#chain.height,
      events: this.#world.eventCount,
      virtualMs: this.#world.nowMs,
      digest: this.#world.digest,
      rounds: Math.min(this.#rounds.size, ROUNDS),
      met: this.#met,
      metFirst: this.#met[0] ?? "",
      lockedApart: this.#lockedApart,
    };
  }

  /**
   * The rounds, in which nothing may break, and the end, in which things must move.
   *
   * @throws SimulationFailure
   */
  run(): void {
    for (const node of this.#nodes) {
      node.start();
      node.post({ type: "peers-changed", peers: this.#ids.filter((id) => id !== node.nodeId) });
    }
    this.#feed();
    while (this.#rounds.size <= ROUNDS && this.#world.nowMs < ROUNDS_MS_MAX)
      this.#world.run(this.#world.nowMs + CHECK_MS);
    this.#isWhole = true;
    this.#tell("whole", "the twin is gone");
    const twin = this.#nodes[TWIN] as SimulatedNode;
    twin.crash();
    this.#demandProgress(this.#nodes.slice(0, NODES));
  }

  sent(node: SimulatedNode, effect: GroupEffectOf<"send">): void {
    const { moduleId, packetType, body } = effect;
    const seq = effect.seq === 0 ? ++this.#lastSeq : effect.seq;
    this.#world.note(`n${node.index} sends ${moduleId}/${packetType} ${body.length} ${body.at(-1) ?? ""}`);
    if (!this.#isTwinned(node)) {
      const { index, nodeId, incarnation } = node;
      const ownIndex = this.#ids.indexOf(nodeId);
      const { backedUpPrepare } = node.disk;
      const deciding = (node.group?.head.header.number ?? 0) + 1;
      this.#votes.sent({
        deciding,
        node: index,
        nodeId,
        incarnation,
        ownIndex,
        moduleId,
        packetType,
        body,
        backedUpPrepare,
      });
    }
    const partition = this.#partitionFor(node, moduleId, packetType, body);
    const frame = { type: "frame-received", from: node.nodeId, moduleId, packetType, seq, body } as const;
    for (const to of this.#nodes) {
      if (!effect.to.includes(to.nodeId)) continue;
      if (partition !== undefined && partition[to.index] !== partition[node.index]) continue;
      this.#world.after(1 + this.#delays.below(DELAY_MS_MAX), () => to.post(frame));
    }
  }

  storing(node: SimulatedNode, { block, signatures }: GroupEffectOf<"store-block">): void {
    this.#chain.storing(node.index, block, signatures);
  }

  committed(node: SimulatedNode, head: ChainHead, block: ExecutedBlock): void {
    this.#chain.stored(node.index, head, block);
    this.#line(node, "stored", `${block.hash.slice(0, 8)} ${block.transactions.length} transactions`);
    const created = block.receipts.filter(({ status }) => status === 0).map((receipt) => receipt.contractAddress);
    if (block.header.number === this.#chain.height) this.#workload.blockSeen(block.header.number, created.slice(0, 1));
  }

  answered(node: SimulatedNode, { requestId, result }: GroupEffectOf<"submission-result">): void {
    this.#world.note(`n${node.index} answers ${requestId} ${result.ok ? result.value : result.error.code}`);
  }

  started(node: SimulatedNode, ledger: Ledger): void {
    this.#chain.restarted(node.index, ledger);
    this.#line(node, "started", node.index === TWIN ? `twin of n${this.#scenario.twinned}` : "");
  }

  traced(node: SimulatedNode, { room, event, level, fields }: TraceEvent): void {
    if (level !== "debug") this.#line(node, `${room}/${event}`, fields === undefined ? "" : JSON.stringify(fields));
  }

  /**
   * The cut that a frame meets; undefined when it meets none.
   *
   * Proposals and votes belong to the round of their height and view. View changes reach everybody: they are what brings
   * the instances to the next round together. Everything else belongs to the round in which its sender is.
   */
  #partitionFor(node: SimulatedNode, moduleId: number, packetType: number, body: Uint8Array): Partition | undefined {
    const round = this.#roundOf(node, moduleId, packetType, body);
    return this.#isWhole || round === undefined ? undefined : this.#scenario.partitions[round];
  }

  #roundOf(node: SimulatedNode, moduleId: number, packetType: number, body: Uint8Array): number | undefined {
    const isVote = packetType === PbftPacketType.Message || packetType === PbftPacketType.HashPrepare;
    if (moduleId === ModuleId.Pbft && isVote) {
      const packet = decodePbftPacket(body);
      if (!packet.ok || packet.value.packetId === PbftPacketId.ViewChange) return undefined;
      const message = decodePbftMessage(packet.value.message, packet.value.packetId);
      if (message.ok) return this.#enter(node, message.value);
    }
    const height = (node.group?.head.header.number ?? 0) + 1;
    return this.#rounds.get(`${height}/${node.group?.pbftView() ?? 0}`) ?? Math.max(0, this.#rounds.size - 1);
  }

  /** The round of a height and view; one that is new gets the next partition, and everybody something to propose. */
  #enter(node: SimulatedNode, { height, view }: { readonly height: number; readonly view: number }): number {
    const key = `${height}/${view}`;
    const known = this.#rounds.get(key);
    if (known !== undefined) return known;
    const round = this.#rounds.size;
    this.#rounds.set(key, round);
    const partition = this.#scenario.partitions[round];
    if (partition === undefined || this.#isWhole) return round;
    const leader = (view + height - 1) % NODES;
    this.#met.push(roundClass(partition, this.#scenario.twinned, leader));
    this.#line(node, "round", `${round}: height ${height}, view ${view}, led by n${leader}, cut ${partition}`);
    this.#world.after(0, () => this.#feed());
    return round;
  }

  /** Gives each instance a transaction of its own, so that no two leaders propose the same. */
  #feed(): void {
    for (const node of this.#nodes) this.#submit(node);
  }

  #submit(node: SimulatedNode): ReturnType<Workload["fresh"]> {
    const fresh = this.#workload.fresh();
    node.post({ type: "transaction-submitted", requestId: ++this.#lastRequestId, raw: fresh.raw });
    return fresh;
  }

  #isTwinned(node: SimulatedNode): boolean {
    return node.index === TWIN || node.index === this.#scenario.twinned;
  }

  #demandProgress(nodes: readonly SimulatedNode[]): void {
    const startMs = this.#world.nowMs;
    let fresh = this.#submit(nodes[0] as SimulatedNode);
    for (let round = 1; this.#world.nowMs < startMs + LIVENESS_MS_MAX; round++) {
      this.#world.run(this.#world.nowMs + CHECK_MS);
      const isIn = this.#chain.heightOf(fresh.hash) !== undefined;
      if (isIn && nodes.every((node) => node.group?.head.header.number === this.#chain.height)) return;
      if (!isIn && round % 50 === 0) fresh = this.#submit(nodes[(round / 50) % NODES] as SimulatedNode);
      if (this.#world.nowMs < startMs + LOCKED_APART_MS || !isLockedApart(nodes, this.#decidersOf)) continue;
      this.#lockedApart = true;
      return;
    }
    const heights = nodes.map((node) => node.group?.head.header.number).join();
    throw new SimulationFailure("liveness", `no progress without the twin: the nodes stand at ${heights}`);
  }

  #tell(event: string, detail: string): void {
    this.#world.note(`${event} ${detail}`);
    this.#story.tell({ atMs: this.#world.nowMs, node: "", event, height: undefined, view: undefined, detail });
  }

  #line(node: SimulatedNode, event: string, detail: string): void {
    this.#world.note(`n${node.index} ${event} ${detail}`);
    const { group } = node;
    this.#story.tell({
      atMs: this.#world.nowMs,
      node: node.index === TWIN ? `n${this.#scenario.twinned}'` : `n${node.index}`,
      event,
      height: group?.head.header.number,
      view: group?.pbftView(),
      detail,
    });
  }
}
