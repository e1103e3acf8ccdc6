/** One group on a simulated node: the real machines with the real driver, on a simulated disk. */
import { createRandom } from "@tsbcos/core/primitives";
import type { GroupId, Instant, NodeId, Random, Tracer } from "@tsbcos/core/primitives";
import type { KeyPair } from "@tsbcos/core/crypto";
import { verifyTransaction } from "@tsbcos/core/protocol";
import { Ledger } from "@tsbcos/core/ledger";
import type { ChainHead, ChainRules, ExecutedBlock, GenesisConfig } from "@tsbcos/core/ledger";
import type { PlantedBugs } from "@tsbcos/core/consensus";
import { ChainWorker, Group, GroupDriver } from "@tsbcos/core/group";
import type {
  GroupEffect,
  GroupEffectOf,
  GroupInput,
  GroupOptions,
  RoutedFrame,
  RoutedGroup,
} from "@tsbcos/core/group";
import { SimulatedDisk } from "./disk.js";
import type { DiskOptions } from "./disk.js";
import { check, SimulationFailure } from "./failure.js";
import type { SimulatedFrame } from "./network.js";
import type { Bug } from "./planted/bugs.js";
import type { Scheduled, World } from "./world.js";

const VERIFY_MS_MAX = 20;
const BANDWIDTH_MS_MAX = 50;
/** Between two attempts to get permits for a block. */
const BANDWIDTH_RETRY_MS = 200;

/** The process in which a group runs. */
export interface HostingNode {
  readonly index: number;
  readonly nodeId: NodeId;
  readonly world: World;
  readonly isPaused: boolean;
  now(): Instant;
  /** Number for the next frame that leaves. */
  nextSeq(): number;
  /** So many bytes leave for so many peers, which uses up bandwidth. */
  charge(frame: SimulatedFrame, receivers: number): void;
  /** How many blocks of these sizes may leave now. */
  serve(groupId: GroupId, sizes: readonly number[]): number;
  /** Lets something arrive: now, or when the pause is over. */
  arrive(what: () => void): void;
  /** All groups that are configured, running or not. */
  readonly groups: readonly SimulatedGroup[];
  /** Nodes whose frames the group takes. */
  membersChanged(groupId: GroupId, members: readonly NodeId[]): void;
}

/** What is heard of one group on its nodes. */
export interface GroupListener {
  /** A frame leaves, to one or several peers; it has its number. */
  sent(group: SimulatedGroup, effect: GroupEffectOf<"send">): void;
  storing(group: SimulatedGroup, effect: GroupEffectOf<"store-block">): void;
  committed(group: SimulatedGroup, head: ChainHead, block: ExecutedBlock): void;
  answered(group: SimulatedGroup, effect: GroupEffectOf<"submission-result">): void;
  started(group: SimulatedGroup, ledger: Ledger): void;
  /** Something worth a line happened inside. */
  traced(group: SimulatedGroup, event: Parameters<Tracer>[0]): void;
}

/** What a group on a node is made of. */
export interface GroupParts {
  readonly key: KeyPair;
  readonly disk: DiskOptions;
  readonly rules: ChainRules;
  readonly genesis: GenesisConfig;
  readonly options: GroupOptions;
  readonly executionMsMax: number;
  readonly bug: Bug | undefined;
  readonly plantedBugs: PlantedBugs | undefined;
  readonly listener: GroupListener;
}

interface Running {
  readonly worker: ChainWorker;
  readonly driver: GroupDriver;
}

/** A group that lives and dies with the process of its node, and can be stopped and started within it. */
export class SimulatedGroup implements RoutedGroup {
  readonly groupId: GroupId;
  readonly node: HostingNode;
  /** Number of the node. */
  readonly index: number;
  readonly nodeId: NodeId;
  readonly disk: SimulatedDisk;
  readonly #parts: GroupParts;
  readonly #random: Random;
  #running: Running | undefined;
  #incarnation = 0;
  #wake: Scheduled | undefined;

