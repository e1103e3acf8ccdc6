import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { smSuite, standardSuite } from "@tsbcos/core/crypto";
import { Ledger, genesisMark } from "@tsbcos/core/ledger";
import { MemoryStore } from "@tsbcos/core/state";
import { headerFromJson } from "@tsbcos/core/protocol";
import { readRecording } from "../replay/index.js";
import { CHAIN_NAMES, RECORDINGS, loadChain } from "./load.js";
import { plain } from "./records.js";

describe.each(CHAIN_NAMES)("genesis of recorded chain %s", (name) => {
  const { rules, genesis } = readRecording(join(RECORDINGS, name), { sm: smSuite, standard: standardSuite });
  const recorded = loadChain(name).blocks()[0]!;

  test("its files give the recorded block 0", () => {
    const store = new MemoryStore();
    const opened = Ledger.open(store, rules, genesis);
    if (!opened.ok) throw new Error(opened.error.message);
    const head = opened.value.ledger.head();
    expect(head.header).toEqual(headerFromJson(recorded));
    expect(head.hash).toBe(plain(recorded.hash));
    expect(Buffer.from(genesisMark(genesis, rules.version)).toString("hex")).toBe(plain(recorded.extraData[0]!));
  });

  test("block 1 is decided by the sealers of block 0", () => {
    const opened = Ledger.open(new MemoryStore(), rules, genesis);
    if (!opened.ok) throw new Error(opened.error.message);
    const first = headerFromJson(loadChain(name).blocks()[1]!);
    const sealers = opened.value.ledger.head().sealers;
    if (name === "rpbft") expect(sealers).toEqual(expect.arrayContaining([...first.sealerList]));
    else expect(sealers).toEqual(first.sealerList);
  });
});
