/** How high the chain is, fresh enough for a block limit and without a question a transaction. */
import type { Transport } from "./transport.js";

/** A height older than this is asked for again. Chains make a block in a quarter of a second at best. */
const FRESH_MS = 1_000;

interface Head {
  height: number;
  heardAtMs: number;
  asking: Promise<number> | undefined;
}

/** The heights of a chain's groups as this client knows them. */
export class Heads {
  readonly #transport: Transport;
  readonly #heads = new Map<number, Head>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Notes a height that was heard of; a lower one than known is no news. */
  note(groupId: number, height: number): void {
    const head = this.#of(groupId);
    head.height = Math.max(head.height, height);
    head.heardAtMs = Date.now();
  }

  /** Height of the group, at most a second old. */
  async height(groupId: number): Promise<number> {
    const head = this.#of(groupId);
    if (Date.now() - head.heardAtMs < FRESH_MS) return head.height;
    head.asking ??= this.#ask(groupId).finally(() => (head.asking = undefined));
    return head.asking;
  }

  async #ask(groupId: number): Promise<number> {
    this.note(groupId, Number(await this.#transport.request("getBlockNumber", [groupId], { groupId })));
    return this.#of(groupId).height;
  }

  #of(groupId: number): Head {
    let head = this.#heads.get(groupId);
    if (head === undefined) {
      head = { height: 0, heardAtMs: Number.NEGATIVE_INFINITY, asking: undefined };
      this.#heads.set(groupId, head);
      // Where nodes push, listening costs nothing; elsewhere it would be a question a second for nobody.
      if (this.#transport.pushes !== undefined) {
        this.#transport.watchBlocks(groupId, (height) => {
          this.note(groupId, height);
        });
      }
    }
    return head;
  }
}
