import { describe, expect, test } from "vitest";
import snappy from "snappy";
import { createConsensus } from "@tsbcos/core/consensus";
import type { Consensus, ConsensusEffect, ConsensusInput, JsonValue } from "@tsbcos/core/consensus";
import { standardSuite } from "@tsbcos/core/crypto";
import type { ChainHead, GenesisConfig } from "@tsbcos/core/ledger";
import { ZERO_HASH, bytesToHex, createRandom, groupId, hash, nodeId } from "@tsbcos/core/primitives";
import type { Hash, NodeId, TraceEvent } from "@tsbcos/core/primitives";
import {
  decodeBlock,
  decodeRaftMessage,
  decodeSyncPacket,
  encodeRaftMessage,
  headerFromJson,
  headerHash,
  ModuleId,
  P2P_COMPRESSED,
  P2pFrameReader,
  V2_9_0,
} from "@tsbcos/core/protocol";
import type { P2pFrame, RaftHeartbeat } from "@tsbcos/core/protocol";
import { headOf } from "./heads.js";
import { loadChain, loadFrames } from "./load.js";
import type { RecordedFrame, RpcBlock } from "./load.js";
import { plain } from "./records.js";

/** The capture was made in the place of node 3, which said nothing. */
const chain = loadChain("raft");
const blocks = chain.blocks();
const NODE = 3;
const FIRST_PORT = 31_700;
const idOf = (number: number): NodeId => nodeId(chain.text(`nodes/node${number}/node.nodeid`).trim());
const sealers = [0, 1, 2, 3].map(idOf).sort();
const ownIndex = sealers.indexOf(idOf(NODE));

function headAt(number: number): ChainHead {
  return headOf(blocks[number] as RpcBlock, { genesisHash: blocks[0]?.hash ?? "", sealers });
}

function openFrame(recorded: RecordedFrame): P2pFrame {
  const frames = new P2pFrameReader().push(recorded.frame);
  if (!frames.ok || frames.value.length !== 1) throw new Error("a recorded frame is one frame");
  const frame = frames.value[0] as P2pFrame;
  if ((frame.version & P2P_COMPRESSED) === 0) return frame;
  return { ...frame, body: new Uint8Array(snappy.uncompressSync(Buffer.from(frame.body)) as Buffer) };
}

function heartbeatIn(body: Uint8Array): RaftHeartbeat {
  const message = decodeRaftMessage(body);
  if (!message.ok || message.value.type !== "heartbeat") throw new Error("only heartbeats were recorded");
  return message.value;
}

/** What was heard, and what our machine said to it. */
interface Exchange {
  readonly ms: number;
  readonly heard: RaftHeartbeat;
  readonly height: number;
  readonly answers: readonly string[];
}

/** Our machine where the silent node stood. Blocks come to it as synchronisation would bring them. */
class Seat {
  readonly machine: Consensus;
  readonly traces: TraceEvent[] = [];
  readonly exchanges: Exchange[] = [];
  #head = headAt(0);
  #nowMs = 0;
  #said: string[] = [];

  constructor() {
    const made = createConsensus({
      rules: {
        version: V2_9_0,
        suite: standardSuite,
        chainId: 1n,
        groupId: groupId(1),
        freeStorage: false,
        consensusType: "raft",
      },
      key: standardSuite.keyPairOf(new Uint8Array(32).fill(1)),
      nodeId: idOf(NODE),
      genesis: { minElectTimeMs: 1000, maxElectTimeMs: 2000 } as GenesisConfig,
      options: {} as Parameters<typeof createConsensus>[0]["options"],
      pool: { size: 0, select: () => [], find: () => undefined },
      sync: { downloading: false, knownHighest: 0 },
      hashAt: (number) => hash(plain((blocks[number] as RpcBlock).hash)),
      timeOffsetMs: () => 0,
      random: createRandom("seat"),
      trace: (event) => this.traces.push(event),
      peers: () => new Set([0, 1, 2].map(idOf)),
    });
    if (!made.ok) throw new Error(made.error.message);
    this.machine = made.value;
    this.#step({ type: "started", head: this.#head, backedUpPrepare: undefined });
  }

