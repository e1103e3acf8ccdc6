/**
 * How a PBFT sealer of the C++ node behaves, as far as others notice: a member for clusters of both kinds.
 *
 * It does what 2.9.1 does in all that decides when and what is sent, slips included. Left out is what costs time alone
 * (proposals made ahead, old messages that are forgotten every minute), and forwarding by ttl. One thing happens at a time:
 * while a block is verified, executed or stored, everything else waits.
 */
import { assert } from "../../../primitives/index.js";
import type { Failure, Hash, NodeId, NodeIndex, Result } from "../../../primitives/index.js";
import {
  ModuleId,
  PbftPacketId,
  PbftPacketType,
  decodeBackedUpPrepare,
  decodeMissedTransactionsResponse,
  decodePbftMessage,
  decodePbftPacket,
  encodeBackedUpPrepare,
} from "../../../protocol/index.js";
import type { BlockHeader, PbftMessage, PbftPacket, VerifiedTransaction } from "../../../protocol/index.js";
import type { ChainHead, ExecutedBlock } from "../../../ledger/index.js";
import type { Consensus, ConsensusEnvironment, ConsensusInput, JsonValue, SyncedBlock } from "../../interface.js";
import { allSealers } from "../../pbft/membership.js";
import type { Membership } from "../../pbft/membership.js";
import { checkSyncedBlock } from "../../pbft/proposal-rules.js";
import { ModelClock } from "./clock.js";
import { OneAtATime } from "./one-at-a-time.js";
import { ModelFuture, answerFrom, blockOf, encodeAnew, fill, hashPrepare } from "./prepares.js";
import { isLater, mayFollow, requestFor, wholePrepare } from "./prepares.js";
import type { ModelPrepare } from "./prepares.js";
import { ModelSealing, proposalOf } from "./proposal.js";
import { ModelViewChanges } from "./view-changes.js";
import { ModelVoice } from "./voice.js";
import { ModelVotes } from "./votes.js";

const FAR_BEHIND = 20;
const FORWARD_BEHIND = 10;

type Verdict = "valid" | "invalid" | "future";
/** Told whether a message was of use. */
type Done = (wasOfUse: boolean) => void;

const NOBODY_CARES: Done = () => undefined;

/** A machine in the place of ours. `started` is its first input. */
export class Model291 extends OneAtATime implements Consensus {
  readonly moduleId = ModuleId.Pbft;
  readonly #env: ConsensusEnvironment;
  readonly #voice: ModelVoice;
  readonly #signs: ModelVotes;
  readonly #commits: ModelVotes;
  readonly #viewChanges = new ModelViewChanges();
  readonly #future = new ModelFuture();
  /** Packets of prepares that wait for transactions, to be passed on then. */
  readonly #toForward = new Map<Hash, PbftPacket>();
  #clock = new ModelClock({ steadyMs: 0, wallMs: 0 });
  #head: ChainHead | undefined;
  #view = 0;
  #toView = 0;
  #leaderFailed = false;
  #raw: ModelPrepare | undefined;
  #preRaw: ModelPrepare | undefined;
  #partial: ModelPrepare | undefined;
  #partialFuture: ModelPrepare | undefined;
  #committed: ModelPrepare | undefined;
  #executed: { readonly message: PbftMessage; readonly block: ExecutedBlock } | undefined;
  readonly #sealing = new ModelSealing();

  constructor(env: ConsensusEnvironment) {
    super();
    this.#env = env;
    const nobody = { sealers: [], header: { number: 0 } } as unknown as ChainHead;
    this.#voice = new ModelVoice(env, allSealers(nobody, env.nodeId), (effect) => this.emit(effect));
    this.#signs = new ModelVotes((message) => this.#voice.isSigned(message));
    this.#commits = new ModelVotes((message) => this.#voice.isSigned(message));
  }

  get wakeAtMs(): number | undefined {
    if (!this.#members.takesPart || this.isBusy) return undefined;
    return Math.min(this.#timeoutAtMs, this.#sealAtMs());
  }

  checkSyncedBlock(block: SyncedBlock, head: ChainHead): Result<void, Failure> {
    return checkSyncedBlock(this.#env, allSealers(head, this.#env.nodeId), block, head);
  }

  consensusNodes({ sealers }: ChainHead): readonly NodeId[] {
    return sealers;
  }

  status(): JsonValue {
    return [];
  }

  view(): number {
    return this.#view;
  }

  get #members(): Membership {
    return this.#voice.members;
  }

  get #number(): number {
    return this.#top.header.number;
  }

  get #top(): ChainHead {
    assert(this.#head !== undefined, "a machine is started first");
    return this.#head;
  }

  get #leader(): number | undefined {
    return this.#leaderFailed || !this.#members.takesPart ? undefined : this.#members.leaderOf(this.#view);
  }

