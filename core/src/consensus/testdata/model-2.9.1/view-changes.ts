/** View changes as a 2.9.1 node keeps them. */
import type { PbftMessage } from "../../../protocol/index.js";
import type { ChainHead } from "../../../ledger/index.js";

/** Who wants which view. */
export class ModelViewChanges {
  readonly #byView = new Map<number, Map<number, PbftMessage>>();
  readonly #latest = new Map<number, PbftMessage>();

  /** True when that sealer's wish for that view is here. */
  has({ view, index }: PbftMessage): boolean {
    return this.#byView.get(view)?.has(index) === true;
  }

  /** Keeps a wish, unless its author has had a later one. */
  add(message: PbftMessage, ownNumber: number): void {
    const { view, index } = message;
    const latest = this.#latest.get(index);
    if (latest !== undefined && latest.height < ownNumber) {
      const wishes = this.#byView.get(latest.view);
      if (wishes?.get(index) === latest) wishes.delete(index);
      this.#latest.delete(index);
    } else if (latest !== undefined && (message.height < latest.height || view < latest.view)) return;
    const wishes = this.#byView.get(view) ?? new Map<number, PbftMessage>();
    this.#byView.set(view, wishes.set(index, message));
    this.#latest.set(index, message);
  }

  /** Sealers that want exactly this view. */
  count(view: number): number {
    return this.#byView.get(view)?.size ?? 0;
  }

  /** Sealers that want views above this one, and the lowest of those views. */
  above(view: number, ownNumber: number): { readonly sealers: number; readonly lowest: number } {
    const sealers = new Set<number>();
    let lowest = Number.POSITIVE_INFINITY;
    for (const [wished, wishes] of this.#byView) {
      if (wished <= view) continue;
      for (const [index, { height }] of wishes) {
        if (height < ownNumber) continue;
        sealers.add(index);
        lowest = Math.min(lowest, wished);
      }
    }
    return { sealers: sealers.size, lowest };
  }

  /** A block came: what was wished on top of another one is over. */
  blockCame({ header, hash }: ChainHead): void {
    for (const wishes of this.#byView.values()) {
      for (const [index, { height, blockHash }] of wishes) {
        if (height < header.number || (height === header.number && blockHash !== hash)) wishes.delete(index);
      }
    }
  }

  /** The view changed. */
  viewChanged(view: number): void {
    for (const wished of this.#byView.keys()) if (wished <= view) this.#byView.delete(wished);
    for (const [index, latest] of this.#latest) if (latest.view <= view) this.#latest.delete(index);
  }

  /** That sealer may have forgotten how far it was. */
  forgetLatest(index: number): void {
    this.#latest.delete(index);
  }
}