  hear(recorded: RecordedFrame): void {
    this.#passTo(recorded.ms);
    const frame = openFrame(recorded);
    const from = idOf(recorded.from - FIRST_PORT);
    if (frame.moduleId === ModuleId.Sync) this.#hearStatus(frame.body);
    if (frame.moduleId !== ModuleId.Raft) return;
    const height = this.#head.header.number;
    this.#step({ type: "message-received", from, packetType: frame.packetType, body: frame.body });
    this.exchanges.push({ ms: recorded.ms, heard: heartbeatIn(frame.body), height, answers: this.#said });
    this.#said = [];
  }

  #hearStatus(body: Uint8Array): void {
    const packet = decodeSyncPacket(body, V2_9_0);
    if (!packet.ok || packet.value.type !== "status") return;
    for (let number = this.#head.header.number + 1; number <= packet.value.number; number++) {
      const block = blocks[number] as RpcBlock;
      const synced = { header: headerFromJson(block), hash: hash(plain(block.hash)), signatures: [] };
      const checked = this.machine.checkSyncedBlock(
        { ...synced, transactionCount: block.transactions.length },
        this.#head,
      );
      expect(checked.ok).toBe(true);
      this.#head = headAt(number);
      this.#step({ type: "block-committed", head: this.#head, transactions: [] });
    }
  }

  #passTo(ms: number): void {
    for (let at = this.machine.wakeAtMs; at !== undefined && at <= ms; at = this.machine.wakeAtMs) {
      this.#nowMs = at;
      this.#step({ type: "tick" });
    }
    this.#nowMs = ms;
  }

  #step(input: ConsensusInput): void {
    const effects = this.machine.step(input, { steadyMs: this.#nowMs, wallMs: this.#nowMs });
    this.machine.invariants();
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: ConsensusEffect): void {
    if (effect.type === "persist-prepare") return this.#step({ type: "prepare-persisted", token: effect.token });
    if (effect.type !== "send") throw new Error(`a follower does not ask for ${effect.type}`);
    this.#said.push(
      `${effect.to.map((node) => sealers.indexOf(node)).join()} ${effect.packetType} ${bytesToHex(effect.body)}`,
    );
  }
}

describe("raft/p2p-raft: our machine in the place of the silent member", () => {
  const seat = new Seat();
  for (const frame of loadFrames("raft/p2p-raft.jsonl.gz")) seat.hear(frame);
  const leader = seat.exchanges[0]?.heard.index ?? -1;

  function offeredHash({ uncommittedBlock }: RaftHeartbeat): Hash {
    if (uncommittedBlock.length === 0) return ZERO_HASH;
    const decoded = decodeBlock(uncommittedBlock, standardSuite);
    if (!decoded.ok) throw new Error("an offered block decodes");
    return headerHash(decoded.value.header, standardSuite);
  }

  test("it answers every heartbeat, byte for byte as a member must, and says nothing else", () => {
    expect(seat.exchanges.length).toBeGreaterThan(100);
    let term = 0;
    for (const { heard, height, answers } of seat.exchanges) {
      const body = encodeRaftMessage({
        type: "heartbeat-response",
        index: ownIndex,
        term,
        height,
        blockHash: headAt(height).hash,
        uncommittedBlockHash: offeredHash(heard),
      });
      expect(answers).toEqual([`${leader} 0 ${bytesToHex(body)}`]);
      // The first answer carries the term before the leader was heard of.
      term = heard.term;
    }
  });

  test("it acknowledges every block that the chain accepted", () => {
    const offered = seat.exchanges.filter(({ heard }) => heard.uncommittedBlock.length > 0);
    expect(offered.map(({ heard }) => heard.uncommittedBlockNumber)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const { heard } of offered) {
      const decoded = decodeBlock(heard.uncommittedBlock, standardSuite);
      if (!decoded.ok) throw new Error("an offered block decodes");
      const { header } = decoded.value;
      const final = headerFromJson(blocks[header.number] as RpcBlock);
      const { transactionsRoot, timestamp, sealer, sealerList, parentHash } = final;
      expect(header).toMatchObject({ transactionsRoot, timestamp, sealer, sealerList, parentHash });
    }
    expect(seat.traces.filter(({ level }) => level === "warn")).toEqual([]);
  });

  test("its status is the one that a recorded member answered, for its own place", () => {
    const recorded = chain.calls()['["getConsensusStatus",1]'] as { result: [Record<string, JsonValue>] };
    const [theirs] = recorded.result;
    const [ours, ...more] = seat.machine.status() as Record<string, JsonValue>[];
    expect(more).toEqual([]);
    expect(Object.keys(ours ?? {})).toEqual(Object.keys(theirs));
    expect(ours).toEqual({ ...theirs, nodeId: idOf(NODE), node_index: ownIndex });
  });
});
