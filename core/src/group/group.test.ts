import { describe, expect, it, vi } from "vitest";
import {
  EMPTY_BYTES,
  bigIntToBytes,
  bytesToHex,
  concatBytes,
  createRandom,
  groupId,
  hexToBytes,
  silentTracer,
  utf8ToBytes,
} from "../primitives/index.js";
import type { Address, Hash, Height, NodeId } from "../primitives/index.js";
import { standardSuite as suite } from "../crypto/index.js";
import { ModuleId, V2_9_0, encodeSyncPacket, signTransaction, verifyTransaction } from "../protocol/index.js";
import type { SyncPacket, UnsignedTransaction } from "../protocol/index.js";
import { MemoryStore } from "../state/index.js";
import { Ledger } from "../ledger/index.js";
import type { ChainRules, GenesisConfig } from "../ledger/index.js";
import { ChainWorker, Group, GroupDriver } from "./index.js";
import type { GroupEffect, GroupEffectOf, GroupInput, GroupOptions } from "./index.js";

const KEY = suite.keyPairOf(new Uint8Array(32).fill(7));
const CLIENT = suite.keyPairOf(new Uint8Array(32).fill(8));
const SELF = bytesToHex(KEY.publicKey) as NodeId;
const STRANGER = bytesToHex(CLIENT.publicKey) as NodeId;
const CONSENSUS_CONTRACT = "1003".padStart(40, "0") as Address;

const RULES: ChainRules = {
  version: V2_9_0,
  suite,
  chainId: 1n,
  groupId: groupId(1),
  freeStorage: false,
  consensusType: "pbft",
};

const OPTIONS: GroupOptions = {
  pool: { limit: 100, memoryBytesMax: 1_000_000, expirationMs: 5000 },
  consensus: {
    ttl: 2,
    minBlockGenerationTimeMs: 500,
    enableDynamicBlockSize: true,
    blockSizeIncreaseRatio: 0.5,
    enableTtlOptimization: true,
    enablePrepareWithTransactionHashes: true,
    broadcastPrepareByTree: true,
    prepareStatusBroadcastPercent: 33,
    maxRequestMissedTransactionsWaitMs: 100,
    maxRequestPrepareWaitMs: 100,
  },
  blockSync: {
    syncBlockByTree: true,
    gossipIntervalMs: 1000,
    gossipPeersNumber: 3,
    downloadBytesMax: 64 * 1024 * 1024,
  },
  transactionSync: { sendTransactionsByTree: true, transactionGossipPeersMax: 5, idleWaitMs: 200 },
};

function genesisOf(sealers: readonly NodeId[]): GenesisConfig {
  return {
    groupId: groupId(1),
    timestamp: 1_700_000_000_000,
    consensusType: "pbft",
    stateType: "storage",
    nodes: sealers,
    maxTransactions: 1000,
    gasLimit: 300_000_000,
    consensusTimeoutSeconds: 3,
    epochSealerCount: 1,
    epochBlockCount: 1000,
    minElectTimeMs: 1000,
    maxElectTimeMs: 2000,
    freeStorage: false,
  };
}

/** A host without delays, whose disk can be told to wait. */
class TestHost {
  readonly effects: GroupEffect[] = [];
  readonly driver: GroupDriver;
  readonly ledger: Ledger;
  readonly #store: MemoryStore;
  readonly #worker: ChainWorker;
  #steadyMs = 0;
  #wakeAtMs: number | undefined;
  /** Blocks given to the disk while it waits. */
  waiting: (() => void)[] | undefined;

