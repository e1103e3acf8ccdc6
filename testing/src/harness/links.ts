/** Wires between the nodes of a chain that a test can cut, heal and make slow. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { TestChain } from "./chain.js";

/** Bytes, or the end of them, that are on their way. */
interface Parcel {
  readonly bytes: Buffer | undefined;
  readonly dueMs: number;
}

/** One direction of one connection: what comes in leaves in order, late, or not before the wire is healed. */
class Lane {
  readonly #out: Socket;
  readonly #wire: Wire;
  readonly #parcels: Parcel[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(wire: Wire, out: Socket) {
    this.#wire = wire;
    this.#out = out;
  }

  put(bytes: Buffer | undefined): void {
    this.#parcels.push({ bytes, dueMs: performance.now() + this.#wire.delayMs });
    this.deliver();
  }

  deliver(): void {
    clearTimeout(this.#timer);
    if (this.#wire.cut) return;
    for (let next = this.#parcels[0]; next !== undefined; next = this.#parcels[0]) {
      const early = next.dueMs - performance.now();
      if (early > 0) {
        this.#timer = setTimeout(() => {
          this.deliver();
        }, early);
        return;
      }
      this.#parcels.shift();
      if (next.bytes === undefined) this.#out.end();
      else this.#out.write(next.bytes);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#parcels.length = 0;
  }
}

/** What one node dials to reach another: a port of its own that hands everything on. */
class Wire {
  /** Time that bytes take, each way. */
  delayMs = 0;
  /** Nothing comes through; neither side is told, as when packets are dropped. */
  cut = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #lanes = new Set<Lane>();

  constructor(targetPort: number) {
    this.#server = createServer((near) => {
      const far = connect(targetPort, "127.0.0.1");
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return (this.#server.address() as AddressInfo).port;
  }

  deliver(): void {
    for (const lane of this.#lanes) lane.deliver();
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(from: Socket, to: Socket): void {
    const lane = new Lane(this, to);
    this.#lanes.add(lane);
    this.#sockets.add(from.setNoDelay(true));
    from.on("data", (bytes) => {
      lane.put(bytes);
    });
    from.on("end", () => {
      lane.put(undefined);
    });
    // A reset says that the other process is gone; on a wire that is cut nobody hears of it.
    from.on("error", () => undefined);
    from.on("close", () => {
      this.#sockets.delete(from);
      this.#lanes.delete(lane);
      lane.put(undefined);
    });
  }
}

/** All wires of a chain: made before its nodes are started, which then dial each other only through them. */
export class Links {
  readonly #wires = new Map<string, Wire>();

  private constructor() {
    // Made by `between`.
  }

  /** Rewrites the peers in the nodes' settings. The nodes must not run yet. */
  static async between(chain: TestChain): Promise<Links> {
    const links = new Links();
    for (const from of chain.nodes) {
      for (const to of chain.nodes) {
        if (from === to) continue;
        const wire = new Wire(to.p2pPort);
        links.#wires.set(`${from.index}>${to.index}`, wire);
        const port = await wire.listen();
        from.change("config.ini", (text) =>
          text.replace(new RegExp(`(node\\.\\d+=127\\.0\\.0\\.1):${to.p2pPort}\\b`), `$1:${port}`),
        );
      }
    }
    return links;
  }

  /** Cuts every wire between different sides; nodes that no side names stand alone. */
  partition(...sides: readonly (readonly number[])[]): void {
    const sideOf = new Map(sides.flatMap((side, number) => side.map((index) => [index, number] as const)));
    this.#each((wire, from, to) => {
      wire.cut = sideOf.get(from) === undefined || sideOf.get(from) !== sideOf.get(to);
    });
  }

  /** Everything that was held back arrives, and the wires are as at first. */
  heal(): void {
    this.#each((wire) => {
      wire.cut = false;
      wire.delayMs = 0;
    });
  }

  /** Bytes to and from this node take that long. */
  slow(index: number, delayMs: number): void {
    this.#each((wire, from, to) => {
      if (from === index || to === index) wire.delayMs = delayMs;
    });
  }

  /** Closes everything. */
  close(): void {
    for (const wire of this.#wires.values()) wire.close();
  }

  #each(change: (wire: Wire, from: number, to: number) => void): void {
    for (const [name, wire] of this.#wires) {
      const [from, to] = name.split(">").map(Number);
      if (from === undefined || to === undefined) continue;
      change(wire, from, to);
      wire.deliver();
    }
  }
}
