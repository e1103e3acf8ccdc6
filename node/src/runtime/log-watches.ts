/** Looks through the chain for logs that clients asked for: block by block, between whatever else the group has to do. */
import { performance } from "node:perf_hooks";
import { assert, LOG_PUSHES_UNTAKEN_MAX, LOG_PUSH_BYTES, type Address, type Hash } from "@tsbcos/core/primitives";
import type { Ledger } from "@tsbcos/core/ledger";
import {
  BloomMatcher,
  encodeEventLogs,
  encodeEventLogsCompleted,
  matchesLog,
  type LogMatcher,
  type PlacedLog,
} from "@tsbcos/core/protocol";

/** A search that a client asked for. Survives structured cloning. */
export interface LogWatch {
  /** Number by which the main thread knows it. */
  readonly id: number;
  /** Name by which the client knows it. */
  readonly filterId: string;
  /** First block to be looked at; it may lie ahead. */
  readonly fromBlock: number;
  /** Last one; undefined: there is none. */
  readonly toBlock: number | undefined;
  readonly addresses: readonly Address[];
  /** By position, up to four: the topics that may stand there; none: any. */
  readonly topics: readonly (readonly Hash[])[];
}

/** What was found, or that the search is over. */
export interface LogFinding {
  readonly watchId: number;
  /** What the client is to get. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Nothing more comes. */
  readonly isLast: boolean;
}

/** What watches work with. */
export interface LogWatchesParts {
  readonly ledger: Pick<Ledger, "block" | "head" | "headerAt" | "rules">;
  /** Blocks whose logs go together, at most. */
  readonly blocksPerSliceMax: number;
  /** Called with each finding. The main thread says by {@link LogWatches.taken} that its client has it. */
  found(finding: LogFinding): void;
  /** Calls `run` soon, after whatever else waits. */
  later(run: () => void): void;
}

/** Blooms of blocks that are kept: many searches look at the latest block, one after the other. */
const BLOOMS_MAX = 256;
/** What a log takes beside its data, roughly. */
const LOG_FIXED_BYTES = 500;
/** Time that looking may take in one go. Consensus waits for so long at most, or for one large block. */
const TURN_MS = 4;

interface RunningWatch {
  readonly watch: LogWatch;
  readonly matcher: LogMatcher;
  readonly bloom: BloomMatcher;
  /** The next block to be looked at. */
  next: number;
  /** Blocks looked at since the last finding was sent or dropped. */
  sliceBlocks: number;
  logs: PlacedLog[];
  logBytes: number;
  /** Findings that the client does not have yet. */
  untaken: number;
}

/** All searches of one group. Each goes its own way, so that none waits for another. */
export class LogWatches {
  readonly #parts: LogWatchesParts;
  /** The one that was looked after last comes last. */
  readonly #watches = new Map<number, RunningWatch>();
  readonly #blooms = new Map<number, Uint8Array>();
  #isScheduled = false;

  constructor(parts: LogWatchesParts) {
    this.#parts = parts;
  }

  /** Searches under way. */
  get size(): number {
    return this.#watches.size;
  }

  /** Begins a search. */
  add(watch: LogWatch): void {
    const matcher: LogMatcher = {
      addresses: new Set(watch.addresses),
      topics: watch.topics.map((wanted) => new Set(wanted)),
    };
    const bloom = new BloomMatcher(matcher, this.#parts.ledger.rules.suite);
    const start = { next: watch.fromBlock, sliceBlocks: 0, logs: [], logBytes: 0, untaken: 0 };
    this.#watches.set(watch.id, { watch, matcher, bloom, ...start });
    this.#schedule();
  }

  /** Ends a search. */
  remove(id: number): void {
    this.#watches.delete(id);
  }

  /** A finding has reached the client: there may be another. */
  taken(id: number): void {
    const running = this.#watches.get(id);
    if (running === undefined) return;
    running.untaken--;
    this.#schedule();
  }

  /** There is a new block. */
  headMoved(): void {
    if (this.#watches.size > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#parts.later(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    const endMs = performance.now() + TURN_MS;
    for (const running of this.#watches.values()) {
      if (!this.#hasWork(running)) continue;
      // Goes to the end of the line, which this loop reaches again when there is time left.
      this.#watches.delete(running.watch.id);
      this.#watches.set(running.watch.id, running);
      this.#look(running);
      if (performance.now() >= endMs) break;
    }
    if ([...this.#watches.values()].some((running) => this.#hasWork(running))) this.#schedule();
  }

  /** The last block that may be looked at now. */
  #lastOf({ watch }: RunningWatch): number {
    const head = this.#parts.ledger.head().header.number;
    return Math.min(head, watch.toBlock ?? head);
  }

  #hasWork(running: RunningWatch): boolean {
    return running.untaken < LOG_PUSHES_UNTAKEN_MAX && running.next <= this.#lastOf(running);
  }

  #look(running: RunningWatch): void {
    this.#collect(running);
    running.next++;
    running.sliceBlocks++;
    const isSliceOver =
      running.sliceBlocks >= this.#parts.blocksPerSliceMax ||
      running.logBytes >= LOG_PUSH_BYTES ||
      running.next > this.#lastOf(running);
    if (isSliceOver) this.#send(running);
    if (running.watch.toBlock === undefined || running.next <= running.watch.toBlock) return;
    this.#watches.delete(running.watch.id);
    const { id: watchId, filterId } = running.watch;
    this.#parts.found({ watchId, data: owned(encodeEventLogsCompleted(filterId)), isLast: true });
  }

  #send(running: RunningWatch): void {
    running.sliceBlocks = 0;
    if (running.logs.length === 0) return;
    const { id: watchId, filterId } = running.watch;
    const data = owned(encodeEventLogs(filterId, running.logs));
    running.logs = [];
    running.logBytes = 0;
    running.untaken++;
    this.#parts.found({ watchId, data, isLast: false });
  }

  #bloomAt(number: number): Uint8Array {
    const known = this.#blooms.get(number);
    if (known !== undefined) return known;
    const header = this.#parts.ledger.headerAt(number)?.header;
    assert(header !== undefined, "every block up to the head has a header");
    // A copy: the bloom is a view of the whole header.
    const bloom = header.logBloom.slice();
    this.#blooms.set(number, bloom);
    for (const oldest of this.#blooms.keys()) {
      if (this.#blooms.size <= BLOOMS_MAX) break;
      this.#blooms.delete(oldest);
    }
    return bloom;
  }

  #collect(running: RunningWatch): void {
    if (!running.bloom.mayMatch(this.#bloomAt(running.next))) return;
    const block = this.#parts.ledger.block(running.next);
    block?.receipts.forEach(({ logs }, transactionIndex) => {
      logs.forEach((log, logIndex) => {
        if (!matchesLog(running.matcher, log)) return;
        const transactionHash = block.transactions[transactionIndex]?.hash as Hash;
        const place = { blockHash: block.hash, blockNumber: running.next, transactionHash, transactionIndex, logIndex };
        // A copy of the data: it is a view of a whole block, which a message would take along.
        running.logs.push({ ...log, data: log.data.slice(), ...place });
        running.logBytes += log.data.length + LOG_FIXED_BYTES;
        if (running.logBytes >= LOG_PUSH_BYTES) this.#send(running);
      });
    });
  }
}

/** The bytes with a buffer of their own, which can be moved to another thread. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer
    ? (bytes as Uint8Array<ArrayBuffer>)
    : bytes.slice();
}
