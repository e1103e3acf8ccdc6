/** What can go wrong between a program and a chain. */
import { CodedError } from "@tsbcos/core/primitives";

/** The node answered with a JSON-RPC error. */
export class RpcError extends CodedError {
  override readonly name = "RpcError";
  /** JSON-RPC error code, such as -40001. */
  readonly rpcCode: number;

  constructor(method: string, rpcCode: number, message: string) {
    super("rpc-error", `${method}: ${message} (code ${rpcCode})`);
    this.rpcCode = rpcCode;
  }
}

/** The node could not be reached, or did not answer in time. */
export class ConnectionError extends CodedError {
  override readonly name = "ConnectionError";

  constructor(url: string, method: string, cause: unknown) {
    const reason =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
    super(
      "connection-failed",
      `${method}: no answer from ${url} (${reason}). Is the node running, and is this its JSON-RPC port?`,
      { cause },
    );
  }
}

/** A transaction got no receipt in time. It may still be executed later, until its block limit has passed. */
export class ReceiptTimeoutError extends CodedError {
  override readonly name = "ReceiptTimeoutError";

  constructor(hash: string, timeoutMs: number) {
    super("receipt-timeout", `No receipt for 0x${hash} within ${timeoutMs} ms.`);
  }
}

/** A transaction was executed and failed. */
export class TransactionFailedError extends CodedError {
  override readonly name = "TransactionFailedError";
  /** Status of the receipt, such as 22 for a revert. */
  readonly status: number;

  constructor(options: {
    readonly status: number;
    readonly statusMessage: string;
    readonly reason: string | undefined;
  }) {
    const reason = options.reason === undefined ? "" : `: ${options.reason}`;
    super(
      "transaction-failed",
      `The transaction failed with ${options.statusMessage} (status ${options.status})${reason}`,
    );
    this.status = options.status;
  }
}
