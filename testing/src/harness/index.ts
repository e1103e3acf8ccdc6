export { ChainNode, PATIENCE_MS, sleep, TestChain, until } from "./chain.js";
export { heightOf, makeGroup, operate, type OperationAnswer } from "./groups.js";
export { connectAs, Impostor } from "./impostor.js";
export { Links } from "./links.js";
export { DAG_TRANSFER, encodeCall, Load, type Acknowledged } from "./load.js";
export { freePorts } from "./ports.js";
