/** Connects the SDK channel and AMOP to the network, the groups, JSON-RPC and the limits of one node. */
import { randomBytes } from "node:crypto";
import type { GroupId, NodeId } from "@tsbcos/core/primitives";
import { ModuleId, type P2pFrame } from "@tsbcos/core/protocol";
import {
  AmopService,
  openChannelTransport,
  startChannelServer,
  type ChannelGroup,
  type ChannelServer,
} from "./channel/index.js";
import type { GroupFiles, NodeConfig } from "./config/index.js";
import type { FlowControl } from "./flow-control.js";
import type { GroupRegistry } from "./group-registry.js";
import type { OutgoingMessage, P2pService, TopicHooks } from "./p2p/index.js";
import type { RpcService } from "./rpc/index.js";
import { tracerTo, type Log } from "./telemetry/index.js";

/** What AMOP is connected to. */
export interface AmopParts {
  readonly nodeId: NodeId;
  readonly flow: FlowControl;
  readonly log: Log;
  /** The network, once it is there. */
  p2p(): P2pService | undefined;
}

function amopMessage(packetType: number, body: Uint8Array): OutgoingMessage {
  return { groupId: 0, moduleId: ModuleId.Amop, packetType, seq: 0, isResponse: false, body };
}

/** AMOP of a node; it may be told of peers before there is a channel. */
export function createAmop({ nodeId, flow, log, p2p }: AmopParts): AmopService {
  return new AmopService({
    nodeId,
    seed: randomBytes(16).toString("hex"),
    mayForward: (bytes) => flow.admitMessage(bytes),
    trace: tracerTo(log),
    network: {
      async ask(peer, packetType, body, timeoutMs) {
        const answer = await p2p()?.request(peer, amopMessage(packetType, body), timeoutMs);
        return answer?.ok === true ? answer.value.body : undefined;
      },
      answer(peer, packetType, seq, body) {
        p2p()?.send([peer], { ...amopMessage(packetType, body), seq, isResponse: true });
      },
      send(peers, packetType, body) {
        p2p()?.send(peers, amopMessage(packetType, body));
      },
      hasRoom: (peer, bytes) => p2p()?.hasRoom(peer, bytes) !== false,
    },
  });
}

/** AMOP as the exchange of topics between nodes sees it. */
export function topicHooks(amop: AmopService): TopicHooks {
  return {
    local: () => amop.localTopics(),
    learned: (from, topics) => {
      amop.peerTopics(from, topics);
    },
    unchanged: (from) => {
      amop.peerTopicsUnchanged(from);
    },
  };
}

/** True for frames of AMOP, which belong to no group. */
export function isAmopFrame({ groupId, moduleId }: P2pFrame): boolean {
  return groupId === 0 && moduleId === ModuleId.Amop;
}

/** What the channel is connected to. */
export interface ChannelParts {
  readonly node: NodeConfig;
  readonly amop: AmopService;
  readonly flow: FlowControl;
  readonly log: Log;
  readonly rpc: RpcService;
}

/**
 * Opens the port for SDKs.
 *
 * @throws CodedError (as a rejection) when the certificates cannot be used or the port cannot be had
 */
export async function startChannel({ node, amop, flow, log, rpc }: ChannelParts): Promise<ChannelServer> {
  const { transport, warnings } = openChannelTransport(node);
  for (const warning of warnings) log.line("warning", `[CHANNEL]${warning}`);
  return startChannelServer({
    listen: node.rpc.channel,
    transport,
    supportedVersion: node.supportedVersionText,
    handleRpc: (text, client) => rpc.handle(text, client),
    admitRequest: ({ method, groupId }) => flow.admitRequest(method, groupId),
    amop,
    trace: tracerTo(log),
  });
}

/** A running group as the channel uses it. */
export function channelGroup(files: GroupFiles, registry: GroupRegistry): ChannelGroup {
  const { groupId } = files;
  return {
    height: registry.heightOf(groupId),
    allowlist: files.group.sdkAllowlist,
    eventBlockRangeMax: files.eventFilter.maxBlockRange,
    searchLogs(search, found) {
      // A group that has just stopped finds nothing more; the channel hears of that by itself.
      return (
        registry.find(groupId as GroupId)?.watchLogs(search, found) ?? { taken: () => undefined, end: () => undefined }
      );
    },
  };
}
