export { ChainNode, freePorts, sleep, TestChain, until } from "./chain.js";
export { DAG_TRANSFER, encodeCall, Load, type Acknowledged } from "./load.js";
