/** Deploying and calling, with everything printed in the form that scripts of the Java console read. */
import { CodedError } from "@tsbcos/core/primitives";
import { decodeResult, encodeCall, suiteOf, type DecodedEvent } from "@tsbcos/sdk";
import type { Outcome } from "../command.js";
import { jsonOf, SEPARATOR } from "../print.js";
import type { Session } from "../session.js";
import { link, type CompiledContract } from "../../solidity/index.js";
import type { AbiFunction } from "./abi-types.js";
import { eventsByName, valueLines, valuesOf } from "./decoded.js";
import type { CallableContract } from "./deployments.js";
import { chooseFunction, parseParameters } from "./parameters.js";

const SUCCESS = ["description: transaction executed successfully"];

/** A contract that was put on the chain. */
export interface DeployedContract {
  readonly contract: CompiledContract;
  readonly address: string;
  readonly outcome: Outcome;
}

/** Compiles and deploys a contract, and notes where it is. @throws CodedError, TransactionFailedError */
export async function deployContract(
  session: Session,
  nameOrPath: string,
  texts: readonly string[],
): Promise<DeployedContract> {
  const contract = await session.contracts.contract(nameOrPath);
  const { client } = session;
  const { name, abi, hash } = contract;
  const bytecode = bytecodeOf(session, contract);
  const inputs = abi.find((item) => item.type === "constructor")?.inputs ?? [];
  const args = parseParameters(inputs, texts, `the constructor of ${name}`);
  const deployed = await client.deploy({ abi, bytecode, args, selectors: hash });
  const { address, receipt, events } = deployed;
  session.deployments.note({ groupId: client.groupId, address }, { name, abi, bytecode, hash });
  return {
    contract,
    address,
    outcome: {
      text: [
        `transaction hash: ${receipt.transactionHash}`,
        `contract address: ${address}`,
        `currentAccount: ${client.account.address}`,
      ],
      value: {
        transactionHash: receipt.transactionHash,
        contractAddress: address,
        blockNumber: receipt.blockNumber,
        account: client.account.address,
        events: eventsByName(events),
      },
    },
  };
}

/** The code that creates a contract; its libraries are those deployed from here last. @throws CodedError */
function bytecodeOf(session: Session, contract: CompiledContract): string {
  const { name, bytecode, libraries } = contract;
  if (bytecode === "") {
    throw new CodedError(
      "abstract-contract",
      `${name} has no code: it is an interface, or some of its functions are not written. Deploy a contract that inherits from it.`,
    );
  }
  if (libraries.length === 0) return bytecode;
  const addresses: Record<string, string> = {};
  for (const library of libraries) {
    const libraryName = library.slice(library.lastIndexOf(":") + 1);
    const latest = session.deployments.of(session.groupId, libraryName).at(-1);
    if (latest === undefined) {
      throw new CodedError(
        "missing-library",
        `${name} uses the library ${libraryName}, which has not been deployed from here in group ${session.groupId}. Deploy it first: deploy ${library}`,
      );
    }
    addresses[library] = latest.address;
  }
  const linked = link(contract, addresses);
  if (linked.ok) return linked.value;
  throw new CodedError(linked.error.code, linked.error.message);
}

/** Which contract a call is for. */
export interface CallTarget {
  readonly contract: CallableContract;
  readonly address: string;
}

/** What is at the address that a person named: `latest`, or an address. @throws CodedError */
export async function targetOf(
  session: Session,
  nameOrPath: string,
  addressText: string,
): Promise<CallTarget & { readonly note: readonly string[] }> {
  const name = session.contracts.nameOf(nameOrPath);
  const latest = addressText === "latest" ? session.deployments.of(session.groupId, name).at(-1)?.address : undefined;
  if (addressText === "latest" && latest === undefined) {
    throw new CodedError(
      "never-deployed",
      `Can not find the latest address: ${name} has not been deployed from here in group ${session.groupId}. deploy ${nameOrPath} does it, and getDeployLog shows what was.`,
    );
  }
  const address = latest ?? addressText.toLowerCase();
  if (!/^0x[0-9a-f]{40}$/.test(address)) {
    throw new CodedError(
      "bad-address",
      `Invalid contract address: ${addressText}. It is latest, or 40 digits behind 0x.`,
    );
  }
  // What was deployed at the address is what is called, even if the source has changed since.
  const kept = session.deployments.contractAt(session.groupId, name, address, session.client.chain.suite.name);
  const contract = kept ?? (await session.contracts.contract(nameOrPath));
  const note = latest === undefined ? [] : [`latest contract address for "${name}" is ${latest}`];
  return { contract, address, note };
}

/** Calls a function: without a transaction if it only reads. @throws CodedError, TransactionFailedError */
export async function callContract(
  session: Session,
  target: CallTarget,
  functionName: string,
  texts: readonly string[],
): Promise<Outcome> {
  const { abi } = target.contract;
  const { item, args } = chooseFunction(abi, functionName, texts);
  const reads = item.stateMutability === "view" || item.stateMutability === "pure";
  return reads ? readFunction(session, target, item, args) : writeFunction(session, target, item, args);
}

async function readFunction(
  session: Session,
  { contract, address }: CallTarget,
  item: AbiFunction,
  args: readonly unknown[],
): Promise<Outcome> {
  const data = encodeCall({ abi: [item], functionName: item.name, args }, suiteOf(contract.hash));
  const output = await session.client.call(address, data, contract.abi);
  demandAnswer(output, item, contract.name, address);
  const values = valuesOf(item.outputs, decodeResult(item, output));
  return {
    text: [
      SEPARATOR,
      "Return code: 0",
      ...SUCCESS,
      "Return message: Success",
      SEPARATOR,
      ...valueLines("Return", item.outputs, values),
      SEPARATOR,
    ],
    value: { function: item.name, outputs: values },
  };
}

/** A call of something that is no such contract answers with nothing at all. */
function demandAnswer(output: string, item: AbiFunction, name: string, address: string): void {
  if (output !== "0x" || item.outputs.length === 0) return;
  throw new CodedError(
    "no-answer",
    `${address} gave no answer to ${item.name}: there is no contract ${name} at this address in this group, or it is another version. getCode shows what is there.`,
  );
}

async function writeFunction(
  session: Session,
  { contract, address }: CallTarget,
  item: AbiFunction,
  args: readonly unknown[],
): Promise<Outcome> {
  const { abi, hash } = contract;
  // Other functions of the same name would make the choice ambiguous again.
  const narrowed = [...abi.filter(({ type }) => type !== "function"), item];
  const { result, receipt, events } = await session.client.write({
    abi: narrowed,
    address,
    functionName: item.name,
    args,
    selectors: hash,
  });
  const values = valuesOf(item.outputs, result);
  const byName = eventsByName(events as readonly DecodedEvent[]);
  return {
    text: [
      `transaction hash: ${receipt.transactionHash}`,
      SEPARATOR,
      `transaction status: 0x${receipt.status.toString(16)}`,
      ...SUCCESS,
      SEPARATOR,
      "Transaction inputs:",
      ...valueLines("Input", item.inputs, args),
      SEPARATOR,
      "Receipt message: Success",
      "Return message: Success",
      ...valueLines("Return", item.outputs, values),
      SEPARATOR,
      "Event logs",
      `Event: ${JSON.stringify(jsonOf(byName))}`,
      SEPARATOR,
    ],
    value: {
      transactionHash: receipt.transactionHash,
      blockNumber: receipt.blockNumber,
      status: receipt.status,
      gasUsed: receipt.gasUsed,
      function: item.name,
      inputs: args,
      outputs: values,
      events: byName,
    },
  };
}
