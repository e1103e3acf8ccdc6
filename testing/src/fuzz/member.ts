/** What three real nodes sent to a fourth, damaged, doubled and out of order, on a real group in the place of the fourth. */
import { ChainWorker, Group, GroupDriver } from "@tsbcos/core/group";
import type { GroupEffect, GroupInput, GroupPorts } from "@tsbcos/core/group";
import { Ledger } from "@tsbcos/core/ledger";
import { nodeId } from "@tsbcos/core/primitives";
import type { Instant, NodeId, Random } from "@tsbcos/core/primitives";
import { verifyTransaction } from "@tsbcos/core/protocol";
import type { P2pFrame, VerifiedTransaction } from "@tsbcos/core/protocol";
import { MemoryStore } from "@tsbcos/core/state";
import { readNodeKey } from "@tsbcos/node/crypto";
import type { NativeSuites } from "@tsbcos/node/crypto";
import { join } from "node:path";
import { readRecording } from "../replay/index.js";
import type { Recording } from "../replay/index.js";
import { loadFrames, loadText, RECORDINGS } from "../vectors/index.js";
import { RECORDED_OPTIONS } from "../vectors/rpc-node.js";
import { openFrame } from "./corpus.js";
import { damaged } from "./damage.js";
import { damagedTree, encodeRlpTree, rlpTree } from "./rlp-tree.js";
import { cpuMs, demand, pick } from "./target.js";
import type { Target } from "./target.js";

const CHAIN = "wire";
const FIRST_PORT = 31_500;
/** Frames between two walks over everything the group holds. */
const FRAMES_PER_CHECK = 20;
/** A whole capture takes seconds; what takes longer hangs. */
const PATIENCE_MS = 60_000;

interface Delivery {
  readonly ms: number;
  readonly from: NodeId;
  readonly frame: P2pFrame;
}

interface Capture {
  readonly recording: Recording;
  readonly nodes: readonly NodeId[];
  readonly deliveries: readonly Delivery[];
  /** By raw bytes: the same ones come again in every case, and checking a signature takes long. */
  readonly verified: Map<string, VerifiedTransaction | undefined>;
}

function loadCapture(suites: Pick<NativeSuites, "sm" | "standard">): Capture {
  const nodes = [0, 1, 2, 3].map((n) => nodeId(loadText(`${CHAIN}/nodes/node${n}/node.nodeid`).trim()));
  const deliveries = loadFrames(`${CHAIN}/p2p-pbft.jsonl.gz`).map(({ ms, from, frame }) => {
    return { ms, from: nodes[from - FIRST_PORT] as NodeId, frame: openFrame(frame) };
  });
  return { recording: readRecording(join(RECORDINGS, CHAIN), suites), nodes, deliveries, verified: new Map() };
}

/** A host that does everything at once, in virtual time. */
class Host implements GroupPorts {
  readonly group: Group;
  readonly #capture: Capture;
  readonly #store = new MemoryStore();
  readonly #chain: ChainWorker;
  readonly #driver: GroupDriver;
  #wakeAtMs: number | undefined;
  #nowMs = 0;

