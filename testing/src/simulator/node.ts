/** One simulated node: the real group with the real driver, on a simulated disk and network. */
import { createRandom, silentTracer } from "@tsbcos/core/primitives";
import type { NodeId, Random, Tracer } from "@tsbcos/core/primitives";
import type { KeyPair } from "@tsbcos/core/crypto";
import { verifyTransaction } from "@tsbcos/core/protocol";
import { Ledger } from "@tsbcos/core/ledger";
import type { ChainHead, ChainRules, ExecutedBlock, GenesisConfig } from "@tsbcos/core/ledger";
import type { PlantedBugs } from "@tsbcos/core/consensus";
import { ChainWorker, Group, GroupDriver } from "@tsbcos/core/group";
import type { GroupEffect, GroupEffectOf, GroupInput, GroupOptions } from "@tsbcos/core/group";
import type { SimulatedDisk } from "./disk.js";
import { SimulationFailure } from "./failure.js";
import type { Bug } from "./planted/bugs.js";
import type { Scheduled, World } from "./world.js";

/** Wall clock at the beginning of every run: a Tuesday in 2023. */
const EPOCH_MS = 1_700_000_000_000;
const VERIFY_MS_MAX = 20;
const BANDWIDTH_MS_MAX = 50;

/** What the simulated world wants to hear from its nodes. */
export interface NodeListener {
  /** A frame leaves, to one or several peers. */
  sent(node: SimulatedNode, effect: GroupEffectOf<"send">): void;
  storing(node: SimulatedNode, effect: GroupEffectOf<"store-block">): void;
  committed(node: SimulatedNode, head: ChainHead, block: ExecutedBlock): void;
  answered(node: SimulatedNode, effect: GroupEffectOf<"submission-result">): void;
  started(node: SimulatedNode, ledger: Ledger): void;
  /** Something worth a line happened inside. */
  traced(node: SimulatedNode, event: Parameters<Tracer>[0]): void;
}

/** What a node is made of. */
export interface NodeParts {
  readonly index: number;
  readonly world: World;
  readonly random: Random;
  readonly disk: SimulatedDisk;
  readonly key: KeyPair;
  readonly nodeId: NodeId;
  readonly rules: ChainRules;
  readonly genesis: GenesisConfig;
  readonly options: GroupOptions;
  readonly executionMsMax: number;
  readonly bug: Bug | undefined;
  readonly plantedBugs: PlantedBugs | undefined;
  readonly listener: NodeListener;
}

interface Process {
  readonly worker: ChainWorker;
  readonly driver: GroupDriver;
  /** A process starts its monotonic clock anywhere. */
  readonly steadyOffsetMs: number;
}

/** A node that can be started, crashed, paused and given inputs. */
export class SimulatedNode {
  readonly index: number;
  readonly nodeId: NodeId;
  readonly disk: SimulatedDisk;
  readonly #parts: NodeParts;
  readonly #random: Random;
  #process: Process | undefined;
  #incarnation = 0;
  /** Inputs that arrived during a pause; undefined while running. */
  #held: GroupInput[] | undefined;
  #wake: Scheduled | undefined;
  #clockSkewMs = 0;

  constructor(parts: NodeParts) {
    this.index = parts.index;
    this.nodeId = parts.nodeId;
    this.disk = parts.disk;
    this.#parts = parts;
    this.#random = parts.random;
  }

  /** The running group; undefined while the process is down. */
  get group(): Group | undefined {
    return this.#process?.driver.group;
  }

  /** Lives of the process so far. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** The process is up and not paused. */
  get isUp(): boolean {
    return this.#process !== undefined && this.#held === undefined;
  }

