/** Keys of table rows in the store. */
import type { ByteString } from "../primitives/index.js";
import { assert } from "../primitives/index.js";

/** First character of every key of a table row in the store; other users of the same store take other characters. */
export const ROW_KEY_PREFIX = "s";

/** Key under which the rows of a key of a table are stored. Rows of one table lie next to each other. */
export function rowKey(table: ByteString, key: ByteString): ByteString {
  assert(table.length < 0x10000, "a table name is shorter than 65536 bytes");
  return (ROW_KEY_PREFIX + String.fromCharCode(table.length >> 8, table.length & 255) + table + key) as ByteString;
}
