/** Asking a node by JSON-RPC, and reading its clock on the way. */
import { CodedError } from "@tsbcos/core/primitives";

const ANSWER_WITHIN_MS = 3000;

/** The node answered that it does not answer this. */
export class Refusal extends CodedError {
  override readonly name = "Refusal";
  /** Number in the protocol. */
  readonly number: number;

  constructor(number: number, message: string) {
    super("rpc-refused", message);
    this.number = number;
  }
}

/** An answer with the time at which the node said it was. */
export interface Answer {
  readonly result: unknown;
  /**
   * How far the node's clock is from ours, in ms, as bounds: the clock travels in whole seconds, and the message took
   * its time. Undefined when the node does not tell its time.
   */
  readonly clockOffsetMs: readonly [atLeast: number, atMost: number] | undefined;
}

/**
 * Asks one thing.
 *
 * @throws Refusal when the node answers with an error; any other Error when there is no answer in time
 */
export async function ask(url: string, method: string, params: readonly unknown[]): Promise<Answer> {
  const sentAt = Date.now();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const receivedAt = Date.now();
  const answer = (await response.json()) as {
    readonly result?: unknown;
    readonly error?: { readonly code?: number; readonly message?: string };
  };
  if (answer.error !== undefined)
    throw new Refusal(answer.error.code ?? 0, answer.error.message ?? "it gave no reason");
  const second = Date.parse(response.headers.get("date") ?? "");
  return {
    result: answer.result,
    clockOffsetMs: Number.isNaN(second) ? undefined : [second - receivedAt, second + 999 - sentAt],
  };
}
