/** Turns connections away before they cost a TLS handshake, when there are too many. */
import type { Socket } from "node:net";
import {
  P2P_ACCEPTS_PER_ADDRESS_PER_SECOND_MAX,
  P2P_HALF_OPEN_MAX,
  P2P_HALF_OPEN_PER_ADDRESS_MAX,
} from "@tsbcos/core/primitives";
import type { Endpoint } from "./endpoint.js";

/** Addresses counted within a second; more are turned away until the next one. */
const ADDRESSES_PER_SECOND_MAX = 4096;

/** Counts connections that are accepted but not yet through their handshake. */
export class AcceptGate {
  readonly #halfOpen = new Map<string, Socket>();
  readonly #halfOpenOf = new Map<string, number>();
  readonly #open = new Set<Socket>();
  #acceptedOf = new Map<string, number>();
  #second = 0;

  /** Why a connection from there must not go on; undefined when it may. */
  refusal({ host }: Endpoint): string | undefined {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#acceptedOf = new Map();
    }
    const accepted = (this.#acceptedOf.get(host) ?? 0) + 1;
    if (accepted > P2P_ACCEPTS_PER_ADDRESS_PER_SECOND_MAX || this.#acceptedOf.size >= ADDRESSES_PER_SECOND_MAX) {
      return "too-many-connections-a-second";
    }
    this.#acceptedOf.set(host, accepted);
    if (this.#halfOpen.size >= P2P_HALF_OPEN_MAX) return "too-many-half-open";
    if ((this.#halfOpenOf.get(host) ?? 0) >= P2P_HALF_OPEN_PER_ADDRESS_MAX) return "too-many-half-open";
    return undefined;
  }

  /** A connection begins its handshake. */
  started(remote: Endpoint, socket: Socket): void {
    const key = keyOf(remote);
    this.#open.add(socket);
    this.#halfOpen.set(key, socket);
    this.#halfOpenOf.set(remote.host, (this.#halfOpenOf.get(remote.host) ?? 0) + 1);
    socket.once("close", () => {
      this.#open.delete(socket);
      if (this.#halfOpen.get(key) === socket) this.finished(remote);
    });
  }

  /** Its handshake is over. */
  finished(remote: Endpoint): void {
    if (!this.#halfOpen.delete(keyOf(remote))) return;
    const left = (this.#halfOpenOf.get(remote.host) ?? 1) - 1;
    if (left > 0) this.#halfOpenOf.set(remote.host, left);
    else this.#halfOpenOf.delete(remote.host);
  }

  /** Closes everything that was accepted. */
  destroyAll(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

function keyOf({ host, port }: Endpoint): string {
  return `${host} ${String(port)}`;
}
