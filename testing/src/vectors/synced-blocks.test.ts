import { beforeAll, describe, expect, test } from "vitest";
import { createConsensus } from "@tsbcos/core/consensus";
import type { Consensus, ConsensusEnvironment, SyncedBlock } from "@tsbcos/core/consensus";
import type { ChainHead, ChainSettings } from "@tsbcos/core/ledger";
import { groupId, hash, nodeId, ok } from "@tsbcos/core/primitives";
import type { NodeId, NodeIndex } from "@tsbcos/core/primitives";
import { headerFromJson } from "@tsbcos/core/protocol";
import { loadNativeSuites } from "@tsbcos/node/crypto";
import type { NativeSuites } from "@tsbcos/node/crypto";
import { headOf } from "./heads.js";
import { loadChain } from "./load.js";
import type { RpcBlock, RpcHeader } from "./load.js";
import { plain, signaturesOf } from "./records.js";

/** Chains whose sealers and settings never changed. */
const CHAINS = {
  wire: { consensusType: "pbft", settings: {} },
  raft: { consensusType: "raft", settings: {} },
  rpbft: { consensusType: "rpbft", settings: { epochSealerCount: 2, epochBlockCount: 5 } },
} as const;

let suites: NativeSuites;
beforeAll(async () => {
  suites = await loadNativeSuites();
});

class Chain {
  readonly blocks: readonly RpcBlock[];
  readonly sealers: readonly NodeId[];
  readonly #name: keyof typeof CHAINS;
  readonly #headers: readonly RpcHeader[];
  readonly #consensus: Consensus;

  constructor(name: keyof typeof CHAINS) {
    this.#name = name;
    const chain = loadChain(name);
    this.blocks = chain.blocks();
    this.#headers = chain.headers();
    this.sealers = [0, 1, 2, 3].map((node) => nodeId(chain.text(`nodes/node${node}/node.nodeid`).trim())).sort();
    const { consensusType } = CHAINS[name];
    const rules = { version: chain.version, suite: suites.standard, chainId: 1n, groupId: groupId(1) };
    const [self] = this.sealers;
    const made = createConsensus({
      rules: { ...rules, freeStorage: false, consensusType },
      nodeId: self,
      options: {},
    } as ConsensusEnvironment);
    if (!made.ok) throw new Error(made.error.message);
    this.#consensus = made.value;
  }

  head(number: number, settings: Partial<ChainSettings> = CHAINS[this.#name].settings): ChainHead {
    const [genesis, json] = [this.blocks[0]!, this.blocks[number]!];
    return headOf(json, { genesisHash: genesis.hash, sealers: this.sealers, settings });
  }

  block(number: number): SyncedBlock {
    const header = this.#headers[number]!;
    return {
      header: headerFromJson(header),
      hash: hash(plain(header.hash)),
      signatures: signaturesOf(header),
      transactionCount: this.blocks[number]!.transactions.length,
    };
  }

  check(block: SyncedBlock, head: ChainHead): ReturnType<Consensus["checkSyncedBlock"]> {
    return this.#consensus.checkSyncedBlock(block, head);
  }
}

describe.each(Object.keys(CHAINS) as (keyof typeof CHAINS)[])("every block of the recorded chain %s", (name) => {
  test("is accepted after the one before it, with its signatures, and after no other", () => {
    const chain = new Chain(name);
    const last = chain.blocks.length - 1;
    expect(last).toBeGreaterThan(5);
    for (let number = 1; number <= last; number++) {
      expect(chain.check(chain.block(number), chain.head(number - 1)), `block ${number}`).toEqual(ok(undefined));
      expect(chain.check(chain.block(number), chain.head(number)).ok).toBe(false);
    }
  });
});

describe("rpbft: two of four sealers work, and one changes every five blocks", () => {
  test("all 34 blocks were decided by the sealers whose turn it was", () => {
    const chain = new Chain("rpbft");
    expect(chain.blocks.length - 1).toBe(34);
    const windows = new Set<string>();
    for (let number = 1; number <= 34; number++) {
      const { header, signatures } = chain.block(number);
      const working = header.sealerList.map((node) => chain.sealers.indexOf(node));
      windows.add(working.join());
      for (const { index } of signatures) expect(working).toContain(index);
    }
    expect(windows).toEqual(new Set(["0,1", "1,2", "2,3", "0,3"]));
  });

  test("with other settings, the same blocks are refused", () => {
    const chain = new Chain("rpbft");
    const refused = (number: number, settings: Partial<ChainSettings>): unknown => {
      const checked = chain.check(chain.block(number), chain.head(number - 1, settings));
      return checked.ok ? "accepted" : checked.error.code;
    };
    const right = { epochSealerCount: 2, epochBlockCount: 5 };
    expect(refused(6, right)).toBe("accepted");
    expect(refused(6, { ...right, epochBlockCount: 6 })).toBe("block-sealer-list-wrong");
    expect(refused(6, { ...right, epochSealerCount: 3 })).toBe("block-sealer-list-wrong");
    expect(refused(6, { ...right, epochBlockEnabledAt: 1 })).toBe("block-sealer-list-wrong");
  });

  test("B27: a signature of a sealer that does not work counts for nothing, nor does one counted twice", () => {
    const chain = new Chain("rpbft");
    const block = chain.block(6);
    const head = chain.head(5);
    const [first, second] = block.signatures;
    const check = (changed: Partial<SyncedBlock>): unknown => chain.check({ ...block, ...changed }, head);
    expect(check({ signatures: [first!, first!] })).toEqual({ ok: false, error: { code: "block-signatures-too-few" } });
    const idle = { ...second!, index: 3 as NodeIndex };
    expect(check({ signatures: [first!, idle] })).toEqual({ ok: false, error: { code: "block-signature-invalid" } });
    const header = { ...block.header, sealer: 3n };
    expect(check({ header })).toEqual({ ok: false, error: { code: "block-sealer-unknown" } });
  });
});
