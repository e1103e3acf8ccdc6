/**
 * A sealer that lies. It runs the real code and has a real key; what leaves it is bent on the way out.
 *
 * It never invents what its key cannot sign. What it can do: say different things to different peers, vote twice, keep
 * silent, repeat what it has said or heard, speak for others, serve blocks that nobody agreed on, and send bytes that
 * mean nothing.
 */
import { bytesToHex, concatBytes, hexToBytes } from "@tsbcos/core/primitives";
import type { Hash, Height, NodeId, NodeIndex, Random } from "@tsbcos/core/primitives";
import type { CryptoSuite, KeyPair } from "@tsbcos/core/crypto";
import {
  decodeBlock,
  decodeHashProposal,
  decodePbftMessage,
  decodePbftPacket,
  decodeSyncPacket,
  encodeBlock,
  encodeHashProposal,
  encodePbftMessage,
  encodePbftPacket,
  encodeSyncPacket,
  headerHash,
  ModuleId,
  PbftPacketId,
  PbftPacketType,
  pbftFieldsDigest,
  V2_9_0,
} from "@tsbcos/core/protocol";
import type { BlockHeader, DecodedBlock, PbftMessage, PbftPacket } from "@tsbcos/core/protocol";
import type { SimulatedFrame } from "./network.js";

/** One frame on its way to one peer. */
export interface AddressedFrame {
  readonly to: number;
  readonly frame: SimulatedFrame;
}

/** How often it does what, as probabilities for each frame that the honest code sends. */
interface Character {
  readonly withhold: number;
  readonly twoFaced: number;
  readonly twice: number;
  readonly impersonate: number;
  readonly exaggerate: number;
  readonly repeat: number;
  readonly garble: number;
  readonly forge: number;
}

const REMEMBERED_FRAMES = 200;
const VIEW_MAX = 0xffff_ffff;

/** Bends the frames of one node until it reforms. */
export class Adversary {
  readonly #random: Random;
  readonly #suite: CryptoSuite;
  readonly #key: KeyPair;
  readonly #character: Character;
  readonly #remembered: SimulatedFrame[] = [];
  #reformed = false;

