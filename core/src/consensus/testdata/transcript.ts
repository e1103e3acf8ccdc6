/**
 * Short stories about a cluster: commands go in, and what the nodes say and do comes out as text.
 *
 * A transcript is a text of comments (`#`), commands (`>`) and, below each command, what happened. {@link retell}
 * reads the commands of one and tells the story again.
 */
import { assert, unreachable } from "../../primitives/index.js";
import type { Hash } from "../../primitives/index.js";
import {
  PbftPacketId,
  PbftPacketType,
  V2_5_0,
  V2_9_0,
  decodeBlock,
  decodeHashProposal,
  decodeMissedTransactionsRequest,
  decodeMissedTransactionsResponse,
  decodePbftMessage,
  decodePbftPacket,
  decodeRawPrepareStatus,
} from "../../protocol/index.js";
import type { PbftMessage } from "../../protocol/index.js";
import type { JsonValue } from "../interface.js";
import { forgePrepare, honestHeader, sendForgery } from "./adversary.js";
import type { ConsensusType } from "../../ledger/index.js";
import { TestCluster } from "./cluster.js";
import type { ClusterEvent, ClusterOptions, Frame, Work } from "./cluster.js";
import { describeRaft, isIdle, raftMessageIn } from "./raft-words.js";

/** Trace events worth telling, besides all warnings. */
const TOLD = new Set([
  "view-changed",
  "prepare-kept-for-later",
  "prepare-against-lock",
  "bound-since-last-run",
  "proposed-again",
  "released-by-commits",
  "became-leader",
  "block-kept-since-last-run",
  "offer-forgotten",
]);

const TYPES: readonly ConsensusType[] = ["pbft", "rpbft", "raft", "solo"];

/** What one message of the story is, for those who lose or repeat some. */
const KINDS = ["prepare", "sign", "commit", "view-change", "offer", "request"] as const;
const RAFT_KINDS = ["vote-request", "vote-response", "heartbeat", "heartbeat-response"] as const;

/** Tells the story of these commands again, comments and all. */
export function retell(story: string): string {
  const teller = new Teller();
  const told: string[] = [];
  for (const line of story.split("\n")) {
    if (line.startsWith("#")) told.push(line);
    if (line === "") told.push("");
    if (line.startsWith("> ")) told.push(line, ...teller.tell(line.slice(2)));
  }
  // Blank lines stand between commands in the story and are kept; more than one in a row has no meaning.
  return told.join("\n").replaceAll(/\n{3,}/g, "\n\n");
}

class Teller {
  #cluster: TestCluster | undefined;
  #lines: string[] = [];
  #startMs = 0;
  readonly #names = new Map<Hash, string>();
  #proposals = 0;
  #blocks = 0;
  #type: ConsensusType = "pbft";
  /** Tell of heartbeats that say nothing new. */
  #tellsIdle = true;
  /** Frames seen of each kind and author: what `repeat` sends again. */
  readonly #seen: { readonly kind: string; readonly frame: Frame }[] = [];

  tell(command: string): string[] {
    this.#lines = [];
    const [verb = "", ...words] = command.split(" ");
    if (verb === "add-nodes") this.#begin(words);
    else this.#obey(this.#running(), verb, words);
    return this.#lines;
  }

  #running(): TestCluster {
    assert(this.#cluster !== undefined, "a story begins with add-nodes");
    return this.#cluster;
  }

