/** Parameters of contracts, from the texts that people type. */
import { CodedError } from "@tsbcos/core/primitives";
import { digitsOf, type Abi } from "@tsbcos/sdk";
import { isQuoted, splitList, unquote } from "../words.js";
import type { AbiFunction, AbiParameter } from "./abi-types.js";

/** A function and the values to call it with. */
export interface ChosenFunction {
  readonly item: AbiFunction;
  readonly args: readonly unknown[];
}

const wrong = (message: string): CodedError => new CodedError("bad-parameter", message);

/** The value of a typed text. @throws CodedError `bad-parameter` */
export function parseParameter(parameter: AbiParameter, text: string): unknown {
  const { type } = parameter;
  const array = /^(.*)\[(\d*)\]$/.exec(type);
  if (array !== null) return parseArray(parameter, { element: array[1] ?? "", length: array[2] ?? "" }, text);
  if (type === "tuple") return parseStruct(parameter, text);
  if (type === "string") return unquote(text);
  if (type === "bool") return parseBool(text);
  if (type === "address") return parseAddressText(text);
  if (type.startsWith("bytes")) return parseBytes(type, text);
  if (/^u?int\d*$/.test(type)) return parseInteger(type, text);
  throw wrong(`Parameters of the type ${type} cannot be typed in.`);
}

function parseBool(text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw wrong(`bool is true or false, not ${text}.`);
}

function parseAddressText(text: string): string {
  const digits = digitsOf(text);
  if (/^[0-9a-f]{40}$/.test(digits)) return `0x${digits}`;
  throw wrong(`address is 40 hexadecimal digits behind 0x, not ${text}.`);
}

function parseInteger(type: string, text: string): bigint {
  if (!/^-?(\d+|0x[0-9a-fA-F]+)$/.test(text)) {
    throw wrong(`${type} is a whole number, decimal or behind 0x, not ${text}.`);
  }
  const value = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
  const bits = BigInt(/\d+$/.exec(type)?.[0] ?? "256");
  const [min, max] = type.startsWith("u") ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  if (value >= min && value <= max) return value;
  const range =
    bits > 64n
      ? `at ${value < min ? `least ${min}` : "most 2^" + (type.startsWith("u") ? bits : bits - 1n) + "-1"}`
      : `from ${min} to ${max}`;
  throw wrong(`${type} goes ${range}; ${text} does not fit.`);
}

function parseBytes(type: string, text: string): string {
  const digits = digitsOfBytes(type, text);
  const [, size] = /^bytes(\d+)$/.exec(type) ?? [];
  if (size === undefined) return `0x${digits}`;
  const length = 2 * Number(size);
  if (digits.length <= length) return `0x${digits.padEnd(length, "0")}`;
  throw wrong(`${type} holds ${size} bytes; ${text} has ${digits.length / 2}.`);
}

function digitsOfBytes(type: string, text: string): string {
  const [, form, content = ""] = /^(hex|base64):\/\/(.*)$/s.exec(unquote(text)) ?? [];
  if (form === "hex") {
    const digits = digitsOf(content);
    if (/^([0-9a-f]{2})*$/.test(digits)) return digits;
    throw wrong(`Behind hex:// come pairs of hexadecimal digits, not ${content}.`);
  }
  if (form === "base64") {
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(content)) return Buffer.from(content, "base64").toString("hex");
    throw wrong(`Behind base64:// comes Base64, not ${content}.`);
  }
  // Either may be meant, and what was not meant would be stored without a word.
  if (/^0x[0-9a-fA-F]*$/.test(text)) {
    throw wrong(`For ${type}, write hex://${text.slice(2)} to mean bytes, or "${text}" in quotes to mean this text.`);
  }
  return Buffer.from(unquote(text), "utf8").toString("hex");
}

function parseArray(
  parameter: AbiParameter,
  shape: { readonly element: string; readonly length: string },
  text: string,
): readonly unknown[] {
  const inner = /^\[(.*)\]$/s.exec(text.trim())?.[1];
  if (inner === undefined) throw wrong(`${parameter.type} is a list in brackets, such as [1,2,3], not ${text}.`);
  const parts = splitList(inner);
  if (shape.length !== "" && parts.length !== Number(shape.length)) {
    throw wrong(`${parameter.type} has ${shape.length} elements, not ${parts.length}.`);
  }
  const element = { ...parameter, type: shape.element };
  return parts.map((part) => parseParameter(element, part));
}

