/** Event filters of all clients: registered and removed here, served by the groups. */
import { EVENT_FILTERS_PER_SESSION_MAX } from "@tsbcos/core/primitives";
import {
  CHANNEL_SEQ_NONE,
  ChannelType,
  EventFilterResult,
  decodeEventFilterRequest,
  type EventFilterRequest,
} from "@tsbcos/core/protocol";
import type { ChannelGroups, KnownGroup } from "./groups.js";
import type { LogSearch, RunningSearch } from "./interface.js";
import type { Session } from "./session.js";

/**
 * The first push leaves this long after the filter was registered, as late as a 2.9.1 node that has just looked at its
 * filters: there are clients that learn from the answer that they have a filter, and lose what comes on its heels.
 */
const FIRST_PUSH_AFTER_MS = 100;
/** Numbers beyond this are heights that no chain reaches. */
const HEIGHT_MAX = BigInt(Number.MAX_SAFE_INTEGER);

interface Filter {
  readonly session: Session;
  readonly groupId: number;
  readonly filterId: string;
  readonly search: RunningSearch;
  /** Findings that may not leave yet, or came while the client was not allowed to have them: the search waits. */
  held: { readonly data: Uint8Array; readonly isLast: boolean }[];
  /** Runs until the first push may leave. */
  delay: NodeJS.Timeout | undefined;
}

/** A request that was accepted or refused. */
export interface FilterOutcome {
  readonly result: number;
  /** The group it was about, as far as that could be read. */
  readonly groupId: number | undefined;
}

/** The filters of all sessions. */
export class EventFilters {
  readonly #groups: ChannelGroups;
  readonly #filters = new Set<Filter>();
  readonly #countOf = new Map<Session, number>();

  constructor(groups: ChannelGroups) {
    this.#groups = groups;
  }

  /** Filters at work. */
  get size(): number {
    return this.#filters.size;
  }

  /**
   * Registers a filter. Pushes begin 100 ms later, well after whatever the caller answers.
   *
   * @param data the request without the topic in front
   */
  register(session: Session, data: Uint8Array): FilterOutcome {
    const request = decodeEventFilterRequest(data);
    if (!request.ok) return { result: EventFilterResult.InvalidRequest, groupId: undefined };
    const { groupId } = request.value;
    const known = this.#groups.find(groupId);
    if (known === undefined) return { result: EventFilterResult.GroupMissing, groupId };
    if (!this.#groups.isAllowed(groupId, session.publicKey)) return { result: EventFilterResult.NotAllowed, groupId };
    const search = searchOf(request.value, known);
    if (search === undefined) return { result: EventFilterResult.InvalidRange, groupId };
    const count = this.#countOf.get(session) ?? 0;
    if (count >= EVENT_FILTERS_PER_SESSION_MAX) return { result: EventFilterResult.InvalidRequest, groupId };
    this.#countOf.set(session, count + 1);
    this.#start(session, { groupId, known, search });
    return { result: EventFilterResult.Success, groupId };
  }

  /** Removes every filter of the group with the name in the request, whoever registered it. */
  unregister(session: Session, data: Uint8Array): FilterOutcome {
    const request = decodeEventFilterRequest(data);
    if (!request.ok) return { result: EventFilterResult.InvalidRequest, groupId: undefined };
    const { groupId, filterId } = request.value;
    if (this.#groups.find(groupId) === undefined) return { result: EventFilterResult.GroupMissing, groupId };
    if (!this.#groups.isAllowed(groupId, session.publicKey)) return { result: EventFilterResult.NotAllowed, groupId };
    const found = [...this.#filters].filter((one) => one.groupId === groupId && one.filterId === filterId);
    for (const filter of found) this.#remove(filter);
    return { result: found.length > 0 ? EventFilterResult.Success : EventFilterResult.FilterMissing, groupId };
  }

  /** A client is gone. */
  sessionClosed(session: Session): void {
    if (this.#countOf.has(session)) this.#removeWhere((filter) => filter.session === session);
  }

  /** A group stops. */
  groupStopped(groupId: number): void {
    this.#removeWhere((filter) => filter.groupId === groupId);
  }

  /** Clients may have been allowed or forbidden a group: what was held back may leave. */
  allowlistChanged(groupId: number): void {
    for (const filter of this.#filters) if (filter.groupId === groupId) this.#releaseHeld(filter);
  }

  #start(
    session: Session,
    { groupId, known, search }: { readonly groupId: number; readonly known: KnownGroup; readonly search: LogSearch },
  ): void {
    const filter: Filter = {
      ...{ session, groupId, filterId: search.filterId, held: [] },
      search: known.group.searchLogs(search, (finding) => {
        this.#found(filter, finding);
      }),
      delay: setTimeout(() => {
        filter.delay = undefined;
        this.#releaseHeld(filter);
      }, FIRST_PUSH_AFTER_MS),
    };
    this.#filters.add(filter);
  }

  #releaseHeld(filter: Filter): void {
    const { held } = filter;
    filter.held = [];
    for (const finding of held) this.#found(filter, finding);
  }

  #found(filter: Filter, finding: Filter["held"][number]): void {
    if (!this.#filters.has(filter)) return;
    const { session, groupId, search } = filter;
    if (filter.delay !== undefined || !this.#groups.isAllowed(groupId, session.publicKey)) {
      filter.held.push(finding);
      return;
    }
    const frame = { type: ChannelType.EventLogs, seq: CHANNEL_SEQ_NONE, result: 0, data: finding.data };
    const bytes = session.send(frame, () => {
      search.taken();
    });
    this.#groups.count(groupId, "eventLogOut", bytes);
    if (finding.isLast) this.#remove(filter);
  }

  #removeWhere(isGone: (filter: Filter) => boolean): void {
    for (const filter of [...this.#filters]) if (isGone(filter)) this.#remove(filter);
  }

  #remove(filter: Filter): void {
    if (!this.#filters.delete(filter)) return;
    clearTimeout(filter.delay);
    filter.search.end();
    const left = (this.#countOf.get(filter.session) ?? 1) - 1;
    if (left > 0) this.#countOf.set(filter.session, left);
    else this.#countOf.delete(filter.session);
  }
}

/** The search for a request; undefined when its range is none, or too long. */
function searchOf(request: EventFilterRequest, { height, group }: KnownGroup): LogSearch | undefined {
  const { filterId, addresses, topics, toBlock } = request;
  const fromBlock = request.fromBlock ?? BigInt(height);
  if (toBlock !== undefined && toBlock < fromBlock) return undefined;
  const { eventBlockRangeMax } = group;
  if (eventBlockRangeMax > 0 && BigInt(height) - fromBlock + 1n > BigInt(eventBlockRangeMax)) return undefined;
  const reachable = (block: bigint): number => Number(block > HEIGHT_MAX ? HEIGHT_MAX : block);
  return {
    filterId,
    fromBlock: reachable(fromBlock),
    toBlock: toBlock === undefined ? undefined : reachable(toBlock),
    addresses: [...addresses],
    topics: topics.map((wanted) => [...wanted]),
  };
}
