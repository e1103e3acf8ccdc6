/** A group's thread as the main thread sees it: frames and requests in, answers and frames out. */
import { Worker } from "node:worker_threads";
import { CodedError, type NodeId, type TraceEvent } from "@tsbcos/core/primitives";
import type { RoutedFrame, RoutedGroup } from "@tsbcos/core/group";
import { buffersOf, packBytes, unpackBytes } from "./bytes-pack.js";
import { FrameBudget } from "./frame-budget.js";
import { YOUNG_MEGABYTES } from "./heaps.js";
import type { LogFinding, LogWatch } from "./log-watches.js";
import type {
  BandwidthAsk,
  CommittedBlock,
  FrameHead,
  FromGroup,
  GroupCounters,
  GroupThreadStart,
  PlainError,
  ReadAnswer,
  ReceiptWish,
  SendHead,
  SubmissionAnswer,
  ToGroup,
} from "./messages.js";

/** Submissions that may wait for a group; beyond them clients are refused at once. */
const SUBMISSIONS_WAITING_MAX = 50_000;
/** JavaScript heap of a group's thread, in megabytes: the pool's memory limit, caches and blocks in work fit well inside. */
const HEAP_MEGABYTES = 4096;

/** What a group tells the main thread without being asked. */
export interface GroupThreadEvents {
  onSend(head: SendHead, body: Uint8Array): void;
  onMembers(members: readonly NodeId[]): void;
  onBlock(block: CommittedBlock): void;
  /** Blocks wait to be sent until {@link GroupThread.grantBandwidth} answers. Only when the group was told to ask. */
  onBandwidthAsk(ask: BandwidthAsk): void;
  onTrace(event: TraceEvent): void;
  /** The group has ended without being told to: a broken invariant, a full disk. */
  onFailed(error: CodedError): void;
}

/** A transaction was refused by the group. */
export class SubmissionRefused extends CodedError {
  override readonly name = "SubmissionRefused";
}

/** A reading method failed with an error that is meant for the client. */
export class ReadFailed extends Error {
  override readonly name = "ReadFailed";
  readonly error: PlainError;

  constructor(error: PlainError) {
    super(error.message);
    this.error = error;
  }
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** The running thread of one group. */
export class GroupThread implements RoutedGroup {
  readonly #worker: Worker;
  readonly #events: GroupThreadEvents;
  readonly #submissions = new Map<number, Waiting<string>>();
  readonly #reads = new Map<number, Waiting<string>>();
  readonly #counts = new Map<number, Waiting<GroupCounters>>();
  readonly #receipts = new Map<number, (text: string) => void>();
  readonly #logs = new Map<number, (finding: LogFinding) => void>();
  readonly #budget = new FrameBudget();
  #nextRequest = 1;
  #heads: FrameHead[] = [];
  #bodies: Uint8Array[] = [];
  #submitIds: number[] = [];
  #submitWishes: (ReceiptWish | undefined)[] = [];
  #submitRaws: Uint8Array[] = [];
  #flushDue = false;
  #ended = false;
  #onReady: Waiting<{ height: number; hash: string }> | undefined;
  #onStopped: (() => void) | undefined;

  private constructor(worker: Worker, events: GroupThreadEvents) {
    this.#worker = worker;
    this.#events = events;
    worker.on("message", (message: FromGroup) => {
      this.#received(message);
    });
    worker.on("error", (cause) => {
      this.#fail(new CodedError("group-ended", cause.message, { cause }));
    });
    worker.on("exit", () => {
      this.#fail(new CodedError("group-ended", "the thread of the group ended"));
    });
  }