function parseStruct(parameter: AbiParameter, text: string): Readonly<Record<string, unknown>> | readonly unknown[] {
  const components = "components" in parameter ? parameter.components : [];
  const names = components.map(({ name }, index) => name ?? String(index));
  const whole = text.trim();
  const example = `["..."] with ${names.join(", ")} in this order, or {"${names[0] ?? ""}": ...}`;
  const parts = splitList(whole.slice(1, -1));
  const byName = new Map<string, string>();
  if (/^\[.*\]$/s.test(whole)) {
    if (parts.length !== components.length) {
      throw wrong(`This struct has ${components.length} members (${names.join(", ")}), not ${parts.length}.`);
    }
    parts.forEach((part, index) => byName.set(names[index] ?? "", part));
  } else if (/^\{.*\}$/s.test(whole)) {
    for (const part of parts) {
      const [, name = "", value = ""] = /^("(?:[^"\\]|\\.)*"|[^:\s]+)\s*:\s*(.*)$/s.exec(part) ?? [];
      byName.set(unquote(name), value);
    }
  } else {
    throw wrong(`A struct is written as ${example}, not ${text}.`);
  }
  const missing = names.filter((name) => !byName.has(name));
  const unknown = [...byName.keys()].filter((name) => !names.includes(name));
  if (missing.length > 0 || unknown.length > 0) {
    throw wrong(`The struct's members are ${names.join(", ")}, not ${[...byName.keys()].join(", ")}.`);
  }
  const values = components.map((component, index) => parseParameter(component, byName.get(names[index] ?? "") ?? ""));
  // Members without names can only be told apart by their places.
  if (components.some(({ name }) => name === undefined || name === "")) return values;
  return Object.fromEntries(values.map((value, index) => [names[index] ?? "", value]));
}

function countOf(parameters: readonly AbiParameter[]): string {
  if (parameters.length === 0) return "no parameters";
  return `${parameters.length} ${parameters.length === 1 ? "parameter" : "parameters"} ${signature(parameters)}`;
}

/** The values for parameters, in order. @throws CodedError `bad-parameter` that names the parameter */
export function parseParameters(
  parameters: readonly AbiParameter[],
  texts: readonly string[],
  what: string,
): readonly unknown[] {
  if (parameters.length !== texts.length) {
    throw wrong(`${what} takes ${countOf(parameters)}, not ${texts.length}.`);
  }
  return parameters.map((parameter, index) => {
    try {
      return parseParameter(parameter, texts[index] ?? "");
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const named = parameter.name === undefined || parameter.name === "" ? "" : ` (${parameter.name})`;
      throw wrong(`Parameter ${index + 1}${named} of ${what}: ${error.message}`);
    }
  });
}

/** `(uint256,string)`: the types of parameters, structs taken apart. */
export function signature(parameters: readonly AbiParameter[]): string {
  const one = (parameter: AbiParameter): string =>
    parameter.type.startsWith("tuple") && "components" in parameter
      ? `${signature(parameter.components)}${parameter.type.slice("tuple".length)}`
      : parameter.type;
  return `(${parameters.map(one).join(",")})`;
}

/**
 * The function that a name and texts mean. Of several with one name it is the one whose parameters the texts fit; where
 * they fit several, a text in quotes is a string, and one without is rather anything else.
 *
 * @param name with types, as in `set(uint256)`, to say which one
 * @throws CodedError `no-such-function`, `bad-parameter`
 */
export function chooseFunction(abi: Abi, name: string, texts: readonly string[]): ChosenFunction {
  const functions = abi.filter((item): item is AbiFunction => item.type === "function");
  const plain = name.replace(/\s/g, "");
  const candidates = functions.filter((item) => item.name === plain || item.name + signature(item.inputs) === plain);
  if (candidates.length === 0) {
    const names = functions.map((item) => item.name + signature(item.inputs));
    throw new CodedError(
      "no-such-function",
      `There is no function ${name}. The contract has ${names.join(", ") || "no functions"}.`,
    );
  }
  const [only, another] = candidates;
  if (only !== undefined && another === undefined) {
    return { item: only, args: parseParameters(only.inputs, texts, only.name) };
  }
  const fitting = candidates.flatMap((item) => {
    try {
      return [{ item, args: parseParameters(item.inputs, texts, item.name), rank: rankOf(item.inputs, texts) }];
    } catch {
      return [];
    }
  });
  const best = Math.max(...fitting.map(({ rank }) => rank));
  const [chosen, rival] = fitting.filter(({ rank }) => rank === best);
  if (chosen !== undefined && rival === undefined) return chosen;
  const signatures = candidates.map((item) => item.name + signature(item.inputs)).join(", ");
  throw wrong(
    `There are ${signatures}, and ${chosen === undefined ? "none takes these parameters" : "several take these parameters"}. ` +
      "Write the one you mean with its types.",
  );
}

/** How well texts suit types that they fit. */
function rankOf(parameters: readonly AbiParameter[], texts: readonly string[]): number {
  return parameters.reduce((rank, { type }, index) => {
    const isText = type === "string" || type.startsWith("bytes");
    return rank + (isText === isQuoted(texts[index] ?? "") ? 1 : 0);
  }, 0);
}
