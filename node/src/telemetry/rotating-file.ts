/** A log file that gives way to the next one at each full hour and when it is large enough. */
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import { pino } from "pino";

/** How files are named, when they end, and how much of them is kept. */
export interface RotatingFileOptions {
  readonly directory: string;
  /** First part of the names: `log` gives `log_2026112217.05.log`, by local time of opening. */
  readonly prefix: string;
  /** A file of this size is followed by a new one. Within one minute the name cannot change, so it grows on. */
  readonly fileBytesMax: number;
  /** All files of the prefix together; the oldest go first, the current one stays. 0: no bound. */
  readonly totalBytesMax: number;
  /** Hand each line to the system at once instead of in blocks. */
  readonly flush: boolean;
  /** Wall clock, replaced by tests. */
  readonly now?: () => Date;
}

/** Lines kept in memory while the disk does not take them; more are dropped and counted. */
const BUFFER_BYTES_MAX = 16 * 1024 * 1024;
/** Without `flush`, what is written at a time, and how long a line waits at most. */
const BLOCK_BYTES = 8 * 1024;
const BLOCK_WAIT_MS = 1000;

type Destination = ReturnType<typeof pino.destination>;

/** Writes lines in the background and never throws while doing so: a full disk must not end the node. */
export class RotatingFile {
  /** Lines that were lost because the disk did not take them. */
  lostLines = 0;
  readonly #options: RotatingFileOptions;
  readonly #now: () => Date;
  #path: string;
  #hour: number;
  #bytes = 0;
  #destination: Destination;

  /** @throws CodedError `log-not-writable` */
  constructor(options: RotatingFileOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
    const now = this.#now();
    this.#path = this.#pathAt(now);
    this.#hour = hourOf(now);
    try {
      mkdirSync(options.directory, { recursive: true });
      this.#destination = this.#open();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CodedError("log-not-writable", `logs cannot be written to ${options.directory}: ${reason}`, { cause });
    }
    this.#removeOldest();
  }

  /** Path of the file that takes the next line, unless that line starts a new file. */
  get path(): string {
    return this.#path;
  }

  /** Adds a line; the line break is added here. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line) + 1;
    const now = this.#now();
    if (hourOf(now) !== this.#hour || this.#bytes + bytes > this.#options.fileBytesMax) this.#rotate(now);
    this.#bytes += bytes;
    this.#destination.write(`${line}\n`);
  }

  /** Writes what waits, before this returns. Used when the process is about to end. */
  flushSync(): void {
    try {
      this.#destination.flushSync();
    } catch {
      this.lostLines++;
    }
  }

  /** Writes what waits and closes the file. */
  close(): Promise<void> {
    return endOf(this.#destination);
  }

  #rotate(now: Date): void {
    const path = this.#pathAt(now);
    this.#hour = hourOf(now);
    if (path === this.#path) return;
    const former = { destination: this.#destination, path: this.#path };
    this.#path = path;
    try {
      this.#destination = this.#open();
      void endOf(former.destination);
      this.#removeOldest();
    } catch {
      // No room for a new file: go on with the old one and try again at the next line.
      this.#path = former.path;
    }
  }

  #open(): Destination {
    const descriptor = openSync(this.#path, "a");
    try {
      this.#bytes = fstatSync(descriptor).size;
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    const { flush } = this.#options;
    const destination = pino.destination({
      dest: descriptor,
      sync: false,
      minLength: flush ? 0 : BLOCK_BYTES,
      periodicFlush: flush ? 0 : BLOCK_WAIT_MS,
      maxLength: BUFFER_BYTES_MAX,
    });
    // What could not be written stays in its buffer and is tried again with the next line.
    destination.on("error", () => undefined);
    destination.on("drop", () => {
      this.lostLines++;
    });
    return destination;
  }

  #pathAt(now: Date): string {
    const { directory, prefix } = this.#options;
    const day = `${pad(now.getFullYear(), 4)}${pad(now.getMonth() + 1)}${pad(now.getDate())}`;
    return join(directory, `${prefix}_${day}${pad(now.getHours())}.${pad(now.getMinutes())}.log`);
  }

  #removeOldest(): void {
    const { directory, prefix, totalBytesMax } = this.#options;
    if (totalBytesMax === 0) return;
    const pattern = new RegExp(`^${prefix}_\\d{10}\\.\\d{2}\\.log$`);
    let total = 0;
    try {
      const newestFirst = readdirSync(directory)
        .filter((name) => pattern.test(name))
        .sort()
        .reverse();
      for (const name of newestFirst) {
        const path = join(directory, name);
        total += statSync(path).size;
        if (total > totalBytesMax && path !== this.#path) rmSync(path);
      }
    } catch {
      // Somebody else tidies up in the directory: the next rotation looks again.
    }
  }
}

function endOf(destination: Destination): Promise<void> {
  return new Promise((resolve) => {
    destination.once("close", resolve);
    destination.once("error", () => {
      resolve();
    });
    destination.end();
  });
}

function hourOf(date: Date): number {
  return Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / 3_600_000);
}

/** Decimal digits with zeros in front. */
export function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, "0");
}
