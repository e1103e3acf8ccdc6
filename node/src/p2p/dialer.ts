/** Keeps the configured nodes connected: dials those that are not, at each tick. */
import { randomInt } from "node:crypto";
import type { NodeId } from "@tsbcos/core/primitives";
import type { Endpoint } from "../net/index.js";
import type { SecureConnection } from "./transport.js";

/** What the dialer needs of its service. */
export interface DialerHost {
  readonly ownId: NodeId;
  hasSession(nodeId: NodeId): boolean;
  dial(to: Endpoint): Promise<SecureConnection>;
  /** The connection is complete; the host keeps or closes it. */
  connected(connection: SecureConnection): void;
  failed(to: Endpoint, error: unknown): void;
}

interface Target {
  readonly endpoint: Endpoint;
  /** Who answered there last; forgotten when its session ends, but never that it is ourselves. */
  nodeId: NodeId | undefined;
  dialling: boolean;
  /** A second attempt between two ticks, at most one. */
  quick: NodeJS.Timeout | undefined;
}

/** A session that ends so soon was most likely one of two that both sides opened at once, each keeping another one. */
const COLLISION_AGE_MS = 3000;
const QUICK_REDIAL_MIN_MS = 100;
const QUICK_REDIAL_MAX_MS = 1000;

/** The static peers of a node. */
export class Dialer {
  readonly #host: DialerHost;
  #targets = new Map<string, Target>();
  #isClosed = false;

  constructor(host: DialerHost, endpoints: readonly Endpoint[]) {
    this.#host = host;
    this.replace(endpoints);
  }

  get endpoints(): readonly Endpoint[] {
    return [...this.#targets.values()].map(({ endpoint }) => endpoint);
  }

  /** Replaces the endpoints; what is known of those that stay is kept. */
  replace(endpoints: readonly Endpoint[]): void {
    const former = this.#targets;
    this.#targets = new Map();
    for (const endpoint of endpoints) {
      const key = keyOf(endpoint);
      const target = former.get(key) ?? { endpoint, nodeId: undefined, dialling: false, quick: undefined };
      this.#targets.set(key, target);
      former.delete(key);
    }
    for (const { quick } of former.values()) clearTimeout(quick);
  }

  /** Dials every endpoint that has neither a session nor a connection under way. */
  tick(): void {
    for (const target of this.#targets.values()) {
      clearTimeout(target.quick);
      target.quick = undefined;
      this.#dial(target);
    }
  }

  /**
   * A session ended. When two nodes dial each other at the same moment, both may close the connection that the other
   * keeps; waiting for the next tick would repeat that, so one attempt follows after a random while.
   */
  sessionEnded(nodeId: NodeId, ageMs: number): void {
    for (const target of this.#targets.values()) {
      if (target.nodeId !== nodeId || nodeId === this.#host.ownId) continue;
      target.nodeId = undefined;
      if (this.#isClosed || ageMs > COLLISION_AGE_MS || target.quick !== undefined) continue;
      target.quick = setTimeout(
        () => {
          this.#dial(target);
        },
        randomInt(QUICK_REDIAL_MIN_MS, QUICK_REDIAL_MAX_MS),
      );
    }
  }

  /** Stops dialling. */
  close(): void {
    this.#isClosed = true;
    for (const { quick } of this.#targets.values()) clearTimeout(quick);
  }

  #dial(target: Target): void {
    const { nodeId, dialling } = target;
    if (this.#isClosed || dialling || nodeId === this.#host.ownId) return;
    if (nodeId !== undefined && this.#host.hasSession(nodeId)) return;
    target.dialling = true;
    this.#host
      .dial(target.endpoint)
      .then(
        (connection) => {
          target.nodeId = connection.identity.nodeId;
          this.#host.connected(connection);
        },
        (error: unknown) => {
          this.#host.failed(target.endpoint, error);
        },
      )
      .finally(() => {
        target.dialling = false;
      });
  }
}

function keyOf({ host, port }: Endpoint): string {
  return `${host} ${String(port)}`;
}
