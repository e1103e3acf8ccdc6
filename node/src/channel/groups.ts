/** The running groups as clients may use them. */
import type { NodeId } from "@tsbcos/core/primitives";
import type { ChannelGroup, ChannelTraffic } from "./interface.js";

type Traffic = { -readonly [Key in keyof ChannelTraffic]: ChannelTraffic[Key] };

/** A group with what changes while it runs. */
export interface KnownGroup {
  readonly group: ChannelGroup;
  height: number;
  allowlist: ReadonlySet<NodeId>;
}

/** Groups by number, and the traffic about them. */
export class ChannelGroups {
  readonly #groups = new Map<number, KnownGroup>();
  readonly #traffic = new Map<number, Traffic>();

  /** A running group. */
  find(groupId: number): KnownGroup | undefined {
    return this.#groups.get(groupId);
  }

  add(groupId: number, group: ChannelGroup): void {
    this.#groups.set(groupId, { group, height: group.height, allowlist: new Set(group.allowlist) });
  }

  remove(groupId: number): void {
    this.#groups.delete(groupId);
  }

  setAllowlist(groupId: number, publicKeys: readonly NodeId[]): void {
    const known = this.#groups.get(groupId);
    if (known !== undefined) known.allowlist = new Set(publicKeys);
  }

  /** True when the client may use the group. A client without a key that a list could name always may. */
  isAllowed(groupId: number, publicKey: NodeId | undefined): boolean {
    const allowlist = this.#groups.get(groupId)?.allowlist;
    return allowlist === undefined || allowlist.size === 0 || publicKey === undefined || allowlist.has(publicKey);
  }

  /** Counts bytes about a running group. */
  count(groupId: number, kind: keyof ChannelTraffic, bytes: number): void {
    let traffic = this.#traffic.get(groupId);
    if (traffic === undefined) {
      // Clients may name groups that are not there.
      if (!this.#groups.has(groupId)) return;
      const nothing = { registerEventIn: 0, unregisterEventIn: 0, transactionsOut: 0, eventLogOut: 0 };
      traffic = { rpcIn: 0, rpcOut: 0, ...nothing };
      this.#traffic.set(groupId, traffic);
    }
    traffic[kind] += bytes;
  }

  /** A copy of the counters. */
  traffic(): ReadonlyMap<number, ChannelTraffic> {
    return new Map([...this.#traffic].map(([groupId, traffic]) => [groupId, { ...traffic }]));
  }
}
