export { BlockSize } from "./block-size.js";
export type { BlockSizeContext } from "./block-size.js";
export { NO_SEALER, proposalHeader } from "./proposal-header.js";
export type { ProposalParts } from "./proposal-header.js";
export { Sealer } from "./sealer.js";
export type { SealingAnswer, SealingIntervals, SealingMoment } from "./sealer.js";
