/** Calldata, results and logs by ABI. Selectors and topics are cut from the hash of the chain: Keccak-256 or SM3. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { bytesToHex, CodedError, concatBytes, hexToBytes, utf8ToBytes } from "@tsbcos/core/primitives";
import {
  BaseError,
  decodeAbiParameters,
  decodeEventLog,
  decodeFunctionResult,
  encodeAbiParameters,
  getAbiItem,
  toEventSelector,
  toFunctionSignature,
  type Abi,
  type AbiEvent,
  type AbiFunction,
  type AbiParameter,
} from "viem";
import { digitsOf, type Hex } from "../hex.js";
import type { Log } from "./receipt.js";

/** First four bytes of calldata: of the hash of the function's or error's signature. */
export function selectorOf(
  item: { readonly name: string; readonly inputs: readonly AbiParameter[] },
  suite: CryptoSuite,
): Hex {
  return `0x${bytesToHex(hashOfSignature(item, suite).subarray(0, 4))}`;
}

/** First topic of an event's logs: the hash of its signature. */
export function topicOf(event: AbiEvent, suite: CryptoSuite): Hex {
  return `0x${bytesToHex(hashOfSignature(event, suite))}`;
}

function hashOfSignature(
  item: { readonly name: string; readonly inputs: readonly AbiParameter[] },
  suite: CryptoSuite,
): Uint8Array {
  return suite.hash(utf8ToBytes(toFunctionSignature({ ...item, type: "function" } as AbiFunction)));
}

/** Runs a codec; its complaints are long and link to pages about another library, so that only the gist is kept. */
function coded<T>(code: string, what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const text =
      cause instanceof BaseError ? cause.shortMessage : cause instanceof Error ? cause.message : String(cause);
    throw new CodedError(code, `${what}: ${text}`, { cause });
  }
}

/** The function of an ABI that these arguments call, overloads included. */
export function functionOf(abi: Abi, name: string, args: readonly unknown[] = []): AbiFunction {
  const candidates = abi.filter((item): item is AbiFunction => item.type === "function" && item.name === name);
  if (candidates.length === 0) {
    const names = abi.flatMap((item) => (item.type === "function" ? [item.name] : []));
    throw new CodedError(
      "no-such-function",
      `The ABI has no function "${name}" (it has ${names.join(", ") || "none"}).`,
    );
  }
  const fitting = candidates.filter((candidate) => candidate.inputs.length === args.length);
  if (fitting.length === 0) {
    const counts = candidates.map((candidate) => candidate.inputs.length);
    throw new CodedError("bad-arguments", wrongCount(name, counts, args.length));
  }
  if (fitting.length === 1) return fitting[0] as AbiFunction;
  return coded("bad-arguments", name, () => getAbiItem({ abi: fitting, name, args } as never) as AbiFunction);
}

function wrongCount(name: string, counts: readonly number[], given: number): string {
  const wanted = [...new Set(counts)].map((count) => (count === 0 ? "no" : String(count))).join(" or ");
  return `${name} takes ${wanted} ${wanted === "1" ? "argument" : "arguments"}, not ${given}.`;
}

/** Calldata of a call. @throws CodedError `no-such-function`, `bad-arguments` */
export function encodeCall(
  call: { readonly abi: Abi; readonly functionName: string; readonly args?: readonly unknown[] | undefined },
  suite: CryptoSuite,
): Uint8Array {
  const item = functionOf(call.abi, call.functionName, call.args);
  return concatBytes(hexToBytes(selectorOf(item, suite)), encodeArguments(item.inputs, call.args ?? [], item.name));
}

/** Init code of a creation: the contract's, then the constructor's arguments. @throws CodedError `bad-arguments`, `bad-bytecode` */
export function encodeDeployment(contract: {
  readonly abi: Abi;
  readonly bytecode: string;
  readonly args?: readonly unknown[] | undefined;
}): Uint8Array {
  const digits = digitsOf(contract.bytecode);
  if (digits === "" || digits.length % 2 !== 0 || !/^[0-9a-f]*$/.test(digits)) {
    throw new CodedError(
      "bad-bytecode",
      digits.includes("_")
        ? "The bytecode still has placeholders (__...): link it with the addresses of its libraries first."
        : "Bytecode is hexadecimal digits, and not empty.",
    );
  }
  const inputs = contract.abi.find((item) => item.type === "constructor")?.inputs ?? [];
  return concatBytes(hexToBytes(digits), encodeArguments(inputs, contract.args ?? [], "the constructor"));
}

