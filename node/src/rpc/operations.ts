/** Methods that change the node: its groups and its static peers. What they do is handed in; here is who may call them. */
import type { Json } from "@tsbcos/core/protocol";
import { V2_2_0, type SupportedVersion } from "@tsbcos/core/protocol";
import { nodeError, protocolError } from "./errors.js";
import { int32Of } from "./formats.js";

type JsonObject = Readonly<Record<string, Json>>;
/** An answer as a JSON object: a code, a message, perhaps more. */
type AnswerObject = Readonly<Record<string, string>>;

/** What an operator can do with a node while it runs. Nothing here throws or rejects: failures are answers. */
export interface NodeOperations {
  readonly supportedVersion: SupportedVersion;
  /** `rpc.disable_dynamic_group`: groups may be asked about, not changed. */
  readonly disableDynamicGroup: boolean;
  readonly groups: {
    status(groupId: number): AnswerObject;
    generate(groupId: number, request: JsonObject): Promise<AnswerObject>;
    start(groupId: number): Promise<AnswerObject>;
    stop(groupId: number): Promise<AnswerObject>;
    remove(groupId: number): Promise<AnswerObject>;
    recover(groupId: number): Promise<AnswerObject>;
  };
  readonly peers: {
    /** `hosts` is whatever the client sent. */
    add(hosts: Json | undefined): AnswerObject;
    erase(hosts: Json | undefined): AnswerObject;
  };
}

async function answerGroupOperation(
  operations: NodeOperations,
  method: string,
  params: readonly Json[],
): Promise<AnswerObject> {
  const { groups, disableDynamicGroup, supportedVersion } = operations;
  if (disableDynamicGroup && method !== "queryGroupStatus") throw nodeError("dynamicGroupsDisabled");
  // 2.x names this method whichever one was called.
  if (supportedVersion < V2_2_0) throw nodeError("notAMember", "method stopGroup not support this version");
  const groupId = int32Of(params[0]);
  switch (method) {
    case "queryGroupStatus":
      return groups.status(groupId);
    case "generateGroup":
      return groups.generate(groupId, params[1] as JsonObject);
    case "startGroup":
      return groups.start(groupId);
    case "stopGroup":
      return groups.stop(groupId);
    case "removeGroup":
      return groups.remove(groupId);
    case "recoverGroup":
      return groups.recover(groupId);
    default:
      throw protocolError("methodNotFound");
  }
}

/**
 * Runs one of the methods that the table of methods calls operations.
 *
 * @param params fit the method's declaration
 * @throws RpcError (as a rejection) when the method is switched off or the chain is too old for it
 */
export async function answerOperation(
  operations: NodeOperations,
  method: string,
  params: Json | undefined,
): Promise<AnswerObject> {
  const list: readonly Json[] = Array.isArray(params) ? params : [];
  if (method === "addPeers") return operations.peers.add(list[0]);
  if (method === "erasePeers") return operations.peers.erase(list[0]);
  return answerGroupOperation(operations, method, list);
}
