/** A condition in the hands of a contract. */
import type { ByteString } from "../../primitives/index.js";
import { EMPTY_BYTES, ascii } from "../../primitives/index.js";
import { V2_7_0 } from "../../protocol/index.js";
import { Condition } from "../../state/index.js";
import { decimal } from "../abi/index.js";
import type { ArgumentReader } from "../abi/index.js";
import type { PrecompiledCall, PrecompiledContext, PrecompiledResult, TemporaryObject } from "./contract.js";
import type { Invocation, Method } from "./dispatch.js";
import { Dispatcher } from "./dispatch.js";
import { failGenerically } from "./failures.js";

type Comparison = "EQ" | "NE" | "GT" | "GE" | "LT" | "LE";

/** Adds one comparison to a condition, whichever way it was asked for. */
export function compare(condition: Condition, comparison: Comparison, column: ByteString, value: ByteString): void {
  switch (comparison) {
    case "EQ":
      condition.eq(column, value);
      return;
    case "NE":
      condition.ne(column, value);
      return;
    case "GT":
      condition.gt(column, value);
      return;
    case "GE":
      condition.ge(column, value);
      return;
    case "LT":
      condition.lt(column, value);
      return;
    case "LE":
      condition.le(column, value);
  }
}

function comparing(comparison: Comparison, read: (args: ArgumentReader) => ByteString): Method<Condition> {
  return ({ args, gas }, condition) => {
    const column = args.string();
    compare(condition, comparison, column, read(args));
    gas.record(comparison);
    return EMPTY_BYTES;
  };
}

const readInt = (args: ArgumentReader): ByteString => decimal(args.int());
const readString = (args: ArgumentReader): ByteString => args.string();
const readAddress = (args: ArgumentReader): ByteString => ascii(args.address());

/** A limit as the table engine takes it: modulo 2^64; there is no conversion for negative numbers. */
function limitValue(value: bigint): bigint {
  return value < 0n ? failGenerically("a limit is negative") : BigInt.asUintN(64, value);
}

function limitCount({ args, gas }: Invocation, condition: Condition): Uint8Array {
  condition.limit(0, limitValue(args.int()));
  gas.record("Limit");
  return EMPTY_BYTES;
}

function limitRange({ args, gas }: Invocation, condition: Condition): Uint8Array {
  const offset = args.int();
  const count = args.int();
  condition.limit(limitValue(offset), limitValue(count));
  gas.record("Limit");
  return EMPTY_BYTES;
}

/** The functions of a condition. */
export const conditionDispatcher = new Dispatcher<Condition>({
  chargesInput: true,
  methods: {
    "EQ(string,int256)": comparing("EQ", readInt),
    "EQ(string,string)": comparing("EQ", readString),
    "NE(string,int256)": comparing("NE", readInt),
    "NE(string,string)": comparing("NE", readString),
    "GT(string,int256)": comparing("GT", readInt),
    "GE(string,int256)": comparing("GE", readInt),
    "LT(string,int256)": comparing("LT", readInt),
    "LE(string,int256)": comparing("LE", readInt),
    "limit(int256)": limitCount,
    "limit(int256,int256)": limitRange,
  },
  laterMethods: [
    { since: V2_7_0, isZeroBefore: true, methods: { "EQ(string,address)": comparing("EQ", readAddress) } },
  ],
});

/** The temporary object around a condition. Using it in a select adds the key of that select to it. */
export class ConditionObject implements TemporaryObject {
  readonly condition = new Condition();

  call(context: PrecompiledContext, call: PrecompiledCall): PrecompiledResult {
    return conditionDispatcher.run(context, call, this.condition);
  }

  /** The condition at the address that the next argument names. */
  static conditionIn({ args, context }: Invocation): Condition {
    const object = context.temporary.find(args.address());
    return object instanceof ConditionObject ? object.condition : failGenerically("the address is no condition");
  }
}
