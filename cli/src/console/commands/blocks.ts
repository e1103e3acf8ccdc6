/** Blocks, transactions, receipts and code. */
import { CodedError } from "@tsbcos/core/primitives";
import type { Rpc, RpcReceipt, RpcTransaction } from "@tsbcos/sdk";
import { jsonAnswer, textAnswer } from "../answers.js";
import type { Argument, Command, Outcome } from "../command.js";
import { decodedTransaction } from "../contracts/decoded.js";
import type { Session } from "../session.js";

const family = "blocks and transactions";
const blockHash = { name: "blockHash", kind: "hash" } as const;
const blockNumber = { name: "blockNumber", kind: "number" } as const;
const transactionHash = { name: "transactionHash", kind: "hash" } as const;
const transactionIndex = { name: "index", kind: "number", about: "position in the block, from 0" } as const;
const contract = {
  name: "contractNameOrPath",
  kind: "contract",
  optional: true,
  about: "the contract that was called: its ABI explains the transaction",
} as const;

const HASH = "0x0000000000000000000000000000000000000000000000000000000000000000";

/** A command that shows a block or a header. */
function block(
  name: string,
  by: Argument,
  about: string,
  flagAbout: string,
  ask: (rpc: Rpc, block: string, flag: boolean) => Promise<unknown>,
): Command {
  const flag = { name: "flag", kind: "boolean", optional: true, about: `true ${flagAbout}` } as const;
  const example = by.kind === "hash" ? HASH : "1";
  return {
    name,
    family,
    about,
    arguments: [by, flag],
    examples: [`${name} ${example}`, `${name} ${example} true`],
    run: async ({ client }, [wanted = "", isFull]) => jsonAnswer(await ask(client.rpc, wanted, isFull === "true")),
  };
}

/** A command that shows a range of a block's receipts. */
function batch(
  name: string,
  by: Argument,
  ask: (rpc: Rpc, block: string, range: { readonly from: number; readonly count: number }) => Promise<unknown>,
): Command {
  const example = by.kind === "hash" ? HASH : "1";
  return {
    name,
    family,
    about: "Show many receipts of a block at once",
    arguments: [
      by,
      { name: "from", kind: "number", optional: true, about: "position of the first, 0 by default" },
      { name: "count", kind: "count", optional: true, about: "how many, -1 (all) by default" },
    ],
    examples: [`${name} ${example}`, `${name} ${example} 0 10`],
    run: async ({ client }, [wanted = "", from = "0", count = "-1"]) =>
      jsonAnswer(await ask(client.rpc, wanted, { from: Number(from), count: Number(count) })),
  };
}

/** What nobody knows is a failure: a script that asks for it must not go on as if it had it. */
function demandFound<T>(answer: T | null, what: string): T {
  if (answer !== null) return answer;
  throw new CodedError("not-found", `This ${what} doesn't exist.`);
}

async function explained(
  session: Session,
  record: RpcTransaction | RpcReceipt,
  contractName: string | undefined,
): Promise<Outcome> {
  const plain = jsonAnswer(record);
  if (contractName === undefined) return plain;
  const decoded = decodedTransaction(record, await session.contracts.contract(contractName));
  return {
    text: [...plain.text, ...decoded.text],
    value: { ...record, decoded: decoded.value },
  };
}

const NO_TRANSACTION = "transaction hash";

