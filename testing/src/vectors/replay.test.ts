import { join } from "node:path";
import { setImmediate as breath } from "node:timers/promises";
import { expect, test } from "vitest";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { readRecording, replayChain } from "../replay/index.js";
import { CHAIN_NAMES, RECORDINGS } from "./load.js";

/** Everything a replay compares, over all recorded chains: nothing may be left out silently. */
const TRANSACTIONS = 2918;
const BLOCKS = 706;

test("every recorded chain replays to the same blocks and receipts, table by table", { timeout: 300_000 }, async () => {
  const suites = await loadNativeSuites();
  const total = { blocks: 0, transactions: 0, receipts: 0 };
  for (const name of CHAIN_NAMES) {
    // Replays are synchronous: between them the reporter must be heard.
    await breath();
    const recording = readRecording(join(RECORDINGS, name), suites);
    const outcome = replayChain(recording);
    expect(outcome.difference, name).toBeUndefined();
    expect(outcome.blocks, name).toBe(recording.blocks.length - 1);
    expect(outcome.receipts, name).toBe(recording.receipts.size);
    // State bytes were recorded for every block whose state root is not zero.
    if (recording.stateBytes !== undefined) {
      expect(outcome.blocksWithTables, name).toBe(Object.keys(recording.stateBytes).length);
    }
    total.blocks += outcome.blocks;
    total.transactions += outcome.transactions;
    total.receipts += outcome.receipts;
  }
  expect(total).toEqual({ blocks: BLOCKS, transactions: TRANSACTIONS, receipts: TRANSACTIONS });
});