  /**
   * Starts the thread and waits until the group is open.
   *
   * @throws CodedError (as a rejection) when the group cannot be opened: its message says why and what to do
   */
  static async start(
    entry: URL,
    start: GroupThreadStart,
    events: GroupThreadEvents,
  ): Promise<{ thread: GroupThread; height: number; hash: string }> {
    const worker = new Worker(entry, {
      workerData: start,
      transferList: [...start.verifierPorts],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    const thread = new GroupThread(worker, events);
    const opened = await new Promise<{ height: number; hash: string }>((resolve, reject) => {
      thread.#onReady = { resolve, reject };
    });
    return { thread, ...opened };
  }

  /**
   * Hands over a frame of this group.
   *
   * @param isMember whether the sender belongs to the group
   * @returns false when too much of it waits already: the frame is dropped
   */
  frame(from: NodeId, frame: RoutedFrame, isMember: boolean): boolean {
    if (!this.#budget.admit(isMember ? from : "strangers", frame.body.length)) return false;
    this.#heads.push({ from, moduleId: frame.moduleId, packetType: frame.packetType, seq: frame.seq });
    this.#bodies.push(frame.body);
    this.#flushSoon();
    return true;
  }

  /** Tells the group who is connected. */
  peers(peers: readonly NodeId[]): void {
    this.#post({ type: "peers", peers });
  }

  /**
   * Hands a signed transaction to the group.
   *
   * @param receipt what the client wants to be told later, and how. Nothing comes when the group ends before
   * @returns its hash
   * @throws SubmissionRefused (as a rejection), with the refusal's code and text
   */
  submit(raw: Uint8Array, receipt?: { readonly wish: ReceiptWish; push(text: string): void }): Promise<string> {
    if (this.#ended) return Promise.reject(new CodedError("group-stopped", "the group was stopped"));
    if (this.#submissions.size >= SUBMISSIONS_WAITING_MAX) {
      return Promise.reject(new SubmissionRefused("pool-full", "TransactionPoolIsFull, txHash=..."));
    }
    return new Promise((resolve, reject) => {
      const requestId = this.#nextRequest++;
      this.#submissions.set(requestId, { resolve, reject });
      if (receipt !== undefined) this.#receipts.set(requestId, receipt.push);
      this.#submitIds.push(requestId);
      this.#submitWishes.push(receipt?.wish);
      this.#submitRaws.push(raw);
      this.#flushSoon();
    });
  }

  /**
   * Runs a reading method in the group's thread.
   *
   * @returns JSON text
   * @throws ReadFailed (as a rejection) with the error for the client
   */
  read(method: string, params: unknown): Promise<string> {
    if (this.#ended) return Promise.reject(new CodedError("group-stopped", "the group was stopped"));
    return new Promise((resolve, reject) => {
      const requestId = this.#nextRequest++;
      this.#reads.set(requestId, { resolve, reject });
      // What was submitted before a read is handled before it.
      this.#flush();
      this.#post({ type: "read", requestId, method, params });
    });
  }

  /**
   * Begins to look for logs.
   *
   * @param found gets each finding, until one says that it is the last. The next ones wait until `taken` has been
   * called for it
   */
  watchLogs(watch: Omit<LogWatch, "id">, found: (finding: LogFinding) => void): { taken(): void; end(): void } {
    const watchId = this.#nextRequest++;
    this.#logs.set(watchId, found);
    this.#post({ type: "watch-logs", watch: { ...watch, id: watchId } });
    return {
      taken: () => {
        if (this.#logs.has(watchId)) this.#post({ type: "logs-taken", watchId });
      },
      end: () => {
        if (this.#logs.delete(watchId)) this.#post({ type: "unwatch-logs", watchId });
      },
    };
  }

  /** Answers a question of {@link GroupThreadEvents.onBandwidthAsk}: that many of the blocks may leave. */
  grantBandwidth(token: number, blocks: number): void {
    this.#post({ type: "bandwidth", token, blocks });
  }

  /** What there is to count at this moment. Rejects when the group ends before it answers. */
  counters(): Promise<GroupCounters> {
    if (this.#ended) return Promise.reject(new CodedError("group-stopped", "the group was stopped"));
    return new Promise((resolve, reject) => {
      const requestId = this.#nextRequest++;
      this.#counts.set(requestId, { resolve, reject });
      this.#post({ type: "count", requestId });
    });
  }

  /** Lets the group finish its writes and ends the thread. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    this.#post({ type: "stop" });
    await stopped;
    await this.#worker.terminate();
  }

  #post(message: ToGroup, transfer: readonly ArrayBuffer[] = []): void {
    if (!this.#ended) this.#worker.postMessage(message, transfer);
  }

  /** Everything that arrives in one turn of the event loop goes in one message. */
  #flushSoon(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    setImmediate(() => {
      this.#flush();
    });
  }

  #flush(): void {
    this.#flushDue = false;
    if (this.#heads.length > 0) {
      const bodies = packBytes(this.#bodies);
      this.#post({ type: "frames", heads: this.#heads, bodies }, buffersOf(bodies));
      this.#budget.sent();
      this.#heads = [];
      this.#bodies = [];
    }
    if (this.#submitIds.length > 0) {
      const raws = packBytes(this.#submitRaws);
      const submit = { type: "submit", requestIds: this.#submitIds, wishes: this.#submitWishes, raws } as const;
      this.#post(submit, buffersOf(raws));
      this.#submitIds = [];
      this.#submitWishes = [];
      this.#submitRaws = [];
    }
  }

  #received(message: FromGroup): void {
    if (message.sends !== undefined) {
      const bodies = unpackBytes(message.sends.bodies);
      message.sends.heads.forEach((head, index) => {
        this.#events.onSend(head, bodies[index] ?? new Uint8Array(0));
      });
    }
    for (const answer of message.submissions ?? []) this.#submissionAnswered(answer);
    for (const answer of message.reads ?? []) this.#readAnswered(answer);
    if (message.members !== undefined) this.#events.onMembers(message.members);
    for (const block of message.blocks ?? []) this.#events.onBlock(block);
    // After the blocks: clients hear of a block before they get its receipts.
    for (const { requestId, text } of message.receipts ?? []) {
      this.#receipts.get(requestId)?.(text);
      this.#receipts.delete(requestId);
    }
    for (const finding of message.findings ?? []) {
      const found = this.#logs.get(finding.watchId);
      if (finding.isLast) this.#logs.delete(finding.watchId);
      found?.(finding);
    }
    for (const event of message.traces ?? []) this.#events.onTrace(event);
    this.#budget.handled(message.frameBatchesHandled ?? 0);
    for (const ask of message.bandwidthAsks ?? []) this.#events.onBandwidthAsk(ask);
    for (const { requestId, counters } of message.counted ?? []) {
      this.#counts.get(requestId)?.resolve(counters);
      this.#counts.delete(requestId);
    }
    if (message.ready !== undefined) {
      this.#onReady?.resolve(message.ready);
      this.#onReady = undefined;
    }
    if (message.failed !== undefined) this.#fail(new CodedError(message.failed.code, message.failed.message));
    if (message.stopped === true) {
      this.#ended = true;
      this.#rejectAll(new CodedError("group-stopped", "the group was stopped"));
      this.#onStopped?.();
    }
  }

  #submissionAnswered(answer: SubmissionAnswer): void {
    const waiting = this.#submissions.get(answer.requestId);
    this.#submissions.delete(answer.requestId);
    if ("hash" in answer) waiting?.resolve(answer.hash);
    else {
      this.#receipts.delete(answer.requestId);
      waiting?.reject(new SubmissionRefused(answer.refusal.code, answer.refusal.text));
    }
  }

  #readAnswered(answer: ReadAnswer): void {
    const waiting = this.#reads.get(answer.requestId);
    this.#reads.delete(answer.requestId);
    if ("text" in answer) waiting?.resolve(answer.text);
    else waiting?.reject(new ReadFailed(answer.error));
  }

  #rejectAll(error: CodedError): void {
    const waiting = [this.#submissions, this.#reads, this.#counts];
    for (const kind of waiting) {
      for (const { reject } of kind.values()) reject(error);
      kind.clear();
    }
    this.#receipts.clear();
    this.#logs.clear();
  }

  #fail(error: CodedError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#rejectAll(error);
    if (this.#onReady === undefined) this.#events.onFailed(error);
    else this.#onReady.reject(error);
    this.#onStopped?.();
    void this.#worker.terminate();
  }
}
