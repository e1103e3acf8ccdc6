export { buildChain, type BuiltChain } from "./build.js";
export { ChainBuildError, planChain, type ChainPlan, type ChainWords, type NodePlan } from "./plan.js";
