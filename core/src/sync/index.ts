/** Door of synchronisation: the trees. The two machines have doors of their own. */
export { BlockStatusTree, TREE_WIDTH, TransactionTree } from "./tree.js";
export type { JsonValue } from "./json.js";
