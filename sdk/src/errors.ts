/** What can go wrong between a program and a chain. */
import { CodedError } from "@tsbcos/core/primitives";
import { statusText } from "./contracts/status.js";
import type { Receipt } from "./contracts/receipt.js";

/** The node answered with a JSON-RPC error. */
export class RpcError extends CodedError {
  override readonly name = "RpcError";
  readonly method: string;
  /** JSON-RPC error code, such as -40001. */
  readonly rpcCode: number;
  /** The node's own words. */
  readonly rpcMessage: string;
  /** The node that answered. */
  readonly endpoint: string;

  constructor(answer: {
    readonly method: string;
    readonly rpcCode: number;
    readonly rpcMessage: string;
    readonly endpoint: string;
  }) {
    super("rpc-error", `${answer.method}: ${answer.rpcMessage} (code ${answer.rpcCode}, from ${answer.endpoint})`);
    this.method = answer.method;
    this.rpcCode = answer.rpcCode;
    this.rpcMessage = answer.rpcMessage;
    this.endpoint = answer.endpoint;
  }
}

/** No node could be reached, or none answered in time. */
export class ConnectionError extends CodedError {
  override readonly name = "ConnectionError";

  /** @param message says which node, what happened and what to look at */
  constructor(message: string, options?: ErrorOptions) {
    super("connection-failed", message, options);
  }
}

/** What Node.js says of a socket, without the address that it puts behind: messages name the node already. */
export function socketWords({ message, address }: Error & { readonly address?: unknown }): string {
  const end = typeof address === "string" ? message.indexOf(` ${address}`) : -1;
  return (end < 0 ? message : message.slice(0, end)).trim();
}

/** A transaction got no receipt in time. It may still be executed later, until its block limit has passed. */
export class ReceiptTimeoutError extends CodedError {
  override readonly name = "ReceiptTimeoutError";
  /** Hash of the transaction, to ask for its receipt later. */
  readonly transactionHash: string;

  constructor(transactionHash: string, timeoutMs: number) {
    super(
      "receipt-timeout",
      `No receipt for ${transactionHash} within ${timeoutMs} ms; it may still be executed until its block limit has passed.`,
    );
    this.transactionHash = transactionHash;
  }
}

/** A node did not take a transaction, or took it and gave it up: it is in no block. */
export class TransactionRefusedError extends CodedError {
  override readonly name = "TransactionRefusedError";
  /** Status that says why, such as 16 for the block limit. */
  readonly status: number;

  constructor(status: number, transactionHash: string, options?: ErrorOptions) {
    super("transaction-refused", `${transactionHash} was refused: ${statusText(status)} (status ${status})`, options);
    this.status = status;
  }
}

/** A transaction or a call was executed and failed. */
export class TransactionFailedError extends CodedError {
  override readonly name = "TransactionFailedError";
  /** Status of the receipt, such as 22 for a revert. */
  readonly status: number;
  /** Why, in the contract's own words; undefined when it gave none. */
  readonly reason: string | undefined;
  /** The receipt; undefined for a call without a transaction. */
  readonly receipt: Receipt | undefined;

  constructor(failure: {
    readonly status: number;
    readonly reason: string | undefined;
    readonly receipt: Receipt | undefined;
  }) {
    const reason = failure.reason === undefined ? "" : `: ${failure.reason}`;
    super("transaction-failed", `${statusText(failure.status)} (status ${failure.status})${reason}`);
    this.status = failure.status;
    this.reason = failure.reason;
    this.receipt = failure.receipt;
  }
}

/** A contract built into the nodes executed a transaction and answered with an error code. */
export class PrecompiledError extends CodedError {
  override readonly name = "PrecompiledError";
  /** Its code, such as -50000. */
  readonly returnCode: number;
  /** The receipt; undefined for a call without a transaction. */
  readonly receipt: Receipt | undefined;

  constructor(failure: { readonly returnCode: number; readonly text: string; readonly receipt: Receipt | undefined }) {
    super("precompiled-failed", `${failure.text} (code ${failure.returnCode})`);
    this.returnCode = failure.returnCode;
    this.receipt = failure.receipt;
  }
}

const EVENT_FILTER_TEXTS: ReadonlyMap<number, string> = new Map([
  [-41000, "the parameters are invalid"],
  [-41001, "the request is invalid"],
  [-41002, "the node does not run the group"],
  [-41003, "the range of blocks is invalid, or longer than the node allows (event_filter.max_block_range)"],
  [-41006, "this SDK is not in the group's sdk_allowlist"],
  [-41007, "there is no such filter"],
]);

/** A node did not take a filter of event logs. */
export class EventFilterError extends CodedError {
  override readonly name = "EventFilterError";
  /** Its code, such as -41003. */
  readonly result: number;

  constructor(result: number, endpoint: string) {
    const text = EVENT_FILTER_TEXTS.get(result) ?? "unknown error";
    super("event-filter-refused", `${endpoint} does not watch for these logs: ${text} (code ${result})`);
    this.result = result;
  }
}

const AMOP_TEXTS: ReadonlyMap<number, string> = new Map([
  [99, "the receiver failed, or there is no such topic"],
  [100, "no node that can be reached has a subscriber of the topic"],
  [101, "the node of the receiver failed"],
  [102, "no answer came in time"],
  [103, "the node refuses, because its limit of bandwidth is used up"],
  [104, "no subscriber at the receiving node answered"],
  [105, "the answer could not be read"],
]);

/** A message to a topic got no answer. */
export class AmopError extends CodedError {
  override readonly name = "AmopError";
  /** Its code, such as 100. */
  readonly result: number;

  constructor(topic: string, result: number, options?: ErrorOptions) {
    super("amop-failed", `"${topic}": ${AMOP_TEXTS.get(result) ?? "unknown error"} (code ${result})`, options);
    this.result = result;
  }
}