  /** `add-nodes 4 [raft] [whole-prepares] [ttl-forwarding] [tx_count_limit 3] [working 2] [rotating 5]`. */
  #begin(words: readonly string[]): void {
    this.#type = TYPES.find((type) => words.includes(type)) ?? "pbft";
    const version = this.#type === "rpbft" ? V2_5_0 : V2_9_0;
    const kind = { consensusType: this.#type, version };
    const made: ClusterOptions = { kind, log: (event) => this.#log(event) };
    const options = {
      enablePrepareWithTransactionHashes: !words.includes("whole-prepares"),
      enableTtlOptimization: !words.includes("ttl-forwarding"),
    };
    const [txCountLimit = 1000] = listAfter(words, "tx_count_limit");
    const [epochSealerCount = Number(words[0])] = listAfter(words, "working");
    const [epochBlockCount = 1000] = listAfter(words, "rotating");
    const settings = { txCountLimit, epochSealerCount, epochBlockCount };
    this.#cluster = new TestCluster(Number(words[0]), { ...made, options, settings });
    this.#startMs = this.#cluster.steadyMs;
    this.#names.set(this.#cluster.node(0).head.hash, "B0");
  }

  #obey(cluster: TestCluster, verb: string, words: readonly string[]): void {
    const numbers = words.map(Number);
    const [first = 0, second = 0] = numbers;
    switch (verb) {
      case "submit":
        return this.#submit(cluster, words);
      case "tick":
        return cluster.tick(first);
      case "run":
        return cluster.run(first);
      case "deliver":
        return cluster.deliver();
      case "stabilize":
        return cluster.stabilize();
      case "crash":
        return cluster.crash(first);
      case "restart":
        return cluster.restart(first);
      case "disconnect":
        return cluster.disconnect(first, second);
      case "connect":
        return cluster.connect(first, second);
      case "hold":
        return cluster.hold(first, words[1] as Work);
      case "release":
        return cluster.release(first);
      case "sync":
        return cluster.sync(first);
      case "add-observer":
        cluster.addObserver();
        return;
      case "sync-all":
        for (const { number, machine } of cluster.nodes) if (machine !== undefined) cluster.sync(number);
        return;
      case "skip-idle-heartbeats":
        this.#tellsIdle = false;
        return;
      case "lose":
        return this.#lose(cluster, words);
      case "lose-nothing":
        cluster.isLost = () => false;
        return;
      case "repeat":
        return this.#repeat(cluster, words);
      case "forge":
        return this.#forge(cluster, words);
      case "status":
        return this.#status(cluster.machine(first).status());
      default:
        assert(false, `unknown command ${verb}`);
    }
  }

