/** Which logs a program wants: checked, and matched. */
import { CodedError, type Address, type Hash } from "@tsbcos/core/primitives";
import { matchesLog, type EventFilterRequest, type LogMatcher } from "@tsbcos/core/protocol";
import { digitsOf, parseAddress, parseHex } from "../hex.js";
import type { LogFilter } from "../rpc/transport.js";
import type { RpcLog } from "../rpc/types.js";

/** Positions of topics in a log. */
const TOPICS_MAX = 4;

/** Addresses and topics in the form that logs are compared with. @throws CodedError `bad-filter`, `bad-hex` */
export function matcherOf({ addresses, topics }: Pick<LogFilter, "addresses" | "topics">): LogMatcher {
  if (topics.length > TOPICS_MAX) {
    throw new CodedError(
      "bad-filter",
      `A log has at most ${TOPICS_MAX} topics, and the filter names ${topics.length}.`,
    );
  }
  return {
    addresses: new Set(addresses.map((address) => digitsOf(parseAddress(address)) as Address)),
    topics: topics.map((wanted) => {
      const alternatives = wanted === null ? [] : typeof wanted === "string" ? [wanted] : wanted;
      return new Set(alternatives.map((topic) => digitsOf(parseHex(topic, 32, "A topic")) as Hash));
    }),
  };
}

/** The filter as it is sent to a node. @throws CodedError `bad-filter`, `bad-hex` */
export function filterRequest(filter: LogFilter, filterId: string): EventFilterRequest {
  return {
    ...matcherOf(filter),
    groupId: filter.groupId,
    filterId,
    fromBlock: BigInt(filter.fromBlock),
    toBlock: filter.toBlock === undefined ? undefined : BigInt(filter.toBlock),
  };
}

/** True when the log is wanted. */
export function isWanted(matcher: LogMatcher, log: RpcLog): boolean {
  return matchesLog(matcher, {
    address: digitsOf(log.address) as Address,
    topics: log.topics.map((topic) => digitsOf(topic) as Hash),
    data: new Uint8Array(0),
  });
}
