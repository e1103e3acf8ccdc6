export type { Admission, RequestSubject } from "./admission.js";
export { chainReader, type ChainReaderParts } from "./chain-reader.js";
export {
  CHANNEL_ERRORS,
  INTERNAL_ERROR,
  internalError,
  NODE_ERRORS,
  nodeError,
  PROTOCOL_ERRORS,
  refusedSubmission,
  RpcError,
  type PastCallFailure,
} from "./errors.js";
export { runGroupMethod } from "./group-methods.js";
export type { CallOutcome, GroupReader, HeadView } from "./group-reader.js";
export { HTTP_LIMITS, startRpcHttpServer, type HttpLimits, type RpcHttpServer } from "./http.js";
export { METHODS } from "./methods.js";
export type { StoredBlock } from "./objects.js";
export { createNodeReader, type NodeFacts, type NodeReader, type SessionView } from "./node-reader.js";
export { ReceiptPrinter, refusedReceiptText } from "./pushed-receipts.js";
export {
  createRpcService,
  type GroupGateway,
  type ReceiptRequest,
  type RpcBackend,
  type RpcCaller,
  type RpcService,
} from "./service.js";
export type { NodeOperations } from "./operations.js";
