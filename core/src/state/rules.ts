/** What differs between chains in the table engine and the state hash, as data. */
import type { ByteString } from "../primitives/index.js";
import type { CryptoSuite } from "../crypto/index.js";
import type { SupportedVersion } from "../protocol/index.js";
import { V2_0_0_RC3, V2_1_0, V2_2_0, V2_3_0, V2_4_0, V2_5_0 } from "../protocol/index.js";

/** Table engine of one chain: docs/protocol/state.md#state-hash. */
export interface StateRules {
  /** Hash of a table and of the list of table hashes. */
  hash(data: Uint8Array): Uint8Array;
  /** `written`: tables with a write attempt enter the state hash. `opened`: every opened table does, unwritten ones as zeros. */
  readonly hashedTables: "written" | "opened";
  /** `apart`: committed rows first, new rows after them. `together`: one order, so that new rows (id 0) come first. */
  readonly rowOrder: "apart" | "together";
  /** How the status of a row is hashed: a byte after its columns, or a text column `_status_` among them. */
  readonly statusForm: "byte" | "column";
  /** Rows changed in this block are checked against the condition again, and found when only the changed form fits. */
  readonly rechecksChangedRows: boolean;
  /** "Not equal" compares texts; without it the operator can never be true. */
  readonly comparesInequality: boolean;
  /** The end of a limit is clamped to 2^31 − 1; without it the sum wraps around. */
  readonly clampsLimit: boolean;
}

/** Text column that carried the status of a row before it became a member of its own. */
export const STATUS_COLUMN = "_status_" as ByteString;

/** The rules of a chain by its supported_version and its hash. */
export function stateRulesOf(version: SupportedVersion, suite: CryptoSuite): StateRules {
  const legacyHash = version <= V2_4_0;
  return {
    hash: legacyHash ? (data) => suite.legacyTableHash(data) : (data) => suite.hash(data),
    hashedTables: version >= V2_5_0 ? "written" : "opened",
    rowOrder: version >= V2_2_0 ? "apart" : "together",
    statusForm: version >= V2_0_0_RC3 ? "byte" : "column",
    rechecksChangedRows: version >= V2_5_0,
    comparesInequality: version >= V2_3_0,
    clampsLimit: version >= V2_1_0,
  };
}

/** True when a column enters conditions and the hash: neither its first nor its last character is `_`. */
export function isHashedColumn(column: ByteString): boolean {
  return column.length > 0 && !column.startsWith("_") && !column.endsWith("_");
}
