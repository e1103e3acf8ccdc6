/** The neighbours that a node looks for. */
import { CodedError } from "@tsbcos/core/primitives";
import type { RpcOutcome } from "@tsbcos/sdk";
import { textAnswer } from "../answers.js";
import type { Command, Outcome } from "../command.js";

const family = "peers";
const endpoint = { name: "endpoint", kind: "endpoint" } as const;
const peers = { name: "peers", kind: "peer", repeated: true } as const;

function peersAnswer(outcome: RpcOutcome): Outcome {
  const line = `PeersInfo{code='${outcome.code}', message='${outcome.message}'}`;
  if (outcome.code !== "0x0") throw new CodedError(outcome.code, line);
  return textAnswer(outcome, line);
}

/** Commands on neighbours. */
export const PEER_COMMANDS: readonly Command[] = [
  {
    name: "addPeers",
    family,
    about: "Have a node connect with further nodes",
    arguments: [endpoint, peers],
    examples: ["addPeers 127.0.0.1:20200 127.0.0.1:30304"],
    run: async (session, [node = "", ...added]) =>
      peersAnswer(await session.client.rpc.at(session.endpoint(node)).addPeers(added)),
  },
  {
    name: "erasePeers",
    family,
    about: "Have a node no longer look for other nodes",
    arguments: [endpoint, peers],
    examples: ["erasePeers 127.0.0.1:20200 127.0.0.1:30304"],
    run: async (session, [node = "", ...erased]) =>
      peersAnswer(await session.client.rpc.at(session.endpoint(node)).erasePeers(erased)),
  },
  {
    name: "queryPeers",
    family,
    about: "Show the nodes that a node looks for",
    arguments: [endpoint],
    examples: ["queryPeers 127.0.0.1:20200"],
    run: async (session, [node = ""]) => {
      const found = await session.client.rpc.at(session.endpoint(node)).queryPeers();
      return textAnswer(found, `[${found.join(", ")}]`);
    },
  },
];