  /** `submit 3 [to 0 1]`, `submit add 4`, `submit remove 2`, `submit tx_count_limit 5`: to all running nodes by default. */
  #submit(cluster: TestCluster, words: readonly string[]): void {
    const at = words.indexOf("to");
    const what = at < 0 ? words : words.slice(0, at);
    const all = cluster.nodes.filter(({ machine }) => machine !== undefined).map(({ number }) => number);
    const to = at < 0 ? all : words.slice(at + 1).map(Number);
    const [verb = "", argument = ""] = what;
    const isPlain = argument === "";
    const named = verb === "add" || verb === "remove" ? cluster.node(Number(argument)).nodeId : argument;
    const count = isPlain ? Number(verb) : 1;
    const made = Array.from({ length: count }, () => cluster.transaction(isPlain ? "" : `${verb} ${named}`));
    cluster.submit(made, to);
  }

  /** `lose sign commit from 0 to 3`; without `from` or `to`: from all, to all. */
  #lose(cluster: TestCluster, words: readonly string[]): void {
    const from = listAfter(words, "from");
    const to = listAfter(words, "to");
    const kinds = words.filter((word) => ([...KINDS, ...RAFT_KINDS] as readonly string[]).includes(word));
    cluster.isLost = (frame) =>
      (from.length === 0 || from.includes(frame.from)) &&
      (to.length === 0 || to.includes(frame.to)) &&
      (kinds.length === 0 || kinds.includes(this.#kindOf(frame)));
  }

  /** `repeat sign from 1 to 3 by 2`: sends the last such frame once more, over the session of `by`. */
  #repeat(cluster: TestCluster, words: readonly string[]): void {
    const [kind = ""] = words;
    const [from] = listAfter(words, "from");
    const [to = 0] = listAfter(words, "to");
    const [by = from ?? 0] = listAfter(words, "by");
    const seen = this.#seen.findLast((other) => other.kind === kind && other.frame.from === from);
    assert(seen !== undefined, "what is repeated was sent before");
    cluster.inject({ ...seen.frame, from: by, to });
  }

  /** `forge view-change 9 by 3 to 0 1`, `forge sign B1 0 by 3 to 1`, `forge prepare 0 by 3 to 0 1`: a message for that view, of a block made up on the spot. */
  #forge(cluster: TestCluster, words: readonly string[]): void {
    const [kind, view] = [words[0], Number(words[1])];
    const [by = 0] = listAfter(words, "by");
    const to = listAfter(words, "to");
    const { hash, header } = cluster.node(by).head;
    if (kind === "view-change") {
      const { ViewChange } = PbftPacketId;
      this.#lines.push(`        ${by} claims: view-change to ${view}`);
      return sendForgery(
        cluster,
        { packetId: ViewChange, signer: by, height: header.number, view, blockHash: hash },
        to,
      );
    }
    if (kind === "sign" || kind === "commit") return this.#forgeVote(cluster, words, to);
    const made = [cluster.transaction("forged")];
    const forgery = forgePrepare(cluster, by, honestHeader(cluster, by, made), made, view);
    this.#lines.push(`        ${by} claims: prepare ${this.#proposal(forgery.blockHash)} view ${view}`);
    sendForgery(cluster, forgery, to);
  }

  /** `forge sign B1 0 by 3 to 0 1`: a vote for that block in that view. */
  #forgeVote(cluster: TestCluster, words: readonly string[], to: readonly number[]): void {
    const [kind = "", block = "", viewText = ""] = words;
    const [signer = 0] = listAfter(words, "by");
    const [blockHash] = [...this.#names].find(([, name]) => name === block) ?? [];
    assert(blockHash !== undefined, "a block is named before it is voted for");
    const packetId = kind === "sign" ? PbftPacketId.Sign : PbftPacketId.Commit;
    const view = Number(viewText);
    this.#lines.push(`        ${signer} claims: ${kind} ${block} view ${view}`);
    const height = cluster.node(signer).head.header.number + 1;
    sendForgery(cluster, { packetId, signer, height, view, blockHash }, to);
  }

  #status(status: JsonValue): void {
    const [fields, views = []] = status as [Record<string, JsonValue>, { readonly view: number }[]?];
    if (fields["leaderIdx"] !== undefined) {
      this.#lines.push(`height ${String(fields["highestblockNumber"])}, leader ${String(fields["leaderIdx"])}`);
      return;
    }
    const { currentView, toView, leaderFailed, highestblockNumber, nodeNum, node_index } = fields;
    const seen = views.map(({ view }) => view).join(" ");
    this.#lines.push(
      `height ${String(highestblockNumber)}, view ${String(currentView)}, to view ${String(toView)}, leader failed ${String(leaderFailed)}, ` +
        `sealer ${String(node_index)} of ${String(nodeNum)}, views seen ${seen}`,
    );
  }

  #log(event: ClusterEvent): void {
    const cluster = this.#cluster;
    const at = cluster === undefined ? 0 : cluster.steadyMs - this.#startMs;
    const line = this.#lineOf(event);
    if (line !== undefined) this.#lines.push(`${String(at).padStart(6)}  ${line}`);
  }

  #lineOf(event: ClusterEvent): string | undefined {
    switch (event.type) {
      case "sent":
        this.#seen.push({ kind: this.#kindOf(event.frame), frame: event.frame });
        if (!this.#tellsIdle && this.#type === "raft" && isIdle(raftMessageIn(event.frame.body))) return undefined;
        return `${event.from} -> ${event.to.join(" ")}: ${this.#describe(event.frame)}`;
      case "effect":
        return this.#effectLine(event.node, event.effect);
      case "synced":
        return `${event.node} has synchronised ${this.#block(event.head.hash)}`;
      case "traced": {
        const { level, event: name, fields = {} } = event.event;
        if (level !== "warn" && !TOLD.has(name)) return undefined;
        const detail = name === "view-changed" ? ` to ${String(fields["view"])}` : codeOf(fields);
        return `${event.node}: ${name}${detail}`;
      }
      default:
        return unreachable(event);
    }
  }

  #effectLine(node: number, effect: Extract<ClusterEvent, { readonly type: "effect" }>["effect"]): string | undefined {
    switch (effect.type) {
      case "verify-transactions":
        return `${node} verifies ${effect.raws.length} transactions`;
      case "persist-prepare":
        return this.#type === "raft" ? `${node} notes down what it promises` : `${node} backs up its prepare`;
      case "store-block": {
        const signers = effect.signatures.map(({ index }) => index).join(" ");
        return `${node} stores ${this.#block(effect.block.hash)}${signers === "" ? "" : `, committed by ${signers}`}`;
      }
      case "execute-block":
      case "sealing":
      case "send":
        return undefined;
      default:
        return unreachable(effect);
    }
  }

  #describe(frame: Frame): string {
    const { packetType, body } = frame;
    if (this.#type === "raft") {
      const names = { proposal: (hash: Hash) => this.#proposal(hash), block: (hash: Hash) => this.#block(hash) };
      return describeRaft(raftMessageIn(body), this.#running().suite, names);
    }
    if (packetType === PbftPacketType.MissedTransactionsRequest) {
      const request = decodeMissedTransactionsRequest(body);
      assert(request.ok, "nodes send well-formed requests");
      return `asks for ${request.value.missing.length} transactions of ${this.#proposal(request.value.proposalHash)}`;
    }
    if (packetType === PbftPacketType.MissedTransactionsResponse) {
      const response = decodeMissedTransactionsResponse(body);
      assert(response.ok, "nodes send well-formed responses");
      const { rawTransactions, proposalHash } = response.value;
      return `sends ${rawTransactions.length} transactions of ${this.#proposal(proposalHash)}`;
    }
    const isOffer = packetType === PbftPacketType.RawPrepareStatus;
    if (isOffer || packetType === PbftPacketType.RawPrepareRequest) {
      const status = decodeRawPrepareStatus(body);
      assert(status.ok, "nodes send well-formed offers");
      return `${isOffer ? "has" : "asks for"} ${this.#proposal(status.value.blockHash)}`;
    }
    const packet = decodePbftPacket(body);
    assert(packet.ok, "nodes send well-formed packets");
    const message = decodePbftMessage(packet.value.message, packet.value.packetId);
    assert(message.ok, "nodes send well-formed messages");
    const cluster = this.#running();
    const unreached = packet.value.forwardNodes?.map((id) => cluster.nodes.findIndex(({ nodeId }) => nodeId === id));
    const rest = unreached?.length ? `, to reach ${unreached.join(" ")}` : "";
    return `${this.#describeMessage(packet.value.packetId, packetType, message.value)}${rest}`;
  }

  #describeMessage(packetId: PbftPacketId, packetType: number, message: PbftMessage): string {
    const { height, view, index, blockHash } = message;
    const round = `height ${height} view ${view} by ${index}`;
    switch (packetId) {
      case PbftPacketId.Prepare:
        return `prepare ${this.#proposal(blockHash)} ${round}, ${this.#content(packetType, message.block)}`;
      case PbftPacketId.Sign:
        return `sign ${this.#block(blockHash)} ${round}`;
      case PbftPacketId.Commit:
        return `commit ${this.#block(blockHash)} ${round}`;
      case PbftPacketId.ViewChange:
        return `view-change to ${view} by ${index} on ${this.#block(blockHash)}`;
      default:
        return unreachable(packetId);
    }
  }

  #content(packetType: number, block: Uint8Array): string {
    const { suite } = this.#running();
    if (packetType === PbftPacketType.HashPrepare) {
      const proposal = decodeHashProposal(block, suite);
      assert(proposal.ok, "nodes send well-formed proposals");
      return `${proposal.value.transactionHashes.length} hashes`;
    }
    const whole = decodeBlock(block, suite);
    assert(whole.ok, "nodes send well-formed blocks");
    const count = whole.value.rawTransactions.length;
    return count === 0 ? "empty" : `${count} whole transactions`;
  }

  #kindOf(frame: Frame): string {
    if (this.#type === "raft") return raftMessageIn(frame.body).type;
    const { HashPrepare, RawPrepareStatus, RawPrepareRequest, RawPrepareResponse } = PbftPacketType;
    if (frame.packetType === RawPrepareStatus) return "offer";
    if (frame.packetType === RawPrepareRequest) return "request";
    if (frame.packetType === HashPrepare || frame.packetType === RawPrepareResponse) return "prepare";
    if (frame.packetType !== PbftPacketType.Message) return "transactions";
    const packet = decodePbftPacket(frame.body);
    return packet.ok ? (KINDS[packet.value.packetId] as string) : "malformed";
  }

  #proposal(hash: Hash): string {
    return this.#nameOf(hash, () => `P${++this.#proposals}`);
  }

  #block(hash: Hash): string {
    return this.#nameOf(hash, () => `B${++this.#blocks}`);
  }

  #nameOf(hash: Hash, make: () => string): string {
    const name = this.#names.get(hash) ?? make();
    this.#names.set(hash, name);
    return name;
  }
}

function listAfter(words: readonly string[], word: string): number[] {
  const at = words.indexOf(word);
  if (at < 0) return [];
  const numbers: number[] = [];
  for (const candidate of words.slice(at + 1)) {
    if (!/^\d+$/.test(candidate)) break;
    numbers.push(Number(candidate));
  }
  return numbers;
}

function codeOf(fields: Readonly<Record<string, string | number | boolean>>): string {
  const code = fields["code"];
  return code === undefined ? "" : ` (${String(code)})`;
}
