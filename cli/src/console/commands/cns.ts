/** Names of contracts. */
import { CodedError } from "@tsbcos/core/primitives";
import type { Abi } from "@tsbcos/sdk";
import { codeAnswer, EMPTY_SET, textAnswer } from "../answers.js";
import type { Command, Outcome } from "../command.js";
import { callContract, deployContract } from "../contracts/calls.js";
import type { CallableContract } from "../contracts/deployments.js";
import { UsageError } from "../failures.js";
import { SEPARATOR } from "../print.js";
import type { Session } from "../session.js";

const family = "names of contracts (CNS)";
const contract = { name: "contractNameOrPath", kind: "contract" } as const;
const version = { name: "contractVersion", kind: "text", about: "a version, such as 1.0" } as const;
const parameters = { name: "parameters", kind: "parameter", optional: true, repeated: true } as const;
/** As other SDKs have it; nodes refuse longer ones. */
const VERSION_LENGTH_MAX = 128;

function demandVersion(text: string): void {
  if (text.length >= 1 && text.length <= VERSION_LENGTH_MAX && !/[:,\s]/.test(text)) return;
  throw new UsageError(
    `A version has 1 to ${VERSION_LENGTH_MAX} letters, none of them blank, comma or colon, not "${text}".`,
  );
}

async function deployNamed(
  session: Session,
  nameOrPath: string,
  version: string,
  texts: readonly string[],
): Promise<Outcome> {
  demandVersion(version);
  const name = session.contracts.nameOf(nameOrPath);
  const { cns } = session.client;
  if ((await cns.find(name, version)).length > 0) {
    throw new CodedError(
      "version-taken",
      `The version "${version}" of contract "${name}" already exists! queryCNS ${name} shows the versions that are taken.`,
    );
  }
  const { address, outcome, contract: compiled } = await deployContract(session, nameOrPath, texts);
  const registered = codeAnswer(await cns.register({ name, version, address, abi: compiled.abi }));
  return {
    text: [...outcome.text, ...registered.text.slice(1)],
    value: { ...(outcome.value as object), cns: registered.value },
  };
}

async function callNamed(
  session: Session,
  named: string,
  functionName: string,
  texts: readonly string[],
): Promise<Outcome> {
  const [nameOrPath = "", version, ...more] = named.split(":");
  if (more.length > 0 || version === "") {
    throw new UsageError(`A contract is named as name or name:version, not "${named}".`);
  }
  const name = session.contracts.nameOf(nameOrPath);
  const entry = (await session.client.cns.find(name, version)).at(-1);
  if (entry === undefined) {
    throw new CodedError(
      "no-such-name",
      `Can't find "${named}" in CNS. deployByCNS deploys and names a contract, and registerCNS names one that is there.`,
    );
  }
  const address = entry.address.toLowerCase();
  return callContract(
    session,
    { contract: await namedContract(session, nameOrPath, entry.abi), address },
    functionName,
    texts,
  );
}

/** The contract by the ABI that was registered with its name; by its source where none was. */
async function namedContract(session: Session, nameOrPath: string, abi: string): Promise<CallableContract> {
  const name = session.contracts.nameOf(nameOrPath);
  try {
    const parsed = JSON.parse(abi) as unknown;
    if (Array.isArray(parsed) && parsed.length > 0) {
      return { name, abi: parsed as Abi, hash: session.client.chain.suite.name };
    }
  } catch {
    // Anybody may register any text as an ABI.
  }
  return session.contracts.contract(nameOrPath);
}

async function register(session: Session, nameOrPath: string, address: string, version: string): Promise<Outcome> {
  demandVersion(version);
  const name = session.contracts.nameOf(nameOrPath);
  const { client, deployments, contracts } = session;
  const kept = deployments.contractAt(client.groupId, name, address, client.chain.suite.name);
  const known = kept ?? (await contracts.contract(nameOrPath).catch(() => undefined));
  const done = codeAnswer(await client.cns.register({ name, version, address, abi: known?.abi ?? "" }));
  if (known !== undefined) return done;
  return {
    ...done,
    text: [
      `There is no contract ${name} in ${session.home.contractFolder}: it was named without an ABI, and others need its source to call it.`,
      ...done.text,
    ],
  };
}

/** Commands on names of contracts. */
export const CNS_COMMANDS: readonly Command[] = [
  {
    name: "deployByCNS",
    family,
    about: "Deploy a contract and give it a name and version",
    arguments: [contract, version, parameters],
    examples: ["deployByCNS HelloWorld 1.0"],
    run: (session, [name = "", wanted = "", ...texts]) => deployNamed(session, name, wanted, texts),
  },
  {
    name: "callByCNS",
    family,
    about: "Call a function of a contract by its name and version",
    details: ["Without a version, the one that was registered last is called."],
    arguments: [{ name: "contractName:version", kind: "cns-name" }, { name: "function", kind: "function" }, parameters],
    examples: ['callByCNS HelloWorld:1.0 set "Hello, CNS"', "callByCNS HelloWorld get"],
    run: (session, [named = "", functionName = "", ...texts]) => callNamed(session, named, functionName, texts),
  },
  {
    name: "queryCNS",
    family,
    about: "Show what was registered under a name",
    arguments: [
      { name: "contractName", kind: "contract", about: "the name" },
      { ...version, optional: true },
    ],
    examples: ["queryCNS HelloWorld", "queryCNS HelloWorld 1.0"],
    run: async (session, [nameOrPath = "", wanted]) => {
      const name = session.contracts.nameOf(nameOrPath);
      const entries = await session.client.cns.find(name, wanted);
      const lines = entries.flatMap(({ address, version: registered }) => [
        `* contract address: ${address}`,
        `* contract version: ${registered}`,
        SEPARATOR,
      ]);
      return textAnswer(entries, SEPARATOR, ...(entries.length === 0 ? [EMPTY_SET, SEPARATOR] : lines));
    },
  },
  {
    name: "registerCNS",
    family,
    about: "Give a name and version to a contract that is there",
    arguments: [contract, { name: "contractAddress", kind: "contract-address" }, version],
    examples: ["registerCNS HelloWorld 0x0102030405060708090a0b0c0d0e0f1011121314 2.0"],
    run: (session, [name = "", address = "", wanted = ""]) => register(session, name, address, wanted),
  },
];
