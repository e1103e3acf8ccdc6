/** Looks through the chain for logs that clients asked for: block by block, between whatever else the group has to do. */
import { performance } from "node:perf_hooks";
import { assert, LOG_PUSHES_UNTAKEN_MAX, LOG_PUSH_BYTES, type Address, type Hash } from "@tsbcos/core/primitives";
import type { Ledger } from "@tsbcos/core/ledger";
import {
  decodeBlock,
  decodeTransaction,
  encodeEventLogs,
  encodeEventLogsCompleted,
  matchesLog,
  transactionHash,
  type LogMatcher,
  type PlacedLog,
  type Receipt,
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
  readonly ledger: Pick<Ledger, "block" | "encodedBlock" | "head" | "rules">;
  /** Blocks whose logs go together, at most. */
  readonly blocksPerSliceMax: number;
  /** Called with each finding. The main thread says by {@link LogWatches.taken} that its client has it. */
  found(finding: LogFinding): void;
  /** Calls `run` soon, after whatever else waits. */
  later(run: () => void): void;
}

/** Blocks whose logs are kept: many searches look at the latest block, one after the other. */
const BLOCKS_KEPT_MAX = 16;
/** What a log takes beside its data, roughly. */
const LOG_FIXED_BYTES = 500;
/** Time that looking may take in one go. Consensus waits for so long at most, or for one large block. */
const TURN_MS = 4;

interface RunningWatch {
  readonly watch: LogWatch;
  readonly matcher: LogMatcher;
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
  readonly #blocks = new Map<number, readonly PlacedLog[]>();
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
    const start = { next: watch.fromBlock, sliceBlocks: 0, logs: [], logBytes: 0, untaken: 0 };
    this.#watches.set(watch.id, { watch, matcher, ...start });
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

  #collect(running: RunningWatch): void {
    for (const log of this.#logsOf(running.next)) {
      if (!matchesLog(running.matcher, log)) continue;
      running.logs.push(log);
      running.logBytes += log.data.length + LOG_FIXED_BYTES;
      if (running.logBytes >= LOG_PUSH_BYTES) this.#send(running);
    }
  }

  /** All logs of a block. The bloom in its header would not help: 2.x leaves it empty. */
  #logsOf(number: number): readonly PlacedLog[] {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const { ledger } = this.#parts;
    const logs = number === ledger.head().header.number ? logsOfHead(ledger) : logsOfStored(ledger, number);
    this.#blocks.set(number, logs);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= BLOCKS_KEPT_MAX) break;
      this.#blocks.delete(oldest);
    }
    return logs;
  }
}

type LogSource = LogWatchesParts["ledger"];

/** The head is there decoded: it has just been stored. */
function logsOfHead(ledger: LogSource): readonly PlacedLog[] {
  const { number } = ledger.head().header;
  const block = ledger.block(number);
  assert(block !== undefined, "the head is stored");
  const hashAt = (index: number): Hash => block.transactions[index]?.hash as Hash;
  return placedLogs(block.receipts, { blockHash: block.hash, blockNumber: number, hashAt });
}

/** Of an old block only the receipts are decoded, and the transactions that logged something. */
function logsOfStored(ledger: LogSource, number: number): readonly PlacedLog[] {
  const { suite, version } = ledger.rules;
  const bytes = ledger.encodedBlock(number);
  const block = bytes === undefined ? undefined : decodeBlock(bytes, suite, version);
  assert(block?.ok === true, "every block up to the head is stored and can be read");
  const { rawTransactions, receipts = [], hash: blockHash } = block.value;
  const hashAt = (index: number): Hash => {
    const transaction = decodeTransaction(rawTransactions[index] as Uint8Array, suite);
    assert(transaction.ok, "the transactions of a stored block can be read");
    return transactionHash(transaction.value, suite);
  };
  return placedLogs(receipts, { blockHash, blockNumber: number, hashAt });
}

function placedLogs(
  receipts: readonly Receipt[],
  block: { readonly blockHash: Hash; readonly blockNumber: number; readonly hashAt: (index: number) => Hash },
): PlacedLog[] {
  const { blockHash, blockNumber, hashAt } = block;
  return receipts.flatMap(({ logs }, transactionIndex) => {
    if (logs.length === 0) return [];
    const transactionHash = hashAt(transactionIndex);
    const place = { blockHash, blockNumber, transactionHash, transactionIndex };
    // A copy of the data, which is a view of the whole block.
    return logs.map((log, logIndex) => ({ ...log, data: log.data.slice(), ...place, logIndex }));
  });
}

/** The bytes with a buffer of their own, which can be moved to another thread. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer
    ? (bytes as Uint8Array<ArrayBuffer>)
    : bytes.slice();
}
