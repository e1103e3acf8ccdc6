/** Door of synchronisation. The two machines have doors of their own. */
export type { JsonValue } from "./json.js";
