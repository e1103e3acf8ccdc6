export { internalError, NODE_ERRORS, nodeError, PROTOCOL_ERRORS, RpcError } from "./errors.js";
export { runGroupMethod } from "./group-methods.js";
export type { CallOutcome, GroupReader, HeadView } from "./group-reader.js";
export { HTTP_LIMITS, startRpcHttpServer, type HttpLimits, type RpcHttpServer } from "./http.js";
export type { Json } from "./json.js";
export { METHODS } from "./methods.js";
export type { StoredBlock } from "./objects.js";
export { createRpcService, type GroupGateway, type NodeReader, type RpcBackend, type RpcService } from "./service.js";
