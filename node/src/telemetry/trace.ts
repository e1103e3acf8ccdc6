/** Trace events of the machines as lines of the log. */
import type { GroupId, TraceEvent, Tracer } from "@tsbcos/core/primitives";
import type { LogLevel, LogRecord } from "./log.js";

/** What a tracer writes to: a log, or the way from a thread to the log. */
export interface RecordSink {
  isEnabled(level: LogLevel): boolean;
  write(record: LogRecord): void;
}

const LEVEL_OF = { debug: "debug", info: "info", warn: "warning" } as const;

/** `[g:1][PBFT]prepare-kept,height=5,view=0`: badges, what happened, values. */
export function traceText(event: TraceEvent, groupId?: GroupId): string {
  const badge = groupId === undefined ? "" : `[g:${String(groupId)}]`;
  let text = `${badge}[${event.room}]${event.event}`;
  for (const [key, value] of Object.entries(event.fields ?? {})) text += `,${key}=${String(value)}`;
  return text;
}

/** A tracer that writes each event as a line, with the badge of the group when there is one. */
export function tracerTo(sink: RecordSink, groupId?: GroupId): Tracer {
  return (event) => {
    const level = LEVEL_OF[event.level];
    if (!sink.isEnabled(level)) return;
    const group = groupId === undefined ? {} : { group: groupId };
    const fields = { ...group, room: event.room, event: event.event, ...event.fields };
    sink.write({ level, wallMs: Date.now(), text: traceText(event, groupId), fields });
  };
}

/** Counts events by `ROOM/event` and passes them on. Rooms and events are names in the code, so there are few. */
export function countingTracer(trace: Tracer): { readonly trace: Tracer; counts(): Readonly<Record<string, number>> } {
  const counts = new Map<string, number>();
  return {
    trace: (event) => {
      const name = `${event.room}/${event.event}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      trace(event);
    },
    counts: () => Object.fromEntries(counts),
  };
}
