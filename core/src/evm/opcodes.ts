/** Instruction numbers of the EVM, and how many words each takes from the stack and puts on it. */

/** Byte values of the instructions that have no family of their own. */
export const Opcode = {
  Stop: 0x00,
  Add: 0x01,
  Mul: 0x02,
  Sub: 0x03,
  Div: 0x04,
  Sdiv: 0x05,
  Mod: 0x06,
  Smod: 0x07,
  Addmod: 0x08,
  Mulmod: 0x09,
  Exp: 0x0a,
  SignExtend: 0x0b,
  Lt: 0x10,
  Gt: 0x11,
  Slt: 0x12,
  Sgt: 0x13,
  Eq: 0x14,
  IsZero: 0x15,
  And: 0x16,
  Or: 0x17,
  Xor: 0x18,
  Not: 0x19,
  Byte: 0x1a,
  Shl: 0x1b,
  Shr: 0x1c,
  Sar: 0x1d,
  Sha3: 0x20,
  Address: 0x30,
  Balance: 0x31,
  Origin: 0x32,
  Caller: 0x33,
  CallValue: 0x34,
  CallDataLoad: 0x35,
  CallDataSize: 0x36,
  CallDataCopy: 0x37,
  CodeSize: 0x38,
  CodeCopy: 0x39,
  GasPrice: 0x3a,
  ExtCodeSize: 0x3b,
  ExtCodeCopy: 0x3c,
  ReturnDataSize: 0x3d,
  ReturnDataCopy: 0x3e,
  ExtCodeHash: 0x3f,
  BlockHash: 0x40,
  Coinbase: 0x41,
  Timestamp: 0x42,
  Number: 0x43,
  Difficulty: 0x44,
  GasLimit: 0x45,
  ChainId: 0x46,
  SelfBalance: 0x47,
  Pop: 0x50,
  Mload: 0x51,
  Mstore: 0x52,
  Mstore8: 0x53,
  Sload: 0x54,
  Sstore: 0x55,
  Jump: 0x56,
  JumpI: 0x57,
  Pc: 0x58,
  Msize: 0x59,
  Gas: 0x5a,
  JumpDest: 0x5b,
  Push1: 0x60,
  Push32: 0x7f,
  Dup1: 0x80,
  Dup16: 0x8f,
  Swap1: 0x90,
  Swap16: 0x9f,
  Log0: 0xa0,
  Log4: 0xa4,
  Create: 0xf0,
  Call: 0xf1,
  CallCode: 0xf2,
  Return: 0xf3,
  DelegateCall: 0xf4,
  Create2: 0xf5,
  StaticCall: 0xfa,
  Revert: 0xfd,
  Invalid: 0xfe,
  SelfDestruct: 0xff,
} as const;

/** Words an instruction takes from the stack, by opcode. */
export const STACK_TAKES = new Uint8Array(256);
/** Words an instruction puts on the stack, by opcode. */
export const STACK_PUTS = new Uint8Array(256);

function shape(takes: number, puts: number, ...opcodes: readonly number[]): void {
  for (const opcode of opcodes) {
    STACK_TAKES[opcode] = takes;
    STACK_PUTS[opcode] = puts;
  }
}

const O = Opcode;
shape(2, 1, O.Add, O.Mul, O.Sub, O.Div, O.Sdiv, O.Mod, O.Smod, O.Exp, O.SignExtend);
shape(3, 1, O.Addmod, O.Mulmod, O.Create);
shape(2, 1, O.Lt, O.Gt, O.Slt, O.Sgt, O.Eq, O.And, O.Or, O.Xor, O.Byte, O.Shl, O.Shr, O.Sar, O.Sha3);
shape(1, 1, O.IsZero, O.Not, O.Balance, O.CallDataLoad, O.ExtCodeSize, O.ExtCodeHash, O.BlockHash, O.Mload, O.Sload);
shape(0, 1, O.Address, O.Origin, O.Caller, O.CallValue, O.CallDataSize, O.CodeSize, O.GasPrice, O.ReturnDataSize);
shape(
  0,
  1,
  O.Coinbase,
  O.Timestamp,
  O.Number,
  O.Difficulty,
  O.GasLimit,
  O.ChainId,
  O.SelfBalance,
  O.Pc,
  O.Msize,
  O.Gas,
);
shape(3, 0, O.CallDataCopy, O.CodeCopy, O.ReturnDataCopy);
shape(4, 0, O.ExtCodeCopy);
shape(1, 0, O.Pop, O.Jump, O.SelfDestruct);
shape(2, 0, O.Mstore, O.Mstore8, O.Sstore, O.JumpI, O.Return, O.Revert);
shape(7, 1, O.Call, O.CallCode);
shape(6, 1, O.DelegateCall, O.StaticCall);
shape(4, 1, O.Create2);
for (let i = 0; i < 32; i++) shape(0, 1, O.Push1 + i);
for (let i = 0; i < 16; i++) {
  shape(i + 1, i + 2, O.Dup1 + i);
  shape(i + 2, i + 2, O.Swap1 + i);
}
for (let i = 0; i <= 4; i++) shape(i + 2, 0, O.Log0 + i);