  constructor(node: HostingNode, random: Random, parts: GroupParts) {
    this.groupId = parts.rules.groupId;
    this.node = node;
    this.index = node.index;
    this.nodeId = node.nodeId;
    this.disk = new SimulatedDisk(node.world, random.split("disk"), parts.disk);
    this.#parts = parts;
    this.#random = random;
  }

  /** The machines; undefined while the group is down. */
  get group(): Group | undefined {
    return this.#running?.driver.group;
  }

  /** Lives so far. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** There are machines, perhaps in a paused process. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Runs, in a process that is not paused. */
  get isUp(): boolean {
    return this.isRunning && !this.node.isPaused;
  }

  /** Opens what the disk holds; what is returned gives the group its first input. */
  open(): () => void {
    const { disk } = this;
    const { rules, genesis, listener, bug } = this.#parts;
    this.#incarnation++;
    this.#guard(() => {
      // With history: the disks of two nodes must be the same in that, too.
      const opened = Ledger.open(disk.reader, rules, genesis, { keepsHistory: true });
      if (!opened.ok)
        throw new SimulationFailure("crash", `n${this.index} cannot open its ledger: ${opened.error.code}`);
      const { ledger, initialWrites } = opened.value;
      disk.writeNow(initialWrites);
      const driver = new GroupDriver(this.#createGroup(ledger), {
        perform: (effect) => this.#perform(effect),
        now: () => this.node.now(),
        wakeAt: (steadyMs) => this.#wakeAt(steadyMs),
      });
      listener.started(this, ledger);
      this.#running = { worker: new ChainWorker(ledger), driver };
    });
    const backedUpPrepare = bug === "backup-forgotten" ? undefined : disk.backedUpPrepare;
    return () => this.post({ type: "started", backedUpPrepare });
  }

  /** Its process is gone. */
  crash(): void {
    this.#end();
    this.disk.crash();
  }

  /** Ends it as an operator does: its writes are completed. */
  stop(): void {
    this.#end();
  }

  /** Calls back when everything that was being written is on the disk. */
  whenStopped(done: () => void): void {
    this.disk.write([], done);
  }

  /** Something happens to the group; nothing does while it is down. */
  post(input: GroupInput): void {
    const running = this.#running;
    if (running === undefined) return;
    if (this.node.isPaused) return this.node.arrive(() => this.post(input));
    this.#guard(() => {
      running.driver.post(input);
      running.driver.group.invariants();
    });
  }

  frame(from: NodeId, frame: RoutedFrame): boolean {
    this.#guard(() => {
      const what = `n${this.index} gives a frame of group ${frame.groupId} to group ${this.groupId}`;
      check(frame.groupId === this.groupId, what);
    });
    const { moduleId, packetType, seq, body } = frame;
    this.post({ type: "frame-received", from, moduleId, packetType, seq, body });
    return true;
  }

  peers(peers: readonly NodeId[]): void {
    this.post({ type: "peers-changed", peers });
  }

  #end(): void {
    this.#running = undefined;
    this.#wakeAt(undefined);
  }

  #createGroup(ledger: Ledger): Group {
    const { genesis, key, options, plantedBugs, listener } = this.#parts;
    const made = Group.create({
      ledger,
      genesis,
      key,
      nodeId: this.nodeId,
      options,
      random: createRandom(`group/${this.#random.nextU32()}`),
      trace: (event) => listener.traced(this, event),
      ...(plantedBugs === undefined ? {} : { plantedBugs }),
    });
    if (!made.ok) throw new SimulationFailure("crash", `n${this.index} cannot make its group: ${made.error.code}`);
    return made.value;
  }

  #wakeAt(steadyMs: number | undefined): void {
    if (this.#wake !== undefined) this.#wake.cancelled = true;
    this.#wake = undefined;
    if (steadyMs === undefined) return;
    // No timer of a real host is faster than a millisecond.
    const delayMs = Math.max(1, Math.ceil(steadyMs - this.node.now().steadyMs));
    this.#wake = this.node.world.after(delayMs, () => this.post({ type: "tick" }));
  }

  #perform(effect: GroupEffect): void {
    const { listener } = this.#parts;
    switch (effect.type) {
      case "send":
        return this.#send(effect);
      case "verify-transactions":
        return this.#verify(effect);
      case "execute-block":
        return this.#execute(effect);
      case "store-block":
        return this.#store(effect);
      case "persist-prepare":
        return this.#persist(effect);
      case "ask-bandwidth":
        return this.#grant(effect);
      case "submission-result":
        return listener.answered(this, effect);
      case "block-committed":
        return listener.committed(this, effect.head, effect.block);
      case "members-changed":
        return this.node.membersChanged(this.groupId, effect.members);
      case "transaction-abandoned":
        return;
    }
  }

  #send(effect: GroupEffectOf<"send">): void {
    const seq = effect.seq === 0 ? this.node.nextSeq() : effect.seq;
    this.node.charge({ ...effect, groupId: this.groupId }, effect.to.length);
    this.#parts.listener.sent(this, { ...effect, seq });
  }

  /** Bandwidth is short at times: some of the blocks go, a little later. */
  #grant(effect: GroupEffectOf<"ask-bandwidth">): void {
    const { token, sizes } = effect;
    const running = this.#running;
    const allowed = this.node.serve(this.groupId, sizes);
    if (allowed === 0) {
      this.node.world.after(BANDWIDTH_RETRY_MS, () => {
        if (running === this.#running) this.#grant(effect);
      });
      return;
    }
    const blocks = 1 + this.#random.below(allowed);
    this.#later(BANDWIDTH_MS_MAX, () => this.post({ type: "bandwidth-granted", token, blocks }));
  }

  #verify({ token, raws }: GroupEffectOf<"verify-transactions">): void {
    this.#later(VERIFY_MS_MAX, () => {
      const transactions = raws.map((raw) => {
        const verified = verifyTransaction(raw, this.#parts.rules.suite);
        return verified.ok ? verified.value : undefined;
      });
      this.post({ type: "transactions-verified", token, transactions });
    });
  }

  #execute(effect: GroupEffectOf<"execute-block">): void {
    this.#later(this.#parts.executionMsMax, ({ worker }) => this.post(worker.execute(effect)));
  }

  #store(effect: GroupEffectOf<"store-block">): void {
    const running = this.#running as Running;
    this.#parts.listener.storing(this, effect);
    const writes = running.worker.prepareStore(effect);
    let reported = false;
    const report = (): void => {
      if (!reported && running === this.#running) this.post(running.worker.stored(effect));
      reported = true;
    };
    if (this.#parts.bug === "stored-before-durable") this.#later(1, report);
    this.disk.write(writes, report);
  }

  #persist({ token, bytes }: GroupEffectOf<"persist-prepare">): void {
    const running = this.#running;
    let reported = false;
    const report = (): void => {
      if (!reported && running === this.#running) this.post({ type: "prepare-persisted", token });
      reported = true;
    };
    if (this.#parts.bug === "commit-before-persist") this.#later(1, report);
    const areaOf = this.#parts.bug === "backup-in-shared-area" ? this.node.groups[0] : this;
    (areaOf ?? this).disk.writePrepare(bytes, report);
  }

  /** Lets something happen in the process within so many milliseconds, unless the group ends before. */
  #later(withinMs: number, action: (running: Running) => void): void {
    const running = this.#running;
    this.node.world.after(this.#random.below(withinMs + 1), () => {
      if (running !== undefined && running === this.#running) this.#guard(() => action(running));
    });
  }

  /** Writes so far to the disks of the other groups of the node. */
  #writesBeside(): number {
    let writes = 0;
    for (const other of this.node.groups) if (other !== this) writes += other.disk.writes;
    return writes;
  }

  /** Turns every exception of the code under test into the end of the run. And whatever it does, it does to its own disk. */
  #guard(action: () => void): void {
    try {
      const before = this.#writesBeside();
      action();
      check(this.#writesBeside() === before, `n${this.index} writes to the disk of another group`);
    } catch (cause) {
      if (cause instanceof SimulationFailure) throw cause.in(this.groupId);
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
      throw new SimulationFailure("crash", `n${this.index} broke: ${text}`, { cause, groupId: this.groupId });
    }
  }
}
