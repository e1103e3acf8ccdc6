/** Contracts: deployed, called, looked at. */
import { selectorOf, suiteOf, topicOf, type Abi } from "@tsbcos/sdk";
import { EMPTY_SET, textAnswer } from "../answers.js";
import type { Command, Outcome } from "../command.js";
import { callContract, deployContract, targetOf } from "../contracts/calls.js";
import { signature } from "../contracts/parameters.js";
import { columns } from "../print.js";
import type { Session } from "../session.js";
import { UsageError } from "../failures.js";

const family = "contracts";
const contract = { name: "contractNameOrPath", kind: "contract" } as const;
const LOG_LINES_MAX = 100;

function abiTables(name: string, abi: Abi, hash: "standard" | "sm"): Outcome {
  const suite = suiteOf(hash);
  const functions = abi.flatMap((item) =>
    item.type === "function"
      ? [
          {
            name: item.name,
            constant: item.stateMutability === "view" || item.stateMutability === "pure",
            methodId: selectorOf(item, suite),
            signature: item.name + signature(item.inputs),
          },
        ]
      : [],
  );
  const events = abi.flatMap((item) =>
    item.type === "event"
      ? [{ name: item.name, topic: topicOf(item, suite), signature: item.name + signature(item.inputs) }]
      : [],
  );
  const rule = `  ${"-".repeat(62)}`;
  const methodLines = [
    "Method list:",
    ` ${"name".padEnd(20)}|    ${"constant".padEnd(10)}|    ${"methodId".padEnd(10)}  |    signature`,
    rule,
    ...functions.map(
      (one) =>
        ` ${one.name.padEnd(20)}|    ${String(one.constant).padEnd(10)}|    ${one.methodId}  |    ${one.signature}`,
    ),
  ];
  const eventLines = [
    "",
    "Event list:",
    ` ${"name".padEnd(20)}|   ${"topic".padEnd(66)}  |   signature`,
    rule,
    ...events.map((one) => ` ${one.name.padEnd(20)}|   ${one.topic}  |   ${one.signature}`),
  ];
  return {
    text: [
      ...(functions.length > 0 ? methodLines : [`${name} contains no method.`]),
      ...(events.length > 0 ? eventLines : []),
    ],
    value: { functions, events },
  };
}

function deployLog(session: Session, countText = "20"): Outcome {
  const count = Number(countText);
  if (!(count >= 1 && count <= LOG_LINES_MAX)) {
    throw new UsageError(`recordNumber is a whole number from 1 to ${LOG_LINES_MAX}, not ${countText}.`);
  }
  const lines = session.deployments.lines(session.groupId).slice(-count);
  const value = session.deployments.all(session.groupId).slice(-count);
  return textAnswer(value, ...(lines.length === 0 ? [EMPTY_SET] : lines));
}

function addresses(session: Session, nameOrPath: string, countText = "20"): Outcome {
  if (Number(countText) < 1) throw new UsageError(`recordNumber is at least 1, not ${countText}.`);
  const name = session.contracts.nameOf(nameOrPath);
  const latest = session.deployments.of(session.groupId, name).slice(-Number(countText)).reverse();
  if (latest.length === 0)
    return textAnswer([], `${name} has not been deployed from here in group ${session.groupId}.`);
  return textAnswer(latest, columns(latest.map(({ address, time }) => [address, time])));
}

/** Commands on contracts. */
export const CONTRACT_COMMANDS: readonly Command[] = [
  {
    name: "deploy",
    family,
    about: "Compile a contract and put it on the chain",
    details: [
      "The address is printed, and noted in deploylog.txt, so that `call` finds it as `latest`.",
      "Libraries that the contract uses must have been deployed from here before.",
    ],
    arguments: [
      contract,
      { name: "parameters", kind: "parameter", optional: true, repeated: true, about: "what the constructor takes" },
    ],
    examples: ["deploy HelloWorld", "deploy Token 1000", "deploy contracts/solidity/Token.sol:Token 1000"],
    run: async (session, [name = "", ...texts]) => (await deployContract(session, name, texts)).outcome,
  },
  {
    name: "call",
    family,
    about: "Call a function of a contract",
    details: [
      "Functions that only read are answered at once; others are sent as a transaction, and its result is shown.",
      "Where several functions have one name, the parameters choose; set(uint256) in place of set says which is meant.",
      'Parameters: 42, 0x2a, true, "two words", hex://00ff, base64://AP8=, [1,2,3], ["a","b"], structs as ["a",1] or {"name":"a","count":1}.',
    ],
    arguments: [
      contract,
      {
        name: "contractAddress",
        kind: "deployed-address",
      },
      { name: "function", kind: "function" },
      { name: "parameters", kind: "parameter", optional: true, repeated: true },
    ],
    examples: ['call HelloWorld latest set "Hello, chain!"', "call HelloWorld latest get"],
    run: async (session, [name = "", address = "", functionName = "", ...texts]) => {
      const target = await targetOf(session, name, address);
      const { text, value } = await callContract(session, target, functionName, texts);
      return { text: [...target.note, ...text], value };
    },
  },
  {
    name: "getDeployLog",
    family,
    about: "Show what was deployed from here in this group",
    arguments: [{ name: "recordNumber", kind: "count", optional: true, about: "how many, 1 to 100, 20 by default" }],
    examples: ["getDeployLog", "getDeployLog 2"],
    run: (session, [count]) => Promise.resolve(deployLog(session, count)),
  },
  {
    name: "listDeployContractAddress",
    family,
    about: "Show where a contract was deployed, the latest first",
    arguments: [contract, { name: "recordNumber", kind: "count", optional: true, about: "how many, 20 by default" }],
    examples: ["listDeployContractAddress HelloWorld", "listDeployContractAddress HelloWorld 1"],
    run: (session, [name = "", count]) => Promise.resolve(addresses(session, name, count)),
  },
  {
    name: "listAbi",
    family,
    about: "Show the functions and events of a contract",
    arguments: [contract],
    examples: ["listAbi HelloWorld"],
    run: async (session, [nameOrPath = ""]) => {
      const { name, abi, hash } = await session.contracts.contract(nameOrPath);
      return abiTables(name, abi, hash);
    },
  },
];
