/**
 * Price of a contract call: `docs/protocol/precompiled.md`, section "Gas".
 */

const WORD = 32;

/** Price of each operation, first on an ordinary chain, then where storage is cheap. */
const PRICES = {
  EQ: [3, 3],
  GE: [3, 3],
  GT: [3, 3],
  LE: [3, 3],
  LT: [3, 3],
  NE: [3, 3],
  Limit: [3, 3],
  GetInt: [3, 3],
  GetAddress: [3, 3],
  Set: [3, 3],
  GetString: [3, 3],
  GetByte32: [96, 96],
  GetByte64: [192, 192],
  CreateTable: [16000, 500],
  OpenTable: [200, 200],
  Select: [200, 200],
  Insert: [10000, 200],
  Update: [10000, 200],
  Remove: [2500, 200],
  PaillierAdd: [20000, 20000],
  GroupSigVerify: [20000, 20000],
  RingSigVerify: [20000, 20000],
} as const satisfies Record<string, readonly [number, number]>;

/** An operation with a price. */
export type Operation = keyof typeof PRICES;

/** Adds up what one call does. */
export class GasMeter {
  private readonly column: 0 | 1;
  private operations = 0;
  private memory = 0;

  constructor(freeStorage: boolean) {
    this.column = freeStorage ? 1 : 0;
  }

  /** Charges an operation `count` times, from the moment it is reached. */
  record(operation: Operation, count = 1): void {
    this.operations += PRICES[operation][this.column] * count;
  }

  /** Forgets the memory recorded so far and notes `bytes`. */
  setMemory(bytes: number): void {
    this.memory = bytes;
  }

  /** Notes `bytes` of memory when they are more than recorded so far. */
  raiseMemory(bytes: number): void {
    this.memory = Math.max(this.memory, bytes);
  }

  /** Price of the whole call, given the length of its output. */
  total(outputBytes: number): bigint {
    const words = Math.ceil(Math.max(this.memory, outputBytes) / WORD);
    return BigInt(this.operations + 3 * words) + BigInt(words) ** 2n / 512n;
  }
}
