/** Calls on past states from both ends: a thread of their own runs them, so that none of them holds up the group. */
import { Worker, type MessagePort } from "node:worker_threads";
import {
  CodedError,
  err,
  ok,
  PAST_CALLS_IDLE_MS,
  PAST_CALLS_WAITING_MAX,
  PAST_CALL_TIMEOUT_MS,
  type Result,
} from "@tsbcos/core/primitives";
import type { PastCalls, ReadOnlyCall } from "@tsbcos/core/group";
import type { GenesisConfig } from "@tsbcos/core/ledger";
import type { GroupThreadStart } from "./messages.js";

/** What the thread for past calls of one group is started with. */
export interface PastCallStart extends Pick<GroupThreadStart, "chainId" | "version" | "sm" | "storeDirectory"> {
  readonly genesis: GenesisConfig;
}

/** What a call answered. */
interface Outcome {
  readonly status: number;
  readonly output: Uint8Array;
}

/** Why there is no answer. */
export type PastCallRefused =
  | { readonly code: "block-missing" | "too-long" | "too-many" }
  | { readonly code: "state-not-kept"; readonly from: number | undefined };

interface Question {
  readonly number: number;
  readonly call: ReadOnlyCall;
}

type Answer = { readonly result: Result<Outcome, PastCallRefused> } | { readonly failure: string };

/** The end in the thread: answers every question that arrives at `port`, one after the other. */
export function servePastCalls(port: MessagePort, calls: PastCalls): void {
  port.on("message", ({ number, call }: Question) => {
    port.postMessage(answerOf(calls, number, call));
  });
}

function answerOf(calls: PastCalls, number: number, call: ReadOnlyCall): Answer {
  try {
    const called = calls.call(number, call);
    if (called.ok) return { result: ok({ status: called.value.status, output: called.value.output }) };
    const { code, from } = called.error;
    return { result: err(code === "state-not-kept" ? { code, from } : { code: "block-missing" }) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

interface Waiting extends Question {
  readonly resolve: (result: Result<Outcome, PastCallRefused>) => void;
  readonly reject: (error: CodedError) => void;
}

/** Times in milliseconds; tests have shorter ones. */
export interface PastCallTimes {
  readonly timeoutMs: number;
  readonly idleMs: number;
}

const TIMES: PastCallTimes = { timeoutMs: PAST_CALL_TIMEOUT_MS, idleMs: PAST_CALLS_IDLE_MS };

/**
 * The end in the group's thread. The thread for calls is started by the first of them and ends when none has come for a
 * while; one call runs at a time. A call that takes too long ends with the thread that runs it.
 */
export class PastCallThread {
  readonly #spawn: () => Worker;
  readonly #times: PastCallTimes;
  readonly #waiting: Waiting[] = [];
  #running: Waiting | undefined;
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Threads on their way out. */
  #ending: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(entry: URL, start: PastCallStart, times: PastCallTimes = TIMES) {
    this.#spawn = () => new Worker(entry, { workerData: start });
    this.#times = times;
  }

  /** True while a thread for calls is there. */
  get isUp(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Runs a call on the state after block `number`.
   *
   * @throws CodedError `past-call-failed` (as a rejection) when the store is damaged or the group stops
   */
  call(number: number, call: ReadOnlyCall): Promise<Result<Outcome, PastCallRefused>> {
    if (this.#closed) return Promise.reject(new CodedError("past-call-failed", "the group was stopped"));
    if (this.#waiting.length >= PAST_CALLS_WAITING_MAX) return Promise.resolve(err({ code: "too-many" }));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ number, call, resolve, reject });
      this.#next();
    });
  }

  /** Ends the thread; calls that wait fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const unanswered = [...(this.#running === undefined ? [] : [this.#running]), ...this.#waiting.splice(0)];
    this.#running = undefined;
    this.#end();
    for (const { reject } of unanswered) reject(new CodedError("past-call-failed", "the group was stopped"));
    await this.#ending;
  }

  #next(): void {
    if (this.#running !== undefined || this.#closed) return;
    clearTimeout(this.#timer);
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#timer = setTimeout(() => {
        this.#end();
      }, this.#times.idleMs);
      return;
    }
    this.#running = next;
    this.#worker ??= this.#start();
    this.#timer = setTimeout(() => {
      this.#end();
      this.#finish(({ resolve }) => {
        resolve(err({ code: "too-long" }));
      });
    }, this.#times.timeoutMs);
    this.#worker.postMessage({ number: next.number, call: next.call } satisfies Question);
  }

  #start(): Worker {
    const worker = this.#spawn();
    const failed = (message: string): void => {
      if (this.#worker !== worker) return;
      this.#end();
      this.#finish(({ reject }) => {
        reject(new CodedError("past-call-failed", message));
      });
    };
    worker.on("message", (answer: Answer) => {
      if (this.#worker !== worker) return;
      this.#finish(({ resolve, reject }) => {
        if ("result" in answer) resolve(answer.result);
        else reject(new CodedError("past-call-failed", answer.failure));
      });
    });
    worker.on("error", (error) => {
      failed(error.message);
    });
    worker.on("exit", () => {
      failed("the thread for calls on past states ended");
    });
    return worker;
  }

  #finish(tell: (waiting: Waiting) => void): void {
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) tell(running);
    this.#next();
  }

  #end(): void {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker !== undefined) this.#ending = Promise.all([this.#ending, worker.terminate()]);
  }
}
