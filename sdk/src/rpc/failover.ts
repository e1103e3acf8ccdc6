/** One request, several nodes: the next is asked when one does not answer. */
import { CodedError } from "@tsbcos/core/primitives";
import { ConnectionError, RpcError } from "../errors.js";
import type { RequestOptions } from "./transport.js";

/** The way to one node. */
export interface Route {
  readonly endpoint: string;
  /** @throws RpcError, ConnectionError */
  request(method: string, params: readonly unknown[], options: RequestOptions): Promise<unknown>;
}

/** Codes that say that this node cannot answer for the group, while another may. */
const NOT_HERE: ReadonlySet<number> = new Set([-40001, -40009, -40010]);

/**
 * A function that asks the route that answered last, and the others in turn when it fails.
 *
 * Errors of the request itself are not tried elsewhere: every node would say the same.
 *
 * @throws CodedError `no-nodes`, `no-such-endpoint`
 */
export function anyOf(
  routes: readonly Route[],
): (method: string, params: readonly unknown[], options?: RequestOptions) => Promise<unknown> {
  if (routes.length === 0) throw new CodedError("no-nodes", "At least one node is needed.");
  let preferred = 0;
  return async (method, params, options = {}) => {
    if (options.endpoint !== undefined) {
      const route = routes.find(({ endpoint }) => endpoint === options.endpoint);
      if (route !== undefined) return route.request(method, params, options);
      const known = routes.map(({ endpoint }) => endpoint).join(", ");
      throw new CodedError("no-such-endpoint", `Not connected with ${options.endpoint}; connected with ${known}.`);
    }
    const start = preferred;
    const failures: Error[] = [];
    for (let turn = 0; turn < routes.length; turn++) {
      const index = (start + turn) % routes.length;
      const route = routes[index] as Route;
      try {
        const result = await route.request(method, params, options);
        preferred = index;
        return result;
      } catch (error) {
        if (!isWorthAnother(error)) throw error;
        failures.push(error as Error);
      }
    }
    throw summary(failures);
  };
}

function isWorthAnother(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof RpcError && NOT_HERE.has(error.rpcCode));
}

/** What to tell when no node answered: a node's own words if one gave any, else all the reasons. */
function summary(failures: readonly Error[]): Error {
  const answer = failures.find((failure) => failure instanceof RpcError);
  if (answer !== undefined) return answer;
  if (failures.length === 1) return failures[0] as Error;
  return new ConnectionError(
    `None of ${failures.length} nodes answers:\n${failures.map((f) => `  ${f.message}`).join("\n")}`,
  );
}
