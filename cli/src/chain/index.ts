/** Making and changing the files of a chain. */
export { buildChain, type BuiltChain } from "./build.js";
export { addChainCommands } from "./command.js";
export { planChain, type ChainPlan, type ChainWords, type NodePlan } from "./plan.js";
export { ChainBuildError } from "./refusals.js";
export { folderOfAuthority } from "./renew.js";
