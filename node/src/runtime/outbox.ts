/** Collects what a group's thread has to say during one turn, and sends it as one message. */
import type { MessagePort } from "node:worker_threads";
import type { NodeId, TraceEvent } from "@tsbcos/core/primitives";
import { buffersOf, packBytes } from "./bytes-pack.js";
import type { LogFinding } from "./log-watches.js";
import type {
  BandwidthAsk,
  CommittedBlock,
  FromGroup,
  GroupCounters,
  ReadAnswer,
  SendHead,
  SubmissionAnswer,
} from "./messages.js";

/**
 * That frames were handled may wait for something else to say, so many batches and bytes of them: the main thread drops
 * frames only when far more wait.
 */
const UNSAID_BATCHES_MAX = 16;
const UNSAID_BYTES_MAX = 256 * 1024;

/** Everything said since the last flush. */
export class Outbox {
  readonly #port: Pick<MessagePort, "postMessage">;
  #heads: SendHead[] = [];
  #bodies: Uint8Array[] = [];
  #submissions: SubmissionAnswer[] = [];
  #reads: ReadAnswer[] = [];
  #blocks: CommittedBlock[] = [];
  #receipts: { readonly requestId: number; readonly text: string }[] = [];
  #findings: LogFinding[] = [];
  #traces: TraceEvent[] = [];
  #members: readonly NodeId[] | undefined;
  #frameBatchesHandled = 0;
  #frameBytesHandled = 0;
  #bandwidthAsks: BandwidthAsk[] = [];
  #counted: { readonly requestId: number; readonly counters: GroupCounters }[] = [];

  constructor(port: Pick<MessagePort, "postMessage">) {
    this.#port = port;
  }

  send(head: SendHead, body: Uint8Array): void {
    this.#heads.push(head);
    this.#bodies.push(body);
  }

  submission(answer: SubmissionAnswer): void {
    this.#submissions.push(answer);
  }

  read(answer: ReadAnswer): void {
    this.#reads.push(answer);
  }

  members(members: readonly NodeId[]): void {
    this.#members = members;
  }

  block(block: CommittedBlock): void {
    this.#blocks.push(block);
  }

  receipt(requestId: number, text: string): void {
    this.#receipts.push({ requestId, text });
  }

  finding(finding: LogFinding): void {
    this.#findings.push(finding);
  }

  trace(event: TraceEvent): void {
    this.#traces.push(event);
  }

  frameBatchHandled(bytes: number): void {
    this.#frameBatchesHandled++;
    this.#frameBytesHandled += bytes;
  }

  askBandwidth(ask: BandwidthAsk): void {
    this.#bandwidthAsks.push(ask);
  }

  counted(requestId: number, counters: GroupCounters): void {
    this.#counted.push({ requestId, counters });
  }

  /** Posts everything, if there is anything. */
  flush(): void {
    const message: { -readonly [Key in keyof FromGroup]: FromGroup[Key] } = {};
    const transfer: ArrayBuffer[] = [];
    if (this.#heads.length > 0) {
      const bodies = packBytes(this.#bodies);
      message.sends = { heads: this.#heads, bodies };
      transfer.push(...buffersOf(bodies));
      this.#heads = [];
      this.#bodies = [];
    }
    if (this.#submissions.length > 0) message.submissions = this.#submissions;
    if (this.#reads.length > 0) message.reads = this.#reads;
    if (this.#blocks.length > 0) message.blocks = this.#blocks;
    if (this.#receipts.length > 0) message.receipts = this.#receipts;
    if (this.#findings.length > 0) {
      message.findings = this.#findings;
      transfer.push(...this.#findings.map(({ data }) => data.buffer));
    }
    if (this.#traces.length > 0) message.traces = this.#traces;
    if (this.#members !== undefined) message.members = this.#members;
    if (this.#bandwidthAsks.length > 0) message.bandwidthAsks = this.#bandwidthAsks;
    if (this.#counted.length > 0) message.counted = this.#counted;
    this.#submissions = [];
    this.#reads = [];
    this.#blocks = [];
    this.#receipts = [];
    this.#findings = [];
    this.#traces = [];
    this.#members = undefined;
    this.#bandwidthAsks = [];
    this.#counted = [];
    const mayKeep = this.#frameBatchesHandled < UNSAID_BATCHES_MAX && this.#frameBytesHandled < UNSAID_BYTES_MAX;
    if (mayKeep && Object.keys(message).length === 0) return;
    if (this.#frameBatchesHandled > 0) message.frameBatchesHandled = this.#frameBatchesHandled;
    this.#frameBatchesHandled = 0;
    this.#frameBytesHandled = 0;
    this.#port.postMessage(message, transfer);
  }

  /** Flushes, then posts a message of its own: the first or the last words of a group. */
  say(message: Pick<FromGroup, "ready" | "failed" | "stopped">): void {
    this.flush();
    this.#port.postMessage(message);
  }
}
