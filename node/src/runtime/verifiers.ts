/** The shared pool of verifier threads, from both ends of its message ports. */
import type { MessagePort } from "node:worker_threads";
import { assert } from "@tsbcos/core/primitives";
import type { VerifiedTransaction } from "@tsbcos/core/protocol";
import type { CryptoSuite } from "@tsbcos/core/crypto";
import { buffersOf, packBytes, unpackBytes, type PackedBytes } from "./bytes-pack.js";
import { applyVerdicts, verifyBatch } from "./verdicts.js";

interface VerifyRequest {
  readonly job: number;
  readonly packed: PackedBytes;
}

interface VerifyAnswer {
  readonly job: number;
  readonly verdicts: Uint8Array;
}

/** The end in a verifier thread: answers every batch that arrives at `port`. */
export function serveVerification(port: MessagePort, suite: CryptoSuite): void {
  port.on("message", ({ job, packed }: VerifyRequest) => {
    const verdicts = verifyBatch(unpackBytes(packed), suite);
    port.postMessage({ job, verdicts } satisfies VerifyAnswer, [verdicts.buffer]);
  });
}

interface Job {
  readonly raws: readonly Uint8Array[];
  readonly port: MessagePort;
  readonly done: (transactions: (VerifiedTransaction | undefined)[]) => void;
}

/** The end in a group's thread: gives each batch to the verifier with the least work. */
export class VerifierClient {
  readonly #suite: CryptoSuite;
  /** Transactions waiting at each verifier. */
  readonly #load: Map<MessagePort, number>;
  readonly #jobs = new Map<number, Job>();
  #nextJob = 1;

  constructor(ports: readonly MessagePort[], suite: CryptoSuite) {
    assert(ports.length > 0, "there is at least one verifier thread");
    this.#suite = suite;
    this.#load = new Map(ports.map((port) => [port, 0]));
    for (const port of ports) {
      port.on("message", (answer: VerifyAnswer) => {
        this.#answered(answer);
      });
    }
  }

  /** Checks `raws` and calls `done` with the result, in the same order. */
  verify(raws: readonly Uint8Array[], done: Job["done"]): void {
    const port = this.#leastBusy();
    const job = this.#nextJob++;
    this.#jobs.set(job, { raws, port, done });
    this.#load.set(port, (this.#load.get(port) ?? 0) + raws.length);
    const packed = packBytes(raws);
    port.postMessage({ job, packed } satisfies VerifyRequest, buffersOf(packed));
  }

  #leastBusy(): MessagePort {
    const [first, ...others] = this.#load;
    assert(first !== undefined, "there is at least one verifier thread");
    return others.reduce((best, next) => (next[1] < best[1] ? next : best), first)[0];
  }

  #answered({ job, verdicts }: VerifyAnswer): void {
    const asked = this.#jobs.get(job);
    assert(asked !== undefined, "a verifier answers what it was asked, once");
    this.#jobs.delete(job);
    this.#load.set(asked.port, (this.#load.get(asked.port) ?? 0) - asked.raws.length);
    asked.done(applyVerdicts(asked.raws, verdicts, this.#suite));
  }
}
