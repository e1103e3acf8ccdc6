/** Recorded chains, kept with history: what is read of each past state is what was there when its block was the head. */
import { join } from "node:path";
import { ChainWorker, PastCalls } from "@tsbcos/core/group";
import type { ReadOnlyCall } from "@tsbcos/core/group";
import { PastStates } from "@tsbcos/core/ledger";
import type { ChainHead, Ledger, LedgerOptions } from "@tsbcos/core/ledger";
import { EMPTY_BYTES, assert, hexToBytes } from "@tsbcos/core/primitives";
import type { Address, ByteString } from "@tsbcos/core/primitives";
import { MemoryStore, readerAfter } from "@tsbcos/core/state";
import type { StateWrite } from "@tsbcos/core/state";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { readRecording, replayedLedger } from "../replay/index.js";
import type { Recording } from "../replay/index.js";
import { RECORDINGS, loadChain } from "./load.js";
import type { ChainName } from "./load.js";
import { plain } from "./records.js";

/** Transactions of how many blocks around a block are called on its state. */
const NEIGHBOURS = 1;

interface CallAt {
  readonly number: number;
  readonly call: ReadOnlyCall;
  readonly result: ReturnType<ChainWorker["call"]>;
}

/** A chain that was replayed with history, and what was seen at each height while it was the latest. */
class Observed {
  readonly recording: Recording;
  readonly store = new MemoryStore();
  /** Rows of tables as stored, by height. */
  readonly rows: Map<ByteString, Uint8Array>[] = [];
  readonly heads: ChainHead[] = [];
  readonly calls: CallAt[] = [];
  readonly #recordedCalls: readonly ReadOnlyCall[];
  #written: StateWrite[] = [];

  constructor(
    recording: Recording,
    recordedCalls: readonly ReadOnlyCall[],
    opened: ReadonlyMap<number, LedgerOptions>,
  ) {
    this.recording = recording;
    this.#recordedCalls = recordedCalls;
    replayedLedger(recording, {
      opened,
      onWrite: (batch) => {
        this.store.write(batch);
        this.#written.push(...batch);
      },
      onBlock: (_number, _last, ledger) => {
        this.#look(ledger);
      },
    });
  }

  #look(ledger: Ledger): void {
    const { number } = ledger.head().header;
    const rows = new Map(this.rows[number - 1]);
    for (const { key, value } of this.#written) if (key.startsWith("s") && value !== undefined) rows.set(key, value);
    this.#written = [];
    this.rows[number] = rows;
    this.heads[number] = ledger.head();
    const worker = new ChainWorker(ledger);
    for (const call of [...this.#recordedCalls, ...this.#callsAround(number)]) {
      this.calls.push({ number, call, result: worker.call(call) });
    }
  }

  #callsAround(number: number): ReadOnlyCall[] {
    const blocks = this.recording.blocks.slice(Math.max(1, number - NEIGHBOURS + 1), number + NEIGHBOURS + 1);
    return blocks
      .flatMap(({ transactions }) => transactions)
      .map(({ from, to, input }) => ({
        from: plain(from) as Address,
        to: plain(to) as Address,
        data: hexToBytes(input),
      }));
  }
}

function recordedCalls(name: ChainName): ReadOnlyCall[] {
  return Object.keys(loadChain(name).calls())
    .map((key) => JSON.parse(key) as [string, number, { from?: string; to?: string; data?: string }])
    .filter(([method, , request]) => method === "call" && request.from !== undefined)
    .map(([, , { from, to, data }]) => ({
      from: plain(from ?? "") as Address,
      to: plain(to ?? "0x".padEnd(42, "0")) as Address,
      data: data === undefined ? EMPTY_BYTES : hexToBytes(data),
    }));
}

async function observe(name: ChainName, opened: ReadonlyMap<number, LedgerOptions>): Promise<Observed> {
  const recording = readRecording(join(RECORDINGS, name), await loadNativeSuites());
  return new Observed(recording, recordedCalls(name), opened);
}

const KEPT = { keepsHistory: true };

// Between them: every kind of contract, old forms of rows, many transactions a block, changing nodes.
const CHAINS: readonly ChainName[] = ["standard", "bursts", "rpbft", "versions/2.0.0"];

