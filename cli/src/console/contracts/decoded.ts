/** Transactions, results and events in the words of an ABI. */
import {
  decodeCall,
  decodeLog,
  decodeResult,
  revertReason,
  statusText,
  suiteOf,
  type Abi,
  type CryptoSuite,
  type DecodedEvent,
  type RpcReceipt,
  type RpcTransaction,
} from "@tsbcos/sdk";
import type { Outcome } from "../command.js";
import { jsonOf, SEPARATOR } from "../print.js";
import type { AbiParameter } from "./abi-types.js";
import type { CallableContract } from "./deployments.js";

/** A value as people read it: bytes as they are typed in, lists in brackets, texts as they are. */
export function valueText(type: string, value: unknown): string {
  const [, element] = /^(.*)\[\d*\]$/.exec(type) ?? [];
  if (Array.isArray(value)) return `[${value.map((one) => valueText(element ?? "", one)).join(", ")}]`;
  if (type.startsWith("bytes")) return `hex://${String(value)}`;
  if (typeof value === "object" && value !== null) return JSON.stringify(jsonOf(value));
  return String(value);
}

/** The lines on a list of values: how many, of which types, and what they are. */
export function valueLines(what: string, parameters: readonly AbiParameter[], values: readonly unknown[]): string[] {
  if (parameters.length === 0) return [`${what} values:[]`];
  const texts = parameters.map(({ type }, index) => valueText(type, values[index]));
  return [
    `${what} value size:${parameters.length}`,
    `${what} types: (${parameters.map(typeText).join(", ")})`,
    `${what} values:(${texts.join(", ")})`,
  ];
}

/** `(string,uint256)[]` for a list of structs; other types go by their names. */
function typeText(parameter: AbiParameter): string {
  if (!parameter.type.startsWith("tuple") || !("components" in parameter)) return parameter.type;
  return `(${parameter.components.map(typeText).join(",")})${parameter.type.slice("tuple".length)}`;
}

/** The values that a result holds: none, one, or a list of as many as the function has outputs. */
export function valuesOf(outputs: readonly AbiParameter[], result: unknown): readonly unknown[] {
  if (outputs.length === 0) return [];
  return outputs.length === 1 ? [result] : (result as readonly unknown[]);
}

/** Events by name: each time that one was logged, its values in order. */
export function eventsByName(events: readonly DecodedEvent[]): Readonly<Record<string, readonly unknown[]>> {
  const byName: Record<string, unknown[]> = {};
  for (const { eventName, args } of events) {
    (byName[eventName] ??= []).push(jsonOf(Array.isArray(args) ? args : Object.values(args)));
  }
  return byName;
}

/** What a transaction or receipt says when it is read with the ABI of the contract that was called. */
export function decodedTransaction(record: RpcTransaction | RpcReceipt, contract: CallableContract): Outcome {
  const suite = suiteOf(contract.hash);
  const call = decodeCall(contract.abi, record.input, suite);
  if (call === undefined) {
    const text = isCreation(record)
      ? `This transaction deployed a contract${"contractAddress" in record ? ` at ${record.contractAddress}` : ""}.`
      : `${contract.name} has no function that this transaction calls.`;
    return { text: [SEPARATOR, text, SEPARATOR], value: null };
  }
  const { item, args } = call;
  const inputs = [`Function: ${item.name}`, ...valueLines("Input", item.inputs, args)];
  if (!("output" in record)) {
    return { text: [SEPARATOR, ...inputs, SEPARATOR], value: { function: item.name, inputs: args } };
  }
  const status = Number(record.status);
  const outputs = status === 0 ? valuesOf(item.outputs, decodeResult(item, record.output)) : [];
  const events = eventsByName(eventsOf(contract.abi, record, suite));
  const reason = status === 0 ? undefined : (revertReason(record.output, contract.abi) ?? "");
  const done =
    reason === undefined
      ? valueLines("Return", item.outputs, outputs)
      : [`Failed: ${statusText(status)} (status ${status})${reason === "" ? "" : `: ${reason}`}`];
  return {
    text: [
      SEPARATOR,
      ...inputs,
      SEPARATOR,
      ...done,
      SEPARATOR,
      "Event logs",
      `Event: ${JSON.stringify(events)}`,
      SEPARATOR,
    ],
    value: { function: item.name, inputs: args, outputs, events, reason },
  };
}

function isCreation(record: { readonly to: string }): boolean {
  return /^0x0*$/.test(record.to);
}

function eventsOf(abi: Abi, record: RpcReceipt, suite: CryptoSuite): readonly DecodedEvent[] {
  return record.logs.flatMap((log) => decodeLog(abi, log as Parameters<typeof decodeLog>[1], suite) ?? []);
}
