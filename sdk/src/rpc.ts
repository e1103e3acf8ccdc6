/** JSON-RPC over HTTP. */
import { ConnectionError, RpcError } from "./errors.js";

/** One node's JSON-RPC port. */
export interface RpcConnection {
  readonly url: string;
  /**
   * Calls one method and gives its result.
   *
   * @throws RpcError when the node answers with an error
   * @throws ConnectionError when it cannot be reached or does not answer in time
   */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
}

interface RpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code?: number; readonly message?: string };
}

/**
 * A connection to `url`; nothing is sent before the first request.
 *
 * @param options.timeoutMs how long an answer may take, 10 seconds by default
 */
export function connectRpc(url: string, options: { readonly timeoutMs?: number } = {}): RpcConnection {
  const timeoutMs = options.timeoutMs ?? 10_000;
  let nextId = 1;
  return {
    url,
    async request(method, params) {
      let answer: RpcAnswer;
      try {
        const response = await fetch(url, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ jsonrpc: "2.0", id: nextId++, method, params }),
          signal: AbortSignal.timeout(timeoutMs),
        });
        answer = (await response.json()) as RpcAnswer;
      } catch (cause) {
        throw new ConnectionError(url, method, cause);
      }
      if (answer.error !== undefined) {
        throw new RpcError(method, answer.error.code ?? 0, answer.error.message ?? "unknown error");
      }
      return answer.result;
    },
  };
}