  constructor(random: Random, suite: CryptoSuite, key: KeyPair) {
    this.#random = random;
    this.#suite = suite;
    this.#key = key;
    const sometimes = (): number => (random.chance(0.5) ? 0 : random.below(30) / 100);
    this.#character = {
      withhold: sometimes(),
      twoFaced: sometimes(),
      twice: sometimes(),
      impersonate: sometimes(),
      exaggerate: sometimes(),
      repeat: sometimes(),
      garble: sometimes(),
      forge: random.chance(0.5) ? 0 : (30 + random.below(70)) / 100,
    };
  }

  /** From now on the node is honest. */
  reform(): void {
    this.#reformed = true;
  }

  /** It does not lie any more. */
  get isReformed(): boolean {
    return this.#reformed;
  }

  /** Hears what is sent to the node: material to repeat. */
  heard(frame: SimulatedFrame): void {
    if (this.#remembered.length < REMEMBERED_FRAMES) this.#remembered.push(frame);
    else this.#remembered[this.#random.below(REMEMBERED_FRAMES)] = frame;
  }

  /** What leaves in place of a frame that the honest code sends to some peers. */
  bend(frame: SimulatedFrame, peers: readonly number[]): AddressedFrame[] {
    const honest = peers.map((to) => ({ to, frame }));
    if (this.#reformed) return honest;
    this.heard(frame);
    const { withhold, twoFaced, twice, impersonate, exaggerate, repeat, garble, forge } = this.#character;
    const sent: AddressedFrame[] = [];
    for (const { to } of honest) {
      if (this.#random.chance(withhold)) continue;
      const other =
        (this.#random.chance(forge) ? this.#forgedBlocks(frame) : undefined) ??
        (this.#random.chance(twoFaced) ? this.#otherFace(frame) : undefined);
      sent.push({ to, frame: other ?? frame });
    }
    const more = (bent: SimulatedFrame | undefined): void => {
      if (bent !== undefined) for (const to of peers) sent.push({ to, frame: bent });
    };
    if (this.#random.chance(twice)) more(this.#resigned(frame, (message) => ({ ...message })));
    if (this.#random.chance(impersonate)) more(this.#resigned(frame, (message) => this.#asSomebodyElse(message)));
    if (this.#random.chance(exaggerate)) more(this.#exaggerated(frame));
    if (this.#random.chance(repeat)) more(this.#remembered[this.#random.below(this.#remembered.length)]);
    if (this.#random.chance(garble)) more(this.#garbled(frame));
    return sent;
  }

  /** A vote for something else, or another proposal for the same height and view. */
  #otherFace(frame: SimulatedFrame): SimulatedFrame | undefined {
    return this.#resigned(frame, (message, packetId) => {
      if (packetId === PbftPacketId.Prepare) return this.#otherProposal(message);
      return { ...message, blockHash: bytesToHex(this.#random.bytes(32)) as Hash };
    });
  }

  #otherProposal(message: PbftMessage): PbftMessage | undefined {
    const changed = (header: BlockHeader): BlockHeader => ({
      ...header,
      timestamp: header.timestamp + 1 + this.#random.below(1000),
    });
    const short = decodeHashProposal(message.block, this.#suite);
    if (short.ok) {
      const header = changed(short.value.header);
      const hash = headerHash(header, this.#suite);
      return { ...message, blockHash: hash, block: encodeHashProposal({ ...short.value, header, hash }) };
    }
    const whole = decodeBlock(message.block, this.#suite);
    if (!whole.ok) return undefined;
    const header = changed(whole.value.header);
    const hash = headerHash(header, this.#suite);
    const block = encodeBlock({ ...whole.value, header, hash, signatures: [], receipts: [] }, V2_9_0);
    return { ...message, blockHash: hash, block };
  }

  #asSomebodyElse(message: PbftMessage): PbftMessage {
    return { ...message, index: this.#random.below(8) };
  }

  /** A view change far ahead, a vote for another height or view, or a status that promises blocks which do not exist. */
  #exaggerated(frame: SimulatedFrame): SimulatedFrame | undefined {
    if (frame.moduleId === ModuleId.Sync) return this.#exaggeratedStatus(frame);
    return this.#resigned(frame, (message, packetId) => {
      const far = this.#random.chance(0.3) ? VIEW_MAX - this.#random.below(3) : message.view + this.#random.below(100);
      if (packetId === PbftPacketId.ViewChange || this.#random.chance(0.5)) return { ...message, view: far };
      return { ...message, height: message.height + this.#random.below(30) };
    });
  }

  #exaggeratedStatus(frame: SimulatedFrame): SimulatedFrame | undefined {
    const packet = decodeSyncPacket(frame.body, V2_9_0);
    if (!packet.ok || packet.value.type !== "status") return undefined;
    const number = (packet.value.number + this.#random.below(40)) as Height;
    const latestHash = bytesToHex(this.#random.bytes(32)) as Hash;
    return { ...frame, body: encodeSyncPacket({ ...packet.value, number, latestHash }, V2_9_0) };
  }

  /** An answer with blocks, each of them changed in some way that a receiver must notice. */
  #forgedBlocks(frame: SimulatedFrame): SimulatedFrame | undefined {
    if (frame.moduleId !== ModuleId.Sync) return undefined;
    const packet = decodeSyncPacket(frame.body, V2_9_0);
    if (!packet.ok || packet.value.type !== "blocks") return undefined;
    const blocks = packet.value.blocks.map((bytes) => this.#forgedBlock(bytes));
    return { ...frame, body: encodeSyncPacket({ ...packet.value, blocks }, V2_9_0) };
  }

  #forgedBlock(bytes: Uint8Array): Uint8Array {
    const decoded = decodeBlock(bytes, this.#suite);
    if (!decoded.ok) return bytes;
    const block = { ...decoded.value, receipts: decoded.value.receipts ?? [] };
    switch (this.#random.below(4)) {
      case 0:
        return encodeBlock({ ...block, ...this.#anotherHeader(block, true) }, V2_9_0);
      case 1:
        return encodeBlock({ ...block, ...this.#anotherHeader(block, false) }, V2_9_0);
      case 2:
        // The agreed header and its signatures over a body that was cut.
        return encodeBlock({ ...block, rawTransactions: block.rawTransactions.slice(1) }, V2_9_0);
      default: {
        const [first] = block.signatures;
        const signatures = first === undefined ? [] : block.signatures.map(() => first);
        return encodeBlock({ ...block, signatures }, V2_9_0);
      }
    }
  }

  /** Another block with our own signature, and either the same once more for every other, or signatures of the first block. */
  #anotherHeader(block: DecodedBlock, repeated: boolean): Pick<DecodedBlock, "header" | "hash" | "signatures"> {
    const header = { ...block.header, timestamp: block.header.timestamp + 1 };
    const hash = headerHash(header, this.#suite);
    const index = header.sealerList.indexOf(bytesToHex(this.#key.publicKey) as NodeId);
    const own = { index: index as NodeIndex, signature: this.#suite.sign(hexToBytes(hash), this.#key) };
    const signatures =
      index < 0 ? block.signatures : block.signatures.map((other, at) => (repeated || at === 0 ? own : other));
    return { header, hash, signatures };
  }

  /** A PBFT message, changed and signed again with the node's own key; undefined for other frames. */
  #resigned(
    frame: SimulatedFrame,
    change: (message: PbftMessage, packetId: PbftPacket["packetId"]) => PbftMessage | undefined,
  ): SimulatedFrame | undefined {
    const isMessage = frame.packetType === PbftPacketType.Message || frame.packetType === PbftPacketType.HashPrepare;
    if (frame.moduleId !== ModuleId.Pbft || !isMessage) return undefined;
    const packet = decodePbftPacket(frame.body);
    if (!packet.ok) return undefined;
    const message = decodePbftMessage(packet.value.message, packet.value.packetId);
    const changed = message.ok ? change(message.value, packet.value.packetId) : undefined;
    if (changed === undefined) return undefined;
    const fields = { ...changed, timestamp: changed.timestamp + 1n + BigInt(this.#random.below(1000)) };
    const sig = this.#suite.sign(hexToBytes(fields.blockHash), this.#key);
    const sig2 = this.#suite.sign(pbftFieldsDigest(fields, this.#suite), this.#key);
    const body = encodePbftPacket({ ...packet.value, message: encodePbftMessage({ ...fields, sig, sig2 }) });
    return { ...frame, body };
  }

  #garbled(frame: SimulatedFrame): SimulatedFrame {
    const { body } = frame;
    const at = this.#random.below(body.length + 1);
    if (this.#random.chance(0.3)) return { ...frame, body: body.slice(0, at) };
    if (this.#random.chance(0.3)) return { ...frame, body: concatBytes(body, this.#random.bytes(at)) };
    const flipped = body.slice();
    for (let left = 1 + this.#random.below(4); left > 0; left--) {
      flipped[this.#random.below(body.length)] = this.#random.below(256);
    }
    return { ...frame, body: flipped };
  }
}
