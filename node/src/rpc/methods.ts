/** The method table: which methods there are, what they take, and where they run. */
import type { Json } from "@tsbcos/core/protocol";
import { isWholeNumber } from "./formats.js";

/** Type of one positional parameter: a whole number, a text, a truth value or an object. */
export type ParameterType = "int" | "str" | "bool" | "obj" | "int or str";

/** Who answers: the node's main thread by reading or by doing, the group's thread by reading, or the group's pool. */
export type MethodScope = "node" | "operation" | "group" | "submit";

/** One method's declaration. */
export interface MethodDeclaration {
  readonly scope: MethodScope;
  /** Types of the parameters, exactly as many as must be given; undefined: anything goes, and the method looks for itself. */
  readonly parameters: readonly ParameterType[] | undefined;
  /** Types of what may follow them: additions to 2.x. */
  readonly optional?: readonly ParameterType[];
}

const node = (...parameters: readonly ParameterType[]): MethodDeclaration => ({ scope: "node", parameters });
const operation = (...parameters: readonly ParameterType[]): MethodDeclaration => ({ scope: "operation", parameters });
const free: MethodDeclaration = { scope: "node", parameters: undefined };
/** Methods of a group: the group number comes first. */
const group = (...parameters: readonly ParameterType[]): MethodDeclaration => ({
  scope: "group",
  parameters: ["int", ...parameters],
});

/** Every method of the JSON-RPC interface, by name. */
export const METHODS: ReadonlyMap<string, MethodDeclaration> = new Map(
  Object.entries({
    rpc_modules: free,
    getClientVersion: free,
    getNodeInfo: free,
    getGroupList: free,
    getPeers: node("int"),
    getNodeIDList: node("int"),
    queryPeers: free,

    queryGroupStatus: operation("int"),
    generateGroup: operation("int", "obj"),
    startGroup: operation("int"),
    stopGroup: operation("int"),
    removeGroup: operation("int"),
    recoverGroup: operation("int"),
    addPeers: { scope: "operation", parameters: undefined },
    erasePeers: { scope: "operation", parameters: undefined },

    getGroupPeers: group(),
    getBlockNumber: group(),
    getPbftView: group(),
    getSealerList: group(),
    getObserverList: group(),
    getEpochSealersList: group(),
    getConsensusStatus: group(),
    getSyncStatus: group(),
    getSystemConfigByKey: group("str"),
    getTotalTransactionCount: group(),
    getPendingTxSize: group(),
    getPendingTransactions: group(),
    getCode: group("str"),
    getBlockByHash: group("str", "bool"),
    getBlockByNumber: group("str", "bool"),
    getBlockHeaderByHash: group("str", "bool"),
    getBlockHeaderByNumber: group("str", "bool"),
    getBlockHashByNumber: group("str"),
    getTransactionByHash: group("str"),
    getTransactionByBlockHashAndIndex: group("str", "str"),
    getTransactionByBlockNumberAndIndex: group("str", "str"),
    getTransactionReceipt: group("str"),
    getTransactionByHashWithProof: group("str"),
    getTransactionReceiptByHashWithProof: group("str"),
    getBatchReceiptsByBlockNumberAndRange: group("str", "str", "str", "bool"),
    getBatchReceiptsByBlockHashAndRange: group("str", "str", "str", "bool"),
    call: { ...group("obj"), optional: ["int or str"] },

    sendRawTransaction: { scope: "submit", parameters: ["int", "str"] },
    sendRawTransactionAndGetProof: { scope: "submit", parameters: ["int", "str"] },
  } satisfies Record<string, MethodDeclaration>),
);

function isOfType(value: Json, type: ParameterType): boolean {
  switch (type) {
    case "int":
      return isWholeNumber(value);
    case "str":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "int or str":
      return isOfType(value, "int") || isOfType(value, "str");
    case "obj":
      return typeof value === "object" && value !== null && !Array.isArray(value);
  }
}

/** True when `params` are what the method declares: exactly as many, but for optional ones at the end, each of its type. */
export function parametersFit(method: MethodDeclaration, params: Json | undefined): params is readonly Json[] {
  const { parameters, optional = [] } = method;
  if (parameters === undefined) return true;
  if (!Array.isArray(params) || params.length < parameters.length) return false;
  const types = [...parameters, ...optional];
  if (params.length > types.length) return false;
  return (params as readonly Json[]).every((value, index) => isOfType(value, types[index] as ParameterType));
}