/** Commands that read what is in blocks. */
export const BLOCK_COMMANDS: readonly Command[] = [
  block("getBlockByHash", blockHash, "Show a block", "shows its transactions in full", (rpc, hash, full) =>
    full ? rpc.getBlockByHash(hash, true) : rpc.getBlockByHash(hash),
  ),
  block("getBlockByNumber", blockNumber, "Show a block", "shows its transactions in full", (rpc, number, full) =>
    full ? rpc.getBlockByNumber(number, true) : rpc.getBlockByNumber(number),
  ),
  block("getBlockHeaderByHash", blockHash, "Show the header of a block", "shows its signatures", (rpc, hash, full) =>
    rpc.getBlockHeaderByHash(hash, full),
  ),
  block(
    "getBlockHeaderByNumber",
    blockNumber,
    "Show the header of a block",
    "shows its signatures",
    (rpc, number, full) => rpc.getBlockHeaderByNumber(number, full),
  ),
  {
    name: "getBlockHashByNumber",
    family,
    about: "Show the hash of a block",
    arguments: [blockNumber],
    examples: ["getBlockHashByNumber 0"],
    run: async ({ client }, [number = ""]) => {
      const hash = await client.rpc.getBlockHashByNumber(number);
      return textAnswer(hash, hash);
    },
  },
  {
    name: "getTransactionByHash",
    family,
    about: "Show a transaction",
    arguments: [transactionHash, contract],
    examples: [`getTransactionByHash ${HASH}`, `getTransactionByHash ${HASH} HelloWorld`],
    run: async (session, [hash = "", name]) =>
      explained(session, demandFound(await session.client.rpc.getTransactionByHash(hash), NO_TRANSACTION), name),
  },
  {
    name: "getTransactionByBlockHashAndIndex",
    family,
    about: "Show a transaction by its place",
    arguments: [blockHash, transactionIndex, contract],
    examples: [`getTransactionByBlockHashAndIndex ${HASH} 0`],
    run: async (session, [hash = "", index = "", name]) =>
      explained(session, await session.client.rpc.getTransactionByBlockHashAndIndex(hash, index), name),
  },
  {
    name: "getTransactionByBlockNumberAndIndex",
    family,
    about: "Show a transaction by its place",
    arguments: [blockNumber, transactionIndex, contract],
    examples: ["getTransactionByBlockNumberAndIndex 1 0", "getTransactionByBlockNumberAndIndex 1 0 HelloWorld"],
    run: async (session, [number = "", index = "", name]) =>
      explained(session, await session.client.rpc.getTransactionByBlockNumberAndIndex(number, index), name),
  },
  {
    name: "getTransactionReceipt",
    family,
    about: "Show what became of a transaction",
    arguments: [transactionHash, contract],
    examples: [`getTransactionReceipt ${HASH}`, `getTransactionReceipt ${HASH} HelloWorld`],
    run: async (session, [hash = "", name]) =>
      explained(session, demandFound(await session.client.rpc.getTransactionReceipt(hash), NO_TRANSACTION), name),
  },
  {
    name: "getTransactionByHashWithProof",
    family,
    about: "Show a transaction and what proves that it is in its block",
    arguments: [transactionHash, contract],
    examples: [`getTransactionByHashWithProof ${HASH}`],
    run: async (session, [hash = "", name]) => {
      const proven = demandFound(await session.client.rpc.getTransactionByHashWithProof(hash), NO_TRANSACTION);
      const { text, value } = await explained(session, proven.transaction, name);
      return { text: [...jsonAnswer(proven).text, ...text.slice(1)], value: { ...proven, transaction: value } };
    },
  },
  {
    name: "getTransactionReceiptByHashWithProof",
    family,
    about: "Show a receipt and what proves that it is in its block",
    arguments: [transactionHash, contract],
    examples: [`getTransactionReceiptByHashWithProof ${HASH}`],
    run: async (session, [hash = "", name]) => {
      const proven = demandFound(await session.client.rpc.getTransactionReceiptByHashWithProof(hash), NO_TRANSACTION);
      const { text, value } = await explained(session, proven.transactionReceipt, name);
      return { text: [...jsonAnswer(proven).text, ...text.slice(1)], value: { ...proven, transactionReceipt: value } };
    },
  },
  batch("getBatchReceiptsByBlockHashAndRange", blockHash, (rpc, hash, range) =>
    rpc.getBatchReceiptsByBlockHashAndRange(hash, range),
  ),
  batch("getBatchReceiptsByBlockNumberAndRange", blockNumber, (rpc, number, range) =>
    rpc.getBatchReceiptsByBlockNumberAndRange(number, range),
  ),
  {
    name: "getCode",
    family,
    about: "Show the code of a contract",
    arguments: [{ name: "contractAddress", kind: "contract-address" }],
    examples: ["getCode 0x0000000000000000000000000000000000001001"],
    run: async ({ client }, [address = ""]) => {
      const code = await client.rpc.getCode(address);
      if (code === "0x") throw new CodedError("not-found", "This address doesn't exist.");
      return textAnswer(code, code);
    },
  },
];
