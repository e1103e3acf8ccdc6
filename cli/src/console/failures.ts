/** Anything that went wrong, as what people read and what programs read. Nobody is shown a stack. */
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { CodedError } from "@tsbcos/core/primitives";
import {
  PrecompiledError,
  RpcError,
  statusText,
  TransactionFailedError,
  TransactionRefusedError,
  type Receipt,
} from "@tsbcos/sdk";
import type { Home } from "./home.js";
import { formatJson, SEPARATOR } from "./print.js";

/** A command that did not do what was asked. */
export interface ConsoleFailure {
  /** A node's or a contract's number, or a stable word. */
  readonly code: number | string;
  /** One sentence or more, what to do included. */
  readonly message: string;
  /** What people are shown: the message, in the form that scripts know where there is one. */
  readonly text: readonly string[];
  /** The command was called in a wrong way; nothing was sent anywhere. */
  readonly isUsage: boolean;
}

/** The words of a command do not fit it. */
export class UsageError extends CodedError {
  /** @param message what is wrong, then how it is used */
  constructor(message: string, code = "usage") {
    super(code, message);
  }
}

/** What to do about the numbers that are met most. */
const HINTS: ReadonlyMap<number, string> = new Map([
  [-40001, "getGroupList shows the groups of this node, and switch goes to another."],
  [-40003, "There is no block of that hash in this group; getBlockHashByNumber shows hashes."],
  [-40004, "getBlockNumber shows the number of the latest block."],
  [-40005, "Transactions of a block are counted from 0; getBlockByNumber lists them."],
  [-40007, "This group runs another algorithm than PBFT; getConsensusStatus shows its state."],
  [-40008, "getSystemConfigByKey -h lists the keys."],
  [-40009, "The node is no member of the group: ask another with --nodes, or let a sealer add it with addObserver."],
  [-40012, "The group's sdk_allowlist does not name this SDK; its node operator can add it."],
  [-50000, "Another account may: the list... commands show which, and loadAccount loads it."],
  [-50001, "desc shows what the table is made of."],
  [-50100, "create makes a table, and desc shows one."],
  [-51000, "The account has this right already; the list... commands show who has it."],
  [-51001, "The account does not have this right; the list... commands show who has it."],
  [-51003, "getDeployLog and queryCNS show addresses of contracts."],
  [-51100, "getNodeIDList shows the ids of nodes."],
  [-51101, "Make another node a sealer first, with addSealer."],
  [-51200, "queryCNS shows the versions that are taken."],
  [-51201, "A version has at most 128 letters."],
  [-51900, "unfreezeContract makes it available again."],
  [-51903, "getDeployLog shows addresses of contracts."],
  [-52002, "Only committee members may: listCommitteeMembers shows them, and loadAccount loads one."],
  [-52008, "An account is known to the chain once it has deployed a contract or was granted something."],
  [-53000, "Only chargers may: listChargers shows them, and loadAccount loads one."],
]);

/** Status of a call to where no contract is. */
const NO_CONTRACT = 26;

const STATUS_HINTS: ReadonlyMap<number, string> = new Map([
  [16, "The node's chain may lie behind: getSyncStatus shows it."],
  [
    18,
    "Another account may deploy: listDeployAndCreateManager and listOperators show which, and loadAccount loads it.",
  ],
  [19, "listContractWritePermission shows who may."],
  [20, "Another account may: listContractWritePermission shows which, and loadAccount loads it."],
  [NO_CONTRACT, "getDeployLog shows what was deployed where."],
  [28, "Send less, or wait until blocks have been made: getPendingTxSize shows what waits."],
  [30, "unfreezeContract makes the contract available again."],
  [31, "unfreezeAccount makes the account available again."],
  [32, "A charger can give it more with chargeGas."],
]);

/** What to tell about an error. What nobody expected is written into the log of the console. */
export function failureOf(error: unknown, home: Home): ConsoleFailure {
  if (error instanceof PrecompiledError) return precompiledFailure(error);
  if (error instanceof TransactionFailedError) return transactionFailure(error);
  if (error instanceof TransactionRefusedError) {
    return plain(error.status, joined(error.message, STATUS_HINTS.get(error.status)));
  }
  if (error instanceof RpcError) {
    const hint = HINTS.get(error.rpcCode);
    return {
      code: error.rpcCode,
      message: joined(error.message, hint),
      text: [formatJson({ code: error.rpcCode, msg: error.rpcMessage }), ...(hint === undefined ? [] : [hint])],
      isUsage: false,
    };
  }
  if (error instanceof CodedError) return { ...plain(error.code, error.message), isUsage: error instanceof UsageError };
  return unexpected(error, home);
}

function plain(code: number | string, message: string): ConsoleFailure {
  return { code, message, text: [message], isUsage: false };
}

function precompiledFailure(error: PrecompiledError): ConsoleFailure {
  const { returnCode, receipt, message } = error;
  const hint = HINTS.get(returnCode);
  const msg = message.replace(/ \(code -?\d+\)$/, "");
  return {
    code: returnCode,
    message: joined(msg, hint),
    text: [...transactionLine(receipt), formatJson({ code: returnCode, msg }), ...(hint === undefined ? [] : [hint])],
    isUsage: false,
  };
}

function transactionFailure(error: TransactionFailedError): ConsoleFailure {
  const { status, reason, receipt } = error;
  const hint = STATUS_HINTS.get(status);
  const what = `${statusText(status)} (status ${status})`;
  const nowhere = missingContract(error);
  const description = nowhere === undefined ? what : `${what}: there is no contract at ${nowhere} in this group`;
  const shownReason = nowhere === undefined ? reason : undefined;
  return {
    code: status,
    message: joined(shownReason === undefined ? description : `${description}: ${shownReason}`, hint),
    text: [
      ...transactionLine(receipt),
      ...(receipt === undefined ? [] : [SEPARATOR, `transaction status: 0x${status.toString(16)}`]),
      `description: ${description}`,
      ...(shownReason === undefined ? [] : [`Return message: ${shownReason}`]),
      ...(hint === undefined ? [] : [hint]),
    ],
    isUsage: false,
  };
}

/** The address without a contract, which the node names without 0x in words of its own. */
function missingContract({ status, reason }: TransactionFailedError): string | undefined {
  const [, address] = (status === NO_CONTRACT && /^Error address:([0-9a-f]{40})$/.exec(reason ?? "")) || [];
  return address === undefined ? undefined : `0x${address}`;
}

const transactionLine = (receipt: Receipt | undefined): readonly string[] =>
  receipt === undefined ? [] : [`TransactionHash: ${receipt.transactionHash}`];

const joined = (message: string, hint: string | undefined): string =>
  hint === undefined ? message : `${message.replace(/[.]?$/, ".")} ${hint}`;

function unexpected(error: unknown, home: Home): ConsoleFailure {
  const what = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? what) : what;
  let where = `The details are in ${home.errorLog}.`;
  try {
    mkdirSync(dirname(home.errorLog), { recursive: true });
    appendFileSync(home.errorLog, `${new Date().toISOString()} ${stack}\n`);
  } catch {
    where = `The details could not be written to ${home.errorLog}.`;
  }
  return plain("unexpected", `Something went wrong that should not: ${what}. ${where}`);
}
