/**
 * A group's thread from the inside: the ports behind the group's driver. Execution happens right here, signatures are
 * checked by the verifier threads, writes go to the store, and everything else goes to the main thread.
 */
import { performance } from "node:perf_hooks";
import { assert, NOT_A_SEALER, unreachable, type Instant } from "@tsbcos/core/primitives";
import type { ChainWorker, GroupDriver, GroupEffect, GroupEffectOf, GroupPorts } from "@tsbcos/core/group";
import type { NodeId } from "@tsbcos/core/primitives";
import type { StateWrite } from "@tsbcos/core/state";
import { unpackBytes } from "./bytes-pack.js";
import { failedTransactions } from "./failed-transactions.js";
import { FRAME_COST_BYTES } from "./frame-budget.js";
import { LogWatches, type LogWatchesParts } from "./log-watches.js";
import type { GroupCounters, PlainError, ToGroup } from "./messages.js";
import type { Outbox } from "./outbox.js";
import { OwedReceipts, type ReceiptTexts } from "./owed-receipts.js";
import type { VerifierClient } from "./verifiers.js";

/** The part of the store that a running group writes to. */
export interface GroupStore {
  write(rows: readonly StateWrite[]): Promise<void>;
  savePrepare(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** What the host works with. */
export interface GroupHostParts {
  readonly nodeId: NodeId;
  readonly store: GroupStore;
  readonly chain: ChainWorker;
  readonly verifiers: VerifierClient;
  readonly outbox: Outbox;
  /** Whether failed transactions are logged with their reasons. */
  readonly logsFailures: boolean;
  readonly receiptTexts: ReceiptTexts;
  /** Where logs are looked for. */
  readonly logs: Pick<LogWatchesParts, "ledger" | "blocksPerSliceMax">;
  /** Answers a reading method with JSON text; throws, or rejects with, what {@link errorOf} understands. */
  readonly read: (method: string, params: unknown) => string | Promise<string>;
  readonly counters: () => GroupCounters;
  /** False: blocks that others fetch leave at once. */
  readonly limitsBandwidth: boolean;
  /** A failed read as it crosses threads. */
  readonly errorOf: (error: unknown) => PlainError;
  /** The group cannot go on: a write failed or an invariant broke. */
  readonly onFailure: (error: unknown) => void;
}

/** Ports of one group, and the handler of what the main thread sends. */
export class GroupHost implements GroupPorts {
  readonly #parts: GroupHostParts;
  readonly #receipts: OwedReceipts;
  readonly #logs: LogWatches;
  #driver: GroupDriver | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Writes under way; a stop waits for them. */
  #writing: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(parts: GroupHostParts) {
    this.#parts = parts;
    this.#receipts = new OwedReceipts(parts.receiptTexts, (requestId, text) => {
      parts.outbox.receipt(requestId, text);
    });
    this.#logs = new LogWatches({
      ...parts.logs,
      found: (finding) => {
        parts.outbox.finding(finding);
      },
      later: (run) => {
        setImmediate(() => {
          if (!this.#stopping) this.#turn(run);
        });
      },
    });
  }

  /** Connects the driver that these ports serve, and gives the group its first input. */
  start(driver: GroupDriver, backedUpPrepare: Uint8Array | undefined): void {
    this.#driver = driver;
    this.#turn(() => {
      driver.post({ type: "started", backedUpPrepare });
    });
  }

  now(): Instant {
    return { steadyMs: performance.now(), wallMs: Date.now() };
  }

  wakeAt(steadyMs: number | undefined): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (steadyMs === undefined || this.#stopping) return;
    // Rounded up: a timer that fires a fraction early would only be asked for again.
    const delayMs = Math.max(0, Math.ceil(steadyMs - performance.now()));
    this.#timer = setTimeout(() => {
      this.#turn(() => {
        this.#post({ type: "tick" });
      });
    }, delayMs);
  }

  perform(effect: GroupEffect): void {
    const { outbox, verifiers, chain } = this.#parts;
    switch (effect.type) {
      case "send": {
        const { to, moduleId, packetType, seq } = effect;
        outbox.send({ to, moduleId, packetType, seq }, effect.body);
        return;
      }
      case "verify-transactions":
        verifiers.verify(effect.raws, (transactions) => {
          this.#turn(() => {
            this.#post({ type: "transactions-verified", token: effect.token, transactions });
          });
        });
        return;
      case "execute-block":
        this.#post(chain.execute(effect));
        return;
      case "store-block":
        this.#store(effect);
        return;
      case "persist-prepare":
        this.#write(
          () => this.#parts.store.savePrepare(effect.bytes),
          () => {
            this.#post({ type: "prepare-persisted", token: effect.token });
          },
        );
        return;
      case "ask-bandwidth":
        if (this.#parts.limitsBandwidth) outbox.askBandwidth({ token: effect.token, sizes: effect.sizes });
        else this.#post({ type: "bandwidth-granted", token: effect.token, blocks: effect.sizes.length });
        return;
      case "submission-result":
        outbox.submission(this.#receipts.answer(effect));
        return;
      case "transaction-abandoned":
        this.#receipts.abandoned(effect);
        return;
      case "members-changed":
        outbox.members(effect.members);
        return;
      case "block-committed":
        this.#report(effect);
        return;
      default:
        unreachable(effect);
    }
  }

  /** Handles one message of the main thread. */
  receive(message: ToGroup): void {
    this.#turn(() => {
      switch (message.type) {
        case "frames":
          this.#frames(message);
          return;
        case "peers":
          this.#post({ type: "peers-changed", peers: message.peers });
          return;
        case "submit":
          this.#submit(message);
          return;
        case "read":
          this.#read(message);
          return;
        case "watch-logs":
          this.#logs.add(message.watch);
          return;
        case "unwatch-logs":
          this.#logs.remove(message.watchId);
          return;
        case "logs-taken":
          this.#logs.taken(message.watchId);
          return;
        case "bandwidth":
          this.#post({ type: "bandwidth-granted", token: message.token, blocks: message.blocks });
          return;
        case "count":
          this.#parts.outbox.counted(message.requestId, this.#parts.counters());
          return;
        case "stop":
          this.#stop();
          return;
        default:
          unreachable(message);
      }
    });
  }

  #submit({ requestIds, wishes, raws }: Extract<ToGroup, { type: "submit" }>): void {
    unpackBytes(raws).forEach((raw, index) => {
      const requestId = requestIds[index];
      const wish = wishes[index];
      assert(requestId !== undefined, "every submission has its number");
      if (wish !== undefined) this.#receipts.submitted(requestId, { wish, raw });
      this.#post({ type: "transaction-submitted", requestId, raw });
    });
  }

  #frames({ heads, bodies }: Extract<ToGroup, { type: "frames" }>): void {
    unpackBytes(bodies).forEach((body, index) => {
      const head = heads[index];
      assert(head !== undefined, "every frame has its head");
      this.#post({ type: "frame-received", ...head, body });
    });
    this.#parts.outbox.frameBatchHandled(bodies.bytes.length + FRAME_COST_BYTES * heads.length);
  }

  #read({ requestId, method, params }: Extract<ToGroup, { type: "read" }>): void {
    const { outbox } = this.#parts;
    const failed = (error: unknown): void => {
      outbox.read({ requestId, error: this.#parts.errorOf(error) });
    };
    try {
      const answer = this.#parts.read(method, params);
      if (typeof answer === "string") outbox.read({ requestId, text: answer });
      else {
        const later = (say: () => void): void => {
          if (!this.#stopping) this.#turn(say);
        };
        answer.then(
          (text) => {
            later(() => {
              outbox.read({ requestId, text });
            });
          },
          (error: unknown) => {
            later(() => {
              failed(error);
            });
          },
        );
      }
    } catch (error) {
      failed(error);
    }
  }

  #report({ head, block }: GroupEffectOf<"block-committed">): void {
    const { nodeId, outbox, logsFailures } = this.#parts;
    const index = head.sealers.indexOf(nodeId);
    if (logsFailures) for (const event of failedTransactions(block)) outbox.trace(event);
    outbox.block({
      number: block.header.number,
      hash: block.hash,
      transactions: block.transactions.length,
      failed: block.receipts.reduce((count, receipt) => count + (receipt.status === 0 ? 0 : 1), 0),
      sealer: Number(block.header.sealer),
      timestampMs: block.header.timestamp,
      nodeIndex: index < 0 ? NOT_A_SEALER : index,
    });
    this.#receipts.committed(block);
    this.#logs.headMoved();
  }

  #store(effect: GroupEffectOf<"store-block">): void {
    const { chain, store } = this.#parts;
    const rows = chain.prepareStore(effect);
    this.#write(
      () => store.write(rows),
      () => {
        this.#post(chain.stored(effect));
      },
    );
  }

  /** Runs a write; when it is durable, `done` tells the group. Writes keep their order. */
  #write(write: () => Promise<void>, done: () => void): void {
    const written = write();
    this.#writing = Promise.all([this.#writing, written]).then(
      () => undefined,
      () => undefined,
    );
    written.then(
      () => {
        this.#turn(done);
      },
      (error: unknown) => {
        this.#parts.onFailure(error);
      },
    );
  }

  #post(input: Parameters<GroupDriver["post"]>[0]): void {
    if (this.#stopping) return;
    assert(this.#driver !== undefined, "the driver is connected before anything happens");
    this.#driver.post(input);
  }

  /** One turn: whatever it produced for the main thread leaves at its end; what it throws ends the group. */
  #turn(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#parts.onFailure(error);
    }
    this.#parts.outbox.flush();
  }

  #stop(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    void this.#writing
      .then(() => this.#parts.store.close())
      .then(
        () => {
          this.#parts.outbox.say({ stopped: true });
        },
        (error: unknown) => {
          this.#parts.onFailure(error);
        },
      );
  }
}
