/** The facts about a running node that its JSON-RPC answers are made of. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { CodedError, type NodeId } from "@tsbcos/core/primitives";
import type { AmopService } from "./channel/index.js";
import { formatHostAndPort, type NodeFiles } from "./config/index.js";
import type { GroupRegistry } from "./group-registry.js";
import { readNodeCertificate, type P2pService } from "./p2p/index.js";
import { createNodeReader, type NodeReader } from "./rpc/index.js";
import { COMPATIBLE_VERSION, programVersion } from "./version.js";

/** A reader over the running parts of a node. */
export function nodeReader(parts: {
  readonly files: NodeFiles;
  readonly nodeId: NodeId;
  readonly p2p: P2pService;
  readonly registry: GroupRegistry;
  readonly amop: AmopService;
}): NodeReader {
  const { nodeId, p2p, registry, amop } = parts;
  const { node } = parts.files;
  const { certificateFile } = node.networkSecurity;
  const identity = readNodeCertificate(new X509Certificate(readFileSync(certificateFile)).raw);
  if (!identity.ok) throw new CodedError(identity.error.code, `${certificateFile} is no certificate of a node`);
  const { agencyName, nodeName } = identity.value;
  return createNodeReader({
    nodeId,
    agencyName,
    nodeName,
    listen: formatHostAndPort(node.p2p.listen),
    chainId: node.chain.id,
    sm: node.chain.sm,
    supportedVersion: node.supportedVersion,
    supportedVersionText: node.supportedVersionText,
    compatibleVersion: COMPATIBLE_VERSION,
    programVersion: programVersion(),
    staticPeers: () => p2p.staticPeers(),
    sessions: () =>
      p2p.peers().map((peer) => ({
        ...peer,
        endpoint: `${peer.remote.host}:${peer.remote.port}`,
        topics: amop.verifiedTopicsOf(peer.nodeId, peer.topics),
      })),
    topics: () => amop.localTopics().topics,
    groupsOfNode: () => registry.groupsOfNode(),
  });
}