/** Lets the test runner say that it is alive: comparing a chain may take a busy machine a minute. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each(CHAINS)("%s", (name) => {
  let chain: Observed;
  beforeAll(async () => {
    const { length } = readRecording(join(RECORDINGS, name), await loadNativeSuites()).blocks;
    // A restart on the way changes nothing.
    chain = await observe(name, new Map([0, Math.floor(length / 2)].map((number) => [number, KEPT])));
  }, 180_000);

  test("every row of every table at every height is the one that was there", async () => {
    const { rows, store } = chain;
    const all = [...(rows.at(-1)?.keys() ?? [])];
    let [compared, absent] = [0, 0];
    for (const [number, then] of rows.entries()) {
      if (number === 0) continue;
      await breathe();
      const past = readerAfter(store, number);
      for (const key of all) {
        const expected = then.get(key);
        const seen = past.get(key);
        // Compared as buffers: matchers would take minutes.
        const same =
          expected === undefined ? seen === undefined : seen !== undefined && Buffer.compare(seen, expected) === 0;
        if (!same) expect.fail(`after block ${number} the row ${JSON.stringify(key)} differs`);
        compared++;
        if (expected === undefined) absent++;
      }
    }
    expect(compared).toBe(all.length * (rows.length - 1));
    expect(absent).toBeGreaterThan(0);
  });

  test("hash, node lists and configuration are those that held", () => {
    const { rules, genesis } = chain.recording;
    const states = new PastStates(chain.store, rules, genesis);
    for (const [number, head] of chain.heads.entries()) {
      if (number === 0) continue;
      const state = states.after(number);
      assert(state.ok, "the state of every block is there");
      expect(state.value.hash).toBe(head.hash);
      expect(state.value.settings).toEqual(head.settings);
      expect(state.value.hashAt(number - 1)).toBe(head.header.parentHash);
      expect(state.value.hashAt(number + 1)).toBeUndefined();
    }
  });

  test("calls answer what they answered then", async () => {
    const { rules, genesis } = chain.recording;
    const past = new PastCalls(chain.store, rules, genesis);
    expect(chain.calls.length).toBeGreaterThan(chain.heads.length);
    for (const { number, call, result } of chain.calls) {
      await breathe();
      const answer = past.call(number, call);
      assert(answer.ok, "every state can be called");
      expect(answer.value, `after block ${number}`).toEqual(result);
    }
    const outputs = new Set(chain.calls.map(({ result }) => result.output.join()));
    expect(outputs.size).toBeGreaterThan(3);
  });
});

test("a hole in the history is known, whatever was kept before it", { timeout: 120_000 }, async () => {
  const switches = new Map([
    [0, KEPT],
    [40, { keepsHistory: false }],
    [60, KEPT],
    [90, KEPT],
  ]);
  const chain = await observe("standard", switches);
  const { rules, genesis, blocks } = chain.recording;
  const states = new PastStates(chain.store, rules, genesis);
  const missing = { code: "state-not-kept", from: 60 };
  for (const number of [0, 1, 39, 40, 41, 59]) expect(states.after(number)).toEqual({ ok: false, error: missing });
  expect(states.after(blocks.length)).toEqual({ ok: false, error: { code: "block-missing", from: 60 } });
  for (let number = 60; number < blocks.length; number++) {
    expect(states.after(number).ok).toBe(true);
    const past = readerAfter(chain.store, number);
    for (const [key, expected] of chain.rows[number] ?? []) {
      if (Buffer.compare(past.get(key) ?? EMPTY_BYTES, expected) !== 0) {
        expect.fail(`after block ${number} the row ${JSON.stringify(key)} differs`);
      }
    }
  }
});

test("a chain that was stored without history has none, and none is made up", { timeout: 120_000 }, async () => {
  const chain = await observe("raft", new Map());
  const { rules, genesis, blocks } = chain.recording;
  const states = new PastStates(chain.store, rules, genesis);
  const answer = { ok: false, error: { code: "state-not-kept", from: undefined } };
  for (let number = 0; number < blocks.length; number++) expect(states.after(number)).toEqual(answer);
});

test("history changes nothing else that is stored", { timeout: 120_000 }, async () => {
  const written = async (options: LedgerOptions): Promise<Map<string, string>> => {
    const rows = new Map<string, string>();
    const recording = readRecording(join(RECORDINGS, "rpbft"), await loadNativeSuites());
    replayedLedger(recording, {
      opened: new Map([[0, options]]),
      onWrite: (batch) => {
        for (const { key, value } of batch) rows.set(key, Buffer.from(value ?? []).toString("hex"));
      },
    });
    return rows;
  };
  const without = await written({});
  const kept = await written(KEPT);
  const own = [...kept.keys()].filter((key) => !without.has(key));
  expect(own.length).toBeGreaterThan(100);
  expect(own.every((key) => key === "history" || /^[vw]/.test(key))).toBe(true);
  for (const [key, value] of without) expect(kept.get(key)).toBe(value);
});
