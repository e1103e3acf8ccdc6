/** Contract 0x1001: creates and opens tables of users. */
import { ZERO_ADDRESS } from "../../primitives/index.js";
import { V2_3_0 } from "../../protocol/index.js";
import { addressValue, encodeValues } from "../abi/index.js";
import { FixedContract } from "./contract-class.js";
import type { Invocation } from "./dispatch.js";
import { checkCallerWritable } from "./permissions.js";
import { ResultCode } from "./result-codes.js";
import { encodeCode } from "./results.js";
import { STORAGE_REFUSALS, checkDeclaration, userTableName } from "./table-names.js";
import { TableObject } from "./table-object.js";

function openTable({ args, context, gas }: Invocation): Uint8Array {
  const table = context.tables.openTable(userTableName(context.version, args.string()));
  gas.record("OpenTable");
  const opened = table === undefined ? ZERO_ADDRESS : context.temporary.add(new TableObject(table));
  return encodeValues(addressValue(opened));
}

function createTable({ args, call, context, gas }: Invocation): Uint8Array {
  if (context.version >= V2_3_0) checkCallerWritable(context, call);
  const declared = { name: args.string(), keyField: args.string(), valueFields: args.string() };
  const { name, keyField, valueFields } = checkDeclaration(context, declared, STORAGE_REFUSALS);
  const outcome = context.tables.createTable(name, keyField, valueFields, { origin: call.origin });
  if (outcome === "created") gas.record("CreateTable");
  return encodeCode(context.version, CODES[outcome]);
}

const CODES = {
  created: ResultCode.Success,
  exists: ResultCode.TableExists,
  "no-permission": ResultCode.NoPermission,
} as const;

/** The table factory. */
export const tableFactory = new FixedContract(
  { number: 0x1001 },
  { chargesInput: true, methods: { "openTable(string)": openTable, "createTable(string,string,string)": createTable } },
);
