/** Everything that clients read from a recorded chain, answered by our service over the replayed one, letter by letter. */
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import type { Json } from "@tsbcos/core/protocol";
import { readRecording } from "../replay/index.js";
import { beforeAll, describe, expect, test } from "vitest";
import { CHAIN_NAMES, loadChain, RECORDINGS } from "./load.js";
import type { ChainName } from "./load.js";
import { requestText, serviceOf } from "./rpc-node.js";
import type { RecordedSurroundings } from "./rpc-node.js";

interface Answer {
  readonly id: number;
  readonly result?: Json;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A part of an answer that belongs to one process or one moment, and is not compared. */
interface Exception {
  readonly reason: string;
  /** Of the answers of which method, and on which chains when not on all. */
  readonly method?: string;
  readonly chains?: readonly ChainName[];
  readonly matches?: (recorded: Answer) => boolean;
  /** The answer without that part. */
  readonly without: (answer: Answer) => unknown;
}

const INTERNAL_ERROR = -32603;
const HIDDEN = "(not compared)";

/** `value` with these members of its object hidden, whatever they are; members that are missing stay so. */
function hiding(value: Json | undefined, ...names: readonly string[]): Json {
  const entries = Object.entries(value as Record<string, Json>);
  return Object.fromEntries(entries.map(([name, member]) => [name, names.includes(name) ? HIDDEN : member]));
}

/** Everything that is tolerated. One that no answer needs fails the last test. */
const EXCEPTIONS: readonly Exception[] = [
  {
    reason: "the build of the recorded node: when, by whom and from what it was compiled",
    method: "getClientVersion",
    without: ({ result, ...rest }) => ({
      ...rest,
      result: hiding(result, "Build Time", "Build Type", "Git Branch", "Git Commit Hash"),
    }),
  },
  {
    reason: "the text behind INTERNAL_ERROR depends on the build; clients look for the comment in it, see below",
    matches: ({ error }) => error?.code === INTERNAL_ERROR,
    without: ({ error, ...rest }) => ({
      ...rest,
      error: { ...error, message: error?.message.slice(0, "INTERNAL_ERROR: : INTERNAL_ERROR: : ".length) },
    }),
  },
  {
    reason: "the view of that moment",
    method: "getPbftView",
    matches: ({ result }) => result !== undefined,
    without: ({ result, ...rest }) => ({ ...rest, result: typeof result }),
  },
  {
    reason: "the view of that moment, what was heard of the views of others, and the sessions at the last broadcast",
    method: "getConsensusStatus",
    chains: CHAIN_NAMES.filter((name) => name !== "raft"),
    without: ({ result, ...rest }) => ({
      ...rest,
      result: hiding((result as readonly Json[])[0], "currentView", "toView", "connectedNodes"),
    }),
  },
  {
    reason: "who leads at that moment",
    method: "getConsensusStatus",
    chains: ["raft"],
    without: ({ result, ...rest }) => ({
      ...rest,
      result: hiding((result as readonly Json[])[0], "leaderId", "leaderIdx"),
    }),
  },
  {
    reason: "another compressor of the same format: what comes out of it is compared",
    method: "getBatchReceiptsByBlockNumberAndRange",
    matches: ({ result }) => typeof result === "string",
    without: ({ result, ...rest }) => ({
      ...rest,
      result: inflateSync(Buffer.from(String(result), "base64")).toString(),
    }),
  },
];

const used = new Set<Exception>();

/** What is compared of an answer, as text. */
function comparable(text: string, recorded: Answer, method: string, chain: ChainName): string {
  let answer: unknown = JSON.parse(text);
  for (const exception of EXCEPTIONS) {
    if (exception.method !== undefined && exception.method !== method) continue;
    if (exception.chains !== undefined && !exception.chains.includes(chain)) continue;
    if (exception.matches !== undefined && !exception.matches(recorded)) continue;
    used.add(exception);
    answer = exception.without(answer as Answer);
  }
  return JSON.stringify(answer);
}

describe.each(CHAIN_NAMES)("%s", (name) => {
  const chain = loadChain(name);
  const calls = Object.entries(chain.calls()).map(
    ([key, answer]) => [JSON.parse(key) as [string, ...Json[]], answer as Answer] as const,
  );
  let ask: (id: number, method: string, ...params: readonly Json[]) => Promise<string>;
  let defects: unknown[] = [];

  beforeAll(async () => {
    const resultOf = (wanted: string): Json | undefined => calls.find(([[method]]) => method === wanted)?.[1].result;
    const { peers } = resultOf("getSyncStatus") as unknown as { readonly peers: RecordedSurroundings["told"] };
    const sessions = resultOf("getPeers") as unknown as RecordedSurroundings["sessions"];
    const node = serviceOf(name, await loadNativeSuites(), { sessions, told: peers });
    ask = (id, method, ...params) => node.service.handle(requestText(id, method, params));
    defects = node.defects;
  }, 120_000);

  const answered = (recorded: unknown, id = 1): string =>
    `${JSON.stringify({ id, jsonrpc: "2.0", result: recorded })}\n`;

  test("every block, by number and by hash", async () => {
    const blocks = chain.blocks();
    for (const [number, block] of blocks.entries()) {
      const expected = answered(block);
      expect(await ask(1, "getBlockByNumber", 1, String(number), true)).toBe(expected);
      expect(await ask(1, "getBlockByHash", 1, block.hash, true)).toBe(expected);
    }
  });

  test("every header with its signatures, by number and by hash", async () => {
    for (const [number, header] of chain.headers().entries()) {
      const expected = answered(header);
      expect(await ask(1, "getBlockHeaderByNumber", 1, `0x${number.toString(16)}`, true)).toBe(expected);
      expect(await ask(1, "getBlockHeaderByHash", 1, header.hash, true)).toBe(expected);
    }
  });

  test("every receipt", async () => {
    for (const receipt of chain.receipts()) {
      expect(await ask(1, "getTransactionReceipt", 1, receipt.transactionHash)).toBe(answered(receipt));
    }
  });

  test("every transaction, by hash and by place", async () => {
    for (const [number, block] of chain.blocks().entries()) {
      for (const [index, transaction] of block.transactions.entries()) {
        const expected = answered(transaction);
        expect(await ask(1, "getTransactionByHash", 1, transaction.hash)).toBe(expected);
        const [at, place] = [`0x${number.toString(16)}`, String(index)];
        expect(await ask(1, "getTransactionByBlockNumberAndIndex", 1, at, place)).toBe(expected);
        expect(await ask(1, "getTransactionByBlockHashAndIndex", 1, block.hash, place)).toBe(expected);
      }
    }
  });

  test("every recorded proof, or why there is none", async () => {
    const first = chain.blocks().flatMap((block) => block.transactions.map(({ hash }) => hash));
    const proofs = chain.proofs() as unknown as readonly { readonly tx: Answer; readonly receipt: Answer }[];
    expect(proofs.length).toBeGreaterThanOrEqual(3);
    for (const [index, { tx, receipt }] of proofs.entries()) {
      const proven = tx.result as { readonly transaction: { readonly hash: string } } | undefined;
      const hash = proven?.transaction.hash ?? first[index] ?? "";
      const [transactionAnswer, receiptAnswer] = [`${JSON.stringify(tx)}\n`, `${JSON.stringify(receipt)}\n`];
      expect(await ask(tx.id, "getTransactionByHashWithProof", 1, hash)).toBe(transactionAnswer);
      expect(await ask(receipt.id, "getTransactionReceiptByHashWithProof", 1, hash)).toBe(receiptAnswer);
    }
  });

  const titled = calls.map(([call, answer]) => [JSON.stringify(call).slice(0, 100), call, answer] as const);
  test.each(titled)("%s", async (_title, [method, ...params], recorded) => {
    const answer = await ask(recorded.id, method, ...params);
    expect(comparable(answer, recorded, method, name)).toBe(
      comparable(JSON.stringify(recorded), recorded, method, name),
    );
    if (recorded.error?.code !== INTERNAL_ERROR) return;
    // The comment is what clients look for. Only for bytes that are no transaction ours says more plainly what is wrong.
    const comment = /\[dev::tag_comment\*\] = (.*)\n/.exec(recorded.error.message)?.[1];
    if (params[1] === "0x01") expect(answer).toContain("invalid transaction: it cannot be decoded");
    else expect(answer).toContain(comment);
  });

  test("no method failed in an unforeseen way", () => {
    expect(defects).toEqual([]);
  });
});

test(
  "the working sealers of rPBFT are those of the next block, not those of the last",
  { timeout: 120_000 },
  async () => {
    const suites = await loadNativeSuites();
    const recording = readRecording(join(RECORDINGS, "rpbft"), suites);
    // Among six blocks in a row is at least one behind which the working sealers change.
    for (let length = recording.blocks.length - 6; length < recording.blocks.length; length++) {
      const { service } = serviceOf("rpbft", suites, { sessions: [], told: [] }, { length });
      const next = recording.blocks[length];
      const answer = JSON.parse(await service.handle(requestText(1, "getEpochSealersList", [1]))) as Answer;
      expect(answer.result, `after block ${String(length - 1)}`).toEqual(next?.sealerList);
    }
  },
);

describe.each(["standard", "sm"] as const)("%s, with reasons of failures in words", (name) => {
  const chain = loadChain(name);
  let ask: (method: string, ...params: readonly Json[]) => Promise<Record<string, Json>>;
  beforeAll(async () => {
    const surroundings = { sessions: [], told: [] };
    const { service } = serviceOf(name, await loadNativeSuites(), surroundings, { revertReasons: true });
    ask = async (method, ...params) => {
      const answer = JSON.parse(await service.handle(requestText(1, method, params))) as Answer;
      return answer.result as Record<string, Json>;
    };
  }, 120_000);

  test("receipts are the recorded ones, and those that failed with a reason have one member more", async () => {
    const reasons = new Map<string, number>();
    for (const recorded of chain.receipts()) {
      const { revertReason, ...receipt } = await ask("getTransactionReceipt", 1, recorded.transactionHash);
      expect(receipt).toEqual(recorded);
      if (revertReason === undefined) continue;
      expect(receipt["status"]).not.toBe("0x0");
      // Text lies in the output as it is.
      expect(recorded.output).toContain(Buffer.from(String(revertReason)).toString("hex"));
      reasons.set(String(revertReason), (reasons.get(String(revertReason)) ?? 0) + 1);
      const [proven, batch] = [
        await ask("getTransactionReceiptByHashWithProof", 1, recorded.transactionHash),
        await ask("getBatchReceiptsByBlockHashAndRange", 1, recorded.blockHash, "0", "-1", false),
      ];
      expect(proven["transactionReceipt"]).toMatchObject({ revertReason });
      const index = Number(recorded.transactionIndex);
      expect((batch["transactionReceipts"] as readonly Json[])[index]).toMatchObject({ revertReason });
    }
    expect(reasons.size).toBeGreaterThan(3);
    const withText = chain.receipts().filter(({ status, output }) => status !== "0x0" && output.length >= 2 + 8 + 192);
    expect([...reasons.values()].reduce((sum, count) => sum + count, 0)).toBe(withText.length);
  });

  test("so have results of calls", async () => {
    const [from, nowhere] = ["0xb3b28e9f07bd309d8e1f751e9620c62bc97ed4f1", `0x${"99".repeat(20)}`];
    const answer = await ask("call", 1, { from, to: nowhere, data: "0x" });
    expect(answer).toMatchObject({ status: "0x1a", revertReason: `Error address:${nowhere.slice(2)}` });
    expect(await ask("call", 1, { from, to: nowhere, data: "0x" }, 5)).toEqual({
      ...answer,
      currentBlockNumber: "0x5",
    });
  });
});

test(
  "positions, counts and addresses that cannot be read are errors, and nothing stands for a missing one",
  { timeout: 120_000 },
  async () => {
    const { service } = serviceOf("wire", await loadNativeSuites(), { sessions: [], told: [] });
    const codeOf = async (method: string, ...params: readonly Json[]): Promise<number | undefined> =>
      (JSON.parse(await service.handle(requestText(1, method, params))) as Answer).error?.code;
    for (const place of ["zz", "-1", "1.5", " 0"]) {
      expect(await codeOf("getTransactionByBlockNumberAndIndex", 1, "1", place)).toBe(INTERNAL_ERROR);
      expect(await codeOf("getBatchReceiptsByBlockNumberAndRange", 1, "1", place, "1", false)).toBe(INTERNAL_ERROR);
    }
    expect(await codeOf("getBatchReceiptsByBlockNumberAndRange", 1, "1", "0", "zz", false)).toBe(INTERNAL_ERROR);
    expect(await codeOf("getBatchReceiptsByBlockNumberAndRange", 1, "1", "", "-1", false)).toBeUndefined();
    for (const address of ["", "0x", "0x1", "zz", "a".repeat(41)]) {
      expect(await codeOf("getCode", 1, address), address).toBe(INTERNAL_ERROR);
    }
    expect(await codeOf("getCode", 1, "a".repeat(40))).toBeUndefined();
    for (const method of ["getPeers", "getNodeIDList"]) {
      expect(await codeOf(method, 2 ** 31)).toBe(-32602);
      expect(await codeOf(method, -(2 ** 31))).toBeUndefined();
    }
  },
);

test("every exception is needed", () => {
  expect(EXCEPTIONS.filter((exception) => !used.has(exception)).map(({ reason }) => reason)).toEqual([]);
});
