/** Sends signed transactions over HTTP, one request each, with a fixed number under way or at a fixed rate. */
import { Agent, request } from "node:http";
import { bytesToHex } from "@tsbcos/core/primitives";
import { sleep } from "../harness/index.js";
import type { SignedTransaction } from "./workloads.js";

/** Sends to one or several nodes in turn. */
export class Sender {
  readonly #ports: readonly number[];
  readonly #agent: Agent;
  #refused = 0;

  constructor(ports: readonly number[], connections: number) {
    this.#ports = ports;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Requests that were answered with an error. */
  get refused(): number {
    return this.#refused;
  }

  /** Sends everything with `underWay` requests at once. */
  async sendAll(transactions: readonly SignedTransaction[], underWay: number): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < transactions.length; index = next++) {
        const transaction = transactions[index];
        if (transaction !== undefined) await this.#send(transaction, index);
      }
    };
    await Promise.all(Array.from({ length: underWay }, worker));
  }

  /** Sends at `perSecond`, whether answers come or not; gives the send time of each hash. */
  async sendAtRate(
    transactions: readonly SignedTransaction[],
    perSecond: number,
  ): Promise<ReadonlyMap<string, number>> {
    const sentAt = new Map<string, number>();
    const started = performance.now();
    const answers: Promise<void>[] = [];
    for (const [index, transaction] of transactions.entries()) {
      const due = started + (index * 1000) / perSecond;
      const early = due - performance.now();
      if (early > 1) await sleep(early);
      sentAt.set(transaction.hash, performance.now());
      answers.push(this.#send(transaction, index));
    }
    await Promise.all(answers);
    return sentAt;
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }

  #send({ raw }: SignedTransaction, index: number): Promise<void> {
    const body = `{"jsonrpc":"2.0","id":1,"method":"sendRawTransaction","params":[1,"0x${bytesToHex(raw)}"]}`;
    const port = this.#ports[index % this.#ports.length];
    return new Promise((done, fail) => {
      const outgoing = request(
        { host: "127.0.0.1", port, method: "POST", agent: this.#agent, headers: { "Content-Length": body.length } },
        (response) => {
          let text = "";
          response.setEncoding("latin1");
          response.on("data", (chunk: string) => {
            text += chunk;
          });
          response.on("end", () => {
            if (!text.includes('"result"')) this.#refused++;
            done();
          });
        },
      );
      outgoing.once("error", fail);
      outgoing.end(body);
    });
  }
}
