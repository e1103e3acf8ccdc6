/**
 * A sealer that lies. It runs the real code and has a real key; what leaves it is bent on the way out.
 *
 * It never invents what its key cannot sign. What it can do: say different things to different peers, vote twice, keep
 * silent, repeat what it has said or heard, speak for others, and send bytes that mean nothing.
 */
import { bytesToHex, concatBytes, hexToBytes } from "@tsbcos/core/primitives";
import type { Hash, Height, Random } from "@tsbcos/core/primitives";
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
import type { BlockHeader, PbftMessage, PbftPacket } from "@tsbcos/core/protocol";
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
    };
  }

  /** From now on the node is honest. */
  reform(): void {
    this.#reformed = true;
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
    const { withhold, twoFaced, twice, impersonate, exaggerate, repeat, garble } = this.#character;
    const sent: AddressedFrame[] = [];
    for (const { to } of honest) {
      if (this.#random.chance(withhold)) continue;
      const other = this.#random.chance(twoFaced) ? this.#otherFace(frame) : undefined;
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