  get #leads(): boolean {
    return this.#leader === this.#members.ownIndex;
  }

  get #timeoutAtMs(): number {
    return this.#clock.timeoutAtMs(this.#top.settings.consensusTimeoutMs);
  }

  protected proceed(): boolean {
    if (!this.#members.takesPart) return false;
    if (this.now.steadyMs >= this.#timeoutAtMs) {
      this.#timeOut();
      return true;
    }
    const due = this.#future.take(this.#number + 1, this.#view);
    if (due !== undefined) this.#prepare(due, NOBODY_CARES);
    return due !== undefined || this.#seal();
  }

  protected dispatch(input: ConsensusInput): void {
    switch (input.type) {
      case "started":
        return this.#start(input.head, input.backedUpPrepare);
      case "message-received":
        return this.#receive(input.from, input.packetType, input.body);
      case "peer-disconnected":
        return this.#viewChanges.forgetLatest(this.#members.indexOf.get(input.nodeId) ?? -1);
      case "block-committed":
        return this.#blockCame(input.head);
      default:
        return;
    }
  }

  #start(head: ChainHead, backedUp: Uint8Array | undefined): void {
    this.#head = head;
    this.#voice.members = allSealers(head, this.#env.nodeId);
    this.#clock = new ModelClock(this.now);
    this.#sealing.startAnew(this.#number + 1);
    const message = backedUp === undefined ? undefined : decodeBackedUpPrepare(backedUp);
    if (message?.ok === true) this.#committed = wholePrepare(message.value, false);
  }

  #blockCame(head: ChainHead): void {
    if (head.header.number <= this.#number) return;
    this.#head = head;
    this.#voice.members = allSealers(head, this.#env.nodeId);
    this.#view = 0;
    this.#toView = 0;
    this.#leaderFailed = false;
    this.#clock.blockCame(this.now);
    this.#viewChanges.blockCame(head);
    this.#signs.forget(head.hash);
    this.#commits.forget(head.hash);
    if (this.#executed?.message.blockHash === head.hash) this.#executed = undefined;
    if (this.#leads) this.#sealing.startAnew(this.#number + 1);
  }

  #timeOut(): void {
    this.#clock.timedOut(this.now);
    this.#toView += 1;
    this.#leaderFailed = true;
    const wish = this.#ownWish();
    this.#viewChanges.add(wish, this.#number);
    this.#voice.broadcast(PbftPacketId.ViewChange, wish);
    this.#changeViewIfAgreed(this.#toView);
    this.#sealing.startAnew(this.#number + 1);
  }

  #ownWish(): PbftMessage {
    const { hash: blockHash } = this.#top;
    return this.#voice.signed({ height: this.#number, view: this.#toView, blockHash }, this.now);
  }

  #receive(from: NodeId, packetType: number, body: Uint8Array): void {
    const { takesPart, indexOf } = this.#members;
    if (!takesPart || !indexOf.has(from) || from === this.#env.nodeId) return;
    if (packetType === PbftPacketType.MissedTransactionsRequest) return this.#answer(from, body);
    if (packetType === PbftPacketType.MissedTransactionsResponse) return this.#takeMissed(body);
    const packet = decodePbftPacket(body);
    if (!packet.ok) return;
    const byHashes = packetType === PbftPacketType.HashPrepare;
    const packetId = byHashes ? PbftPacketId.Prepare : packet.value.packetId;
    const message = decodePbftMessage(packet.value.message, packetId);
    if (!message.ok) return;
    if (byHashes) return this.#hashPrepare(message.value, packet.value);
    this.#handle(packetId, message.value, packet.value, from);
  }

  #handle(packetId: PbftPacketId, message: PbftMessage, packet: PbftPacket, from: NodeId): void {
    const done: Done = (wasOfUse) => {
      if (wasOfUse && this.#isToForward(packet, message)) this.#voice.forward(packetId, packet, message);
    };
    if (packetId === PbftPacketId.Prepare) this.#prepare(wholePrepare(message, packet.emptyBlock), done);
    else if (packetId === PbftPacketId.Sign) done(this.#vote(this.#signs, message));
    else if (packetId === PbftPacketId.Commit) done(this.#vote(this.#commits, message));
    else done(this.#viewChange(message, from));
  }

  #isToForward({ forwardNodes = [] }: PbftPacket, { height }: PbftMessage): boolean {
    return forwardNodes.length > 0 && height > this.#number - FORWARD_BEHIND;
  }

  #isSyncing(height: number): boolean {
    const { downloading, knownHighest } = this.#env.sync;
    return knownHighest - this.#number > FAR_BEHIND || (downloading && height <= knownHighest);
  }

  #isOver({ height, view }: PbftMessage): boolean {
    return height <= this.#number || (height === this.#number + 1 && view < this.#view);
  }

  #verdictOn({ message, isEmpty }: ModelPrepare): Verdict {
    const { blockHash, height, view, index } = message;
    const known = this.#raw?.message;
    if (known?.blockHash === blockHash && known.view >= view) return "invalid";
    if (this.#isSyncing(height) || this.#isOver(message)) return "invalid";
    const bound = this.#committed?.message;
    if (!isEmpty && bound?.height === height && bound.blockHash !== blockHash) return "invalid";
    if (height > this.#number + 1 || view > this.#view) return "future";
    return index === this.#leader && this.#voice.isSigned(message) ? "valid" : "invalid";
  }

  #prepare(prepare: ModelPrepare, done: Done): void {
    const verdict = this.#verdictOn(prepare);
    this.#preRaw = undefined;
    if (verdict === "invalid") return done(false);
    if (verdict === "future") {
      this.#future.add(prepare);
      return done(true);
    }
    this.#raw = prepare;
    this.#executed = undefined;
    this.#execute(prepare, done);
  }

  /** A prepare that cannot be executed counts as one of use. */
  #execute(prepare: ModelPrepare, done: Done): void {
    this.#clock.accepted(this.now);
    const block = blockOf(prepare, this.#env.rules.suite);
    if (block === undefined) return done(true);
    const { header, raws } = block;
    if (raws.length === 0) {
      this.#clock.heardEmpty(this.now);
      return done(true);
    }
    if (!mayFollow(this.#top, header, raws.length)) return done(true);
    this.emit({ type: "sealing", height: header.number });
    const token = this.nextToken();
    this.emit({ type: "verify-transactions", token, raws: raws.filter((raw) => raw !== undefined) });
    this.waitFor(
      "transactions-verified",
      (answer) => answer.token === token,
      (answer) => {
        const transactions = answer.transactions.filter((transaction) => transaction !== undefined);
        if (transactions.length < raws.length) done(true);
        else this.#executeVerified(prepare, header, transactions, done);
      },
    );
  }

  #executeVerified(
    prepare: ModelPrepare,
    header: BlockHeader,
    transactions: readonly VerifiedTransaction[],
    done: Done,
  ): void {
    const token = this.nextToken();
    this.emit({ type: "execute-block", token, header, transactions });
    this.waitFor(
      "block-executed",
      (answer) => answer.token === token,
      ({ outcome }) => {
        if (outcome.ok) this.#signExecuted(prepare, outcome.value);
        done(true);
      },
    );
  }

  #signExecuted(prepare: ModelPrepare, block: ExecutedBlock): void {
    const { header, hash: blockHash, transactions } = block;
    const { height, view } = prepare.message;
    this.#clock.executed(this.now);
    // It was the very block in the prepare that was executed.
    prepare.block = { header, hash: blockHash, raws: transactions.map(({ raw }) => raw) };
    this.#executed = { message: { ...prepare.message, blockHash }, block };
    this.#signs.keepView(blockHash, view);
    this.#commits.keepView(blockHash, view);
    const sign = this.#voice.signed({ height, view, blockHash }, this.now);
    this.#voice.broadcast(PbftPacketId.Sign, sign);
    this.#signs.add(sign, false);
    this.#commitIfSigned();
  }

  #hashPrepare(message: PbftMessage, packet: PbftPacket): void {
    const verdict = this.#verdictOn(wholePrepare(message, false));
    if (verdict === "invalid" || (verdict === "valid" && this.#partial?.message.blockHash === message.blockHash))
      return;
    const prepare = hashPrepare(message, this.#env.pool, this.#env.rules.suite);
    if (prepare === undefined) return;
    if (prepare.missing.length > 0) {
      if (verdict === "valid") this.#partial = prepare;
      else if (isLater(message, this.#partialFuture?.message)) this.#partialFuture = prepare;
      const author = this.#members.sealers[message.index];
      const request = requestFor(prepare);
      if (author !== undefined) this.#voice.reply(author, PbftPacketType.MissedTransactionsRequest, request);
      if (this.#isToForward(packet, message)) this.#toForward.set(message.blockHash, packet);
      return;
    }
    encodeAnew(prepare, this.#env.rules.version);
    const done: Done = () => {
      if (this.#isToForward(packet, message)) this.#forwardWhole(prepare, packet);
    };
    if (verdict === "future") {
      this.#future.add(prepare);
      return done(true);
    }
    this.#partial = undefined;
    this.#raw = prepare;
    this.#execute(prepare, done);
  }

  /** Encoded anew after its execution: what is relayed, backed up and proposed again from here on. */
  #forwardWhole(prepare: ModelPrepare, packet: PbftPacket): void {
    encodeAnew(prepare, this.#env.rules.version);
    this.#voice.forward(PbftPacketId.Prepare, packet, { ...prepare.message, block: prepare.bytes.value });
  }

  #answer(from: NodeId, body: Uint8Array): void {
    const response = answerFrom(this.#preRaw ?? this.#raw, body, this.#env.rules.suite);
    if (response !== undefined) this.#voice.reply(from, PbftPacketType.MissedTransactionsResponse, response);
  }

  #takeMissed(body: Uint8Array): void {
    const { suite, version } = this.#env.rules;
    const response = decodeMissedTransactionsResponse(body);
    if (!response.ok) return;
    const { proposalHash, rawTransactions } = response.value;
    const isFuture = this.#partialFuture?.message.blockHash === proposalHash;
    const prepare = isFuture ? this.#partialFuture : this.#partial;
    if (prepare?.message.blockHash !== proposalHash || !fill(prepare, rawTransactions, suite)) return;
    encodeAnew(prepare, version);
    if (isFuture) {
      this.#partialFuture = undefined;
      return this.#future.add(prepare);
    }
    this.#prepare(prepare, (wasOfUse) => {
      const packet = this.#toForward.get(proposalHash);
      this.#toForward.delete(proposalHash);
      if (wasOfUse && packet !== undefined) this.#forwardWhole(prepare, packet);
    });
  }

  #vote(votes: ModelVotes, message: PbftMessage): boolean {
    if (votes.has(message) || this.#isOver(message)) return false;
    const verdict = this.#verdictOnVote(message);
    if (verdict === "invalid") return false;
    votes.add(message, verdict === "future");
    if (verdict === "valid" && votes === this.#signs) this.#commitIfSigned();
    if (verdict === "valid" && votes === this.#commits) this.#storeIfAgreed();
    return true;
  }

  #verdictOnVote(message: PbftMessage): Verdict {
    if (this.#isSyncing(message.height)) return "invalid";
    const executed = this.#executed?.message;
    if (executed?.blockHash !== message.blockHash) return "future";
    if (message.index === this.#members.ownIndex || executed.view !== message.view) return "invalid";
    return this.#voice.isSigned(message) ? "valid" : "invalid";
  }

  /** At the very vote that completes the quorum. */
  #commitIfSigned(): void {
    const executed = this.#executed?.message;
    const { quorum } = this.#members;
    if (executed === undefined || this.#signs.count(executed.blockHash, quorum, true) !== quorum) return;
    if (executed.view !== this.#view || this.#raw === undefined) return;
    this.#committed = { ...this.#raw };
    const bytes = encodeBackedUpPrepare({ ...this.#raw.message, block: this.#raw.bytes.value });
    this.emit({ type: "persist-prepare", token: this.nextToken(), bytes });
    const commit = this.#voice.signed(executed, this.now);
    this.#voice.broadcast(PbftPacketId.Commit, commit);
    this.#commits.add(commit, false);
    this.#clock.signed(this.now);
    this.#storeIfAgreed();
  }

  #storeIfAgreed(): void {
    if (this.#executed === undefined) return;
    const { block, message } = this.#executed;
    const { quorum } = this.#members;
    if (this.#signs.count(block.hash, quorum, true) < quorum) return;
    if (this.#commits.count(block.hash, quorum, false) < quorum) return;
    if (message.view !== this.#view || message.height <= this.#number) return;
    const commits = this.#commits.of(block.hash);
    const signatures = commits.map(({ index, sig }) => ({ index: index as NodeIndex, signature: sig }));
    this.emit({ type: "store-block", block, signatures });
    this.waitFor(
      "block-committed",
      () => true,
      ({ head }) => {
        this.#blockCame(head);
      },
    );
  }

  #viewChange(message: PbftMessage, from: NodeId): boolean {
    const { view, index, height, blockHash } = message;
    if (this.#viewChanges.has(message) || index === this.#members.ownIndex || height < this.#number) return false;
    if (view + 1 < this.#toView && this.#members.indexOf.get(from) === index) {
      this.#voice.sendTo(from, PbftPacketId.ViewChange, this.#ownWish());
      this.#viewChanges.forgetLatest(index);
    }
    if (view <= this.#view || height !== this.#number || blockHash !== this.#top.hash) return false;
    if (!this.#voice.isSigned(message)) return false;
    this.#viewChanges.add(message, this.#number);
    if (this.#changeViewIfAgreed(view) || view <= this.#toView) return true;
    const { sealers, lowest } = this.#viewChanges.above(this.#toView, this.#number);
    if (sealers > this.#members.faulty) {
      this.#toView = lowest - 1;
      this.#clock.wantViewChange();
    }
    return true;
  }

  #changeViewIfAgreed(view: number): boolean {
    if (this.#viewChanges.count(view) < this.#members.quorum) return false;
    this.#leaderFailed = false;
    this.#clock.viewChanged(this.now);
    this.#view = view;
    this.#toView = view;
    this.#raw = undefined;
    this.#executed = undefined;
    this.#signs.dropBelow(view);
    this.#commits.dropBelow(view);
    this.#signs.keepKnownTo(this.#commits);
    this.#future.viewChanged(view, this.#number);
    this.#viewChanges.viewChanged(view);
    return true;
  }

  #sealAtMs(): number {
    if (!this.#leads || this.#env.sync.downloading) return Number.POSITIVE_INFINITY;
    const isAgain = this.#isBound && this.#raw?.message.height !== this.#number + 1;
    if (this.#isBound) return isAgain && !this.#sealing.isSealed ? this.now.steadyMs : Number.POSITIVE_INFINITY;
    return this.#sealing.dueAtMs(this.#top, this.#env.pool.size, this.#clock.sinceMs);
  }

  get #isBound(): boolean {
    return this.#committed?.message.height === this.#number + 1;
  }

  #seal(): boolean {
    if (this.now.steadyMs < this.#sealAtMs()) return false;
    if (this.#isBound && this.#committed !== undefined) this.#proposeAgain(this.#committed);
    else this.#propose();
    return true;
  }

  #proposeAgain(committed: ModelPrepare): void {
    this.#voice.forget();
    const { height, blockHash } = committed.message;
    const message = this.#voice.signed({ height, view: this.#view, blockHash }, this.now, committed.bytes.value);
    this.#voice.broadcast(PbftPacketId.Prepare, message);
    this.#prepare({ ...committed, message }, NOBODY_CARES);
  }

  #propose(): void {
    const transactions = this.#env.pool.select(this.#top.settings.txCountLimit, new Set(), this.now);
    const proposal = proposalOf(this.#env, this.#top, transactions, this.now);
    const { hash: blockHash, form, header } = proposal;
    const message = this.#voice.signed({ height: header.number, view: this.#view, blockHash }, this.now, form);
    if (transactions.length === 0) {
      this.#voice.broadcast(PbftPacketId.Prepare, message, PbftPacketType.Message, true);
      this.#leaderFailed = true;
      return this.#clock.heardEmpty(this.now);
    }
    const prepare = { ...wholePrepare(message, false), block: proposal };
    encodeAnew(prepare, this.#env.rules.version);
    this.#preRaw = prepare;
    this.#voice.broadcast(PbftPacketId.Prepare, message, PbftPacketType.HashPrepare);
    this.#sealing.isSealed = true;
    this.#prepare(prepare, NOBODY_CARES);
  }
}
