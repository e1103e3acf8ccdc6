/** One scenario of twins: five instances of four nodes, cut into other sets in each round, and the end when all is whole. */
import { bytesToHex, createRandom } from "@tsbcos/core/primitives";
import type { NodeId, Random, TraceEvent } from "@tsbcos/core/primitives";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import { decodePbftMessage, decodePbftPacket, ModuleId, PbftPacketId, PbftPacketType } from "@tsbcos/core/protocol";
import type { ChainHead, ExecutedBlock, Ledger } from "@tsbcos/core/ledger";
import type { GroupEffectOf } from "@tsbcos/core/group";
import { ChainChecker } from "../checkers/chain.js";
import { decidersOf } from "../checkers/deciders.js";
import type { DecidersOf } from "../checkers/deciders.js";
import { VoteChecker } from "../checkers/votes.js";
import { SimulationFailure } from "../failure.js";
import type { GroupListener, SimulatedGroup } from "../group.js";
import { isLockedApart } from "../locks.js";
import { SimulatedNode } from "../node.js";
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
export class TwinCluster implements GroupListener {
  readonly #scenario: Scenario;
  readonly #story: Story;
  readonly #world = new World(EVENTS_MAX);
  readonly #delays: Random;
  readonly #nodes: readonly SimulatedNode[];
  readonly #instances: readonly SimulatedGroup[];
  readonly #ids: readonly NodeId[];
  readonly #decidersOf: DecidersOf;
  readonly #chain: ChainChecker;
  readonly #votes: VoteChecker;
  readonly #workload: Workload;
  /** Numbers of the rounds, in the order in which they were first voted in. */
  readonly #rounds = new Map<string, number>();
  readonly #met: string[] = [];
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
    const [shape] = options.groups;
    const genesis = genesisOf(shape, this.#ids);
    const rules = rulesOf(shape, suite);
    const keyOf = (index: number): KeyPair => keys[index === TWIN ? scenario.twinned : index] as KeyPair;
    this.#nodes = Array.from({ length: INSTANCES }, (_, index) => {
      const nodeId = bytesToHex(keyOf(index).publicKey) as NodeId;
      return new SimulatedNode({ index, nodeId, world: this.#world, random: random.split(`node/${index}`) });
    });
    this.#instances = this.#nodes.map((node) =>
      node.addGroup({
        key: keyOf(node.index),
        disk: options.disk,
        rules,
        genesis,
        options: groupOptionsOf(shape),
        executionMsMax: shape.executionMsMax,
        bug: options.bug,
        plantedBugs: plantedBugsOf(options.bug, shape.consensus),
        listener: this,
      }),
    );
    this.#workload = new Workload({
      random: random.split("workload"),
      suite,
      groupId: shape.groupId,
      changeable: [],
      settings: settingsOf(shape),
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
      node.sessionsChanged(this.#ids.filter((id) => id !== node.nodeId));
    }
    this.#feed();
    while (this.#rounds.size <= ROUNDS && this.#world.nowMs < ROUNDS_MS_MAX)
      this.#world.run(this.#world.nowMs + CHECK_MS);
    this.#isWhole = true;
    this.#tell("whole", "the twin is gone");
    const twin = this.#nodes[TWIN] as SimulatedNode;
    twin.crash();
    this.#demandProgress(this.#instances.slice(0, NODES));
  }

