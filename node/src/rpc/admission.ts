/** What stands in front of requests over the channel: who may ask about a group, and how often. */
import type { Json } from "@tsbcos/core/protocol";
import { channelError, type RpcError } from "./errors.js";
import { lowSixteenBits } from "./formats.js";
import { METHODS } from "./methods.js";

/** A request as far as admission looks at it. */
export interface RequestSubject {
  readonly method: string;
  /** The group it is about; undefined when it is about none, or about something that is no group number. */
  readonly groupId: number | undefined;
}

/** What becomes of a request. */
export type Admission = "admitted" | "not-allowed" | "over-limit";

/** Methods about groups that concern no client of a group: other limits hold for them. */
const OF_THE_NODE: ReadonlySet<string> = new Set(["generateGroup"]);

/** Method and group of a request; undefined for what has no method or no parameters, which nothing limits. */
export function subjectOf(request: Readonly<Record<string, Json | undefined>>): RequestSubject | undefined {
  const { method, params } = request;
  if (typeof method !== "string" || params === undefined) return undefined;
  const scope = METHODS.get(method)?.scope;
  const takesGroup =
    scope === "group" || scope === "submit" || (scope === "operation" && METHODS.get(method)?.parameters !== undefined);
  const first = takesGroup && !OF_THE_NODE.has(method) && Array.isArray(params) ? (params as readonly Json[])[0] : null;
  return { method, groupId: groupNumberOf(first) };
}

/** The group that a method would take the value for; a text counts too, although no method takes it. */
function groupNumberOf(value: Json | undefined): number | undefined {
  const isNumber = typeof value === "number" || (typeof value === "string" && /^[+-]?\d{1,5}$/.test(value));
  const number = isNumber ? Number(value) : Number.NaN;
  // Only the low 16 bits reach a group, so no other bits may get around its list.
  return Number.isInteger(number) ? lowSixteenBits(number) : undefined;
}

/** The answer to a request that is not admitted, and whether it repeats the id of the request. */
export function admissionError(
  admission: Exclude<Admission, "admitted">,
  method: string,
): { readonly error: RpcError; readonly keepsId: boolean } {
  // 2.x refuses by the text of the request, before it has an id.
  if (admission === "not-allowed") return { error: channelError("notAllowed", method), keepsId: false };
  return { error: channelError("overLimit", method), keepsId: true };
}
