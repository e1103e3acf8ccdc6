/** Requests for blocks that are under way. */
import type { NodeId } from "../../primitives/index.js";

/** Least time for an answer, milliseconds. */
const TIMEOUT_MIN_MS = 6400;

/** Time for each block that the peer owes us then, milliseconds. */
const TIMEOUT_PER_BLOCK_MS = 1000;

/** A peer that goes on answering, as one with a limit of bandwidth does, may take so much longer. */
const PATIENCE = 4;

interface BlockRequest {
  readonly peer: NodeId;
  readonly missing: Set<number>;
  deadlineMs: number;
  /** The deadline moves with each block that comes, up to here. */
  readonly lastDeadlineMs: number;
}

/** Who was asked for which blocks, and until when. */
export class RequestBook {
  #requests: BlockRequest[] = [];

  /** Requests under way. */
  get size(): number {
    return this.#requests.length;
  }

  /** Blocks under way. */
  get blocks(): number {
    return this.#requests.reduce((sum, request) => sum + request.missing.size, 0);
  }

  /** When the first of them will have been waited for long enough. */
  get deadlineMs(): number | undefined {
    let earliest: number | undefined;
    for (const { deadlineMs } of this.#requests) {
      if (earliest === undefined || deadlineMs < earliest) earliest = deadlineMs;
    }
    return earliest;
  }

  /** Requests under way to that peer. */
  countOf(peer: NodeId): number {
    return this.#requests.filter((request) => request.peer === peer).length;
  }

  /** True when the block was asked for and did not come yet. */
  covers(number: number): boolean {
    return this.#requests.some((request) => request.missing.has(number));
  }

  /** Notes a request for the blocks `from` to `to`. */
  add(peer: NodeId, range: { readonly from: number; readonly to: number }, nowMs: number): void {
    const missing = new Set<number>();
    for (let number = range.from; number <= range.to; number++) missing.add(number);
    // It serves one request after the other.
    const owed = this.#requests.reduce((sum, request) => sum + (request.peer === peer ? request.missing.size : 0), 0);
    const timeoutMs = Math.max(TIMEOUT_MIN_MS, TIMEOUT_PER_BLOCK_MS * (owed + missing.size));
    const lastDeadlineMs = nowMs + PATIENCE * timeoutMs;
    this.#requests.push({ peer, missing, deadlineMs: nowMs + timeoutMs, lastDeadlineMs });
  }

  /** A block came from `peer`, whoever was asked for it. True when a request is complete by that. */
  received(number: number, peer: NodeId, nowMs: number): boolean {
    let completed = false;
    let owedIt = false;
    for (const request of this.#requests) {
      if (!request.missing.delete(number)) continue;
      owedIt ||= request.peer === peer;
      completed ||= request.missing.size === 0;
    }
    if (owedIt) this.#extend(peer, nowMs);
    if (completed) this.#requests = this.#requests.filter((request) => request.missing.size > 0);
    return completed;
  }

  /** Blocks up to `number` are no longer wanted. */
  dropThrough(number: number): void {
    this.#dropWhere((missing) => missing <= number);
  }

  /** Blocks above `number` are no longer wanted. */
  dropAbove(number: number): void {
    this.#dropWhere((missing) => missing > number);
  }

  /** The peer says that its chain ends at `number`: what was asked of it above that will not come. */
  dropClaimed(peer: NodeId, number: number): void {
    this.#dropWhere((missing) => missing > number, peer);
  }

  /** Nothing is expected from that peer any more. */
  dropPeer(peer: NodeId): void {
    this.#requests = this.#requests.filter((request) => request.peer !== peer);
  }

  /** Drops what only these peers could have answered: all others are gone. */
  keepOnly(peers: ReadonlySet<NodeId>): void {
    this.#requests = this.#requests.filter((request) => peers.has(request.peer));
  }

  /** Takes out the requests whose time is over and names the peers that did not answer. */
  takeOverdue(nowMs: number): NodeId[] {
    const overdue = this.#requests.filter((request) => request.deadlineMs <= nowMs);
    if (overdue.length > 0) this.#requests = this.#requests.filter((request) => request.deadlineMs > nowMs);
    return [...new Set(overdue.map((request) => request.peer))];
  }

  #extend(peer: NodeId, nowMs: number): void {
    for (const request of this.#requests) {
      if (request.peer !== peer) continue;
      const extendedMs = Math.min(nowMs + TIMEOUT_MIN_MS, request.lastDeadlineMs);
      request.deadlineMs = Math.max(request.deadlineMs, extendedMs);
    }
  }

  #dropWhere(unwanted: (number: number) => boolean, onlyOf?: NodeId): void {
    for (const { peer, missing } of this.#requests) {
      if (onlyOf !== undefined && peer !== onlyOf) continue;
      for (const number of missing) if (unwanted(number)) missing.delete(number);
    }
    this.#requests = this.#requests.filter((request) => request.missing.size > 0);
  }
}
