/** The driver: one mailbox in front of one group, without `await`, the same in production and in simulation. */
import type { Machine } from "../primitives/index.js";
import type { GroupEffect, GroupInput, GroupPorts } from "./messages.js";
import type { Group } from "./group.js";

/**
 * Feeds one group, one input at a time, in the order of arrival, and starts its effects in the order it returned them.
 *
 * `post` may be called from within `perform`: the input then waits until the current step and all its effects are done.
 * An exception (a broken invariant) leaves through `post` and ends the driver for good: the host ends the process.
 */
export class GroupDriver<Driven extends Machine<GroupInput, GroupEffect> = Group> {
  /** The group that is driven: for status queries, never for stepping it past the mailbox. */
  readonly group: Driven;
  readonly #ports: GroupPorts;
  #mailbox: GroupInput[] = [];
  #state: "idle" | "running" | "broken" = "idle";
  #wakeAtMs: number | undefined;

  constructor(group: Driven, ports: GroupPorts) {
    this.group = group;
    this.#ports = ports;
  }

  /** Takes one input; returns when it and everything posted meanwhile has been handled. Ignored after an exception. */
  post(input: GroupInput): void {
    this.#mailbox.push(input);
    if (this.#state !== "idle") return;
    this.#state = "running";
    try {
      this.#drain();
      this.#state = "idle";
    } finally {
      if (this.#state === "running") this.#state = "broken";
    }
  }

  #drain(): void {
    while (this.#mailbox.length > 0) {
      const batch = this.#mailbox;
      this.#mailbox = [];
      for (const input of batch) {
        // The host's wake-up call is used up by a tick: the next one must be asked for even at the same time.
        if (input.type === "tick") this.#wakeAtMs = undefined;
        for (const effect of this.group.step(input, this.#ports.now())) this.#ports.perform(effect);
      }
    }
    const wakeAtMs = this.group.wakeAtMs;
    if (wakeAtMs === this.#wakeAtMs) return;
    this.#wakeAtMs = wakeAtMs;
    this.#ports.wakeAt(wakeAtMs);
  }
}
