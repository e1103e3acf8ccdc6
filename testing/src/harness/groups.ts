/** Groups of a chain under test, made as an operator makes them. */
import { PATIENCE_MS, until, type ChainNode } from "./chain.js";

/** Result of an operation on groups. */
export interface OperationAnswer {
  readonly code: string;
  readonly message: string;
}

/** Calls one of the methods about groups, `startGroup` for one. */
export async function operate(
  node: ChainNode,
  method: string,
  groupId: number,
  request?: object,
): Promise<OperationAnswer> {
  const params = request === undefined ? [groupId] : [groupId, request];
  return (await node.rpc.request(method, params)) as OperationAnswer;
}

async function succeed(...operation: Parameters<typeof operate>): Promise<void> {
  const [node, method] = operation;
  let last = "";
  await until(
    `node${node.index} ${method}`,
    async () => {
      const { code, message } = await operate(...operation);
      last = message;
      return code === "0x0";
    },
    PATIENCE_MS,
    200,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${last}`);
  });
}

/** Makes and starts a group whose sealers are these nodes, and waits until it has a head on all of them. */
export async function makeGroup(nodes: readonly ChainNode[], groupId: number, more: object = {}): Promise<void> {
  const request = { timestamp: String(Date.now()), sealers: nodes.map((node) => node.nodeId), ...more };
  // Sessions of a chain that has just started come and go: both ends of one may have dialled.
  for (const node of nodes) await succeed(node, "generateGroup", groupId, request);
  for (const node of nodes) await succeed(node, "startGroup", groupId);
  for (const node of nodes) {
    await until(`group ${groupId} runs`, async () => (await heightOf(node, groupId)) >= 0);
  }
}

/** Height of one group on one node. */
export async function heightOf(node: ChainNode, groupId: number): Promise<number> {
  return Number(await node.rpc.request("getBlockNumber", [groupId]));
}
