/** Events by ABI as filters of logs. */
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { CodedError } from "@tsbcos/core/primitives";
import {
  encodeEventTopics,
  type Abi,
  type AbiEvent,
  type ContractEventArgs,
  type ContractEventArgsFromTopics,
  type ContractEventName,
} from "viem";
import { topicOf } from "../contracts/abi.js";
import type { ChainLog, LogFilter } from "../rpc/transport.js";
import type { BlockRange, LogQuery } from "./subscription.js";

/** Which events are wanted. */
export interface EventQuery<
  abi extends Abi | readonly unknown[] = Abi,
  name extends ContractEventName<abi> = ContractEventName<abi>,
> extends BlockRange {
  readonly abi: abi;
  /** The contract, or several; all contracts without it. */
  readonly address?: string | readonly string[];
  /** One event of the ABI; all of them without it. */
  readonly eventName?: name | ContractEventName<abi>;
  /** Values of indexed parameters of that event; a list means any of them. */
  readonly args?: ContractEventArgs<abi, name>;
}

/** An event that was found. */
export interface ChainEvent<
  abi extends Abi | readonly unknown[] = Abi,
  name extends ContractEventName<abi> = ContractEventName<abi>,
> {
  readonly eventName: name;
  readonly args: ContractEventArgsFromTopics<abi, name>;
  readonly log: ChainLog;
}

/** The filter of logs for a query. @throws CodedError `no-such-event`, `bad-filter` */
export function logQueryOf(
  query: BlockRange & {
    readonly abi: Abi;
    readonly address?: string | readonly string[];
    readonly eventName?: string;
    readonly args?: unknown;
  },
  suite: CryptoSuite,
): LogQuery {
  const { abi, address = [], eventName, args, ...range } = query;
  const events = abi.filter(
    (item): item is AbiEvent => item.type === "event" && (eventName === undefined || item.name === eventName),
  );
  const [first] = events;
  if (first === undefined) {
    throw new CodedError("no-such-event", `The ABI has no event${eventName === undefined ? "" : ` "${eventName}"`}.`);
  }
  return {
    ...range,
    addresses: typeof address === "string" ? [address] : address,
    topics: [
      events.map((event) => topicOf(event, suite)),
      ...(args === undefined ? [] : argumentTopics(first, args, suite)),
    ],
  };
}

function argumentTopics(event: AbiEvent, args: unknown, suite: CryptoSuite): LogFilter["topics"] {
  const hashed = event.inputs.find(({ indexed, type }) => indexed === true && /^(string|bytes|tuple)$|\]$/.test(type));
  if (hashed !== undefined && suite.name !== "standard") {
    throw new CodedError(
      "bad-filter",
      `${event.name}: parameter ${hashed.name ?? ""} is logged as a hash and cannot be filtered for here.`,
    );
  }
  return encodeEventTopics({ abi: [event], eventName: event.name, args } as never).slice(1) as LogFilter["topics"];
}
