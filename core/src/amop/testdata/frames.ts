/** Frames and nodes for tests of AMOP, and effects in words. */
import { bytesToUtf8, utf8ToBytes } from "../../primitives/index.js";
import type { ByteString, NodeId } from "../../primitives/index.js";
import { ChannelType, decodeChannelFrame, decodeTopicData, encodeTopicData } from "../../protocol/index.js";
import type { ChannelFrame } from "../../protocol/index.js";
import type { AmopEffect } from "../messages.js";

const idOf = (digit: string): NodeId => digit.repeat(128) as NodeId;

/** The node under test. */
export const HERE = idOf("0");
/** Another node. */
export const THERE = idOf("1");
/** A third node. */
export const ELSEWHERE = idOf("2");

/** A frame number that reads as a decimal one. */
export const seqOf = (number: number): ByteString => String(number).padStart(32, "0") as ByteString;

/** A frame about a topic. */
export function frameOf(type: number, number: number, topic: string, text: string, result = 0): ChannelFrame {
  return { type, seq: seqOf(number), result, data: encodeTopicData({ topic, payload: utf8ToBytes(text) }) };
}

/** A request of a client. */
export const requestOf = (number: number, topic: string, text = "?"): ChannelFrame =>
  frameOf(ChannelType.AmopRequest, number, topic, text);
/** An answer of a client. */
export const answerOf = (number: number, topic: string, text = "!", result = 0): ChannelFrame =>
  frameOf(ChannelType.AmopResponse, number, topic, text, result);

/** Effects in words: what a reader has to know of them. */
export function words(effects: readonly AmopEffect[]): string[] {
  return effects.map((effect) => {
    if (effect.type === "send") return `${effect.sessions.join("+")} gets ${frameWords(effect.frame)}`;
    const decoded = decodeChannelFrame(effect.body);
    if (!decoded.ok) throw new Error("AMOP sends whole frames");
    const frame = frameWords(decoded.value);
    if (effect.type === "ask-peer") return `ask ${effect.peer.charAt(0)}: ${frame}`;
    if (effect.type === "answer-peer") return `answer ${effect.peer.charAt(0)} #${effect.seq}: ${frame}`;
    return `tell ${effect.peers.map((peer) => peer.charAt(0)).join("+")}: ${frame}`;
  });
}

function frameWords({ type, seq, result, data }: ChannelFrame): string {
  const topic = decodeTopicData(data);
  const content = topic.ok ? `${topic.value.topic}/${bytesToUtf8(topic.value.payload)}` : "nothing";
  return `0x${type.toString(16)} ${Number(seq)} ${result} ${content}`;
}
