/** Arguments and results of contracts built into the node, byte for byte as 2.x reads and writes them. */
export { ArgumentReader } from "./decode.js";
export { addressValue, bool, encodeValues, int, string } from "./encode.js";
export type { AbiValue } from "./encode.js";
export { decimal, parseBigNumber, parseCellNumber, parseInt32, parseInt64 } from "./numbers.js";
export { argumentsIn, encodeError, selectorIn, selectorOf } from "./selector.js";
