/** Contract 0x1010: creates and opens key-value tables. */
import { V2_3_0 } from "../../protocol/index.js";
import { addressValue, encodeValues } from "../abi/index.js";
import { FixedContract } from "./contract-class.js";
import type { Invocation } from "./dispatch.js";
import { fail } from "./failures.js";
import { KvTableObject } from "./kv-table-object.js";
import { checkCallerWritable } from "./permissions.js";
import { ResultCode } from "./result-codes.js";
import { encodeCode } from "./results.js";
import { CONTRACT_REFUSALS, checkDeclaration, userTableName } from "./table-names.js";

function openTable({ args, context, gas }: Invocation): Uint8Array {
  const name = userTableName(context.version, args.string());
  const table = context.tables.openTable(name) ?? fail(`${name} does not exist`);
  gas.record("OpenTable");
  return encodeValues(addressValue(context.temporary.add(new KvTableObject(table))));
}

function createTable({ args, call, context, gas }: Invocation): Uint8Array {
  checkCallerWritable(context, call);
  const declared = { name: args.string(), keyField: args.string(), valueFields: args.string() };
  const { name, keyField, valueFields } = checkDeclaration(context, declared, CONTRACT_REFUSALS);
  const outcome = context.tables.createTable(name, keyField, valueFields, { origin: call.origin });
  if (outcome === "no-permission") fail(`Permission denied. ${call.origin} can't create table ${name}`);
  if (outcome === "created") gas.record("CreateTable");
  return encodeCode(context.version, outcome === "created" ? ResultCode.Success : ResultCode.TableExists);
}

/** The factory of key-value tables. */
export const kvTableFactory = new FixedContract(
  { number: 0x1010, since: V2_3_0 },
  { chargesInput: true, methods: { "openTable(string)": openTable, "createTable(string,string,string)": createTable } },
);
