/** Starts the verifier threads and connects groups to them. */
import { cpus } from "node:os";
import { MessageChannel, Worker, type MessagePort } from "node:worker_threads";
import { CodedError } from "@tsbcos/core/primitives";
import { YOUNG_MEGABYTES } from "./heaps.js";

/** Which signatures the verifiers check. */
export interface VerifierStart {
  readonly sm: boolean;
}

/** A message to a verifier thread: another group that will ask it. */
export interface VerifierConnect {
  readonly port: MessagePort;
}

/** Signature checks happen off the groups' threads, on this many threads shared by all groups. */
export class VerifierPool {
  readonly #workers: readonly Worker[];

  /**
   * @param options.threads 0: one less than the machine has cores, at least one
   * @param options.onFailed a verifier ended: groups that wait for it would wait for ever, so the node must end
   */
  constructor(
    entry: URL,
    options: { readonly threads: number; readonly sm: boolean; readonly onFailed: (error: CodedError) => void },
  ) {
    const threads = options.threads > 0 ? options.threads : Math.max(1, cpus().length - 1);
    this.#workers = Array.from({ length: threads }, () => {
      const worker = new Worker(entry, {
        workerData: { sm: options.sm } satisfies VerifierStart,
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
      });
      worker.on("error", (cause) => {
        options.onFailed(new CodedError("verifier-ended", `a verifier thread ended: ${cause.message}`, { cause }));
      });
      return worker;
    });
  }

  /** One port to each verifier, for one group. */
  connect(): MessagePort[] {
    return this.#workers.map((worker) => {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage({ port: port2 } satisfies VerifierConnect, [port2]);
      return port1;
    });
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