  /** Starts the process from what the disk holds. */
  start(): void {
    const { disk, rules, genesis, listener, world } = this.#parts;
    this.#incarnation++;
    this.#guard(() => {
      // With history: the disks of two nodes must be the same in that, too.
      const opened = Ledger.open(disk.reader, rules, genesis, { keepsHistory: true });
      if (!opened.ok)
        throw new SimulationFailure("crash", `n${this.index} cannot open its ledger: ${opened.error.code}`);
      const { ledger, initialWrites } = opened.value;
      disk.writeNow(initialWrites);
      const group = this.#createGroup(ledger);
      const driver = new GroupDriver(group, {
        perform: (effect) => this.#perform(effect),
        now: () => this.#now(),
        wakeAt: (steadyMs) => this.#wakeAt(steadyMs),
      });
      const steadyOffsetMs = this.#random.below(1_000_000_000) - world.nowMs;
      listener.started(this, ledger);
      this.#process = { worker: new ChainWorker(ledger), driver, steadyOffsetMs };
    });
    const backedUpPrepare = this.#parts.bug === "backup-forgotten" ? undefined : disk.backedUpPrepare;
    this.post({ type: "started", backedUpPrepare });
  }

  /** Ends the process without a warning. */
  crash(): void {
    this.#process = undefined;
    this.#held = undefined;
    this.#wakeAt(undefined);
    this.disk.crash();
  }

  /** The process stands still; everything that arrives waits. */
  pause(): void {
    this.#held ??= [];
  }

  /** The process goes on and finds everything that arrived meanwhile. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const input of held) this.post(input);
  }

  /** Sets the wall clock forward or back. */
  jumpClock(byMs: number): void {
    this.#clockSkewMs += byMs;
  }

  /** Something happens to the node; nothing does while the process is down. */
  post(input: GroupInput): void {
    const running = this.#process;
    if (running === undefined) return;
    if (this.#held !== undefined) {
      this.#held.push(input);
      return;
    }
    this.#guard(() => {
      running.driver.post(input);
      running.driver.group.invariants();
    });
  }

  #createGroup(ledger: Ledger): Group {
    const { genesis, key, nodeId, options, plantedBugs, listener } = this.#parts;
    const made = Group.create({
      ledger,
      genesis,
      key,
      nodeId,
      options,
      random: createRandom(`group/${this.#random.nextU32()}`),
      trace: listener === undefined ? silentTracer : (event) => listener.traced(this, event),
      ...(plantedBugs === undefined ? {} : { plantedBugs }),
    });
    if (!made.ok) throw new SimulationFailure("crash", `n${this.index} cannot make its group: ${made.error.code}`);
    return made.value;
  }

  #now(): { steadyMs: number; wallMs: number } {
    const { nowMs } = this.#parts.world;
    return {
      steadyMs: nowMs + (this.#process?.steadyOffsetMs ?? 0),
      wallMs: EPOCH_MS + nowMs + this.#clockSkewMs,
    };
  }

  #wakeAt(steadyMs: number | undefined): void {
    if (this.#wake !== undefined) this.#wake.cancelled = true;
    this.#wake = undefined;
    if (steadyMs === undefined) return;
    // No timer of a real host is faster than a millisecond.
    const delayMs = Math.max(1, Math.ceil(steadyMs - this.#now().steadyMs));
    this.#wake = this.#parts.world.after(delayMs, () => this.post({ type: "tick" }));
  }

  #perform(effect: GroupEffect): void {
    const { listener } = this.#parts;
    switch (effect.type) {
      case "send":
        return listener.sent(this, effect);
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
      case "transaction-abandoned":
      case "members-changed":
        return;
    }
  }

  /** Bandwidth is short at times: some of the blocks go, a little later. */
  #grant({ token, sizes }: GroupEffectOf<"ask-bandwidth">): void {
    const blocks = 1 + this.#random.below(sizes.length);
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
    const running = this.#process as Process;
    this.#parts.listener.storing(this, effect);
    const writes = running.worker.prepareStore(effect);
    let reported = false;
    const report = (): void => {
      if (!reported && running === this.#process) this.post(running.worker.stored(effect));
      reported = true;
    };
    if (this.#parts.bug === "stored-before-durable") this.#later(1, report);
    this.disk.write(writes, report);
  }

  #persist({ token, bytes }: GroupEffectOf<"persist-prepare">): void {
    let reported = false;
    const report = (): void => {
      if (!reported) this.post({ type: "prepare-persisted", token });
      reported = true;
    };
    if (this.#parts.bug === "commit-before-persist") this.#later(1, report);
    this.disk.writePrepare(bytes, report);
  }

  /** Lets something happen in the process within so many milliseconds, unless it dies before. */
  #later(withinMs: number, action: (running: Process) => void): void {
    const running = this.#process;
    this.#parts.world.after(this.#random.below(withinMs + 1), () => {
      if (running !== undefined && running === this.#process) this.#guard(() => action(running));
    });
  }

  /** Turns every exception of the code under test into the end of the run. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (cause) {
      if (cause instanceof SimulationFailure) throw cause;
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
      throw new SimulationFailure("crash", `n${this.index} broke: ${text}`, { cause });
    }
  }
}
