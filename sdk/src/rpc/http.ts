/** JSON-RPC over HTTP. Works in Node.js and in browsers. */
import { CodedError } from "@tsbcos/core/primitives";
import { ConnectionError, RpcError, socketWords } from "../errors.js";
import { askInTurn, routeTo } from "./failover.js";
import type { Transport } from "./transport.js";

/** Which nodes, and how long to wait. */
export interface HttpOptions {
  /** JSON-RPC URLs, asked in this order. */
  readonly urls: readonly string[];
  /** How long an answer may take, 10 seconds by default. */
  readonly timeoutMs?: number;
  /** How often the height is asked for while somebody watches blocks, 1 second by default. */
  readonly pollMs?: number;
}

interface RpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code?: number; readonly message?: string };
}

let nextId = 1;

async function post(url: string, method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown> {
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
    throw new ConnectionError(
      `${method}: no answer from ${url} (${reasonOf(cause)}). Is the node running, and is this its JSON-RPC port?`,
      { cause },
    );
  }
  if (answer.error === undefined) return answer.result;
  const { code = 0, message = "unknown error" } = answer.error;
  throw new RpcError({ method, rpcCode: code, rpcMessage: message, endpoint: url });
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return socketWords(cause.cause instanceof Error ? cause.cause : cause);
}

/**
 * A transport over HTTP; nothing is sent before the first request.
 *
 * @throws CodedError `bad-url`, `no-nodes`
 */
export function httpTransport(options: HttpOptions | string): Transport {
  const { urls, timeoutMs = 10_000, pollMs = 1_000 } = typeof options === "string" ? { urls: [options] } : options;
  if (urls.length === 0) throw new CodedError("no-nodes", "At least one node is needed.");
  for (const url of urls) {
    if (!/^https?:\/\/[^/]/.test(url)) {
      throw new CodedError("bad-url", `"${url}" is no URL of a JSON-RPC port, such as http://127.0.0.1:8545.`);
    }
  }
  const watches = new Set<() => void>();
  const routes = urls.map((endpoint) => ({ endpoint }));
  let preferred = 0;
  const request: Transport["request"] = async (method, params, asked = {}) => {
    const ask = ({ endpoint }: { readonly endpoint: string }): Promise<unknown> =>
      post(endpoint, method, params, asked.timeoutMs ?? timeoutMs);
    if (asked.endpoint !== undefined) return ask(routeTo(routes, asked.endpoint));
    // The node that answered last comes first, so that a client sees one chain and not the differences of two nodes.
    return askInTurn([...routes.slice(preferred), ...routes.slice(0, preferred)], async (route) => {
      const result = await ask(route);
      preferred = routes.indexOf(route);
      return result;
    });
  };
  return {
    endpoints: urls,
    pushes: undefined,
    request,
    watchBlocks(groupId, listener) {
      const stop = pollHeight(() => request("getBlockNumber", [groupId], { groupId }), listener, pollMs);
      watches.add(stop);
      return () => {
        watches.delete(stop);
        stop();
      };
    },
    close() {
      for (const stop of watches) stop();
      watches.clear();
      return Promise.resolve();
    },
  };
}

function pollHeight(ask: () => Promise<unknown>, listener: (height: number) => void, everyMs: number): () => void {
  let stopped = false;
  let known = -1;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = async (): Promise<void> => {
    try {
      const height = Number(await ask());
      if (!stopped && height > known) listener((known = height));
    } catch {
      // Nodes come back; whoever sends a request meanwhile is told what is wrong.
    }
    if (!stopped) timer = setTimeout(() => void turn(), everyMs);
  };
  void turn();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
