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
  const failures: NodeFailure[] = [];
  for (const route of routes) {
    try {
      return await ask(route);
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
      failures.push({ endpoint: route.endpoint, error });
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

/** Why one node gave no answer. */
export interface NodeFailure {
  /** The node, as messages name it. */
  readonly endpoint: string;
  readonly error: Error;
}

/** What to tell when no node answered: a node's own words if one gave any, else all the reasons, each of them once. */
export function summaryOf(failures: readonly NodeFailure[]): Error {
  const answer = failures.find(({ error }) => !(error instanceof ConnectionError));
  if (answer !== undefined) return answer.error;
  const [first] = failures;
  if (failures.length === 1 && first !== undefined) return first.error;
  const reasons = new Map<string, NodeFailure[]>();
  for (const failure of failures) {
    const reason = namelessReason(failure);
    const alike = reasons.get(reason);
    if (alike === undefined) reasons.set(reason, [failure]);
    else alike.push(failure);
  }
  const lines = [...reasons].map(([reason, alike]) => {
    const [only] = alike;
    // A reason that holds for one node names it already.
    if (alike.length === 1 && only !== undefined) return `  ${only.error.message}`;
    return `  ${alike.map(({ endpoint }) => endpoint).join(", ")}: ${reason}`;
  });
  return new ConnectionError(`None of ${failures.length} nodes answers:\n${lines.join("\n")}`);
}

/** The message with `it` in place of the node's name, which is the same for all nodes with which the same is wrong. */
function namelessReason({ endpoint, error }: NodeFailure): string {
  const address = endpoint.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return error.message.replaceAll(endpoint, "it").replaceAll(address, "it").replace(/^it /, "It ");
}
