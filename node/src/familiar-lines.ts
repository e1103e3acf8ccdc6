/** Lines of the log that tools and people of 2.x look for: wording and order of pairs are part of them. */
import type { GroupId, TraceEvent, Tracer } from "@tsbcos/core/primitives";
import type { CommittedBlock } from "./runtime/index.js";
import { traceText, type Log } from "./telemetry/index.js";

type Fields = NonNullable<TraceEvent["fields"]>;

function abridged(hash: unknown): string {
  return `${String(hash).slice(0, 8)}...`;
}

/** A block became the head: what throughput is counted by. */
export function committedLine(groupId: GroupId, consensusType: string, block: CommittedBlock): string {
  const { number, sealer, transactions, nodeIndex, failed } = block;
  const hash = abridged(block.hash);
  if (consensusType === "raft") {
    return (
      `[g:${groupId}][CONSENSUS][RAFTENGINE][#reportBlock]^^^^^^^^Report Block,num=${number},sealer=${sealer},` +
      `hash=${hash},next=${number + 1},txNum=${transactions},blockTime=${block.timestampMs},failed=${failed}`
    );
  }
  return (
    `[g:${groupId}][CONSENSUS][PBFT]^^^^^^^^Report,num=${number},sealerIdx=${sealer},hash=${hash},` +
    `next=${number + 1},tx=${transactions},nodeIdx=${nodeIndex},failed=${failed}`
  );
}

function proposedLine(groupId: GroupId, fields: Fields): string {
  const { height, transactions, index, hash } = fields;
  return (
    `[g:${groupId}][CONSENSUS][SEALER]++++++++++++++++ Generating seal on,blkNum=${String(height)},` +
    `tx=${String(transactions)},nodeIdx=${String(index)},hash=${abridged(hash)}`
  );
}

function offeredLine(groupId: GroupId, fields: Fields): string {
  const { height, transactions, hash } = fields;
  return (
    `[g:${groupId}][CONSENSUS][RAFTSEALER][handleBlock]++++++++++++++++ Generating seal,` +
    `blockNumber=${String(height)},txNum=${String(transactions)},hash=${abridged(hash)}`
  );
}

/** The line that 2.x writes where a group reports this event; undefined where it has none. */
export function familiarText(groupId: GroupId, event: TraceEvent): string | undefined {
  const fields = event.fields ?? {};
  switch (`${event.room}/${event.event}`) {
    case "PBFT/proposed":
    case "PBFT/proposed-nothing":
      return proposedLine(groupId, fields);
    case "RAFT/offered":
      return offeredLine(groupId, fields);
    case "PBFT/round-timed-out":
      return `[g:${groupId}][CONSENSUS]ViewChangeWarning: ${traceText(event)}`;
    default:
      return undefined;
  }
}

/** A tracer that writes the events that have one as their familiar line, and leaves the others to `rest`. */
export function familiarTracer(log: Log, groupId: GroupId, rest: Tracer): Tracer {
  return (event) => {
    const text = familiarText(groupId, event);
    if (text === undefined) rest(event);
    else log.line(event.level === "warn" ? "warning" : event.level, text);
  };
}
