/** Steady load for end-to-end tests: transactions to whichever node answers, with a record of what was acknowledged. */
import { createAccount, type Account, type Client } from "@tsbcos/sdk";
import { sleep, type ChainNode } from "./chain.js";

/** Balances by name, kept by a contract built into every node. */
export const DAG_TRANSFER = "0000000000000000000000000000000000005002";

const word = (value: number): string => value.toString(16).padStart(64, "0");

/** Calldata of a call whose arguments are texts and numbers, in the standard ABI. */
export function encodeCall(selector: string, ...args: readonly (string | number)[]): Uint8Array {
  let head = "";
  let tail = "";
  for (const argument of args) {
    if (typeof argument === "number") {
      head += word(argument);
      continue;
    }
    const text = Buffer.from(argument, "utf8");
    head += word(32 * args.length + tail.length / 2);
    tail += word(text.length) + text.toString("hex").padEnd(Math.ceil(text.length / 32) * 64, "0");
  }
  return Buffer.from(selector + head + tail, "hex");
}

/** `userSave(string,uint256)`: grows a balance, so that lost or doubled transactions show. */
const USER_SAVE = "e555f3d9";

/** A transaction that was lost with its node is waited for so long; one that was not has its receipt by then on slow machines too. */
const RECEIPT_WITHIN_MS = 15_000;

/** A transaction that got a receipt. */
export interface Acknowledged {
  readonly hash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
}

/** Sends from one account, one after the other, until stopped. */
export class Load {
  readonly #account: Account = createAccount();
  readonly #nodes: readonly ChainNode[];
  readonly #groupId: number;
  readonly #clients = new Map<ChainNode, Client>();
  readonly #acknowledged: Acknowledged[] = [];
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(nodes: readonly ChainNode[], senders = 8, groupId = 1) {
    this.#nodes = nodes;
    this.#groupId = groupId;
    this.#done = Promise.all(Array.from({ length: senders }, (_, sender) => this.#send(sender))).then(() => undefined);
  }

  /** What was acknowledged so far. */
  get acknowledged(): readonly Acknowledged[] {
    return this.#acknowledged;
  }

  /** Stops sending and waits for what is under way. */
  async stop(): Promise<readonly Acknowledged[]> {
    this.#stopped = true;
    await this.#done;
    return this.#acknowledged;
  }

  /** One client a node, made when the node answers for the first time. */
  async #clientOf(node: ChainNode): Promise<Client> {
    const known = this.#clients.get(node) ?? (await node.client(this.#account)).inGroup(this.#groupId);
    this.#clients.set(node, known);
    return known;
  }

  async #send(sender: number): Promise<void> {
    for (let turn = sender; !this.#stopped; turn++) {
      const node = this.#nodes[turn % this.#nodes.length];
      if (node === undefined) return;
      try {
        const client = await this.#clientOf(node);
        const transaction = await client.sign({
          to: DAG_TRANSFER,
          data: encodeCall(USER_SAVE, `sender${sender}`, 1),
        });
        await client.send(transaction);
        const { hash } = transaction;
        const { blockNumber, blockHash } = await client.waitForReceipt(hash, RECEIPT_WITHIN_MS);
        this.#acknowledged.push({ hash, blockNumber, blockHash });
      } catch {
        // A node that is down or a transaction that was lost with it: nobody was told that it is stored.
        await sleep(50);
      }
    }
  }
}
