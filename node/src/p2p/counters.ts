/** What the P2P layer counts. */
import type { P2pFrame } from "@tsbcos/core/protocol";
import { P2P_HEADER_BYTES } from "@tsbcos/core/protocol";
import { P2P_TRAFFIC_KINDS_MAX } from "@tsbcos/core/primitives";
import type { ModuleTraffic, P2pStatistics } from "./interface.js";

type Traffic = { -readonly [K in keyof ModuleTraffic]: ModuleTraffic[K] };

/** Counters of one service. */
export class P2pCounters {
  readonly #traffic = new Map<number, Traffic>();
  readonly #dropped = new Map<string, number>();
  readonly #refused = new Map<string, number>();

  /** A frame came in, `frame.body` as transmitted. */
  received(frame: P2pFrame): void {
    const traffic = this.#trafficOf(frame);
    traffic.framesIn++;
    traffic.bytesIn += P2P_HEADER_BYTES + frame.body.length;
  }

  /** A frame of `bytes` was queued for a peer. */
  sent(frame: { readonly groupId: number; readonly moduleId: number }, bytes: number): void {
    const traffic = this.#trafficOf(frame);
    traffic.framesOut++;
    traffic.bytesOut += bytes;
  }

  /** A session ended. */
  dropped(reason: string): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }

  /** A connection never became a session. */
  refused(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  /** A copy of all counters. */
  snapshot(sessions: number): P2pStatistics {
    const traffic = [...this.#traffic.values()].map((counted) => ({ ...counted }));
    const dropped = Object.fromEntries(this.#dropped);
    return { sessions, traffic, dropped, refused: Object.fromEntries(this.#refused) };
  }

  #trafficOf({ groupId, moduleId }: { readonly groupId: number; readonly moduleId: number }): Traffic {
    const kind = groupId * 0x1_0000 + moduleId;
    const known = this.#traffic.get(kind);
    if (known !== undefined) return known;
    // A peer may invent groups and modules without end.
    if (this.#traffic.size >= P2P_TRAFFIC_KINDS_MAX && kind !== 0) return this.#trafficOf({ groupId: 0, moduleId: 0 });
    const traffic = { groupId, moduleId, bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0 };
    this.#traffic.set(kind, traffic);
    return traffic;
  }
}
