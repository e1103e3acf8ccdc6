/** What the chain and its nodes say of themselves. */
import { jsonAnswer, textAnswer } from "../answers.js";
import type { Command, Outcome } from "../command.js";
import type { Session } from "../session.js";
import type { Rpc } from "@tsbcos/sdk";

const family = "chain";
const endpoint = { name: "endpoint", kind: "endpoint", optional: true } as const;
/** How long a node has to show that it is there. */
const PROBE_MS = 3_000;

/** The methods of one node, or of whichever answers. */
function rpcOf(session: Session, named: string | undefined): Rpc {
  const { rpc } = session.client;
  return named === undefined ? rpc : rpc.at(session.endpoint(named));
}

/** A command without arguments that shows what one method answers. */
function read(name: string, about: string, ask: (rpc: Rpc) => Promise<unknown>, details?: readonly string[]): Command {
  return {
    name,
    family,
    about,
    ...(details === undefined ? {} : { details }),
    arguments: [],
    examples: [name],
    run: async ({ client }) => {
      const value = await ask(client.rpc);
      return typeof value === "number" ? textAnswer(value, String(value)) : jsonAnswer(value);
    },
  };
}

/** A command that may be asked of one node. */
function readAt(name: string, about: string, ask: (rpc: Rpc) => Promise<unknown>): Command {
  return {
    name,
    family,
    about,
    arguments: [endpoint],
    examples: [name, `${name} 127.0.0.1:20200`],
    run: async (session, [named]) => jsonAnswer(await ask(rpcOf(session, named))),
  };
}

/** Nodes that answer, and the groups that each runs. */
async function answering(
  session: Session,
): Promise<readonly { readonly node: string; readonly groups: readonly number[] }[]> {
  const { rpc, chain } = session.client;
  const asked = await Promise.all(
    chain.transport.endpoints.map(async (one, index) => {
      try {
        const groups = await rpc.at(one).request("getGroupList", [], { timeoutMs: PROBE_MS });
        return [{ node: session.endpoints()[index] ?? one, groups: groups as readonly number[] }];
      } catch {
        return [];
      }
    }),
  );
  return asked.flat().sort((a, b) => (a.node < b.node ? -1 : 1));
}

async function transactionCount(session: Session): Promise<Outcome> {
  const { blockNumber, txSum, failedTxSum } = await session.client.rpc.getTotalTransactionCount();
  return jsonAnswer({
    blockNumber: Number(blockNumber),
    txSum: Number(txSum),
    failedTxSum: Number(failedTxSum),
  });
}

/** Commands that read the state of the chain. */
export const CHAIN_COMMANDS: readonly Command[] = [
  read("getNodeVersion", "Show the versions of the node and of the chain's rules", (rpc) => rpc.getClientVersion()),
  readAt("getNodeInfo", "Show name, id, agency and topics of a node", (rpc) => rpc.getNodeInfo()),
  {
    name: "getCryptoType",
    family,
    about: "Show which cryptography the chain uses, and its connections with clients",
    arguments: [],
    examples: ["getCryptoType"],
    run: ({ client, cryptography }) => {
      const ledger = client.chain.suite.name === "sm" ? "SM" : "ECDSA";
      const connection = cryptography ?? "none (JSON-RPC over HTTP)";
      return Promise.resolve(
        textAnswer({ ledger, ssl: connection }, `ledger crypto type: ${ledger}`, `ssl crypto type: ${connection}`),
      );
    },
  },
  {
    name: "getAvailableConnections",
    family,
    about: "Show which of the nodes that the console was given answer",
    arguments: [],
    examples: ["getAvailableConnections"],
    run: async (session) => jsonAnswer((await answering(session)).map(({ node }) => node)),
  },
  {
    name: "getGroupConnections",
    family,
    about: "Show which of these nodes run a group",
    arguments: [{ name: "groupId", kind: "group", optional: true, about: "a group; by default the current one" }],
    examples: ["getGroupConnections", "getGroupConnections 2"],
    run: async (session, [group]) => {
      const wanted = Number(group ?? session.groupId);
      const nodes = await answering(session);
      return jsonAnswer(nodes.filter(({ groups }) => groups.includes(wanted)).map(({ node }) => node));
    },
  },
  read("getBlockNumber", "Show the number of the latest block", (rpc) => rpc.getBlockNumber()),
  read("getPbftView", "Show the view of PBFT: how often its leader was to change", (rpc) => rpc.getPbftView()),
  read("getSealerList", "Show the ids of the nodes that make blocks", (rpc) => rpc.getSealerList()),
  read("getObserverList", "Show the ids of the nodes that only follow", (rpc) => rpc.getObserverList()),
  read("getConsensusStatus", "Show the state of the consensus", (rpc) => rpc.getConsensusStatus()),
  read("getSyncStatus", "Show how far the node and its neighbours are", (rpc) => rpc.getSyncStatus()),
  read("getNodeIDList", "Show the id of the node and of those connected with it", (rpc) => rpc.getNodeIDList()),
  readAt("getPeers", "Show the nodes that a node is connected with", (rpc) => rpc.getPeers()),
  readAt("getGroupPeers", "Show the ids of sealers and observers", (rpc) => rpc.getGroupPeers()),
  {
    name: "getGroupList",
    family,
    about: "Show the groups that a node is a member of",
    arguments: [endpoint],
    examples: ["getGroupList", "getGroupList 127.0.0.1:20200"],
    run: async (session, [named]) => {
      const groups = await rpcOf(session, named).getGroupList();
      return textAnswer(groups, `[${groups.join(", ")}]`);
    },
  },
  read("getPendingTransactions", "Show the transactions that wait in the node's pool", (rpc) =>
    rpc.getPendingTransactions(),
  ),
  read("getPendingTxSize", "Show how many transactions wait in the node's pool", (rpc) => rpc.getPendingTxSize()),
  {
    name: "getTotalTransactionCount",
    family,
    about: "Show how many transactions were executed, and how many failed",
    arguments: [],
    examples: ["getTotalTransactionCount"],
    run: transactionCount,
  },
];
