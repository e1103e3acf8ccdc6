/** Every error that JSON-RPC answers can carry, with its number and its exact words. Compared with the reference page by a test. */
import { CodedError } from "@tsbcos/core/primitives";

/** Errors of the protocol itself: their answers have no `data` member. */
export const PROTOCOL_ERRORS = {
  parse: { code: -32700, message: "JSON_PARSE_ERROR: The JSON-Object is not JSON-Valid" },
  invalidRequest: {
    code: -32600,
    message: "INVALID_JSON_REQUEST: The JSON sent is not a valid JSON-RPC Request object",
  },
  methodNotFound: {
    code: -32601,
    message: "METHOD_NOT_FOUND: The method being requested is not available on this server",
  },
  invalidParams: {
    code: -32602,
    message: "INVALID_PARAMS: Invalid method parameters (invalid name and/or type) recognised",
  },
  notification: {
    code: -32604,
    message: "PROCEDURE_IS_METHOD: The requested notification is declared as a method",
  },
} as const;

/** Errors of the node: their answers have `data: null`. */
export const NODE_ERRORS = {
  groupMissing: { code: -40001, message: "GroupID does not exist" },
  badResponse: { code: -40002, message: "Response json parse error" },
  blockHashMissing: { code: -40003, message: "BlockHash does not exist" },
  blockNumberMissing: { code: -40004, message: "BlockNumber does not exist" },
  indexOutOfRange: { code: -40005, message: "TransactionIndex is out of range" },
  callFrom: { code: -40006, message: "Call needs a 'from' field" },
  noView: { code: -40007, message: "Only pbft consensus supports the view property" },
  badSystemConfig: { code: -40008, message: "Invalid System Config" },
  notAMember: { code: -40009, message: "Don't send request to this node who doesn't belong to the group" },
  /** Followed by that number. */
  receiptOutOfRange: { code: -40099, message: "start index out of range, the number of receipt is" },
  dynamicGroupsDisabled: { code: -100001, message: "Dynamic group related interfaces are forbidden to access" },
  /** Followed by what is kept and what keeps it. */
  stateNotKept: { code: -40013, message: "The state after that block is not kept" },
  pastCallTooLong: { code: -40014, message: "The call on a past state took too long" },
  pastCallsTooMany: { code: -40015, message: "Too many calls on past states are waiting" },
  notReady: { code: -40010, message: "RPC module initialization is incomplete" },
} as const;

/** Errors of requests over the channel: the name of the method stands in front, and their answers have no `data` member. */
export const CHANNEL_ERRORS = {
  overLimit: { code: -40011, message: "Over QPS limit" },
  notAllowed: { code: -40012, message: "The SDK is not allowed to access this group" },
} as const;

/** An internal failure. The comment follows; the text before it stands twice, as clients have always seen it. */
export const INTERNAL_ERROR = { code: -32603, message: "INTERNAL_ERROR: : INTERNAL_ERROR: : " } as const;

/** A method's failure as the caller shall see it. */
export class RpcError extends CodedError {
  override readonly name = "RpcError";
  /** Number in the answer. */
  readonly rpcCode: number;
  /** Whether the answer has a `data` member (null). */
  readonly withData: boolean;

  constructor(error: { readonly code: number; readonly message: string }, options: { readonly withData: boolean }) {
    super("rpc-error", error.message);
    this.rpcCode = error.code;
    this.withData = options.withData;
  }
}

/** One of the node's own errors, perhaps with other words. */
export function nodeError(name: keyof typeof NODE_ERRORS, message?: string): RpcError {
  const error = NODE_ERRORS[name];
  return new RpcError(message === undefined ? error : { code: error.code, message }, { withData: true });
}

/** Why a call on a past state has no answer. */
export type PastCallFailure =
  | { readonly code: "block-missing" | "too-long" | "too-many" }
  /** `from`: block since which states are kept; undefined when none are. */
  | { readonly code: "state-not-kept"; readonly from: number | undefined };

/** A call on a past state that has no answer. */
export function pastCallError(failure: PastCallFailure): RpcError {
  switch (failure.code) {
    case "block-missing":
      return nodeError("blockNumberMissing");
    case "too-long":
      return nodeError("pastCallTooLong");
    case "too-many":
      return nodeError("pastCallsTooMany");
    case "state-not-kept": {
      const kept =
        failure.from === undefined
          ? "this node keeps none; tsbcos.state_history=true in its config.ini does from then on"
          : `this node keeps them from block ${failure.from} on (tsbcos.state_history, tsbcos.state_history_blocks)`;
      return nodeError("stateNotKept", `${NODE_ERRORS.stateNotKept.message}: ${kept}`);
    }
  }
}

/** An error of the protocol. */
export function protocolError(name: keyof typeof PROTOCOL_ERRORS): RpcError {
  return new RpcError(PROTOCOL_ERRORS[name], { withData: false });
}

/** A request over the channel that was not admitted. */
export function channelError(name: keyof typeof CHANNEL_ERRORS, method: string): RpcError {
  const { code, message } = CHANNEL_ERRORS[name];
  return new RpcError({ code, message: `${method} ${message}` }, { withData: false });
}

/** An internal failure with the comment that clients look for. */
export function internalError(comment: string): RpcError {
  return new RpcError({ code: INTERNAL_ERROR.code, message: INTERNAL_ERROR.message + comment }, { withData: true });
}

/** Parameters of the right type with a value that cannot be used: the number of -32602, with `data: null`. */
export function unusableParams(): RpcError {
  return new RpcError(PROTOCOL_ERRORS.invalidParams, { withData: true });
}

/**
 * A transaction that a group did not take.
 *
 * @param refusal code and text of the pool's answer
 */
export function refusedSubmission(refusal: { readonly code: string; readonly text: string }): RpcError {
  switch (refusal.code) {
    case "malformed":
      return internalError("invalid transaction: it cannot be decoded or its signature is invalid");
    case "not-in-group":
      return nodeError("notAMember");
    case "node-is-syncing":
      return internalError("ImportResult::NodeIsSyncing");
    default:
      return internalError(refusal.text);
  }
}
