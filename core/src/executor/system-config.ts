/** System configuration as the execution of a block reads it: from the state before the block. */
import type { ByteString } from "../primitives/index.js";
import { ascii } from "../primitives/index.js";
import { SYS_CONFIG } from "../state/index.js";
import type { CommittedRows } from "../state/index.js";

/**
 * Committed value of a configuration item, undefined when there is none in force: a row holds only the latest value,
 * so a value that is enabled later than `parentNumber` hides the one before it.
 */
export function committedSystemConfig(rows: CommittedRows, key: string, parentNumber: number): ByteString | undefined {
  const cells = rows.first(SYS_CONFIG, ascii(key))?.cells;
  const enabledAt = cells?.get(ascii("enable_num"));
  return enabledAt !== undefined && Number(enabledAt) <= parentNumber ? cells?.get(ascii("value")) : undefined;
}
