/** View changes of the height being decided: verified, one for each view and sealer. */
import { PBFT_CACHED_MESSAGES_PER_SEALER_MAX } from "../../primitives/index.js";
import type { NodeIndex } from "../../primitives/index.js";
import type { PbftMessage } from "../../protocol/index.js";

/** Who wants which view. */
export class ViewChangeBox {
  readonly #views = new Map<number, Map<NodeIndex, PbftMessage>>();
  /** Highest view each sealer has asked for; forgotten when the sealer restarts. */
  readonly #latest = new Map<NodeIndex, number>();
  /** Views of each sealer, oldest first. */
  readonly #viewsOf = new Map<NodeIndex, number[]>();

  /** True when that sealer's wish for the view is here. */
  has(view: number, index: number): boolean {
    return this.#views.get(view)?.has(index as NodeIndex) ?? false;
  }

  /** Adds a verified view change, unless its author has asked for a higher view since. */
  add(message: PbftMessage): void {
    const index = message.index as NodeIndex;
    const { view } = message;
    if (view < (this.#latest.get(index) ?? 0) || this.has(view, index)) return;
    this.#latest.set(index, view);
    const own = this.#viewsOf.get(index) ?? [];
    if (own.length >= PBFT_CACHED_MESSAGES_PER_SEALER_MAX) this.#remove(own.shift() as number, index);
    own.push(view);
    this.#viewsOf.set(index, own);
    const wishes = this.#views.get(view);
    if (wishes === undefined) this.#views.set(view, new Map([[index, message]]));
    else wishes.set(index, message);
  }

  /** Distinct sealers that want exactly this view. */
  count(view: number): number {
    return this.#views.get(view)?.size ?? 0;
  }

  /** All wishes for exactly this view. */
  of(view: number): readonly PbftMessage[] {
    return [...(this.#views.get(view)?.values() ?? [])];
  }

  /** The sealers that want a view above `view`. */
  above(view: number): ReadonlySet<NodeIndex> {
    const sealers = new Set<NodeIndex>();
    for (const [wished, wishes] of this.#views)
      if (wished > view) for (const index of wishes.keys()) sealers.add(index);
    return sealers;
  }

  /** The lowest view above `view` that anybody wants; infinity when there is none. */
  lowestAbove(view: number): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const wished of this.#views.keys()) if (wished > view) lowest = Math.min(lowest, wished);
    return lowest;
  }

  /** Lets that sealer ask for lower views again: it has lost its session, perhaps its memory. */
  forgetLatest(index: number): void {
    this.#latest.delete(index as NodeIndex);
  }

  /** Forgets the wishes for views that have come or gone. */
  dropUpTo(view: number): void {
    for (const [index, own] of this.#viewsOf) {
      for (const wished of own) if (wished <= view) this.#remove(wished, index);
      this.#viewsOf.set(
        index,
        own.filter((wished) => wished > view),
      );
    }
  }

  /** Forgets everything: the height is decided. */
  clear(): void {
    this.#views.clear();
    this.#latest.clear();
    this.#viewsOf.clear();
  }

  /** All view changes: for invariants. */
  all(): readonly PbftMessage[] {
    return [...this.#views.values()].flatMap((wishes) => [...wishes.values()]);
  }

  #remove(view: number, index: NodeIndex): void {
    const wishes = this.#views.get(view);
    wishes?.delete(index);
    if (wishes?.size === 0) this.#views.delete(view);
  }
}
