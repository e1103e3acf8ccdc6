/**
 * The simulated network: sessions between nodes, and frames that are late, lost, doubled or out of order.
 *
 * Worse than TCP on purpose: the protocol must be safe on it, and make progress once it calms down.
 */
import type { Random } from "@tsbcos/core/primitives";
import type { World } from "./world.js";

/** How bad the network is. Probabilities are for each frame. */
export interface NetworkOptions {
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  readonly loss: number;
  readonly duplication: number;
  /** A frame is held back long enough to be overtaken by many. */
  readonly holdBack: number;
}

/** One frame under way. */
export interface SimulatedFrame {
  readonly groupId: number;
  readonly moduleId: number;
  readonly packetType: number;
  readonly seq: number;
  readonly body: Uint8Array;
}

/** Who is told what the network does. */
export interface NetworkListener {
  /** A frame arrived. */
  deliver(from: number, to: number, frame: SimulatedFrame): void;
  /** The sessions of `node` are now exactly `peers`, ascending. */
  sessionsChanged(node: number, peers: readonly number[]): void;
}

/** A network without faults: what the second phase of a run uses. */
export const CALM_NETWORK: NetworkOptions = { delayMinMs: 1, delayMaxMs: 20, loss: 0, duplication: 0, holdBack: 0 };

const HOLD_BACK_MS_MAX = 3000;
const CONNECT_MS_MAX = 800;
/** A dead or cut-off peer is noticed within this time. */
const NOTICE_MS_MAX = 4000;

interface Link {
  /** Frames can travel. */
  up: boolean;
  /** Raised whenever a session begins, ends or is cut, so that its frames are lost with it. */
  epoch: number;
  /** A change is on its way. */
  pending: boolean;
  /** Ends that believe in the session: the survivor of a crash does so until it notices. */
  readonly seenBy: Set<number>;
}

/** Full mesh of links among `count` nodes. */
export class Network {
  readonly #world: World;
  readonly #random: Random;
  readonly #count: number;
  readonly #listener: NetworkListener;
  readonly #links = new Map<number, Link>();
  readonly #blocked = new Set<number>();
  readonly #running: boolean[];
  #options: NetworkOptions;

  constructor(parts: {
    world: World;
    random: Random;
    count: number;
    options: NetworkOptions;
    listener: NetworkListener;
  }) {
    this.#world = parts.world;
    this.#random = parts.random;
    this.#count = parts.count;
    this.#options = parts.options;
    this.#listener = parts.listener;
    this.#running = Array.from({ length: parts.count }, () => false);
    for (let a = 0; a < parts.count; a++) {
      for (let b = a + 1; b < parts.count; b++)
        this.#links.set(this.#key(a, b), { up: false, epoch: 0, pending: false, seenBy: new Set() });
    }
  }

  /** From now on the network behaves like this. */
  setOptions(options: NetworkOptions): void {
    this.#options = options;
  }

  /** The process of `node` is up: it connects to whoever can be reached. */
  nodeStarted(node: number): void {
    this.#running[node] = true;
    for (let peer = 0; peer < this.#count; peer++) if (peer !== node) this.#settle(node, peer);
  }

  /** The process of `node` is gone: its sessions are dead at once, and the peers notice later. */
  nodeStopped(node: number): void {
    this.#running[node] = false;
    for (let peer = 0; peer < this.#count; peer++) {
      if (peer === node) continue;
      const link = this.#link(node, peer);
      link.up = false;
      link.epoch++;
      link.seenBy.delete(node);
      this.#world.after(1 + this.#random.below(NOTICE_MS_MAX), () => {
        if (!link.up) this.#forget(link, peer);
      });
    }
  }

  /** Frames from `from` to `to` vanish from now on; with `abrupt` also those of both that are under way. */
  block(from: number, to: number, abrupt = false): void {
    this.#blocked.add(from * this.#count + to);
    if (abrupt) this.#link(from, to).epoch++;
    this.#settle(from, to);
  }

  /** Every link works again in both directions. */
  healAll(): void {
    this.#blocked.clear();
    for (let a = 0; a < this.#count; a++) for (let b = a + 1; b < this.#count; b++) this.#settle(a, b);
  }

  /** Peers with a session to `node`, ascending. */
  peersOf(node: number): number[] {
    const peers: number[] = [];
    for (let peer = 0; peer < this.#count; peer++)
      if (peer !== node && this.#link(node, peer).seenBy.has(node)) peers.push(peer);
    return peers;
  }

  /** Puts one frame under way; without a session it is lost, as in the P2P layer. */
  send(from: number, to: number, frame: SimulatedFrame): void {
    const link = this.#link(from, to);
    if (!link.up || this.#blocked.has(from * this.#count + to)) return;
    if (this.#random.chance(this.#options.loss)) return;
    this.#dispatch(from, to, frame, link);
    if (this.#random.chance(this.#options.duplication)) this.#dispatch(from, to, frame, link);
  }

  #dispatch(from: number, to: number, frame: SimulatedFrame, link: Link): void {
    const { delayMinMs, delayMaxMs, holdBack } = this.#options;
    let delayMs = delayMinMs + this.#random.below(delayMaxMs - delayMinMs + 1);
    if (this.#random.chance(holdBack)) delayMs += this.#random.below(HOLD_BACK_MS_MAX);
    const { epoch } = link;
    this.#world.after(delayMs, () => {
      if (link.up && link.epoch === epoch && this.#running[to] === true) this.#listener.deliver(from, to, frame);
    });
  }

  /** Brings the session of two nodes to what it should be, after the time such things take. */
  #settle(a: number, b: number): void {
    const link = this.#link(a, b);
    if (link.pending || link.up === this.#shouldBeUp(a, b)) return;
    link.pending = true;
    this.#world.after(1 + this.#random.below(link.up ? NOTICE_MS_MAX : CONNECT_MS_MAX), () => {
      link.pending = false;
      const up = this.#shouldBeUp(a, b);
      if (link.up === up) return;
      link.up = up;
      link.epoch++;
      // Whoever still believed in the former session learns of its end first.
      for (const node of [a, b]) this.#forget(link, node);
      if (!up) return;
      for (const node of [a, b]) link.seenBy.add(node);
      for (const node of [a, b]) this.#listener.sessionsChanged(node, this.peersOf(node));
    });
  }

  #forget(link: Link, node: number): void {
    if (link.seenBy.delete(node) && this.#running[node] === true) {
      this.#listener.sessionsChanged(node, this.peersOf(node));
    }
  }

  #shouldBeUp(a: number, b: number): boolean {
    const cut = this.#blocked.has(a * this.#count + b) || this.#blocked.has(b * this.#count + a);
    return this.#running[a] === true && this.#running[b] === true && !cut;
  }

  #link(a: number, b: number): Link {
    return this.#links.get(this.#key(a, b)) as Link;
  }

  #key(a: number, b: number): number {
    return Math.min(a, b) * this.#count + Math.max(a, b);
  }
}