  constructor(store: MemoryStore, sealers: readonly NodeId[] = [SELF]) {
    const genesis = genesisOf(sealers);
    const opened = Ledger.open(store, RULES, genesis);
    if (!opened.ok) throw new Error(opened.error.code);
    store.write(opened.value.initialWrites);
    this.#store = store;
    this.ledger = opened.value.ledger;
    this.#worker = new ChainWorker(this.ledger);
    const made = Group.create({
      ledger: this.ledger,
      genesis,
      key: KEY,
      nodeId: SELF,
      options: OPTIONS,
      random: createRandom(1),
      trace: silentTracer,
    });
    if (!made.ok) throw new Error(made.error.code);
    this.driver = new GroupDriver(made.value, {
      perform: (effect) => this.#perform(effect),
      now: () => ({ steadyMs: this.#steadyMs, wallMs: 1_700_000_100_000 + this.#steadyMs }),
      wakeAt: (steadyMs) => (this.#wakeAtMs = steadyMs),
    });
    this.driver.post({ type: "started", backedUpPrepare: undefined });
  }

  get group(): Group {
    return this.driver.group;
  }

  post(input: GroupInput): void {
    this.driver.post(input);
    this.group.invariants();
  }

  submit(raw: Uint8Array, requestId = 1): void {
    this.post({ type: "transaction-submitted", requestId, raw });
  }

  receive(from: NodeId, packet: SyncPacket): void {
    const body = encodeSyncPacket(packet, V2_9_0);
    this.post({ type: "frame-received", from, moduleId: ModuleId.Sync, packetType: 0, seq: 5, body });
  }

  /** Lets time pass, waking the group when it asks for it. */
  pass(ms: number): void {
    const endMs = this.#steadyMs + ms;
    while (this.#wakeAtMs !== undefined && this.#wakeAtMs <= endMs) {
      this.#steadyMs = Math.max(this.#steadyMs, this.#wakeAtMs);
      this.post({ type: "tick" });
    }
    this.#steadyMs = endMs;
  }

  all<Type extends GroupEffect["type"]>(type: Type): GroupEffectOf<Type>[] {
    return this.effects.filter((effect): effect is GroupEffectOf<Type> => effect.type === type);
  }

  verdicts(): string[] {
    return this.all("submission-result").map(({ result }) => (result.ok ? "admitted" : result.error.code));
  }

  #perform(effect: GroupEffect): void {
    this.effects.push(effect);
    switch (effect.type) {
      case "verify-transactions": {
        const transactions = effect.raws.map((raw) => {
          const verified = verifyTransaction(raw, suite);
          return verified.ok ? verified.value : undefined;
        });
        return this.driver.post({ type: "transactions-verified", token: effect.token, transactions });
      }
      case "execute-block":
        return this.driver.post(this.#worker.execute(effect));
      case "persist-prepare":
        return this.driver.post({ type: "prepare-persisted", token: effect.token });
      case "ask-bandwidth":
        return this.driver.post({ type: "bandwidth-granted", token: effect.token, blocks: effect.sizes.length });
      case "store-block": {
        const writes = this.#worker.prepareStore(effect);
        const write = (): void => {
          this.#store.write(writes);
          this.driver.post(this.#worker.stored(effect));
        };
        if (this.waiting === undefined) write();
        else this.waiting.push(write);
        return;
      }
    }
  }
}

let lastNonce = 0n;
function transaction(changes: Partial<UnsignedTransaction> = {}) {
  const unsigned = {
    nonce: ++lastNonce,
    gasPrice: 0n,
    gas: 0n,
    blockLimit: 100n,
    to: CONSENSUS_CONTRACT,
    value: 0n,
    data: EMPTY_BYTES,
    chainId: 1n,
    groupId: 1n,
    extraData: EMPTY_BYTES,
    ...changes,
  };
  return signTransaction(unsigned, CLIENT, suite);
}

/** Calldata of `addObserver(string)`: selector, offset of the text, its length, the text padded to whole words. */
function addObserver(node: NodeId): Uint8Array {
  const selector = suite.hash(utf8ToBytes("addObserver(string)")).subarray(0, 4);
  const text = utf8ToBytes(node);
  return concatBytes(selector, bigIntToBytes(32n, 32), bigIntToBytes(BigInt(text.length), 32), text);
}

describe("Group", () => {
  it("takes a transaction from a client to a stored block", () => {
    const host = new TestHost(new MemoryStore());
    const tx = transaction();
    host.submit(tx.raw);
    host.pass(1500);
    expect(host.verdicts()).toEqual(["admitted"]);
    const [committed] = host.all("block-committed");
    expect(committed?.block.transactions.map(({ hash }) => hash)).toEqual([tx.hash]);
    expect(host.group.head.header.number).toBe(1);
    expect(host.group.pool.size).toBe(0);
    expect(host.ledger.locateTransaction(tx.hash)).toEqual({ number: 1, index: 0 });
  });

  it("answers each submission once, in their order, also what cannot be read", () => {
    const host = new TestHost(new MemoryStore());
    const tx = transaction();
    const submitted = [tx.raw, hexToBytes("c0"), tx.raw, transaction({ chainId: 2n }).raw];
    submitted.forEach((raw, index) => host.submit(raw, index + 1));
    host.pass(20);
    expect(host.all("submission-result").map(({ requestId }) => requestId)).toEqual([1, 2, 3, 4]);
    expect(host.verdicts()).toEqual(["admitted", "malformed", "already-known", "chain-id-mismatch"]);
  });

  it("B16: knows the nonces of stored blocks after a restart", () => {
    const store = new MemoryStore();
    const tx = transaction();
    const before = new TestHost(store);
    before.submit(tx.raw);
    before.pass(1500);
    const after = new TestHost(store);
    after.submit(tx.raw);
    after.submit(transaction({ nonce: tx.nonce, blockLimit: 50n }).raw);
    after.pass(20);
    expect(after.group.head.header.number).toBe(1);
    expect(after.verdicts()).toEqual(["nonce-used-on-chain", "nonce-used-on-chain"]);
  });

  it("refuses clients of a node that is no member", () => {
    const host = new TestHost(new MemoryStore(), [STRANGER]);
    host.submit(transaction().raw);
    expect(host.verdicts()).toEqual(["not-in-group"]);
    expect(host.all("verify-transactions")).toEqual([]);
  });

  it("refuses clients while it is far behind, and not before", () => {
    for (const [number, verdict] of [
      [20, "admitted"],
      [21, "node-is-syncing"],
    ] as const) {
      const host = new TestHost(new MemoryStore());
      host.post({ type: "peers-changed", peers: [STRANGER] });
      const { genesisHash } = host.group.head;
      const latestHash = "ab".repeat(32) as Hash;
      host.receive(STRANGER, { type: "status", number: number as Height, genesisHash, latestHash, time: 0 });
      host.pass(20);
      host.submit(transaction().raw);
      host.pass(20);
      expect(host.verdicts()).toEqual([verdict]);
    }
  });

  it("says who belongs to the group at the start and when a block changes it", () => {
    const host = new TestHost(new MemoryStore());
    host.submit(transaction({ data: addObserver(STRANGER) }).raw);
    host.pass(1500);
    host.submit(transaction().raw);
    host.pass(1500);
    expect(host.group.head.header.number).toBe(2);
    expect(host.all("members-changed").map(({ members }) => members)).toEqual([[SELF], [SELF, STRANGER]]);
  });

  it("B12: stores one block a height: the second to come is dropped, and everything goes on", () => {
    const elsewhere = new TestHost(new MemoryStore());
    elsewhere.submit(transaction().raw);
    elsewhere.pass(1500);
    const synced = elsewhere.ledger.encodedBlock(1);

    const host = new TestHost(new MemoryStore());
    host.waiting = [];
    host.post({ type: "peers-changed", peers: [STRANGER] });
    const { genesisHash } = host.group.head;
    const latestHash = elsewhere.group.head.hash;
    host.submit(transaction().raw);
    host.pass(600);
    expect(host.waiting).toHaveLength(1);
    host.receive(STRANGER, { type: "status", number: 1 as Height, genesisHash, latestHash, time: 0 });
    host.pass(300);
    host.receive(STRANGER, { type: "blocks", blocks: [synced!] });
    host.pass(300);
    expect(host.all("store-block")).toHaveLength(1);
    const [write] = host.waiting;
    host.waiting = undefined;
    write?.();
    host.submit(transaction().raw);
    host.pass(1500);
    expect(host.group.head.header.number).toBe(2);
    expect(host.all("store-block")).toHaveLength(2);
  });

  it("tells the client of an admitted transaction when it is given up", () => {
    const host = new TestHost(new MemoryStore(), [SELF, STRANGER]);
    const tx = transaction();
    host.submit(tx.raw);
    host.pass(10_000);
    const [abandoned] = host.all("transaction-abandoned");
    expect(abandoned).toMatchObject({ transaction: { hash: tx.hash }, status: 29, reason: "expired" });
    expect(host.group.pool.size).toBe(0);
  });

  it("drops frames of unknown modules and packets that cannot be read", () => {
    const host = new TestHost(new MemoryStore());
    host.post({ type: "peers-changed", peers: [STRANGER] });
    const before = host.effects.length;
    for (const moduleId of [0, ModuleId.Amop, ModuleId.Sync, ModuleId.Pbft, ModuleId.Raft]) {
      for (const body of [EMPTY_BYTES, hexToBytes("ff"), hexToBytes("01c0")]) {
        host.post({ type: "frame-received", from: STRANGER, moduleId, packetType: 0, seq: 1, body });
      }
    }
    expect(host.effects.slice(before)).toEqual([]);
  });

  it("wants started first and once", () => {
    const host = new TestHost(new MemoryStore());
    expect(() => host.driver.post({ type: "started", backedUpPrepare: undefined })).toThrow("first input");
  });
});

describe("ChainWorker", () => {
  it("has no result for a block that does not follow the head, and answers calls without a trace", () => {
    const store = new MemoryStore();
    const host = new TestHost(store);
    const worker = new ChainWorker(host.ledger);
    const { header } = host.group.head;
    const late = { type: "execute-block", token: 3, header, transactions: [], expectedHash: undefined } as const;
    expect(worker.execute(late)).toMatchObject({
      token: 3,
      outcome: { ok: false, error: { code: "block-not-on-head" } },
    });
    const write = vi.spyOn(store, "write");
    const from = "11".repeat(20) as Address;
    worker.call({ from, to: CONSENSUS_CONTRACT, data: addObserver(STRANGER) });
    expect(host.ledger.head().observers).toEqual([]);
    expect(write).not.toHaveBeenCalled();
  });
});