  constructor(capture: Capture, random: Random) {
    this.#capture = capture;
    const { rules, genesis, directory } = capture.recording;
    const opened = Ledger.open(this.#store, rules, genesis);
    demand(opened.ok, "the chain opens");
    const { ledger, initialWrites } = opened.value;
    this.#store.write(initialWrites);
    const { pair: key } = readNodeKey(join(directory, "nodes/node3/node.key"), rules.suite);
    const self = capture.nodes[3] as NodeId;
    const made = Group.create({ ledger, genesis, key, nodeId: self, options: RECORDED_OPTIONS, random });
    demand(made.ok, "the group starts");
    this.group = made.value;
    this.#chain = new ChainWorker(ledger);
    this.#driver = new GroupDriver(made.value, this);
    this.#driver.post({ type: "started", backedUpPrepare: undefined });
    this.#driver.post({ type: "peers-changed", peers: capture.nodes.slice(0, 3) });
  }

  now(): Instant {
    return { steadyMs: this.#nowMs, wallMs: this.#nowMs };
  }

  wakeAt(steadyMs: number | undefined): void {
    this.#wakeAtMs = steadyMs;
  }

  /** Lets time pass, then hands in the input. */
  deliver(ms: number, input: GroupInput): void {
    while (this.#wakeAtMs !== undefined && this.#wakeAtMs <= ms) {
      this.#nowMs = Math.max(this.#nowMs + 1, this.#wakeAtMs);
      this.#wakeAtMs = undefined;
      this.#driver.post({ type: "tick" });
    }
    this.#nowMs = Math.max(this.#nowMs, ms);
    this.#driver.post(input);
  }

  perform(effect: GroupEffect): void {
    switch (effect.type) {
      case "verify-transactions": {
        const transactions = effect.raws.map((raw) => this.#verify(raw));
        return this.#driver.post({ type: "transactions-verified", token: effect.token, transactions });
      }
      case "execute-block":
        return this.#driver.post(this.#chain.execute(effect));
      case "store-block":
        this.#store.write(this.#chain.prepareStore(effect));
        return this.#driver.post(this.#chain.stored(effect));
      case "persist-prepare":
        return this.#driver.post({ type: "prepare-persisted", token: effect.token });
      case "ask-bandwidth":
        return this.#driver.post({ type: "bandwidth-granted", token: effect.token, blocks: effect.sizes.length });
      default:
        // Nobody hears what is sent, and no client waits.
        return;
    }
  }

  #verify(raw: Uint8Array): VerifiedTransaction | undefined {
    const { verified, recording } = this.#capture;
    const name = Buffer.from(raw).toString("latin1");
    if (!verified.has(name)) {
      const result = verifyTransaction(raw.slice(), recording.rules.suite);
      verified.set(name, result.ok ? result.value : undefined);
    }
    return verified.get(name);
  }
}

function damagedBody(body: Uint8Array, random: Random): Uint8Array {
  // The first byte of a sync packet is its kind, and RLP begins behind it.
  const start = random.chance(0.5) ? 0 : 1;
  const tree = rlpTree(body.subarray(start));
  if (tree === undefined || random.chance(0.2)) return damaged(body, random);
  return Buffer.concat([body.subarray(0, start), encodeRlpTree(damagedTree(tree, random))]);
}

/** The frame as it arrives, or what somebody makes of it. */
function variations({ from, frame }: Delivery, nodes: readonly NodeId[], random: Random): GroupInput[] {
  const { moduleId, packetType, seq, body } = frame;
  const input = { type: "frame-received", from, moduleId, packetType, seq, body } as const;
  const inputs: GroupInput[] = random.chance(0.05) ? [] : [input];
  if (random.chance(0.3)) inputs.push({ ...input, body: damagedBody(body, random) });
  if (random.chance(0.03)) inputs.push(input);
  if (random.chance(0.03)) inputs.push({ ...input, from: pick(random, nodes) });
  if (random.chance(0.03)) inputs.push({ ...input, packetType: random.below(9) });
  if (random.chance(0.01)) inputs.push({ ...input, moduleId: pick(random, [1, 8, 9, 11]) });
  return random.shuffled(inputs);
}

/** Damaged frames on a running group. */
export function memberTarget(suites: Pick<NativeSuites, "sm" | "standard">): Target {
  let capture: Capture | undefined;
  return {
    name: "member",
    description: "recorded PBFT and sync frames, damaged, on a whole group: no exception, no broken invariant",
    run(random) {
      capture ??= loadCapture(suites);
      const started = cpuMs();
      const host = new Host(capture, random.split("group"));
      let frames = 0;
      const held: Delivery[] = [];
      for (const delivery of capture.deliveries) {
        if (random.chance(0.05)) held.push(delivery);
        else
          for (const input of variations(delivery, capture.nodes, random)) {
            host.deliver(delivery.ms, input);
            if (++frames % FRAMES_PER_CHECK === 0) host.group.invariants();
          }
        if (held.length > 0 && random.chance(0.1)) {
          const late = held.splice(random.below(held.length), 1)[0] as Delivery;
          for (const input of variations(late, capture.nodes, random)) host.deliver(delivery.ms, input);
        }
      }
      host.group.invariants();
      demand(cpuMs() - started < PATIENCE_MS, "a capture is handled in time");
      if (capture.verified.size > 10_000) capture.verified.clear();
      return { captures: 1, frames, blocks: host.group.head.header.number };
    },
  };
}
