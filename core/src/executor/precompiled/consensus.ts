/** Contract 0x1003: the lists of sealers and observers. */
import type { ByteString } from "../../primitives/index.js";
import { ascii } from "../../primitives/index.js";
import type { Table } from "../../state/index.js";
import { Condition, Row, SYS_CONSENSUS } from "../../state/index.js";
import { decimal } from "../abi/index.js";
import { toLowerAscii } from "./address-text.js";
import { FixedContract } from "./contract-class.js";
import type { Invocation, Method } from "./dispatch.js";
import { systemTable } from "./permissions.js";
import { ResultCode } from "./result-codes.js";
import { encodeCode, executedNumber } from "./results.js";

/** Key under which all nodes stand. */
export const NODE_KEY = ascii("node");
/** Columns of the table of nodes. */
export const NODE = {
  Name: ascii("name"),
  Type: ascii("type"),
  Id: ascii("node_id"),
  EnableNumber: ascii("enable_num"),
} as const;
/** Types of nodes. A working sealer is one that rPBFT has chosen for the present epoch. */
export const NODE_TYPE = {
  Sealer: ascii("sealer"),
  Observer: ascii("observer"),
  WorkingSealer: ascii("wSealer"),
} as const;

const NODE_ID_DIGITS = 128;

function ofType(table: Table, type: ByteString): readonly Row[] {
  return table.select(NODE_KEY, new Condition().eq(NODE.Type, type));
}

/** True when the chain would be left without the last node of a kind it cannot do without. */
function isLastSealer(table: Table, nodeId: ByteString): boolean {
  const sealers = ofType(table, NODE_TYPE.Sealer);
  const workingSealers = ofType(table, NODE_TYPE.WorkingSealer);
  if (sealers.length === 1 && sealers[0]?.get(NODE.Id) === nodeId) return workingSealers.length === 0;
  const own = table.select(NODE_KEY, new Condition().eq(NODE.Id, nodeId));
  if (own[0]?.get(NODE.Type) !== NODE_TYPE.WorkingSealer) return false;
  return workingSealers.length === 1 && workingSealers[0]?.get(NODE.Id) === nodeId;
}

/** A function of one node id. The table is opened before anything is looked at, which old versions show in the hash. */
function ofNode(run: (invocation: Invocation, table: Table, nodeId: ByteString) => number): Method {
  return (invocation) => {
    const { args, context } = invocation;
    const table = systemTable(context, SYS_CONSENSUS);
    const nodeId = toLowerAscii(args.string());
    const isId = nodeId.length === NODE_ID_DIGITS;
    return encodeCode(context.version, isId ? run(invocation, table, nodeId) : ResultCode.NodeIdInvalid);
  };
}

function setType(type: ByteString): (invocation: Invocation, table: Table, nodeId: ByteString) => number {
  return ({ call, context }, table, nodeId) => {
    const condition = new Condition().eq(NODE.Id, nodeId);
    const row = new Row([
      [NODE.Type, type],
      [NODE.Name, NODE_KEY],
      [NODE.EnableNumber, decimal(executedNumber(context))],
    ]);
    const options = { origin: call.origin };
    if (table.select(NODE_KEY, condition).length === 0)
      return table.insert(NODE_KEY, row.set(NODE.Id, nodeId), options);
    if (type === NODE_TYPE.Observer && isLastSealer(table, nodeId)) return ResultCode.LastSealer;
    return table.update(NODE_KEY, row.cells, condition, options);
  };
}

function remove({ call }: Invocation, table: Table, nodeId: ByteString): number {
  if (isLastSealer(table, nodeId)) return ResultCode.LastSealer;
  return table.remove(NODE_KEY, new Condition().eq(NODE.Id, nodeId), { origin: call.origin });
}

/** The contract of node lists. */
export const consensus = new FixedContract(
  { number: 0x1003 },
  {
    chargesInput: false,
    methods: {
      "addSealer(string)": ofNode(setType(NODE_TYPE.Sealer)),
      "addObserver(string)": ofNode(setType(NODE_TYPE.Observer)),
      "remove(string)": ofNode(remove),
    },
    unknown: ({ context }) => {
      systemTable(context, SYS_CONSENSUS);
      return encodeCode(context.version, ResultCode.Success);
    },
  },
);
