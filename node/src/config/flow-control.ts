/** Section `[flow_control]`, the same in `config.ini` and `group.N.ini`. */
import type { SectionSettings } from "./settings.js";

/** Limits of a node or of a group; undefined: none. */
export interface FlowControl {
  /** Requests a second. */
  readonly requestsPerSecond: number | undefined;
  /** Bytes a second that leave by P2P. */
  readonly outgoingBytesPerSecond: number | undefined;
}

/** Bytes a second of one megabit a second. */
const MEGABIT_BYTES = (1024 * 1024) / 8;

/** Reads the section. */
export function readFlowControl(section: SectionSettings): FlowControl {
  const unlimited = { default: Number.POSITIVE_INFINITY, max: Number.MAX_SAFE_INTEGER };
  const requests = section.integer("limit_req", { ...unlimited, min: 1 });
  const megabits = section.decimal("outgoing_bandwidth_limit", {
    ...unlimited,
    min: 1 / MEGABIT_BYTES,
    max: Number.MAX_SAFE_INTEGER / MEGABIT_BYTES,
    allowed: "a number of megabits a second above 0",
  });
  return {
    requestsPerSecond: Number.isFinite(requests) ? requests : undefined,
    outgoingBytesPerSecond: Number.isFinite(megabits) ? Math.floor(megabits * MEGABIT_BYTES) : undefined,
  };
}