  sent(instance: SimulatedGroup, effect: GroupEffectOf<"send">): void {
    const { moduleId, packetType, seq, body } = effect;
    this.#world.note(`n${instance.index} sends ${moduleId}/${packetType} ${body.length} ${body.at(-1) ?? ""}`);
    if (!this.#isTwinned(instance)) {
      const { index, nodeId, incarnation } = instance;
      const ownIndex = this.#ids.indexOf(nodeId);
      const { backedUpPrepare } = instance.disk;
      const deciding = (instance.group?.head.header.number ?? 0) + 1;
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
    const partition = this.#partitionFor(instance, moduleId, packetType, body);
    const frame = { groupId: instance.groupId, moduleId, packetType, seq, body };
    for (const to of this.#nodes) {
      if (!effect.to.includes(to.nodeId)) continue;
      if (partition !== undefined && partition[to.index] !== partition[instance.index]) continue;
      this.#world.after(1 + this.#delays.below(DELAY_MS_MAX), () => to.frame(instance.nodeId, frame));
    }
  }

  storing(instance: SimulatedGroup, { block, signatures }: GroupEffectOf<"store-block">): void {
    this.#chain.storing(instance.index, block, signatures);
  }

  committed(instance: SimulatedGroup, head: ChainHead, block: ExecutedBlock): void {
    this.#chain.stored(instance.index, head, block);
    this.#line(instance, "stored", `${block.hash.slice(0, 8)} ${block.transactions.length} transactions`);
    const created = block.receipts.filter(({ status }) => status === 0).map((receipt) => receipt.contractAddress);
    if (block.header.number === this.#chain.height) this.#workload.blockSeen(block.header.number, created.slice(0, 1));
  }

  answered(instance: SimulatedGroup, { requestId, result }: GroupEffectOf<"submission-result">): void {
    this.#world.note(`n${instance.index} answers ${requestId} ${result.ok ? result.value : result.error.code}`);
  }

  started(instance: SimulatedGroup, ledger: Ledger): void {
    this.#chain.restarted(instance.index, ledger);
    this.#line(instance, "started", instance.index === TWIN ? `twin of n${this.#scenario.twinned}` : "");
  }

  traced(instance: SimulatedGroup, { room, event, level, fields }: TraceEvent): void {
    if (level !== "debug") this.#line(instance, `${room}/${event}`, fields === undefined ? "" : JSON.stringify(fields));
  }

  /**
   * The cut that a frame meets; undefined when it meets none.
   *
   * Proposals and votes belong to the round of their height and view. View changes reach everybody: they are what brings
   * the instances to the next round together. Everything else belongs to the round in which its sender is.
   */
  #partitionFor(
    instance: SimulatedGroup,
    moduleId: number,
    packetType: number,
    body: Uint8Array,
  ): Partition | undefined {
    const round = this.#roundOf(instance, moduleId, packetType, body);
    return this.#isWhole || round === undefined ? undefined : this.#scenario.partitions[round];
  }

  #roundOf(instance: SimulatedGroup, moduleId: number, packetType: number, body: Uint8Array): number | undefined {
    const isVote = packetType === PbftPacketType.Message || packetType === PbftPacketType.HashPrepare;
    if (moduleId === ModuleId.Pbft && isVote) {
      const packet = decodePbftPacket(body);
      if (!packet.ok || packet.value.packetId === PbftPacketId.ViewChange) return undefined;
      const message = decodePbftMessage(packet.value.message, packet.value.packetId);
      if (message.ok) return this.#enter(instance, message.value);
    }
    const height = (instance.group?.head.header.number ?? 0) + 1;
    return this.#rounds.get(`${height}/${instance.group?.pbftView() ?? 0}`) ?? Math.max(0, this.#rounds.size - 1);
  }

  /** The round of a height and view; one that is new gets the next partition, and everybody something to propose. */
  #enter(instance: SimulatedGroup, { height, view }: { readonly height: number; readonly view: number }): number {
    const key = `${height}/${view}`;
    const known = this.#rounds.get(key);
    if (known !== undefined) return known;
    const round = this.#rounds.size;
    this.#rounds.set(key, round);
    const partition = this.#scenario.partitions[round];
    if (partition === undefined || this.#isWhole) return round;
    const leader = (view + height - 1) % NODES;
    this.#met.push(roundClass(partition, this.#scenario.twinned, leader));
    this.#line(instance, "round", `${round}: height ${height}, view ${view}, led by n${leader}, cut ${partition}`);
    this.#world.after(0, () => this.#feed());
    return round;
  }

  /** Gives each instance a transaction of its own, so that no two leaders propose the same. */
  #feed(): void {
    for (const instance of this.#instances) this.#submit(instance);
  }

  #submit(instance: SimulatedGroup): ReturnType<Workload["fresh"]> {
    const fresh = this.#workload.fresh();
    instance.post({ type: "transaction-submitted", requestId: ++this.#lastRequestId, raw: fresh.raw });
    return fresh;
  }

  #isTwinned(instance: SimulatedGroup): boolean {
    return instance.index === TWIN || instance.index === this.#scenario.twinned;
  }

  #demandProgress(honest: readonly SimulatedGroup[]): void {
    const startMs = this.#world.nowMs;
    let fresh = this.#submit(honest[0] as SimulatedGroup);
    for (let round = 1; this.#world.nowMs < startMs + LIVENESS_MS_MAX; round++) {
      this.#world.run(this.#world.nowMs + CHECK_MS);
      const isIn = this.#chain.heightOf(fresh.hash) !== undefined;
      if (isIn && honest.every(({ group }) => group?.head.header.number === this.#chain.height)) return;
      if (!isIn && round % 50 === 0) fresh = this.#submit(honest[(round / 50) % NODES] as SimulatedGroup);
      if (this.#world.nowMs < startMs + LOCKED_APART_MS || !isLockedApart(honest, this.#decidersOf)) continue;
      this.#lockedApart = true;
      return;
    }
    const heights = honest.map(({ group }) => group?.head.header.number).join();
    throw new SimulationFailure("liveness", `no progress without the twin: the nodes stand at ${heights}`);
  }

  #tell(event: string, detail: string): void {
    this.#world.note(`${event} ${detail}`);
    this.#story.tell({ atMs: this.#world.nowMs, node: "", event, height: undefined, view: undefined, detail });
  }

  #line(instance: SimulatedGroup, event: string, detail: string): void {
    this.#world.note(`n${instance.index} ${event} ${detail}`);
    const { group } = instance;
    this.#story.tell({
      atMs: this.#world.nowMs,
      node: instance.index === TWIN ? `n${this.#scenario.twinned}'` : `n${instance.index}`,
      event,
      height: group?.head.header.number,
      view: group?.pbftView(),
      detail,
    });
  }
}
