/** Event filters of the SDK channel: requests, answers, pushes, and which logs match. See docs/protocol/channel.md. */
import { EVENT_FILTER_ITEMS_MAX, bytesToHex, ok } from "../primitives/index.js";
import type { Address, Hash, Result } from "../primitives/index.js";
import { jsonLine, jsonObjectIn } from "./channel-session.js";
import { malformed } from "./failure.js";
import type { DecodeFailure } from "./failure.js";
import type { Json } from "./json.js";
import { parseAddressText, parseHashText, parseWholeText } from "./lenient-text.js";
import type { LogEntry } from "./receipt.js";

/** Results of requests about event filters, and of pushes. */
export const EventFilterResult = {
  Success: 0,
  /** Of a push: the last block of the range has been looked at. */
  Completed: 1,
  InvalidRequest: -41001,
  GroupMissing: -41002,
  InvalidRange: -41003,
  NotAllowed: -41006,
  FilterMissing: -41007,
} as const;

/** Positions of topics in a log. */
const POSITIONS = 4;
const GROUP_ID_MAX = 32767n;
/** Stands for the latest block, as a number. */
const BLOCK_MAX = 2n ** 63n - 1n;

/** Which logs a client asks for. */
export interface LogMatcher {
  /** Of any of these contracts; none: of all. */
  readonly addresses: ReadonlySet<Address>;
  /** By position: any of these topics; none: whatever there is. */
  readonly topics: readonly ReadonlySet<Hash>[];
}

/** A request to register or to remove an event filter. */
export interface EventFilterRequest extends LogMatcher {
  readonly groupId: number;
  /** Chosen by the client, repeated in pushes. */
  readonly filterId: string;
  /** First block; undefined: the head at the time of the request. */
  readonly fromBlock: bigint | undefined;
  /** Last block; undefined: the filter never ends. */
  readonly toBlock: bigint | undefined;
}

/** A log and where it stands. */
export interface PlacedLog extends LogEntry {
  readonly blockHash: Hash;
  readonly blockNumber: number;
  readonly transactionHash: Hash;
  readonly transactionIndex: number;
  /** Position among the logs of its transaction. */
  readonly logIndex: number;
}

/** Reads a request, without the topic in front. */
export function decodeEventFilterRequest(data: Uint8Array): Result<EventFilterRequest, DecodeFailure> {
  const object = jsonObjectIn(data);
  if (object === undefined) return malformed("event-filter", "not a JSON object");
  const filterId = textOf(object["filterID"]);
  if (filterId === undefined || filterId === "") return malformed("event-filter", "filterID");
  const groupId = parseWholeText(textOf(object["groupID"]) ?? "-");
  if (groupId === undefined || groupId < 1n || groupId > GROUP_ID_MAX) return malformed("event-filter", "groupID");
  const fromBlock = blockOf(object["fromBlock"]);
  const toBlock = blockOf(object["toBlock"]);
  if (fromBlock === null || toBlock === null) return malformed("event-filter", "block number");
  const addresses = addressesOf(object["addresses"]);
  if (addresses === undefined) return malformed("event-filter", "addresses");
  const topics = topicsOf(object["topics"]);
  if (topics === undefined) return malformed("event-filter", "topics");
  return ok({ groupId: Number(groupId), filterId, fromBlock, toBlock, addresses, topics });
}

/** Data of a request, without the topic in front. */
export function encodeEventFilterRequest(request: EventFilterRequest): Uint8Array {
  const { groupId, filterId, fromBlock, toBlock, addresses, topics } = request;
  const blockText = (block: bigint | undefined): string => (block === undefined ? "latest" : String(block));
  return jsonLine({
    addresses: [...addresses].map((address) => `0x${address}`),
    filterID: filterId,
    fromBlock: blockText(fromBlock),
    groupID: String(groupId),
    toBlock: blockText(toBlock),
    topics: topics.map((wanted) => (wanted.size === 0 ? null : [...wanted].map((topic) => `0x${topic}`))),
  });
}

/** Data of the answer to a request, without the topic in front. */
export function encodeEventFilterReply(result: number): Uint8Array {
  return jsonLine({ result });
}

/** Reads the answer to a request. */
export function decodeEventFilterReply(data: Uint8Array): Result<number, DecodeFailure> {
  const { result } = jsonObjectIn(data) ?? {};
  return typeof result === "number" ? ok(result) : malformed("event-filter-reply");
}

/** Data of a push with logs. */
export function encodeEventLogs(filterId: string, logs: readonly PlacedLog[]): Uint8Array {
  return jsonLine({ filterID: filterId, logs: logs.map(placedLogJson), result: EventFilterResult.Success });
}

/** Data of the push that ends a filter. */
export function encodeEventLogsCompleted(filterId: string): Uint8Array {
  return jsonLine({ filterID: filterId, logs: null, result: EventFilterResult.Completed });
}

/** True when the filter wants the log. */
export function matchesLog({ addresses, topics }: LogMatcher, log: LogEntry): boolean {
  if (addresses.size > 0 && !addresses.has(log.address)) return false;
  return topics.every((wanted, position) => {
    const topic = log.topics[position];
    return wanted.size === 0 || (topic !== undefined && wanted.has(topic));
  });
}

function placedLogJson(log: PlacedLog): Json {
  return {
    address: `0x${log.address}`,
    blockHash: `0x${log.blockHash}`,
    blockNumber: String(log.blockNumber),
    data: `0x${bytesToHex(log.data)}`,
    logIndex: `0x${log.logIndex.toString(16)}`,
    topics: log.topics.map((topic) => `0x${topic}`),
    transactionHash: `0x${log.transactionHash}`,
    transactionIndex: `0x${log.transactionIndex.toString(16)}`,
  };
}

/** A scalar as the text it would be written as; undefined for what has parts. */
function textOf(value: Json | undefined): string | undefined {
  if (value === undefined || (typeof value === "object" && value !== null)) return undefined;
  return value === null ? "" : String(value);
}

/** A block number; undefined means the latest, null that it is none. */
function blockOf(value: Json | undefined): bigint | undefined | null {
  if (value === undefined) return undefined;
  const text = textOf(value);
  if (text === undefined) return null;
  const number = text === "latest" ? BLOCK_MAX : parseWholeText(text);
  if (number === undefined || number > BLOCK_MAX) return null;
  return number === BLOCK_MAX ? undefined : number;
}

function addressesOf(value: Json | undefined): ReadonlySet<Address> | undefined {
  const list = Array.isArray(value) ? (value as readonly Json[]) : value === undefined ? undefined : [value];
  const addresses = list === undefined || list.length > EVENT_FILTER_ITEMS_MAX ? [undefined] : list.map(addressOf);
  return addresses.every((address) => address !== undefined) ? new Set(addresses) : undefined;
}

function addressOf(value: Json): Address | undefined {
  return parseAddressText(textOf(value) ?? "");
}

function topicsOf(value: Json | undefined): ReadonlySet<Hash>[] | undefined {
  const list = Array.isArray(value) ? (value as readonly Json[]) : value === undefined ? undefined : [value];
  if (list === undefined || list.length > POSITIONS) return undefined;
  const topics = list.map(alternativesOf);
  return topics.every((wanted) => wanted !== undefined) ? topics : undefined;
}

/** The topics allowed at one position; an empty set allows all. */
function alternativesOf(value: Json): ReadonlySet<Hash> | undefined {
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
  if (list.length > EVENT_FILTER_ITEMS_MAX) return undefined;
  const texts = list.filter((topic) => topic !== null).map(textOf);
  return texts.every((text) => text !== undefined) ? new Set(texts.map(parseHashText)) : undefined;
}
