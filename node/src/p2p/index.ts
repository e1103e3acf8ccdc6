/** Peer-to-peer connections of a node. */
export type {
  ModuleTraffic,
  OutgoingMessage,
  P2pLimits,
  P2pService,
  P2pServiceOptions,
  P2pStatistics,
  PeerInfo,
  RequestFailure,
  TopicHooks,
} from "./interface.js";
export { readNodeCertificate } from "./certificate.js";
export { readCredentials, readSmCredentials } from "./credentials.js";
export type { LoadedCredentials } from "./credentials.js";
export { createP2pService } from "./service.js";
export { createSmTlsTransport } from "./sm-tls-transport.js";
export { createTlsTransport } from "./tls-transport.js";
export type { ListenerEvents, PeerIdentity, SecureConnection, SecureListener, SecureTransport } from "./transport.js";
