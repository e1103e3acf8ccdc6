/**
 * What differs between chains and versions, as data: one interpreter runs all of them.
 *
 * @see docs/protocol/evm.md
 */
import { Opcode } from "./opcodes.js";

/**
 * What a storage write did to its slot, relative to the value before it (`current`) and, for chains that meter net
 * changes, to the value before the transaction (`original`). Index into the tables of {@link EvmRules}.
 */
export const StoreChange = {
  /** New value equals the current one. */
  Unchanged: 0,
  /** Zero to non-zero. */
  Added: 1,
  /** Non-zero to another non-zero value. */
  Modified: 2,
  /** Non-zero to zero. */
  Deleted: 3,
  /** From here on: current differs from original already. Nothing that refunds. */
  Again: 4,
  /** Original non-zero, current zero, new another non-zero value: takes the refund of the deletion back. */
  AgainFromZero: 5,
  /** Original non-zero, current another non-zero value, new zero. */
  AgainToZero: 6,
  /** Original zero, current non-zero, new zero: as it was. */
  RestoredToZero: 7,
  /** Original non-zero, current another non-zero value, new the original. */
  Restored: 8,
  /** Original non-zero, current zero, new the original. */
  RestoredFromZero: 9,
  /** The executing contract may not write; the frame ends. */
  Refused: -1,
} as const;

/** One of {@link StoreChange}. */
export type StoreChange = (typeof StoreChange)[keyof typeof StoreChange];

/** Everything the interpreter asks about the chain it runs for. Costs are gas. */
export interface EvmRules {
  /** For messages and tests. */
  readonly name: string;
  /** Static cost by opcode; −1 marks an opcode that does not exist. */
  readonly staticGas: Int32Array;
  /** Added by EXP for each byte of the exponent. */
  readonly expByteGas: number;
  /** Cost and refund of a storage write, by {@link StoreChange}. */
  readonly storeGas: readonly number[];
  readonly storeRefund: readonly number[];
  /** A storage write with this much gas or less left is out of gas; −1: no such rule. */
  readonly storeGasFloor: number;
  /** Added to a call that carries value. */
  readonly callValueGas: number;
  /** Given to the callee of a call that carries value, on top of the gas sent. */
  readonly callStipend: number;
  /** Added to a CALL that carries value to an account that does not exist. */
  readonly callNewAccountGas: number;
  /** Added to a SELFDESTRUCT that leaves a balance to an account that does not exist. */
  readonly selfDestructNewAccountGas: number;
}

type Costs = Readonly<Record<number, number>>;

const O = Opcode;

/** Opcodes by cost, for those that cost the same under every rule set. */
const TIERS: readonly (readonly [gas: number, ...opcodes: readonly number[]])[] = [
  [0, O.Stop, O.Return, O.Revert, O.Invalid, O.Sstore],
  [1, O.JumpDest],
  [2, O.Address, O.Origin, O.Caller, O.CallValue, O.CallDataSize, O.CodeSize, O.GasPrice, O.ReturnDataSize],
  [2, O.Coinbase, O.Timestamp, O.Number, O.Difficulty, O.GasLimit, O.Pop, O.Pc, O.Msize, O.Gas],
  [3, O.Add, O.Sub, O.Lt, O.Gt, O.Slt, O.Sgt, O.Eq, O.IsZero, O.And, O.Or, O.Xor, O.Not, O.Byte, O.Shl, O.Shr, O.Sar],
  [3, O.CallDataLoad, O.CallDataCopy, O.CodeCopy, O.ReturnDataCopy, O.Mload, O.Mstore, O.Mstore8],
  [5, O.Mul, O.Div, O.Sdiv, O.Mod, O.Smod, O.SignExtend],
  [8, O.Addmod, O.Mulmod, O.Jump],
  [10, O.Exp, O.JumpI],
  [20, O.BlockHash],
  [30, O.Sha3],
  [400, O.Balance, O.ExtCodeHash],
  [700, O.ExtCodeSize, O.ExtCodeCopy, O.Call, O.CallCode, O.DelegateCall, O.StaticCall],
  [200, O.Sload],
  [5000, O.SelfDestruct],
  [32000, O.Create, O.Create2],
];

const ISTANBUL: Costs = { [O.Balance]: 700, [O.ExtCodeHash]: 700, [O.ChainId]: 2, [O.SelfBalance]: 5 };

function staticGas(...overrides: readonly Costs[]): Int32Array {
  const costs = new Int32Array(256).fill(-1);
  for (const [gas, ...opcodes] of TIERS) for (const opcode of opcodes) costs[opcode] = gas;
  costs.fill(3, O.Push1, O.Swap16 + 1);
  for (let topics = 0; topics <= 4; topics++) costs[O.Log0 + topics] = 375 * (topics + 1);
  for (const override of overrides) {
    for (const [opcode, gas] of Object.entries(override)) costs[Number(opcode)] = gas;
  }
  return costs;
}

/** The two revisions of the EVM that FISCO BCOS 2.x has used. */
export type Revision = "constantinople" | "istanbul";

/**
 * Rules of FISCO BCOS 2.x: the storage costs look at the current value alone, and some instructions keep the price
 * they had before Istanbul.
 *
 * @param options.revision `istanbul` from supported_version 2.6.0
 * @param options.freeStorage chain with cheap storage operations
 * @param options.chargesNewAccount below supported_version 2.5.0: a value call to a missing account costs more
 */
export function fiscoRules(options: {
  revision: Revision;
  freeStorage: boolean;
  chargesNewAccount: boolean;
}): EvmRules {
  const istanbul = options.revision === "istanbul";
  const free = options.freeStorage;
  const reset = free ? 1200 : 5000;
  return {
    name: `fisco ${options.revision}${free ? " free-storage" : ""}`,
    staticGas: staticGas(
      istanbul ? ISTANBUL : {},
      free ? { [O.Sload]: 1200, [O.Create]: 16000, [O.Create2]: 16000 } : {},
    ),
    expByteGas: 50,
    storeGas: [istanbul ? 800 : reset, free ? 1200 : 20000, reset, reset],
    storeRefund: [0, 0, 0, 15000],
    storeGasFloor: istanbul ? 2300 : -1,
    callValueGas: free ? 0 : 9000,
    callStipend: free ? 5 : 2300,
    callNewAccountGas: options.chargesNewAccount ? 25000 : 0,
    selfDestructNewAccountGas: free ? 5 : 25000,
  };
}

/** Rules of Ethereum, with net metering of storage (EIP-1283 and EIP-2200), for Ethereum's own tests. */
export function ethereumRules(revision: Revision): EvmRules {
  const istanbul = revision === "istanbul";
  const dirty = istanbul ? 800 : 200;
  const restored = 5000 - dirty;
  return {
    name: `ethereum ${revision}`,
    staticGas: staticGas(istanbul ? { ...ISTANBUL, [O.Sload]: 800 } : {}),
    expByteGas: 50,
    storeGas: [dirty, 20000, 5000, 5000, dirty, dirty, dirty, dirty, dirty, dirty],
    storeRefund: [0, 0, 0, 15000, 0, -15000, 15000, 20000 - dirty, restored, restored - 15000],
    storeGasFloor: istanbul ? 2300 : -1,
    callValueGas: 9000,
    callStipend: 2300,
    callNewAccountGas: 25000,
    selfDestructNewAccountGas: 25000,
  };
}