function encodeArguments(inputs: readonly AbiParameter[], args: readonly unknown[], what: string): Uint8Array {
  if (inputs.length !== args.length) {
    throw new CodedError("bad-arguments", wrongCount(what, [inputs.length], args.length));
  }
  return hexToBytes(coded("bad-arguments", what, () => encodeAbiParameters(inputs, args)));
}

/** What a function returned: nothing, the value, or the list of values. @throws CodedError `bad-result` */
export function decodeResult(item: AbiFunction, output: string): unknown {
  if (item.outputs.length === 0) return undefined;
  const value = coded("bad-result", item.name, () =>
    decodeFunctionResult({ abi: [item], functionName: item.name, data: output as Hex }),
  );
  const [only] = item.outputs;
  if (item.outputs.length === 1 && only !== undefined) return lowerAddresses(only, value);
  return item.outputs.map((parameter, index) => lowerAddresses(parameter, (value as readonly unknown[])[index]));
}

/** The arguments of calldata, and the function they were meant for; undefined when the ABI has none of that selector. */
export function decodeCall(
  abi: Abi,
  input: string,
  suite: CryptoSuite,
): { readonly item: AbiFunction; readonly args: readonly unknown[] } | undefined {
  for (const item of abi) {
    if (item.type !== "function" || !input.startsWith(selectorOf(item, suite))) continue;
    const values = coded("bad-arguments", item.name, () => decodeAbiParameters(item.inputs, `0x${input.slice(10)}`));
    return { item, args: item.inputs.map((parameter, index) => lowerAddresses(parameter, values[index])) };
  }
  return undefined;
}

/** A log understood. */
export interface DecodedEvent {
  readonly eventName: string;
  /** By name; a list when a parameter has no name. */
  readonly args: Readonly<Record<string, unknown>> | readonly unknown[];
  readonly log: Log;
}

/** What a log says; undefined when it is of no event of the ABI. */
export function decodeLog(abi: Abi, log: Log, suite: CryptoSuite): DecodedEvent | undefined {
  for (const item of abi) {
    if (item.type !== "event" || item.anonymous === true || topicOf(item, suite) !== log.topics[0]) continue;
    try {
      // The library knows Keccak topics only: the log is shown to it with the one it expects.
      const topics = [toEventSelector(item), ...log.topics.slice(1)] as [Hex, ...Hex[]];
      const { args } = decodeEventLog({ abi: [item], topics, data: log.data });
      return { eventName: item.name, args: plainArguments(item, args ?? []), log };
    } catch {
      // Another contract's event may have the same signature and other indexed parameters.
      continue;
    }
  }
  return undefined;
}

function plainArguments(item: AbiEvent, args: unknown): DecodedEvent["args"] {
  if (Array.isArray(args)) return item.inputs.map((parameter, index) => plainIndexed(parameter, args[index]));
  const named = args as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    item.inputs.map((parameter) => [parameter.name, plainIndexed(parameter, named[parameter.name ?? ""])]),
  );
}

/** Indexed texts, bytes, lists and structs are logged as hashes only. */
function plainIndexed(parameter: AbiEvent["inputs"][number], value: unknown): unknown {
  const isHash = parameter.indexed === true && /^(string|bytes|tuple)$|\]$/.test(parameter.type);
  return isHash ? value : lowerAddresses(parameter, value);
}

/** Addresses as nodes print them: a checksum in capitals would make equal addresses different texts. */
function lowerAddresses(parameter: AbiParameter, value: unknown): unknown {
  const array = /^(.*)\[\d*\]$/.exec(parameter.type);
  if (array !== null) {
    const element = { ...parameter, type: array[1] as string };
    return (value as readonly unknown[]).map((one) => lowerAddresses(element, one));
  }
  if (parameter.type === "address") return (value as string).toLowerCase();
  if (parameter.type !== "tuple" || !("components" in parameter)) return value;
  const { components } = parameter;
  if (Array.isArray(value)) return components.map((component, index) => lowerAddresses(component, value[index]));
  const named = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    components.map((component) => [component.name, lowerAddresses(component, named[component.name ?? ""])]),
  );
}
