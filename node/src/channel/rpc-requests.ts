/** JSON-RPC over the channel: the answer, and the receipts that follow it. */
import { CHANNEL_FRAME_BYTES_MAX, bytesToUtf8, utf8ToBytes } from "@tsbcos/core/primitives";
import { CHANNEL_HEADER_BYTES, ChannelType, type ChannelFrame } from "@tsbcos/core/protocol";
import type { ChannelGroups } from "./groups.js";
import type { ChannelServerOptions, RpcClient } from "./interface.js";
import type { Session } from "./session.js";

/** What requests are answered with. */
export interface RpcSurroundings extends Pick<ChannelServerOptions, "handleRpc" | "admitRequest"> {
  readonly groups: ChannelGroups;
}

/** From this version on a refused transaction is told by a receipt. */
const ASYNCHRONOUS_VERSION = 3;

const TOO_LARGE = utf8ToBytes(
  '{"error":{"code":-32603,"data":null,"message":"INTERNAL_ERROR: : INTERNAL_ERROR: : the answer is larger than 100 MB"},"id":null,"jsonrpc":"2.0"}\n',
);

/** Answers a request, and pushes the receipts of the transactions in it, never before the answer. */
export async function answerRpc(session: Session, frame: ChannelFrame, surroundings: RpcSurroundings): Promise<void> {
  const { seq } = frame;
  const { groups } = surroundings;
  const requestBytes = CHANNEL_HEADER_BYTES + frame.data.length;
  let admittedTo: number | undefined;
  let early: string[] | undefined = [];
  const push = (text: string): void => {
    const bytes = session.send({ type: ChannelType.Receipt, seq, result: 0, data: utf8ToBytes(text) });
    if (admittedTo !== undefined) groups.count(admittedTo, "transactionsOut", bytes);
  };
  const client: RpcClient = {
    admit(subject) {
      const { groupId } = subject;
      if (groupId !== undefined && !groups.isAllowed(groupId, session.publicKey)) return "not-allowed";
      if (!surroundings.admitRequest(subject)) return "over-limit";
      admittedTo = groupId;
      return "admitted";
    },
    refusalsAsReceipts: session.version >= ASYNCHRONOUS_VERSION,
    pushReceipt(text) {
      if (early === undefined) push(text);
      else early.push(text);
    },
  };
  session.requestStarted();
  const text = await surroundings.handleRpc(bytesToUtf8(frame.data), client);
  session.requestEnded();
  const answer = utf8ToBytes(text);
  const data = answer.length > CHANNEL_FRAME_BYTES_MAX - CHANNEL_HEADER_BYTES ? TOO_LARGE : answer;
  const answerBytes = session.send({ type: ChannelType.Rpc, seq, result: 0, data });
  if (admittedTo !== undefined) {
    groups.count(admittedTo, "rpcIn", requestBytes);
    groups.count(admittedTo, "rpcOut", answerBytes);
  }
  const waiting = early;
  early = undefined;
  for (const receipt of waiting) push(receipt);
}
