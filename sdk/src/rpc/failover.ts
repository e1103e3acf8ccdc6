/** One request, several nodes: the next is asked when one does not answer. */
import { CodedError } from "@tsbcos/core/primitives";
import { ConnectionError, EventFilterError, RpcError } from "../errors.js";

/** The way to one node, as far as asking in turn needs it. */
export interface Route {
  readonly endpoint: string;
}

/**
 * Codes that say that this node cannot answer, while another may: it does not run the group, does not let this client
 * use it, or does not keep past states (-40013) or has too many calls on them waiting (-40015).
 */
const NOT_HERE: ReadonlySet<number> = new Set([-40001, -40009, -40010, -40012, -40013, -40015, -41002, -41006]);

/**
 * Asks one node after the other until one answers.
 *
 * Errors of the request itself are not tried elsewhere: every node would say the same.
 *
 * @throws ConnectionError with the reasons of all; RpcError
 */
export async function askInTurn<R extends Route, T>(routes: readonly R[], ask: (route: R) => Promise<T>): Promise<T> {
  const failures: Error[] = [];
  for (const route of routes) {
    try {
      return await ask(route);
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
      failures.push(error);
    }
  }
  throw summaryOf(failures);
}

/** The route to the node that was asked for. @throws CodedError `no-such-endpoint` */
export function routeTo<R extends Route>(routes: readonly R[], endpoint: string): R {
  const route = routes.find((one) => one.endpoint === endpoint);
  if (route !== undefined) return route;
  const known = routes.map((one) => one.endpoint).join(", ");
  throw new CodedError("no-such-endpoint", `Not connected with ${endpoint}; connected with ${known}.`);
}

function isWorthAnother(error: unknown): error is Error {
  if (error instanceof EventFilterError) return NOT_HERE.has(error.result);
  return error instanceof ConnectionError || (error instanceof RpcError && NOT_HERE.has(error.rpcCode));
}

/** What to tell when no node answered: a node's own words if one gave any, else all the reasons. */
export function summaryOf(failures: readonly Error[]): Error {
  const answer = failures.find((failure) => !(failure instanceof ConnectionError));
  if (answer !== undefined) return answer;
  const [first] = failures;
  if (failures.length === 1 && first !== undefined) return first;
  const reasons = failures.map(({ message }) => `  ${message}`).join("\n");
  return new ConnectionError(`None of ${failures.length} nodes answers:\n${reasons}`);
}
