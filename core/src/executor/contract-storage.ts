/**
 * Storage of contracts in the rows of their tables. The key of a row is the DECIMAL text of the slot, its value the
 * decimal text of the word; both are computed once a block and slot and remembered beside the limbs.
 */
import { StoreChange, WORD_LIMBS, fitsLimb, isZero, setBigInt, setLimb, toBigInt } from "../evm/index.js";
import type { ContractStorage } from "../evm/index.js";
import type { Address, ByteString } from "../primitives/index.js";
import { ascii } from "../primitives/index.js";
import { Row } from "../state/index.js";
import type { Table } from "../state/index.js";

const VALUE = ascii("value");

/** Counts the times anything was undone in a block: what was remembered before must be read again. */
export interface UndoCount {
  value: number;
}

/** One slot as last seen. */
interface Slot {
  readonly key: ByteString;
  readonly limbs: Uint32Array;
  /** Whether the slot has a row. */
  present: boolean;
  /** The {@link UndoCount} for which the rest holds, −1 before the first read. */
  seenAt: number;
}

function decimal(words: Uint32Array, at: number): ByteString {
  return ascii(fitsLimb(words, at) ? String(words[at]) : toBigInt(words, at).toString());
}

const halves: number[] = new Array<number>(2 * WORD_LIMBS).fill(0);

/** Map key of a slot number, cheaper to make than its decimal text: its limbs as sixteen char codes. */
function nameOf(words: Uint32Array, at: number): string {
  for (let i = 0; i < WORD_LIMBS; i++) {
    const limb = words[at + i] as number;
    halves[2 * i] = limb & 0xffff;
    halves[2 * i + 1] = limb >>> 16;
  }
  return String.fromCharCode.apply(null, halves);
}

/** Storage of one contract during one block. */
export class TableStorage implements ContractStorage {
  readonly #open: () => Table | undefined;
  readonly #undone: UndoCount;
  readonly #small = new Map<number, Slot>();
  readonly #large = new Map<string, Slot>();
  /** Sender of the transaction: whether it may write is asked at each write. */
  origin: Address;

  constructor(options: { open: () => Table | undefined; undone: UndoCount; origin: Address }) {
    this.#open = options.open;
    this.#undone = options.undone;
    this.origin = options.origin;
  }

  load(words: Uint32Array, at: number): void {
    words.set(this.#read(words, at).limbs, at);
  }

  store(words: Uint32Array, slotAt: number, valueAt: number): StoreChange {
    const table = this.#open();
    if (table !== undefined && !table.mayWrite(this.origin)) return StoreChange.Refused;
    const slot = this.#read(words, slotAt);
    const { limbs } = slot;
    let equal = true;
    for (let i = 0; i < WORD_LIMBS; i++) if (limbs[i] !== words[valueAt + i]) equal = false;
    if (equal) return StoreChange.Unchanged;
    const change = isZero(limbs, 0)
      ? StoreChange.Added
      : isZero(words, valueAt)
        ? StoreChange.Deleted
        : StoreChange.Modified;
    if (table === undefined) return change;
    const text = decimal(words, valueAt);
    if (slot.present) table.update(slot.key, new Map([[VALUE, text]]));
    else table.insert(slot.key, new Row([[VALUE, text]]));
    slot.present = true;
    for (let i = 0; i < WORD_LIMBS; i++) limbs[i] = words[valueAt + i] as number;
    return change;
  }

  #read(words: Uint32Array, at: number): Slot {
    const slot = this.#slot(words, at);
    if (slot.seenAt === this.#undone.value) return slot;
    const row = this.#open()?.peek(slot.key);
    slot.present = row !== undefined;
    slot.seenAt = this.#undone.value;
    const text = row?.cells.get(VALUE) ?? "";
    if (text.length < 10) setLimb(slot.limbs, 0, Number(text));
    else setBigInt(slot.limbs, 0, BigInt(text));
    return slot;
  }

  #slot(words: Uint32Array, at: number): Slot {
    const isSmall = fitsLimb(words, at);
    const name = isSmall ? "" : nameOf(words, at);
    let slot = isSmall ? this.#small.get(words[at] as number) : this.#large.get(name);
    if (slot !== undefined) return slot;
    slot = { key: decimal(words, at), limbs: new Uint32Array(WORD_LIMBS), present: false, seenAt: -1 };
    if (isSmall) this.#small.set(words[at] as number, slot);
    else this.#large.set(name, slot);
    return slot;
  }
}
