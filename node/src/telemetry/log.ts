/** The log of a node: lines in the form of the C++ node, or JSON for collectors. */
import { pino } from "pino";
import { RotatingFile, pad } from "./rotating-file.js";

/** Severity, from least to most. */
export type LogLevel = "trace" | "debug" | "info" | "warning" | "error" | "fatal";

const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warning", "error", "fatal"];

/** One line of the log. Worker threads send these to the main thread, which alone writes. */
export interface LogRecord {
  readonly level: LogLevel;
  /** Milliseconds since the Unix epoch. */
  readonly wallMs: number;
  /** The line after the time: badges in brackets, description, `,key=value` pairs. */
  readonly text: string;
  /** The same values for the JSON form. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

/** How the log is set up: section `[log]` of `config.ini`. */
export interface LogOptions {
  /** False: nothing is written at all. */
  readonly enabled: boolean;
  readonly directory: string;
  /** Lines below are not written. */
  readonly level: LogLevel;
  readonly format: "text" | "json";
  readonly fileBytesMax: number;
  /** All log files together; 0: no bound. */
  readonly totalBytesMax: number;
  readonly flush: boolean;
  /** Wall clock for the names of files, replaced by tests. */
  readonly now?: () => Date;
}

/** Where lines go. */
export interface Log {
  /** True when lines of this level are written: asked before expensive texts are made. */
  isEnabled(level: LogLevel): boolean;
  /** Writes a line of text, now. */
  line(level: LogLevel, text: string): void;
  /** Writes a record. */
  write(record: LogRecord): void;
  /** Lines that the disk did not take. */
  readonly lostLines: number;
  /** Writes what waits, before this returns: for the last words of a process. */
  flushSync(): void;
  close(): Promise<void>;
}

/**
 * Opens the log.
 *
 * @throws CodedError `log-not-writable`
 */
export function createLog(options: LogOptions): Log {
  if (!options.enabled) return silentLog();
  const file = new RotatingFile({ ...options, prefix: "log" });
  const lowest = LEVELS.indexOf(options.level);
  const put = options.format === "json" ? jsonWriter(file) : textWriter(file);
  const isEnabled = (level: LogLevel): boolean => LEVELS.indexOf(level) >= lowest;
  const write = (record: LogRecord): void => {
    if (isEnabled(record.level)) put(record);
  };
  return {
    isEnabled,
    line(level, text) {
      write({ level, wallMs: Date.now(), text });
    },
    write,
    get lostLines() {
      return file.lostLines;
    },
    flushSync() {
      file.flushSync();
    },
    close: () => file.close(),
  };
}

/** `2026-11-22 17:05:09.123000`, local time. The clock has milliseconds; the form asks for six digits. */
export function formatTime(wallMs: number): string {
  const date = new Date(wallMs);
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return `${day} ${time}.${pad(date.getMilliseconds(), 3)}000`;
}

function textWriter(file: RotatingFile): (record: LogRecord) => void {
  return ({ level, wallMs, text }) => {
    file.write(`${level}|${formatTime(wallMs)}|${oneLine(text)}`);
  };
}

/** A line break inside a text, perhaps put there by a peer, must not look like another line of the log. */
function oneLine(text: string): string {
  return text.includes("\n") || text.includes("\r") ? text.replaceAll("\r", "\\r").replaceAll("\n", "\\n") : text;
}

function jsonWriter(file: RotatingFile): (record: LogRecord) => void {
  const customLevels = { trace: 10, debug: 20, info: 30, warning: 40, error: 50, fatal: 60 };
  const formatters = { level: (level: string) => ({ level }) };
  const logger = pino(
    { base: null, timestamp: false, level: "trace", customLevels, useOnlyCustomLevels: true, formatters },
    {
      write(line: string) {
        file.write(line.trimEnd());
      },
    },
  );
  return ({ level, wallMs, text, fields }) => {
    logger[level]({ time: new Date(wallMs).toISOString(), ...fields }, text);
  };
}

function silentLog(): Log {
  return {
    isEnabled: () => false,
    line: () => undefined,
    write: () => undefined,
    lostLines: 0,
    flushSync: () => undefined,
    close: () => Promise.resolve(),
  };
}
