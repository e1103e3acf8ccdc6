/** The few JSON-RPC calls that watching a chain needs. */

/** A JSON-RPC endpoint of one node. */
export interface Rpc {
  /**
   * Calls a method.
   *
   * @throws Error when the node cannot be reached, takes longer than two seconds, or answers with an error
   */
  call(method: string, ...params: readonly unknown[]): Promise<unknown>;
}

/** Connects to nothing yet: each call is one HTTP request to `url`. */
export function createRpc(url: string): Rpc {
  return {
    async call(method, ...params) {
      const response = await fetch(url, {
        method: "POST",
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
        signal: AbortSignal.timeout(2000),
      });
      const answer = (await response.json()) as { result?: unknown; error?: { message?: string } };
      if (answer.error !== undefined) throw new Error(answer.error.message ?? "unknown error");
      return answer.result;
    },
  };
}
