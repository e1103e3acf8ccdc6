/** What a select found, in the hands of a contract. */
import type { Row } from "../../state/index.js";
import { addressValue, encodeValues, int } from "../abi/index.js";
import type { PrecompiledCall, PrecompiledContext, PrecompiledResult, TemporaryObject } from "./contract.js";
import { Dispatcher } from "./dispatch.js";
import { EntryObject } from "./entry-object.js";
import { rowAt } from "./failures.js";

/** The functions of a list of rows. An index counts modulo 2^64. */
export const entriesDispatcher = new Dispatcher<readonly Row[]>({
  chargesInput: true,
  methods: {
    "get(int256)": ({ args, context }, rows) => {
      const row = rowAt(rows, BigInt.asUintN(64, args.uint()));
      return encodeValues(addressValue(context.temporary.add(new EntryObject(row))));
    },
    "size()": (_, rows) => encodeValues(int(rows.length)),
  },
});

/** The temporary object around the rows of one select. */
export class EntriesObject implements TemporaryObject {
  readonly rows: readonly Row[];

  constructor(rows: readonly Row[]) {
    this.rows = rows;
  }

  call(context: PrecompiledContext, call: PrecompiledCall): PrecompiledResult {
    return entriesDispatcher.run(context, call, this.rows);
  }
}
